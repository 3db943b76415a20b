//! Signing in at an OpenID Connect provider: the authorisation code flow with PKCE.
//!
//! Nothing is kept here between the way out and the way back: state, nonce and verifier travel in a
//! sealed cookie. Tokens and what they say of someone are read, turned into a role, and forgotten.

use std::path::PathBuf;

use axum::http::{Method, Request, header};
use chassis::{
    Problem,
    access::{
        Claims, Tokens,
        provider::{Away, Rejected},
    },
    service::Config,
};
use openidconnect::{
    AccessToken, AuthType, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, LogoutRequest, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    Scope, TokenResponse as _,
    core::{CoreClient, CoreClientAuthMethod, CoreResponseType},
    url::Url,
};
use proto::{OdsCode, PersonId, Role, bodies::Misfit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

/// Where one comes back to.
pub const CALLBACK: &str = "/sign-in/callback";

/// The flags of signing in at a provider, beside those that every service takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SignInConfig {
    /// What the provider of --oidc-issuer knows this installation as. Default: people do not sign in
    /// there.
    #[arg(long, env = "OVERSIGHT_OIDC_CLIENT_ID", value_name = "NAME")]
    pub oidc_client_id: Option<String>,
    /// The file of the secret shared with the provider. Default: none, where the provider asks for none.
    #[arg(long, env = "OVERSIGHT_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What to ask for beside `openid`, so that the claims of the rules come along; separated by spaces.
    #[arg(long, env = "OVERSIGHT_OIDC_SCOPES", value_name = "SCOPES")]
    pub oidc_scopes: Option<String>,
    /// The file of the key by which sessions are signed, here and nowhere else. Default: session.signing in the data
    /// folder, made where it is missing.
    #[arg(long, env = "OVERSIGHT_SESSION_SIGNING_KEY", value_name = "FILE")]
    pub session_signing_key: Option<PathBuf>,
}

/// Why people cannot sign in at the provider.
#[derive(Debug, thiserror::Error)]
pub enum SignInConfigError {
    /// No provider.
    #[error("--oidc-client-id and what belongs to it mean nothing without --oidc-issuer")]
    NoIssuer,
    /// No client.
    #[error("--oidc-client-secret-file and --oidc-scopes mean nothing without --oidc-client-id")]
    NoClient,
    /// What people sign in with would open the API, too.
    #[error("--oidc-audience must not be the client id: what tells who signed in is not meant for programs")]
    SameAudience,
    /// The secret.
    #[error("the client secret in {path} cannot be used: {reason}")]
    Secret {
        /// Which file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The address of this installation.
    #[error("{0} is no address that a provider can send people back to")]
    Origin(String),
}

/// What this installation is to the provider.
#[derive(Debug, Clone)]
pub struct SignInOptions {
    client: ClientId,
    secret: Option<ClientSecret>,
    scopes: Vec<Scope>,
    back: RedirectUrl,
    after: PostLogoutRedirectUrl,
}

impl SignInOptions {
    /// By the flags of a process; none where no one signs in at a provider.
    pub fn of(config: &Config, own: &SignInConfig) -> Result<Option<Self>, SignInConfigError> {
        let Some(client) = own.oidc_client_id.clone() else {
            return match own {
                SignInConfig { oidc_client_secret_file: None, oidc_scopes: None, .. } => Ok(None),
                _ => Err(SignInConfigError::NoClient),
            };
        };
        if config.provider.oidc_issuer.is_none() {
            return Err(SignInConfigError::NoIssuer);
        }
        if config.provider.oidc_audience.as_ref() == Some(&client) {
            return Err(SignInConfigError::SameAudience);
        }
        let secret = own.oidc_client_secret_file.as_ref().map(|path| {
            let fail =
                |reason: String| SignInConfigError::Secret { path: path.display().to_string(), reason };
            let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
            match text.trim() {
                "" => Err(fail("it is empty".to_owned())),
                secret => Ok(ClientSecret::new(secret.to_owned())),
            }
        });
        let scopes = own.oidc_scopes.as_deref().unwrap_or_default().split_whitespace();
        let origin = match &config.public_url {
            Some(url) => url.origin().to_owned(),
            None => format!("http://{}", config.listen),
        };
        Self::new(client, secret.transpose()?, scopes, &origin).map(Some)
    }

    /// For an installation at an origin.
    fn new<'a>(
        client: String,
        secret: Option<ClientSecret>,
        scopes: impl Iterator<Item = &'a str>,
        origin: &str,
    ) -> Result<Self, SignInConfigError> {
        let wrong = || SignInConfigError::Origin(origin.to_owned());
        Ok(Self {
            client: ClientId::new(client),
            secret,
            scopes: scopes
                .filter(|scope| *scope != "openid")
                .map(|scope| Scope::new(scope.to_owned()))
                .collect(),
            back: RedirectUrl::new(format!("{origin}{CALLBACK}")).map_err(|_| wrong())?,
            after: PostLogoutRedirectUrl::new(format!("{origin}/")).map_err(|_| wrong())?,
        })
    }
}

/// Someone on their way to the provider, in a cookie that only we can open.
#[derive(Serialize, Deserialize)]
pub(crate) struct OnTheWay {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    /// Where they wanted to go.
    pub to: String,
}

/// What the provider sends people back with.
#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

/// Someone the provider knows, in the role our rules give them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub person: PersonId,
    pub role: Role,
    pub organisation: OdsCode,
    pub hint: Hint,
}

/// The provider's own word on who signed in, which it is shown again when they sign out: so that it need
/// not ask whom. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hint(String);

impl std::fmt::Debug for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hint(..)")
    }
}

/// Why someone who came back is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotShown {
    /// They come from another sign-in, or from none of ours.
    OtherWay,
    /// The provider said no, or something that is not good.
    Refused,
    /// The provider knows them, and no rule gives them a role.
    NoRole(PersonId),
    /// An administrator keeps them out.
    KeptOut(PersonId),
    /// A rule gives them a role at an organisation where it opens nothing.
    DoesNotFit(PersonId, Misfit),
    /// The provider does not answer.
    Away,
}

impl From<Away> for NotShown {
    fn from(_: Away) -> Self {
        NotShown::Away
    }
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Lets people sign in at the provider.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    tokens: Tokens,
    options: SignInOptions,
}

impl SignIn {
    pub fn new(tokens: Tokens, options: SignInOptions) -> Self {
        Self { tokens, options }
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> Client {
        let methods = metadata.token_endpoint_auth_methods_supported();
        let has = |method| methods.is_some_and(|methods| methods.contains(&method));
        // Where a provider says nothing, it takes the secret in a header.
        let in_body =
            has(CoreClientAuthMethod::ClientSecretPost) && !has(CoreClientAuthMethod::ClientSecretBasic);
        let SignInOptions { client, secret, back, .. } = self.options.clone();
        CoreClient::from_provider_metadata(metadata.clone(), client, secret)
            .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
            .set_redirect_uri(back)
    }

    /// The address at the provider where someone signs in, and what is kept for their way back.
    pub async fn begin(&self, to: String) -> Result<(Url, OnTheWay), Away> {
        let found = self.tokens.provider().found().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(&found.metadata);
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (address, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(self.options.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        Ok((address, OnTheWay { state, nonce, verifier, to }))
    }

    /// Who came back.
    pub async fn finish(&self, way: OnTheWay, back: Back) -> Result<Shown, NotShown> {
        if !bool::from(back.state.as_bytes().ct_eq(way.state.secret().as_bytes())) {
            return Err(NotShown::OtherWay);
        }
        if back.code.is_empty() {
            return Err(NotShown::Refused);
        }
        let provider = self.tokens.provider();
        let found = provider.found().await?;
        let client = self.client(&found.metadata);
        let exchange = client.exchange_code(AuthorizationCode::new(back.code)).map_err(|error| {
            tracing::warn!(%error, "the sign-in provider names no address for tokens");
            NotShown::Away
        })?;
        let answer = exchange.set_pkce_verifier(way.verifier).request_async(provider.outside()).await;
        let answer = answer.map_err(|error| match error {
            openidconnect::RequestTokenError::ServerResponse(said) => {
                tracing::warn!(error = %said.error(), "the sign-in provider does not give a token");
                NotShown::Refused
            }
            openidconnect::RequestTokenError::Request(error) => {
                tracing::warn!(%error, "the sign-in provider does not answer");
                NotShown::Away
            }
            // What else it says may hold a token.
            _ => {
                tracing::warn!("the sign-in provider's answer cannot be read");
                NotShown::Away
            }
        })?;
        let token = answer.id_token().map(ToString::to_string).ok_or(NotShown::Refused)?;
        let verified = provider.verify(&token, &self.options.client, Some(&way.nonce)).await;
        let claims = verified.map_err(|rejected| match rejected {
            Rejected::Away(_) => NotShown::Away,
            Rejected::NotGood(reason) => {
                tracing::warn!(reason, "the sign-in provider gave a token that is not good");
                NotShown::Refused
            }
        })?;
        let subject = claims.get("sub").and_then(Value::as_str).ok_or(NotShown::Refused)?.to_owned();
        let person = provider.person(&subject);
        let role = match self.tokens.rules().role_of(&claims) {
            Some(role) => Some(role),
            None => {
                let more = self.user_info(&found.metadata, answer.access_token(), &subject).await;
                more.and_then(|more| self.tokens.rules().role_of(&both(claims, more)))
            }
        };
        let (role, organisation) = role.ok_or(NotShown::NoRole(person))?;
        Ok(Shown { person, role, organisation, hint: Hint(token) })
    }

    /// What the provider says of someone when it is asked: some say there what others put into the
    /// token.
    async fn user_info(
        &self,
        metadata: &ProviderMetadataWithLogout,
        token: &AccessToken,
        subject: &str,
    ) -> Option<Claims> {
        let address = metadata.userinfo_endpoint()?.url().as_str();
        let request = Request::builder()
            .method(Method::GET)
            .uri(address)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", token.secret()))
            .body(Vec::new())
            .ok()?;
        let answer = self.tokens.provider().outside().send(request).await;
        let answer = answer
            .inspect_err(|error| tracing::warn!(%error, "the sign-in provider does not say who someone is"))
            .ok()?;
        let claims: Claims = serde_json::from_slice(answer.body()).ok()?;
        // It must speak of whom the token speaks.
        let same = claims.get("sub").and_then(Value::as_str) == Some(subject);
        (same && answer.status().is_success()).then_some(claims)
    }

    /// Where someone who signed out here signs out there; none where the provider has no such place,
    /// or does not answer.
    pub async fn way_out(&self, hint: Option<Hint>) -> Option<Url> {
        let found = self.tokens.provider().found().await.ok()?;
        let place = found.metadata.additional_metadata().end_session_endpoint.clone()?;
        let request = LogoutRequest::from(place)
            .set_client_id(self.options.client.clone())
            .set_post_logout_redirect_uri(self.options.after.clone());
        let mut address = request.http_get_url();
        if let Some(Hint(token)) = hint {
            address.query_pairs_mut().append_pair("id_token_hint", &token);
        }
        Some(address)
    }
}

/// What a token says, and what it leaves out. The token, which is signed, has the last word.
fn both(token: Claims, mut more: Claims) -> Claims {
    more.extend(token);
    more
}

impl From<NotShown> for Problem {
    fn from(why: NotShown) -> Self {
        use axum::http::StatusCode;
        let not_in =
            |name: &str, detail: &str| Problem::new(StatusCode::FORBIDDEN, name, "Not signed in", detail);
        match why {
            NotShown::OtherWay => not_in(
                "other-sign-in",
                "this belongs to no sign-in that began in this browser in the last ten minutes: begin again at /sign-in",
            ),
            NotShown::Refused => not_in(
                "provider-refused",
                "your organisation’s sign-in did not let you in: begin again at /sign-in",
            ),
            NotShown::NoRole(_) => not_in(
                "no-role",
                "your organisation’s sign-in knows you, but nothing there gives you a role here: ask whoever looks \
                 after your access",
            ),
            NotShown::DoesNotFit(_, misfit) => not_in(
                "role-does-not-fit",
                &format!(
                    "your organisation’s sign-in knows you, but what it says of you gives you a role that opens nothing \
                     here: {misfit}; ask whoever looks after your access"
                ),
            ),
            NotShown::KeptOut(_) => not_in(
                "kept-out",
                "an administrator of this installation has closed it to you: ask whoever looks after your access",
            ),
            NotShown::Away => Away.into(),
        }
    }
}
