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
use chassis::{Problem, Routes, Viewer};
use futures::{
    StreamExt as _,
    stream::{self, Stream},
};
use proto::Position;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::{access::FOLLOW, api::Shared};

/// How many pages may listen at a time; each holds a connection open.
pub const LISTENERS_MAX: usize = 512;

/// A page hears of a new position at most this often.
pub const NEWS_EVERY: Duration = Duration::from_secs(1);

/// A comment is sent this often while there is no news, so that a listener that has gone is noticed.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);

#[derive(Clone)]
struct Listeners {
    shared: Arc<Shared>,
    seats: Arc<Semaphore>,
}

/// The route `/live`.
pub fn routes(shared: Arc<Shared>) -> Routes {
    routes_for(shared, LISTENERS_MAX)
}

fn routes_for(shared: Arc<Shared>, listeners_max: usize) -> Routes {
    let listeners = Listeners { shared, seats: Arc::new(Semaphore::new(listeners_max)) };
    Routes::new().get("/live", FOLLOW.here(), live).with_state(listeners)
}

async fn live(
    State(Listeners { shared, seats }): State<Listeners>,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let seat = seats.try_acquire_owned().map_err(|_| {
        metrics::counter!("oversight_live_refused_total").increment(1);
        Problem::unavailable(
            "too many pages listen for news already; this one shows what it shows until it is loaded again",
        )
        .retry_after(30)
    })?;
    let news = news(shared.views.positions(), shared.tasks.stop().clone(), seat);
    // Who was put out, or whose session ended, hears nothing more.
    let news = news.take_while(move |_| std::future::ready(viewer.still_stands()));
    let headers =
        [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    let beat = KeepAlive::new().interval(HEARTBEAT_EVERY).text("no news");
    Ok((headers, Sse::new(news).keep_alive(beat)).into_response())
}

struct Listener {
    positions: watch::Receiver<Position>,
    stop: CancellationToken,
    told: bool,
    /// Given back when the listener goes.
    _seat: OwnedSemaphorePermit,
}

/// The position now, then each new one; ends when the process is to stop.
fn news(
    positions: watch::Receiver<Position>,
    stop: CancellationToken,
    seat: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let listener = Listener { positions, stop, told: false, _seat: seat };
    stream::unfold(listener, |mut listener| async move {
        let stop = listener.stop.clone();
        let position = stop.run_until_cancelled(listener.next()).await??;
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
        let seats = Arc::new(Semaphore::new(1));
        let stop = CancellationToken::new();
        let mut news =
            std::pin::pin!(news(receiver, stop.clone(), seats.clone().try_acquire_owned().unwrap()));
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

    #[tokio::test]
    async fn a_listener_that_goes_gives_its_seat_back() {
        let (_sender, receiver) = watch::channel(Position(7));
        let seats = Arc::new(Semaphore::new(1));
        let news = news(receiver, CancellationToken::new(), seats.clone().try_acquire_owned().unwrap());
        assert_eq!(seats.available_permits(), 0);
        drop(news);
        assert_eq!(seats.available_permits(), 1);
    }
}
