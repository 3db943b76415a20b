//! Waiting where a server says to come again later: 429 when something was asked too often, 503 when what it needs is
//! out of reach.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Response, StatusCode, header::RETRY_AFTER},
};

use super::output;

/// The most that a command waits in all.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// How often a command asks again.
const REPEATS_MAX: u32 = 20;

/// Whether a request may be sent twice without doing anything twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It only looks, or carries an id by which it is known again.
    Safe,
    /// It may have been carried out: asked again only where it was turned away before.
    Unsafe,
}

impl Repeat {
    /// Of a request without an id of its own.
    pub fn of(method: &Method) -> Self {
        if method.is_safe() { Self::Safe } else { Self::Unsafe }
    }
}

/// What is left of it.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
    repeats: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: WAIT_MAX, repeats: REPEATS_MAX }
    }
}

impl Patience {
    /// How long to wait before asking again; none where the answer stands.
    fn pause(&mut self, response: &Response<Body>, repeat: Repeat) -> Option<Duration> {
        let is_for_later = match response.status() {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::SERVICE_UNAVAILABLE => repeat == Repeat::Safe,
            _ => false,
        };
        let after = response.headers().get(RETRY_AFTER).filter(|_| is_for_later)?;
        let pause =
            Duration::from_secs(after.to_str().ok()?.trim().parse().ok()?).max(Duration::from_secs(1));
        self.left = self.left.checked_sub(pause)?;
        self.repeats = self.repeats.checked_sub(1)?;
        Some(pause)
    }

    /// Waits where the server says to come again later, and says so. Whether to ask again.
    pub async fn wait(&mut self, response: &Response<Body>, repeat: Repeat) -> bool {
        let Some(pause) = self.pause(response, repeat) else { return false };
        let why = match response.status() {
            StatusCode::TOO_MANY_REQUESTS => "this was asked too often in a short time",
            _ => "the server cannot answer yet",
        };
        output::note(&format!("{why}; trying again in {} s", pause.as_secs()));
        tokio::time::sleep(pause).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<&str>) -> Response<Body> {
        let response = Response::builder().status(status);
        let response = match retry_after {
            Some(seconds) => response.header(RETRY_AFTER, seconds),
            None => response,
        };
        response.body(Body::empty()).unwrap()
    }

    #[test]
    fn a_command_waits_as_long_as_it_is_told_and_no_longer_than_it_may() {
        let seconds = |status, after, repeat| {
            Patience::default().pause(&answer(status, after), repeat).map(|pause| pause.as_secs())
        };
        assert_eq!(seconds(429, Some("7"), Repeat::Unsafe), Some(7));
        assert_eq!(seconds(429, Some("0"), Repeat::Unsafe), Some(1));
        assert_eq!(seconds(503, Some("5"), Repeat::Safe), Some(5));
        assert_eq!(seconds(503, Some("5"), Repeat::Unsafe), None, "it may have been carried out");
        assert_eq!(seconds(429, None, Repeat::Safe), None, "no one says when");
        assert_eq!(seconds(429, Some("soon"), Repeat::Safe), None);
        assert_eq!(seconds(429, Some("301"), Repeat::Safe), None, "too long to wait");
        assert_eq!(seconds(200, Some("5"), Repeat::Safe), None);
        let mut patience = Patience::default();
        let waits = std::iter::from_fn(|| patience.pause(&answer(429, Some("100")), Repeat::Safe)).count();
        assert_eq!(waits, 3, "no more than {WAIT_MAX:?} in all");
        let mut patience = Patience::default();
        let waits = std::iter::from_fn(|| patience.pause(&answer(429, Some("1")), Repeat::Safe)).count();
        assert_eq!(waits, REPEATS_MAX as usize);
    }
}
