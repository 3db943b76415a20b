//! A sign-in provider that says what a test wants it to say, over real HTTP.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey as _,
    core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What the installation is to the provider.
pub const CLIENT: &str = "oversight";
pub const SECRET: &str = "a shared secret";

/// A code as it was issued.
struct Issued {
    challenge: String,
    id_token: String,
    user_info: Value,
}

pub struct Made {
    key: CoreEdDsaPrivateSigningKey,
    codes: BTreeMap<String, Issued>,
    user_info: Value,
    pub asked: u32,
    pub away: bool,
    /// Whether one can sign out there.
    pub ends: bool,
}

#[derive(Clone)]
pub struct MadeProvider {
    pub issuer: String,
    state: Arc<Mutex<Made>>,
}

/// An Ed25519 key of a number.
fn key(number: u8) -> CoreEdDsaPrivateSigningKey {
    const PKCS8: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let der = [PKCS8.as_slice(), &[number; 32]].concat();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    let id = JsonWebKeyId::new(format!("key-{number}"));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(id)).unwrap()
}

/// A token signed by a key of a number.
pub fn sign(number: u8, header: Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = key(number).sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub fn header(number: u8) -> Value {
    json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": format!("key-{number}") })
}

impl MadeProvider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Made {
            key: key(1),
            codes: BTreeMap::new(),
            user_info: json!({}),
            asked: 0,
            away: false,
            ends: true,
        };
        let made = Self { issuer, state: Arc::new(Mutex::new(state)) };
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/user", get(user))
            .with_state(made.clone());
        #[expect(clippy::disallowed_methods, reason = "a server of a test, which ends with it")]
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        made
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Made) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    /// From now on it signs with another key.
    pub fn sign_with(&self, number: u8) {
        self.change(|state| state.key = key(number));
    }

    /// Someone signed in: the code they go back with.
    pub fn issue(&self, challenge: &str, id_token: String, user_info: Value) -> String {
        self.change(|state| {
            let code = format!("code-{}", state.codes.len());
            let issued = Issued { challenge: challenge.to_owned(), id_token, user_info };
            state.codes.insert(code.clone(), issued);
            code
        })
    }
}

type Answer = Result<Json<Value>, StatusCode>;

async fn describe(State(made): State<MadeProvider>) -> Answer {
    if made.change(|state| {
        state.asked += 1;
        state.away
    }) {
        return Err(StatusCode::BAD_GATEWAY);
    }
    let issuer = &made.issuer;
    let end = made.change(|state| state.ends).then(|| format!("{issuer}/end"));
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/user"),
        "end_session_endpoint": end,
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256"],
    })))
}

async fn keys(State(made): State<MadeProvider>) -> Answer {
    let key = made.change(|state| serde_json::to_value(state.key.as_verification_key()).unwrap());
    // One of a kind that we do not know is no harm.
    Ok(Json(json!({ "keys": [{ "kty": "new-kind", "kid": "x" }, key] })))
}

#[derive(serde::Deserialize)]
struct Exchange {
    code: String,
    code_verifier: String,
    redirect_uri: String,
}

async fn token(
    State(made): State<MadeProvider>,
    headers: HeaderMap,
    Form(exchange): Form<Exchange>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let refuse = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": why })));
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+"))));
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(&basic) {
        return Err(refuse("invalid_client"));
    }
    let issued = made.change(|state| state.codes.remove(&exchange.code));
    let Some(issued) = issued else { return Err(refuse("invalid_grant")) };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&exchange.code_verifier));
    if challenge != issued.challenge || !exchange.redirect_uri.ends_with("/sign-in/callback") {
        return Err(refuse("invalid_grant"));
    }
    made.change(|state| state.user_info = issued.user_info);
    Ok(Json(json!({ "access_token": "opaque", "token_type": "Bearer", "id_token": issued.id_token })))
}

async fn user(State(made): State<MadeProvider>, headers: HeaderMap) -> Answer {
    match headers.get("authorization").and_then(|value| value.to_str().ok()) {
        Some("Bearer opaque") => Ok(Json(made.change(|state| state.user_info.clone()))),
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}
