//! The sign-in provider of an installation (OpenID Connect): where it is, and whether a token is its.
//!
//! What the provider says of itself, and its keys, are fetched when they are first needed and kept. A
//! key that is not known is looked for again, at most once a minute. A provider that is away stops
//! no one from starting, and is not asked again for each request.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use axum::http::Uri;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use openidconnect::{
    ClaimsVerificationError, ClientId, IssuerUrl, JsonWebTokenType, Nonce, NonceVerifier as _,
    ProviderMetadataWithLogout, SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Algorithm},
};
use proto::PersonId;
use serde_json::Value;

use super::{outside::Outside, rules::Claims};
use crate::{CommandId, clock::Clock, problem::Problem};

/// How far the provider's clock may be off.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// The shortest time between two looks for a key that is not known.
const REFETCH_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// What was fetched is fetched anew after this long, so that a key taken back opens nothing.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// How long a provider that did not answer is left alone.
const AWAY_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// How long a request waits while another one asks the provider.
const TURN_TIMEOUT: Duration = Duration::from_secs(15);

/// The most bytes of a token.
const TOKEN_MAX_BYTES: usize = 16 * 1024;

/// The signatures that are accepted. Not `none`, and none by a secret that both sides share.
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPssSha256,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EdDsa,
];

/// The types a token may say it has: an ID token's, and an access token's (RFC 9068).
const TYPES: [&str; 2] = ["JWT", "at+jwt"];

/// The address of a provider, exactly as it names itself in its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(IssuerUrl);

impl std::str::FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let accepted = || {
            "an issuer is the https:// address that the provider names itself by, such as \
             https://id.example.nhs.uk/realms/staff; http:// only of this machine"
                .to_owned()
        };
        let uri: Uri = text.trim().parse().map_err(|_| accepted())?;
        if !Outside::is_safe(&uri) || uri.query().is_some() {
            return Err(accepted());
        }
        IssuerUrl::new(text.trim().to_owned()).map(Self).map_err(|_| accepted())
    }
}

/// The provider does not answer, or not as it should. What went wrong stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sign-in provider of this installation does not answer as it should")]
pub struct Away;

impl From<Away> for Problem {
    fn from(away: Away) -> Self {
        Problem::unavailable(format!(
            "{away}: try again in a moment, and tell whoever runs it if that does not help"
        ))
    }
}

/// Why a token is not accepted. Does not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// It is no token of this provider for this audience now.
    #[error("the token is not good: {0}")]
    NotGood(&'static str),
    /// No one can tell.
    #[error(transparent)]
    Away(#[from] Away),
}

/// What a provider says of itself, as fetched.
#[derive(Debug)]
pub struct Found {
    /// Its addresses and keys.
    pub metadata: ProviderMetadataWithLogout,
    fetched: Timestamp,
}

/// A sign-in provider.
#[derive(Debug, Clone)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuer: Issuer,
    outside: Outside,
    clock: Clock,
    found: ArcSwapOption<Found>,
    /// Held by who asks the provider; when it last did not answer.
    turn: tokio::sync::Mutex<Option<Timestamp>>,
}

impl Provider {
    /// The provider of this name. Nothing is asked yet.
    pub fn new(issuer: Issuer, outside: Outside, clock: Clock) -> Self {
        let (found, turn) = (ArcSwapOption::empty(), tokio::sync::Mutex::default());
        Self(Arc::new(Inner { issuer, outside, clock, found, turn }))
    }

    /// Asks others over HTTPS.
    pub fn outside(&self) -> &Outside {
        &self.0.outside
    }

    /// What it says of itself.
    pub async fn found(&self) -> Result<Arc<Found>, Away> {
        let known = self.0.found.load_full();
        match known {
            Some(found) if self.age(&found) < STALE_AFTER => Ok(found),
            // While it is asked anew, or is away, what it said before still holds.
            Some(found) if self.0.turn.try_lock().is_err() => Ok(found),
            Some(found) => Ok(self.fetch(Some(&found)).await.unwrap_or(found)),
            None => self.fetch(None).await,
        }
    }

    fn age(&self, found: &Found) -> SignedDuration {
        self.0.clock.machine_now().duration_since(found.fetched)
    }

    /// Fetches it anew, unless someone else just did.
    async fn fetch(&self, than: Option<&Arc<Found>>) -> Result<Arc<Found>, Away> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.0.turn.lock());
        let mut away_since = turn.await.map_err(|_| Away)?;
        if let Some(found) = self.0.found.load_full()
            && than.is_none_or(|than| !Arc::ptr_eq(than, &found))
        {
            return Ok(found);
        }
        let now = self.0.clock.machine_now();
        if away_since.is_some_and(|since| now.duration_since(since) < AWAY_PAUSE) {
            return Err(Away);
        }
        let issuer = self.0.issuer.0.clone();
        match ProviderMetadataWithLogout::discover_async(issuer, &self.0.outside).await {
            Ok(metadata) => {
                let found = Arc::new(Found { metadata, fetched: now });
                self.0.found.store(Some(found.clone()));
                *away_since = None;
                Ok(found)
            }
            Err(error) => {
                metrics::counter!("oversight_provider_failures_total").increment(1);
                let reason = chain(&error);
                tracing::warn!(reason, "the sign-in provider does not answer as it should");
                *away_since = Some(self.0.clock.machine_now());
                Err(Away)
            }
        }
    }

    /// The claims of a token that this provider signed for an audience and that is good now. The nonce
    /// must be in it where one is asked for.
    pub async fn verify(
        &self,
        token: &str,
        audience: &ClientId,
        nonce: Option<&Nonce>,
    ) -> Result<Claims, Rejected> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Rejected::NotGood("it is too long"));
        }
        let parsed: CoreIdToken = token.parse().map_err(|_| Rejected::NotGood("it is no signed token"))?;
        let found = self.found().await?;
        match self.check(&parsed, &found, audience, nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) if self.age(&found) >= REFETCH_PAUSE => {
                let found = self.fetch(Some(&found)).await?;
                self.check(&parsed, &found, audience, nonce)
            }
            checked => checked,
        }
        .map_err(|error| Rejected::NotGood(in_words(&error)))?;
        let claims = payload(token).ok_or(Rejected::NotGood("its claims cannot be read"))?;
        let now = self.0.clock.machine_now().as_second();
        let begins = claims.get("nbf").and_then(Value::as_f64);
        if begins.is_some_and(|begins| begins > (now + LEEWAY.as_secs()) as f64) {
            return Err(Rejected::NotGood("its time has not come"));
        }
        Ok(claims)
    }

    fn check(
        &self,
        token: &CoreIdToken,
        found: &Found,
        audience: &ClientId,
        nonce: Option<&Nonce>,
    ) -> Result<(), ClaimsVerificationError> {
        let now = self.0.clock.machine_now();
        let earliest = utc(now - LEEWAY);
        let latest = utc(now + LEEWAY);
        let verifier = CoreIdTokenVerifier::new_public_client(
            audience.clone(),
            self.0.issuer.0.clone(),
            found.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_allowed_jose_types(
            TYPES.iter().filter_map(|name| JsonWebTokenType::new((*name).to_owned()).normalize().ok()),
        )
        // Who else it is for is not ours to judge, as long as it is for us.
        .set_other_audience_verifier_fn(|_| true)
        .set_time_fn(move || earliest)
        .set_issue_time_verifier_fn(move |issued| {
            if issued <= latest { Ok(()) } else { Err("issued in the future".to_owned()) }
        });
        let is_wanted = |found: Option<&Nonce>| match nonce {
            Some(wanted) => wanted.verify(found),
            None => Ok(()),
        };
        token.claims(&verifier, is_wanted).map(drop)
    }

    /// The id of someone this provider knows: the same one always, and no one else's.
    pub fn person(&self, subject: &str) -> PersonId {
        let issuer = self.0.issuer.0.as_str();
        PersonId(CommandId::keyed("provider", &format!("{issuer}\0{subject}")).uuid())
    }
}

/// The claims of a token whose signature was checked.
fn payload(token: &str) -> Option<Claims> {
    let middle = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).ok()?).ok()
}

fn utc(time: Timestamp) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(time.as_second(), 0).unwrap_or_default()
}

/// Why a token was not good, without a word of what it says.
fn in_words(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "it has expired, or was issued in the future",
        ClaimsVerificationError::InvalidAudience(_) => "it is for someone else",
        ClaimsVerificationError::InvalidIssuer(_) => "it is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "it belongs to another sign-in",
        ClaimsVerificationError::SignatureVerification(_) => "its signature is not the provider's",
        ClaimsVerificationError::Unsupported(_) => "it is of another type",
        _ => "it is not as it should be",
    }
}

/// An error with what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
