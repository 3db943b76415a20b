//! That a form with which someone signs in comes from our own page: else another site could sign someone
//! in as someone else, who then reads what is done here.
//!
//! Browsers say where a form comes from, and the door refuses what comes from elsewhere. Of those that say
//! nothing it is asked that the form carries what a cookie of theirs holds, sealed.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use chassis::{Problem, access::session::cookie_of, http::is_own_page_said, ids};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::Desk;

/// The name of the form field.
pub(super) const TOKEN_FIELD: &str = "token";

/// How long a form may lie before it is sent.
const FORM_MAX: SignedDuration = SignedDuration::from_hours(1);

/// The cookie is written anew once it is this old, so that a page that was just loaded does not grow stale.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// What the cookie holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Kept {
    token: Uuid,
    since: Timestamp,
}

/// What the forms of a page carry, and the cookie that goes with it where the browser has no fresh one.
#[derive(Debug, Clone)]
pub(super) struct OwnForm {
    pub token: String,
    pub cookie: Option<HeaderValue>,
}

impl Desk {
    fn form_cookie(&self) -> String {
        format!("{}-form", self.access.sessions().name())
    }

    fn kept(&self, headers: &HeaderMap) -> Option<Kept> {
        let name = self.form_cookie();
        let kept: Kept = self.access.sessions().open(&name, cookie_of(headers, &name)?)?;
        (self.clock.machine_now().duration_since(kept.since) < FORM_MAX).then_some(kept)
    }

    /// For the forms of a page. The token stays while the cookie does: of two open pages both are good.
    pub(super) fn own_form(&self, headers: &HeaderMap) -> Result<OwnForm, Problem> {
        let (sessions, name, now) = (self.access.sessions(), self.form_cookie(), self.clock.machine_now());
        let kept = self.kept(headers);
        let token = kept.map_or_else(ids::fresh, |kept| kept.token);
        if kept.is_some_and(|kept| now.duration_since(kept.since) < RENEW_AFTER) {
            return Ok(OwnForm { token: token.to_string(), cookie: None });
        }
        let cookie = sessions.seal(&name, &Kept { token, since: now });
        let cookie = cookie.and_then(|sealed| sessions.set(&name, &sealed, FORM_MAX));
        Ok(OwnForm { token: token.to_string(), cookie: Some(cookie.ok_or_else(Problem::internal)?) })
    }

    /// Refuses a form of which neither the browser nor a cookie says that it comes from our own page.
    pub(super) fn check_own_form(&self, headers: &HeaderMap, token: &str) -> Result<(), Problem> {
        // The door has refused them where they name another site, scheme or port.
        let is_said = is_own_page_said(headers);
        let is_kept = || {
            let kept = self.kept(headers).map(|kept| kept.token.to_string());
            kept.is_some_and(|kept| kept.as_bytes().ct_eq(token.as_bytes()).into())
        };
        if is_said || is_kept() {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "forged",
            "Not from a page of ours",
            "the form does not come from this server’s own page, or lay too long: load /sign-in again and send it \
             from there",
        ))
    }
}
