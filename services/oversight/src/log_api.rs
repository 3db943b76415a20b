//! The log over HTTP: `GET /api/v1/events`, one CloudEvents object a line.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chassis::{Platform, Problem, Routes, Viewer, compression::GoesOn, http::Query, log::Recorded};
use proto::{Content, Header, Position, Service, Subject};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use crate::{
    access::{READ_CENTRAL, READ_EVENTS, READ_FEED},
    line,
    tail::{Stretch, Tail, Until},
};

/// The header that says how far the log went when the answer began.
pub const LAST_POSITION: HeaderName = HeaderName::from_static("oversight-last-position");

/// How often it is looked whether someone who waits for events may still have them.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The bytes of lines that are sent together. Each reader that is slow holds some of them.
const CHUNK_BYTES: usize = 32 * 1024;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Only events of this service: organisations, assessments, suppliers, onsite or continuity.
    service: Option<String>,
    /// The first position, from 1.
    #[param(minimum = 1)]
    from: Option<u64>,
    /// Goes on with new events as they come.
    #[serde(default)]
    follow: bool,
    /// The most events.
    limit: Option<u64>,
}

impl Asked {
    fn stretch(self) -> Result<Stretch, Problem> {
        let service = self
            .service
            .as_deref()
            .map(of_the_field)
            .transpose()
            .map_err(|accepted| Problem::bad_input("there is no such service").at("service", accepted))?;
        if self.from == Some(0) {
            return Err(Problem::bad_input("positions begin with 1").at("from", "0"));
        }
        Ok(Stretch {
            from: Position(self.from.unwrap_or(1)),
            service,
            until: if self.follow { Until::Stopped } else { Until::Now },
            limit: self.limit,
        })
    }
}

/// A service that writes events of the field.
pub(crate) fn of_the_field(name: &str) -> Result<Service, String> {
    Service::OF_THE_FIELD.into_iter().find(|service| service.name() == name).ok_or_else(|| {
        let accepted: Vec<&str> = Service::OF_THE_FIELD.iter().map(|service| service.name()).collect();
        format!("accepted are {}", accepted.join(" or "))
    })
}

/// Whether someone is told of an event: by the organisation it is of. What it says they may read or not; see
/// [`Viewer::event_as_they_may_read`].
fn is_told(viewer: &Viewer, body: &[u8]) -> bool {
    let subject = Header::read(body).ok().and_then(|header| header.subject.parse::<Subject>().ok());
    // What cannot be read may hold anyone's words.
    let Some(subject) = subject else { return viewer.may_read(Content::Restricted) };
    match subject.organisation() {
        Some(code) => viewer.may(READ_EVENTS, code),
        None if subject.is_of_an_edition() => viewer.may_here(READ_CENTRAL),
        None => viewer.may_in_england(READ_EVENTS),
    }
}

/// Events of the log, as NDJSON: on each line the CloudEvents object as it was recorded, with its
/// `position` put first. The header `Oversight-Last-Position` says how far the log went when the
/// answer began. An answer that breaks off without its end is not complete.
///
/// Who may call it: everyone who may read the events of some organisation; it has those alone. All of
/// the log is for NHS Digital. Administrators are told that all of it happened, and to whom: an event that holds
/// words of practices or assessors comes without them, marked `"contentwithheld":true`, unless they have emergency
/// access to the practice.
#[utoipa::path(get, path = "/api/v1/events", tag = "log", params(Asked), responses(
    (status = 200, content_type = "application/x-ndjson", description = "one event a line"),
    (status = 400, body = Problem), (status = 503, body = Problem)))]
async fn events(
    State(platform): State<Arc<Platform>>,
    viewer: Viewer,
    asked: Result<Query<Asked>, Problem>,
) -> Result<Response, Problem> {
    let asked = asked?.0;
    let goes_on = asked.follow;
    let tail = Tail::open(platform.log.clone(), asked.stretch()?).await?;
    let head = tail.head().to_string();
    let stop = platform.tasks.stop().clone();
    let lines = futures::stream::unfold(Some((tail, Vec::new().into_iter())), move |state| {
        let (stop, viewer) = (stop.clone(), viewer.clone());
        async move {
            let (mut tail, mut left) = state?;
            let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
            loop {
                for Recorded { position, body } in left.by_ref() {
                    let Some(body) = viewer.event_as_they_may_read(&body) else { continue };
                    line::write(&Recorded { position, body }, &mut chunk);
                    chunk.push(b'\n');
                    if chunk.len() >= CHUNK_BYTES {
                        break;
                    }
                }
                if !chunk.is_empty() {
                    return Some((Ok(Bytes::from(chunk)), Some((tail, left))));
                }
                // Whoever follows the log does so for as long as what they came with is good.
                if !viewer.still_stands() {
                    return None;
                }
                let next = tokio::select! {
                    () = stop.cancelled() => return None,
                    () = tokio::time::sleep(LOOK_AGAIN_AFTER) => continue,
                    next = tail.next(|body| is_told(&viewer, body)) => next,
                };
                match next {
                    Ok(Some(_)) if !viewer.still_stands() => return None,
                    Ok(Some(events)) => left = events.into_iter(),
                    Ok(None) => return None,
                    Err(error) => {
                        tracing::error!(%error, "an answer with events breaks off");
                        return Some((Err(std::io::Error::other(error)), None));
                    }
                }
            }
        }
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson".to_owned()), (LAST_POSITION, head)];
    let mut response = (headers, Body::from_stream(lines)).into_response();
    if goes_on {
        response.extensions_mut().insert(GoesOn);
    }
    Ok(response)
}

#[derive(OpenApi)]
#[openapi(paths(events))]
struct Description;

/// The log as a service of this process.
pub fn service(platform: &Platform) -> chassis::Service {
    chassis::Service {
        name: "log",
        routes: Routes::new()
            .get("/api/v1/events", READ_FEED.here(), events)
            .with_state(Arc::new(platform.clone())),
        policy: Some(crate::access::POLICY),
        openapi: Description::openapi(),
        ready: Arc::new(|| Ok(())),
        on_stop: None,
    }
}
