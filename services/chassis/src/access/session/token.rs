//! A session as a text that `access` has signed: what it says in JSON, and behind a full stop the signature, both in
//! base64url. Whoever holds the browser can read it and change nothing of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{PublicKey, Session, SigningKeys};

/// What is signed begins with this, so that a signature over anything else is none over a session.
const LABEL: &[u8] = b"oversight session 1\n";

/// The session as a signed text.
pub(super) fn sign(keys: &SigningKeys, session: &Session) -> Option<String> {
    let said = URL_SAFE_NO_PAD.encode(serde_json::to_vec(session).ok()?);
    let signature = keys.sign(&signed(&said))?;
    Some(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The session of a text, where one of the signers signed it.
pub(super) fn verified(token: &str, signers: impl IntoIterator<Item = PublicKey>) -> Option<Session> {
    let (said, signature) = token.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let message = signed(said);
    signers.into_iter().find(|signer| signer.verifies(&message, &signature))?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()
}

fn signed(said: &str) -> Vec<u8> {
    [LABEL, said.as_bytes()].concat()
}
