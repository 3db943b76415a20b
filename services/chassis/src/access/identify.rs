//! Who a request comes from: a key, a token or a session, or nobody in particular.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use futures::FutureExt as _;
use proto::Role;
use uuid::Uuid;

use super::{Access, ApiKey, Doors, Holder, Principal, Session, hierarchy, keys};
use crate::problem::Problem;

/// Who a request comes from, as its credentials show.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// With cookies a browser sends along on its own.
    pub(crate) session: Option<Session>,
    pub(super) request: Uuid,
}

/// What the door has found out of a request, on its way to the guard.
#[derive(Debug, Clone)]
pub(crate) struct Identified(pub(crate) Arc<Caller>);

impl Access {
    /// Who holds a key. One that nobody knows may have been issued a moment ago.
    async fn holder_of(&self, key: &ApiKey, now: jiff::Timestamp) -> Option<Holder> {
        {
            let known = self.known();
            let holder = known.holder(key, now);
            if holder.is_some() || known.has_key(key.id) {
                return holder;
            }
        }
        self.look_again().boxed().await;
        self.known().holder(key, now)
    }

    /// Who a request comes from. Credentials that are wrong are refused and not overlooked.
    pub(crate) async fn identify(&self, headers: &HeaderMap, request: Uuid) -> Result<Identified, Problem> {
        let known = |principal, session| Ok(Identified(Arc::new(Caller { principal, session, request })));
        if self.0.doors == Doors::Open {
            let everybody = Holder {
                actor: proto::Actor::system("unguarded"),
                role: Role::NhsDigital,
                organisation: hierarchy::england(),
                session: None,
                glass: None,
            };
            return known(Principal::Holder(everybody), None);
        }
        let now = self.0.clock.now();
        if let Some(credentials) = headers.get(header::AUTHORIZATION) {
            let token = credentials.to_str().ok().and_then(|text| text.split_once(' '));
            let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let Some((_, token)) = token else {
                return Err(not_signed_in("credentials go as “Authorization: Bearer” and the key or token"));
            };
            self.until_known().await?;
            let holder = match (token.trim().starts_with(keys::PREFIX), self.tokens()) {
                (true, _) => match token.parse::<ApiKey>() {
                    Ok(key) => self.holder_of(&key, now).await,
                    Err(_) => None,
                },
                (false, Some(tokens)) => tokens.holder(token.trim()).boxed().await?,
                (false, None) => None,
            };
            return match holder {
                Some(holder) => known(Principal::Holder(holder), None),
                None => {
                    metrics::counter!("oversight_credentials_refused_total").increment(1);
                    Err(not_signed_in("this key or token opens nothing: it is unknown, revoked or expired"))
                }
            };
        }
        let Some(session) = self.0.sessions.of(headers, now) else { return known(Principal::Public, None) };
        self.until_known().await?;
        if !self.known().stands(&session) {
            return known(Principal::Public, None);
        }
        known(Principal::Holder(session.holder()), Some(session))
    }
}

pub(super) fn not_signed_in(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Not signed in", detail)
}
