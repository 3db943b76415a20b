//! Who a request comes from: a key, a token or a session, or no one in particular.

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, StatusCode, header};
use futures::FutureExt as _;
use jiff::Timestamp;
use proto::{CommandContent, Role};
use uuid::Uuid;

use super::{
    Access, ApiKey, CalendarAddress, Doors, Holder, Principal, Session, Tokens, hierarchy, is_to_come, keys,
    tokens::TokenLife,
};
use crate::problem::Problem;

/// Who a request comes from, as its credentials show.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    shown: Shown,
    pub(super) request: Uuid,
    /// What they sent, once it is read.
    content: OnceLock<CommandContent>,
}

/// What someone showed of themselves.
#[derive(Debug)]
enum Shown {
    /// Nothing, or nothing is asked for.
    Nothing,
    /// With cookies a browser sends along on its own.
    Session(Session),
    /// An API key.
    Key(ApiKey),
    /// A token of the sign-in provider.
    Token(TokenLife),
}

impl Caller {
    /// Someone whose private address a request comes by.
    pub(super) fn by_address(holder: Holder, request: Uuid) -> Self {
        let (shown, content) = (Shown::Nothing, OnceLock::new());
        Self { principal: Principal::Holder(holder), shown, request, content }
    }

    /// Notes what was sent.
    pub(crate) fn sent(&self, content: CommandContent) {
        self.content.get_or_init(|| content);
    }

    /// What was sent, once it is read.
    pub(super) fn content(&self) -> Option<CommandContent> {
        self.content.get().copied()
    }

    /// The session they came with.
    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.shown {
            Shown::Session(session) => Some(session),
            Shown::Nothing | Shown::Key(_) | Shown::Token(_) => None,
        }
    }
}

/// What the door has found out of a request, on its way to the guard.
#[derive(Debug, Clone)]
pub(crate) struct Identified(pub(crate) Arc<Caller>);

impl Access {
    /// Who holds a key. One that no one knows may have been issued a moment ago.
    async fn holder_of(&self, key: &ApiKey, now: Timestamp) -> Option<Holder> {
        {
            let known = self.known();
            let holder = known.holder(key, now, self.made_up());
            if holder.is_some() || known.has_key(key.id) {
                return holder;
            }
        }
        self.look_again().boxed().await;
        self.known().holder(key, now, self.made_up())
    }

    /// Whose a private address is. One that no one knows may have been made a moment ago.
    pub(super) async fn holder_of_address(&self, address: &CalendarAddress) -> Option<Holder> {
        let now = self.0.clock.machine_now();
        {
            let known = self.known();
            let holder = known.calendar_holder(address, now, self.made_up());
            if holder.is_some() || known.has_calendar(address.id()) {
                return holder.filter(|holder| self.is_in_place(holder));
            }
        }
        self.look_again().boxed().await;
        let holder = self.known().calendar_holder(address, now, self.made_up());
        holder.filter(|holder| self.is_in_place(holder))
    }

    /// Whether someone's role is held where they have it.
    fn is_in_place(&self, holder: &Holder) -> bool {
        self.check_role(holder.role, holder.organisation).is_ok()
    }

    /// Whether a token still lets its bearer in: it is of now, and no one put them out since it was issued.
    fn token_stands(&self, holder: &Holder, life: TokenLife, now: Timestamp) -> bool {
        !is_to_come(life.issued, now) && self.known().lets_in(&holder.actor, life.issued)
    }

    /// Whether a session stands: it is of now, nothing ended it, and its role is held where it has it.
    fn session_stands(&self, session: &Session, now: Timestamp) -> bool {
        let is_of_now = ![session.began, session.written].iter().any(|time| is_to_come(*time, now));
        is_of_now
            && self.known().stands(session, self.made_up())
            && self.check_role(session.role, session.organisation).is_ok()
    }

    /// Waits until the access log was read as far as it was where a session began: what that person was before does not
    /// count. Whether there is such a place at all: there is none where the log was put back from a copy since, and
    /// whoever has the session shows anew who they are.
    async fn reaches(&self, session: &Session) -> Result<bool, Problem> {
        if self.log().head().await? < session.since {
            return Ok(false);
        }
        self.until_read(session.since).await.map(|()| true)
    }

    /// Who comes with a token. The provider may still give them tokens when they were put out here.
    async fn bearer_of(&self, tokens: &Tokens, token: &str) -> Result<Option<(Holder, TokenLife)>, Problem> {
        let Some((holder, life)) = tokens.holder(token).await? else { return Ok(None) };
        let stands = self.token_stands(&holder, life, self.0.clock.machine_now());
        Ok(Some((holder, life)).filter(|_| stands))
    }

    /// Whether what someone came with a while ago is still good.
    pub(crate) fn still_stands(&self, caller: &Caller) -> bool {
        let now = self.0.clock.machine_now();
        let holder = caller.principal.holder();
        let is_good = match &caller.shown {
            Shown::Nothing => return true,
            Shown::Key(key) => self.known().holder(key, now, self.made_up()).is_some(),
            Shown::Session(session) => session.has_time_left(now) && self.session_stands(session, now),
            Shown::Token(life) => {
                life.until > now && holder.is_none_or(|holder| self.token_stands(holder, *life, now))
            }
        };
        is_good && holder.is_none_or(|holder| self.is_in_place(holder))
    }

    /// Who a request comes from. Credentials that are wrong are refused and not overlooked.
    pub(crate) async fn identify(&self, headers: &HeaderMap, request: Uuid) -> Result<Identified, Problem> {
        let known = |principal, shown| {
            let content = OnceLock::new();
            Ok(Identified(Arc::new(Caller { principal, shown, request, content })))
        };
        if self.0.doors == Doors::Open {
            let everyone = Holder {
                actor: proto::Actor::system("unguarded"),
                role: Role::NhsDigital,
                organisation: hierarchy::england(),
                session: None,
                glass: None,
            };
            return known(Principal::Holder(everyone), Shown::Nothing);
        }
        let now = self.0.clock.machine_now();
        if let Some(credentials) = headers.get(header::AUTHORIZATION) {
            let token = credentials.to_str().ok().and_then(|text| text.split_once(' '));
            let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let Some((_, token)) = token else {
                return Err(not_signed_in("credentials go as “Authorization: Bearer” and the key or token"));
            };
            self.until_known().await?;
            let holder = match (token.trim().starts_with(keys::PREFIX), self.tokens()) {
                (true, _) => match token.parse::<ApiKey>() {
                    Ok(key) => self.holder_of(&key, now).await.map(|holder| (holder, Shown::Key(key))),
                    Err(_) => None,
                },
                (false, Some(tokens)) => {
                    let bearer = self.bearer_of(tokens, token.trim()).boxed().await?;
                    bearer.map(|(holder, life)| (holder, Shown::Token(life)))
                }
                (false, None) => None,
            };
            return match holder {
                Some((holder, shown)) => match self.check_role(holder.role, holder.organisation) {
                    Ok(()) => known(Principal::Holder(holder), shown),
                    Err(misfit) => {
                        metrics::counter!("oversight_credentials_refused_total").increment(1);
                        Err(not_signed_in(format!(
                            "this key or token opens nothing: {misfit}; ask an administrator for another"
                        )))
                    }
                },
                None => {
                    metrics::counter!("oversight_credentials_refused_total").increment(1);
                    Err(not_signed_in("this key or token opens nothing: it is unknown, revoked or expired"))
                }
            };
        }
        let Some(session) = self.0.sessions.of(headers, now) else {
            return known(Principal::Public, Shown::Nothing);
        };
        self.until_known().await?;
        let is_read = self.known().read() >= session.since;
        if !(is_read || self.reaches(&session).boxed().await?) || !self.session_stands(&session, now) {
            return known(Principal::Public, Shown::Nothing);
        }
        let holder = self.known().holder_in(&session);
        known(Principal::Holder(holder), Shown::Session(session))
    }
}

pub(super) fn not_signed_in(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Not signed in", detail)
}
