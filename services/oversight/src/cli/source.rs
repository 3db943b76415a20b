//! Where events are read from: a running server, or a log itself.

use bytes::{Buf, BytesMut};
use chassis::log::{self, Damage, Log, LogUrl, Purpose, Recorded};
use futures::{StreamExt, stream::BoxStream};
use proto::{Position, content::is_withheld};

use super::{
    Failure,
    server::{Server, ServerUrl},
};
use crate::{
    line::{self, LINE_MAX_BYTES},
    log_api::LAST_POSITION,
    tail::{Stretch, Tail, Until},
};

/// Which source, as flags.
#[derive(Debug, Clone, clap::Args)]
pub struct From {
    /// Read from the server at this address. This one counts where --log is given, too.
    #[arg(long, value_name = "URL")]
    pub server: Option<ServerUrl>,
    /// Read from the log itself: file:PATH (while no server has it open) or nats://HOST:PORT.
    #[arg(long, env = "OVERSIGHT_LOG", hide_env_values = true, value_name = "URL")]
    pub log: Option<LogUrl>,
}

impl From {
    /// Opens the source: the server named, else the log named, else the server of this machine.
    pub async fn open(&self) -> Result<Source, Failure> {
        match (&self.server, &self.log) {
            (None, Some(url)) => open_log(url).await.map(Source::Log),
            (server, _) => Server::at(server.as_ref()).map(Source::Server),
        }
    }
}

impl From {
    /// The access log beside the log named. No server hands that one out.
    pub fn access_log(&self) -> Result<Self, Failure> {
        match (&self.server, &self.log) {
            (None, Some(url)) => Ok(Self { server: None, log: Some(url.access()) }),
            _ => Err(Failure::said(
                "the access log is read from the log itself: name the event log beside it with --log, and no --server",
            )),
        }
    }
}

/// Opens a log that is to be there already, to be read alone: a damaged one as far as it can be read.
pub async fn open_log(url: &LogUrl) -> Result<Log, Failure> {
    if let LogUrl::File(path) = url
        && !path.exists()
    {
        return Err(Failure::said(format!("there is no event log at {}", path.display())));
    }
    Ok(log::open_for(url, Purpose::Read).await?)
}

/// A source of events.
#[derive(Debug)]
pub enum Source {
    /// A running server.
    Server(Server),
    /// A log itself.
    Log(Log),
}

/// Events of a source, in order.
pub enum Events {
    /// Of a server.
    Server {
        /// To say who broke off.
        server: Server,
        /// The answer.
        body: BoxStream<'static, Result<bytes::Bytes, axum::Error>>,
        /// What has come of the next line.
        rest: BytesMut,
        /// The last position of the log when it answered.
        head: Position,
    },
    /// Of a log.
    Log(Tail),
}

impl Source {
    /// Where it is, without secrets.
    pub fn place(&self) -> String {
        match self {
            Source::Server(server) => server.place(),
            Source::Log(log) => log.describe().place,
        }
    }

    /// What is wrong with it for good, where that is known.
    pub fn damage(&self) -> Option<Damage> {
        match self {
            Source::Server(_) => None,
            Source::Log(log) => log.damage(),
        }
    }

    /// Begins to read.
    pub async fn events(&self, stretch: Stretch) -> Result<Events, Failure> {
        let server = match self {
            Source::Log(log) => return Ok(Events::Log(Tail::open(log.clone(), stretch).await?)),
            Source::Server(server) => server.clone(),
        };
        let mut ask = server.get("/api/v1/events").query("from", stretch.from.to_string());
        if let Some(service) = stretch.service {
            ask = ask.query("service", service.to_string());
        }
        if let Some(limit) = stretch.limit {
            ask = ask.query("limit", limit.to_string());
        }
        if stretch.until == Until::Stopped {
            ask = ask.query("follow", "true");
        }
        let response = server.send(ask).await?;
        let head = response
            .headers()
            .get(LAST_POSITION)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Position)
            .ok_or_else(|| {
                Failure::said("the server does not say how far its log goes; is it of this version?")
            })?;
        Ok(Events::Server {
            server,
            body: response.into_body().into_data_stream().boxed(),
            rest: BytesMut::new(),
            head,
        })
    }
}

impl Events {
    /// The last position of the log when the reading began.
    pub fn head(&self) -> Position {
        match self {
            Events::Server { head, .. } => *head,
            Events::Log(tail) => tail.head(),
        }
    }

    /// The next events, for what needs all of each: fails where the server withholds what events say.
    pub async fn next_whole(&mut self) -> Result<Option<Vec<Recorded>>, Failure> {
        let events = self.next().await?;
        let is_from_server = matches!(self, Events::Server { .. });
        let withheld = events.iter().flatten().find(|event| is_from_server && is_withheld(&event.body));
        if let Some(event) = withheld {
            return Err(Failure::said(format!(
                "the server withholds from this key what the event at position {} says, as from every administrator: \
                 read the log itself with --log, or set OVERSIGHT_KEY to a key of NHS Digital",
                event.position
            )));
        }
        Ok(events)
    }

    /// The next events, nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Recorded>>, Failure> {
        match self {
            Events::Log(tail) => Ok(tail.next(|_| true).await?),
            Events::Server { server, body, rest, .. } => loop {
                let events = lines(rest)?;
                if !events.is_empty() {
                    return Ok(Some(events));
                }
                match body.next().await {
                    Some(Ok(chunk)) => rest.extend_from_slice(&chunk),
                    Some(Err(error)) => return Err(server.unreachable(&error.into())),
                    None if rest.is_empty() => return Ok(None),
                    None => return Err(Failure::said("the server's answer ends in the middle of an event")),
                }
            },
        }
    }
}

/// Takes the whole lines that have come.
fn lines(rest: &mut BytesMut) -> Result<Vec<Recorded>, Failure> {
    let odd = || Failure::said("the server's answer holds a line that is no event; is it of this version?");
    let mut events = Vec::new();
    let mut seen = 0;
    while let Some(length) = rest.get(seen..).and_then(|left| left.iter().position(|byte| *byte == b'\n')) {
        let line = rest.get(seen..seen + length).unwrap_or_default();
        events.push(line::read(line).map_err(|_| odd())?);
        seen += length + 1;
    }
    rest.advance(seen);
    if rest.len() > LINE_MAX_BYTES { Err(odd()) } else { Ok(events) }
}
