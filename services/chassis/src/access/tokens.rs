//! Bearer tokens of machines: JWTs that the sign-in provider issued for this installation.
//!
//! Every service checks them by itself. The same rules that give people their role give it to machines.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use openidconnect::ClientId;
use proto::Actor;
use serde_json::Value;

use super::{
    Holder,
    outside::{Outside, OutsideError},
    provider::{Issuer, Provider, Rejected},
    rules::{Claims, Rules, RulesError},
};
use crate::{clock::Clock, problem::Problem};

/// The flags that name the sign-in provider. The same for all services.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ProviderConfig {
    /// The address of an OpenID Connect provider, exactly as it names itself. Default: none, and people
    /// sign in with accounts of this installation.
    #[arg(long, env = "OVERSIGHT_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<Issuer>,
    /// The file of rules that give people and machines of the provider a role at an organisation.
    #[arg(long, env = "OVERSIGHT_OIDC_ROLES", value_name = "FILE")]
    pub oidc_roles: Option<PathBuf>,
    /// The audience of the tokens that programs come with. Default: no tokens are accepted.
    #[arg(long, env = "OVERSIGHT_OIDC_AUDIENCE", value_name = "NAME")]
    pub oidc_audience: Option<String>,
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Its address without rules.
    #[error("--oidc-issuer needs --oidc-roles: without rules no one of the provider has a role")]
    NoRules,
    /// Rules or an audience without its address.
    #[error("--oidc-roles and --oidc-audience mean nothing without --oidc-issuer")]
    NoIssuer,
    /// The rules.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The way there.
    #[error(transparent)]
    Outside(#[from] OutsideError),
}

/// When a token was issued, and until when it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenLife {
    pub issued: Timestamp,
    pub until: Timestamp,
}

/// Accepts tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    provider: Provider,
    rules: Arc<Rules>,
    audience: Option<ClientId>,
}

impl Tokens {
    /// By the flags; none where they name no provider.
    pub fn of(config: &ProviderConfig, clock: &Clock) -> Result<Option<Self>, ProviderError> {
        let rules = match (&config.oidc_issuer, &config.oidc_roles, &config.oidc_audience) {
            (None, None, None) => return Ok(None),
            (None, ..) => return Err(ProviderError::NoIssuer),
            (Some(_), None, _) => return Err(ProviderError::NoRules),
            (Some(_), Some(path), _) => Rules::read(path)?,
        };
        let Some(issuer) = config.oidc_issuer.clone() else { return Ok(None) };
        let provider = Provider::new(issuer, Outside::new()?, clock.clone());
        let audience = config.oidc_audience.clone().map(ClientId::new);
        Ok(Some(Self { provider, rules: Arc::new(rules), audience }))
    }

    /// Who issues them.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// What gives roles.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Who a token is for; none: no tokens of programs are accepted.
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_ref().map(|audience| audience.as_str())
    }

    /// Who comes with a token, where it is good and a rule gives them a role; and for how long it is good.
    pub(super) async fn holder(&self, token: &str) -> Result<Option<(Holder, TokenLife)>, Problem> {
        let Some(audience) = &self.audience else { return Ok(None) };
        let claims = match self.provider.verify(token, audience, None).await {
            Ok(claims) => claims,
            Err(Rejected::Away(away)) => return Err(away.into()),
            Err(Rejected::NotGood(reason)) => {
                tracing::debug!(reason, "a token was refused");
                return Ok(None);
            }
        };
        Ok(self.holder_of(&claims))
    }

    fn holder_of(&self, claims: &Claims) -> Option<(Holder, TokenLife)> {
        let moment = |name: &str| Timestamp::from_second(claims.get(name)?.as_f64()? as i64).ok();
        let life = TokenLife { issued: moment("iat")?, until: moment("exp")? };
        let subject = claims.get("sub").and_then(Value::as_str)?;
        let (role, organisation) = self.rules.role_of(claims)?;
        let actor = Actor::person(self.provider.person(subject));
        Some((Holder { actor, role, organisation, session: None, glass: None }, life))
    }
}
