//! News of the view as server-sent events: each message says up to which position it has come.
//!
//! A page that hears of a position beyond its own fetches itself again; without a script nothing
//! is lost but that.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::header,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use chassis::{Routes, Viewer};
use futures::{
    StreamExt as _,
    stream::{self, Stream},
};
use proto::Position;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{access::FOLLOW, api::Shared};

/// A listener is hung up on after so long, and comes again by itself: one that does not read is not there to.
const LISTENS_FOR: Duration = Duration::from_secs(15 * 60);

/// A page hears of a new position at most this often.
pub const NEWS_EVERY: Duration = Duration::from_secs(1);

/// A comment is sent this often while there is no news, so that a listener that has gone is noticed.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);

/// The route `/live`. How many may listen at a time is decided where all long answers are ([`chassis::seats`]).
pub fn routes(shared: Arc<Shared>) -> Routes {
    Routes::new().get("/live", FOLLOW.here(), live).with_state(shared)
}

async fn live(State(shared): State<Arc<Shared>>, viewer: Viewer) -> Response {
    let news = news(shared.views.positions(), shared.tasks.stop().clone());
    // Who was put out, or whose session ended, hears nothing more.
    let news = news.take_while(move |_| std::future::ready(viewer.still_stands()));
    let headers =
        [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    let beat = KeepAlive::new().interval(HEARTBEAT_EVERY).text("no news");
    (headers, Sse::new(news).keep_alive(beat)).into_response()
}

struct Listener {
    positions: watch::Receiver<Position>,
    stop: CancellationToken,
    told: bool,
    until: Instant,
}

/// The position now, then each new one; ends after a while, and when the process is to stop.
fn news(
    positions: watch::Receiver<Position>,
    stop: CancellationToken,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let listener = Listener { positions, stop, told: false, until: Instant::now() + LISTENS_FOR };
    stream::unfold(listener, |mut listener| async move {
        let (stop, until) = (listener.stop.clone(), listener.until);
        let next = timeout_at(until, listener.next());
        let position = stop.run_until_cancelled(next).await?.ok()??;
        let event = Event::default().event("position").data(position.to_string());
        Some((Ok(event), listener))
    })
}

impl Listener {
    async fn next(&mut self) -> Option<Position> {
        if self.told {
            self.positions.changed().await.ok()?;
            // What comes meanwhile goes out as one.
            tokio::time::sleep(NEWS_EVERY).await;
        }
        self.told = true;
        Some(*self.positions.borrow_and_update())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_positions_is_one_piece_of_news() {
        let (sender, receiver) = watch::channel(Position(7));
        let stop = CancellationToken::new();
        let mut news = std::pin::pin!(news(receiver, stop.clone()));
        assert!(news.next().await.is_some(), "the position now");
        for position in 8..100 {
            sender.send_replace(Position(position));
        }
        let started = tokio::time::Instant::now();
        let heard = format!("{:?}", news.next().await.unwrap().unwrap());
        assert!(heard.contains("99"), "{heard}");
        assert!(started.elapsed() >= NEWS_EVERY);
        stop.cancel();
        assert!(news.next().await.is_none(), "ends with the process");
    }

    #[tokio::test(start_paused = true)]
    async fn no_one_listens_for_ever() {
        let (_sender, receiver) = watch::channel(Position(7));
        let started = Instant::now();
        let heard = news(receiver, CancellationToken::new()).count().await;
        assert_eq!((heard, started.elapsed().as_secs()), (1, LISTENS_FOR.as_secs()));
    }
}
