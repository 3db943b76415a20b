//! Answers that cost something for as long as they are not read to their end: each takes a seat, and of the seats no
//! one may take all.
//!
//! News of the view, the event feed, and files that are written while they are sent take one seat each. A long answer
//! that is ready before it is sent takes as many as it has bytes. A seat is given back once the last of the answer
//! has left this process, or its connection has ended; a connection whose reader stops reading is ended
//! (`service/stall.rs`). So what is not read costs no more than the seats there are, whoever asks for how much.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    sync::Arc,
};

use axum::{
    body::{Body, HttpBody as _, to_bytes},
    http::{StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures::FutureExt as _;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::{compression::Long, problem::Problem};

/// Longer answers than this take a seat. Shorter ones fit into the buffers of their connection.
const LONG_ABOVE_BYTES: u64 = 128 * 1024;

/// What the compressor of an answer keeps, beside the answer itself.
const COMPRESSOR_BYTES: u64 = 512 * 1024;

/// So many seats there are, and so many one holder may have: someone signed in or with a key, or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// In all.
    pub all: u64,
    /// Of one holder.
    pub each: u64,
}

/// Pages that listen for news. All tabs of a browser share one.
const LIVE: Share = Share { all: 1_024, each: 32 };

/// Readers of the event feed: each holds some of the events it has not yet sent.
const FEEDS: Share = Share { all: 64, each: 8 };

/// Files that are written while they are sent.
const FILES: Share = Share { all: 64, each: 8 };

/// Bytes of long answers that are ready and not sent.
const BYTES: Share = Share { all: 64 * 1024 * 1024, each: 16 * 1024 * 1024 };

/// After how long to come again for a seat of a sort that people keep for long, and of one that they do not.
const KEPT_RETRY_SECONDS: u32 = 30;
const BRIEF_RETRY_SECONDS: u32 = 5;

/// Seats of one sort.
#[derive(Debug, Clone)]
pub struct Seats(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What they are for, in the plural.
    what: &'static str,
    share: Share,
    retry_after_seconds: u32,
    /// Who holds them is counted by a hash that no one outside can foresee.
    hasher: RandomState,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: u64,
    by: FxHashMap<u64, u64>,
}

/// Some seats, given back when this is dropped.
#[derive(Debug)]
pub struct Seat {
    of: Arc<Inner>,
    holder: u64,
    count: u64,
}

impl Seats {
    /// Seats for something, named in the plural.
    pub fn new(what: &'static str, share: Share, retry_after_seconds: u32) -> Self {
        let (hasher, taken) = (RandomState::new(), Mutex::default());
        Self(Arc::new(Inner { what, share, retry_after_seconds, hasher, taken }))
    }

    /// Takes so many at once; 429 where that is more than the holder's share or than there are. What is larger than a
    /// share takes a whole one.
    pub fn take(&self, holder: impl Hash, count: u64) -> Result<Seat, Problem> {
        let Inner { what, share, .. } = &*self.0;
        let count = count.clamp(1, share.each);
        let holder = self.0.hasher.hash_one(holder);
        let mut taken = self.0.taken.lock();
        let own = taken.by.get(&holder).copied().unwrap_or_default();
        if own + count > share.each {
            drop(taken);
            return Err(self.0.refusal(format!("you have as many {what} open as one may have")));
        }
        if taken.all + count > share.all {
            drop(taken);
            return Err(self.0.refusal(format!("as many {what} are open as there can be")));
        }
        taken.all += count;
        taken.by.insert(holder, own + count);
        Ok(Seat { of: self.0.clone(), holder, count })
    }

    /// How many are taken.
    pub fn taken(&self) -> u64 {
        self.0.taken.lock().all
    }
}

impl Inner {
    fn refusal(&self, why: String) -> Problem {
        metrics::counter!("oversight_turned_away_total", "what" => self.what).increment(1);
        let seconds = self.retry_after_seconds;
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-open",
            "Too many open at once",
            format!("{why}: read those to their end or close them, or try again in {seconds} seconds"),
        )
        .retry_after(seconds)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.of.taken.lock();
        taken.all -= self.count;
        if let Some(own) = taken.by.get_mut(&self.holder) {
            *own -= self.count;
            if *own == 0 {
                taken.by.remove(&self.holder);
            }
        }
    }
}

/// Bytes that are not sent yet, and the seat they keep.
struct Held {
    bytes: Bytes,
    _seat: Arc<Seat>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn held(bytes: Bytes, seat: &Arc<Seat>) -> Bytes {
    Bytes::from_owner(Held { bytes, _seat: seat.clone() })
}

/// The seats of all that a process answers at length.
#[derive(Debug)]
pub(crate) struct LongAnswers {
    live: Seats,
    feeds: Seats,
    files: Seats,
    bytes: Seats,
}

impl Default for LongAnswers {
    fn default() -> Self {
        Self {
            live: Seats::new("live pages", LIVE, KEPT_RETRY_SECONDS),
            feeds: Seats::new("event feeds", FEEDS, KEPT_RETRY_SECONDS),
            files: Seats::new("downloads", FILES, KEPT_RETRY_SECONDS),
            bytes: Seats::new("long answers", BYTES, BRIEF_RETRY_SECONDS),
        }
    }
}

impl LongAnswers {
    /// An answer in the seat that it needs, if it needs one.
    pub fn seat(&self, holder: impl Hash, response: Response) -> Result<Response, Problem> {
        match response.body().size_hint().exact() {
            None => self.seat_stream(holder, response),
            Some(bytes) if bytes > LONG_ABOVE_BYTES => self.seat_whole(holder, response),
            Some(_) => Ok(response),
        }
    }

    fn seat_stream(&self, holder: impl Hash, response: Response) -> Result<Response, Problem> {
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
        let seats = match kind.unwrap_or_default() {
            kind if kind.starts_with(b"text/event-stream") => &self.live,
            kind if kind.starts_with(b"application/x-ndjson") => &self.feeds,
            _ => &self.files,
        };
        let seat = Arc::new(seats.take(holder, 1)?);
        let response = response
            .map(|body| Body::new(body.map_frame(move |frame| frame.map_data(|bytes| held(bytes, &seat)))));
        Ok(sent_as_long(response))
    }

    /// An answer that is all there already. One that is kept for others too costs nothing more.
    fn seat_whole(&self, holder: impl Hash, response: Response) -> Result<Response, Problem> {
        let (parts, body) = response.into_parts();
        let Some(Ok(bytes)) = to_bytes(body, usize::MAX).now_or_never() else {
            tracing::error!("an answer of a known length was not there when it was to be sent");
            return Err(Problem::internal());
        };
        if !bytes.is_unique() {
            return Ok(Response::from_parts(parts, bytes.into()));
        }
        let seat = Arc::new(self.bytes.take(holder, bytes.len() as u64 + COMPRESSOR_BYTES)?);
        Ok(sent_as_long(Response::from_parts(parts, held(bytes, &seat).into())))
    }
}

/// A compressor that keeps little is to be used.
fn sent_as_long(mut response: Response) -> Response {
    response.extensions_mut().insert(Long);
    response
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use futures::{StreamExt as _, stream};

    use super::*;

    #[test]
    fn one_holder_leaves_seats_for_others_and_gets_theirs_back() {
        let seats = Seats::new("event feeds", Share { all: 5, each: 2 }, 30);
        let held: Vec<Seat> = (0..2).map(|_| seats.take("person:a", 1).unwrap()).collect();
        let refused = seats.take("person:a", 1).unwrap_err();
        assert_eq!((refused.status, refused.retry_after_seconds), (429, Some(30)));
        assert!(
            refused.detail.contains("event feeds") && refused.detail.starts_with("you have"),
            "{refused:?}"
        );
        let others: Vec<Seat> = (0..3).map(|other| seats.take(other, 1).unwrap()).collect();
        let refused = seats.take("person:z", 1).unwrap_err();
        assert!(refused.status == 429 && !refused.detail.starts_with("you have"), "{refused:?}");
        drop(held);
        assert_eq!(seats.taken(), 3);
        let large = seats.take("person:a", 100).unwrap();
        assert_eq!(seats.taken(), 5, "what is larger than a share takes a whole one");
        drop((others, large));
        assert_eq!(seats.taken(), 0);
        assert!(seats.0.taken.lock().by.is_empty(), "no one who has left is kept");
    }

    fn streamed(kind: &'static str) -> Response {
        let pieces = stream::repeat(Ok::<_, std::convert::Infallible>(Bytes::from_static(b"a,b\r\n")));
        ([(header::CONTENT_TYPE, kind)], Body::from_stream(pieces)).into_response()
    }

    #[tokio::test]
    async fn each_sort_of_answer_has_seats_of_its_own_and_keeps_one_until_its_bytes_are_gone() {
        let long = LongAnswers::default();
        let kinds = [
            ("text/event-stream", &long.live, LIVE),
            ("application/x-ndjson", &long.feeds, FEEDS),
            ("text/csv; charset=utf-8", &long.files, FILES),
        ];
        for (kind, seats, share) in kinds {
            let mine: Vec<Response> =
                (0..share.each).map(|_| long.seat("a", streamed(kind)).unwrap()).collect();
            assert_eq!(long.seat("a", streamed(kind)).unwrap_err().status, 429, "{kind}");
            let mut others = long.seat("b", streamed(kind)).unwrap().into_body().into_data_stream();
            drop(mine);
            let piece = others.next().await.unwrap().unwrap();
            drop(others);
            assert_eq!(seats.taken(), 1, "{kind}: a piece of it is not sent yet");
            drop(piece);
            assert_eq!(seats.taken(), 0, "{kind}");
        }
    }

    #[tokio::test]
    async fn long_answers_count_by_their_bytes_unless_they_are_kept_for_others_too() {
        let long = LongAnswers::default();
        let of = |bytes: usize| vec![b'x'; bytes].into_response();
        let short = long.seat("a", of(100_000)).unwrap();
        assert_eq!(long.bytes.taken(), 0);
        let kept = Bytes::from(vec![b'x'; 3_000_000]);
        let shared = long.seat("a", kept.clone().into_response()).unwrap();
        assert_eq!(long.bytes.taken(), 0);
        let mut open = Vec::new();
        let refused = loop {
            match long.seat("a", of(3_000_000)) {
                Ok(response) => open.push(response),
                Err(refused) => break refused,
            }
        };
        assert_eq!((refused.status, open.len()), (429, 4));
        let other = long.seat("b", of(3_000_000)).unwrap();
        for response in [short, shared, other].into_iter().chain(open) {
            let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            assert!(bytes.iter().all(|byte| *byte == b'x'));
        }
        assert_eq!(long.bytes.taken(), 0);
    }
}
