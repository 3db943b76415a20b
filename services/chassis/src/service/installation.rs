//! What a data folder knows of the two logs it works with, so that another log, or none, is not taken for them.
//!
//! A log that is gone looks like one that was never begun. So beside `format` stands a file `installation`: of each
//! log its first event, and the furthest one that was seen. It is compared at every start, before anything is done with
//! the logs, and written again at a start, every minute and at a stop. A folder of before has no such file, and learns
//! it at its first start; an empty log beside what only comes from events is refused all the same.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use proto::{EventHash, Header, Position, Stream, Subject};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{StartError, traces::Traces};
use crate::log::{Log, LogUrl, ReadError};

/// The name of the file.
const FILE: &str = "installation";

/// How often it is noted how far the logs have come.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// How long a log may take to say so. At a stop no one waits longer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// An event that was seen at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    position: Position,
    /// Its id, where it can be read: for people to look for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Uuid>,
    hash: EventHash,
}

impl Mark {
    /// Of the event at a position; none where there is none.
    async fn at(log: &Log, position: Position) -> Result<Option<Self>, ReadError> {
        let Some(recorded) = log.at(position).await? else { return Ok(None) };
        let event = Header::read(&recorded.body).ok().map(|header| header.id);
        Ok(Some(Self { position, event, hash: EventHash::of(&recorded.body) }))
    }

    fn words(&self) -> String {
        self.event.map_or_else(|| format!("with hash {}", self.hash), |id| id.to_string())
    }
}

/// What was seen of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// Where it was, without secrets.
    place: String,
    first: Mark,
    furthest: Mark,
}

/// The content of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    events: Option<Seen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<Seen>,
}

impl Known {
    fn of(&self, stream: Stream) -> Option<&Seen> {
        match stream {
            Stream::Events => self.events.as_ref(),
            Stream::Access => self.access.as_ref(),
        }
    }

    fn of_mut(&mut self, stream: Stream) -> &mut Option<Seen> {
        match stream {
            Stream::Events => &mut self.events,
            Stream::Access => &mut self.access,
        }
    }
}

/// Why a log is not the one that a data folder has worked with. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    /// It is empty or not there.
    #[error(
        "the {log} {place} is {how}, but the data folder {folder} has worked with one: {traces}. Put the log back, or \
         restore a backup: `oversight restore FILE --log {events}{flag}`; to begin anew on purpose, name another --data \
         folder"
    )]
    Gone {
        /// Which log.
        log: &'static str,
        /// Where it is.
        place: String,
        /// Gone, or empty.
        how: &'static str,
        /// The data folder.
        folder: PathBuf,
        /// What there was.
        traces: String,
        /// The event log, as the command to restore names it.
        events: String,
        /// What the command needs for the access log.
        flag: &'static str,
    },
    /// It begins with another event.
    #[error(
        "the {log} {place} is of another installation than the data folder {folder}: it begins with event {found}, and \
         the log this folder has worked with begins with {expected} and went to position {furthest}. Name the right log \
         with --log, or the folder that belongs to it with --data"
    )]
    Other {
        /// Which log.
        log: &'static str,
        /// Where it is.
        place: String,
        /// The data folder.
        folder: PathBuf,
        /// The first event.
        found: String,
        /// The first event of the right one.
        expected: String,
        /// The furthest position seen.
        furthest: Position,
    },
    /// It ends before what was seen of it.
    #[error(
        "the {log} {place} lacks events {from} to {to}: the data folder {folder} has seen them. Restore a backup that \
         holds them: `oversight restore FILE --log {events}{flag}`. If the log was put back to an earlier state on \
         purpose, restore that backup with the same command and `--data {folder}`: the folder then takes it as it is"
    )]
    Lacks {
        /// Which log.
        log: &'static str,
        /// Where it is.
        place: String,
        /// The data folder.
        folder: PathBuf,
        /// The first event that is missing.
        from: Position,
        /// The last one known of.
        to: Position,
        /// The event log, as the command to restore names it.
        events: String,
        /// What the command needs for the access log.
        flag: &'static str,
    },
    /// It holds another event where one was seen.
    #[error(
        "the {log} {place} holds another event at position {position} than the data folder {folder} has seen there: it \
         was altered, or is a copy that others have written to since. Name the right log with --log, or restore a backup \
         into an empty one with `oversight restore` and `--data {folder}`"
    )]
    Differs {
        /// Which log.
        log: &'static str,
        /// Where it is.
        place: String,
        /// The data folder.
        folder: PathBuf,
        /// Where.
        position: Position,
    },
    /// It is the other of the two logs.
    #[error(
        "{place} holds an {found}, and was named as the {log}: name the event log with --log, and the access log beside it is found"
    )]
    Swapped {
        /// Which log it was named as.
        log: &'static str,
        /// What it is.
        found: &'static str,
        /// Where it is.
        place: String,
    },
}

fn name_of(stream: Stream) -> &'static str {
    match stream {
        Stream::Events => "event log",
        Stream::Access => "access log",
    }
}

fn flag_of(stream: Stream) -> &'static str {
    match stream {
        Stream::Events => "",
        Stream::Access => " --access",
    }
}

/// Both logs that a URL names.
fn both(url: &LogUrl) -> [(Stream, LogUrl); 2] {
    [(Stream::Events, url.clone()), (Stream::Access, url.access())]
}

/// What a data folder knows of its logs.
#[derive(Debug, Clone)]
pub struct Installation {
    folder: PathBuf,
    known: Known,
    /// As it stands in the file.
    written: Known,
    /// The event log, as messages name it.
    events: String,
}

impl Installation {
    /// What a folder knows, for the event log of a URL. A folder that knows nothing yet is none, or of before.
    pub fn of(folder: &Path, url: &LogUrl) -> Result<Self, StartError> {
        let path = folder.join(FILE);
        let fail = |reason: String| StartError::Data { path: folder.to_owned(), reason };
        let known: Known = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                fail(format!(
                    "its file {FILE}, which says what logs belong to it, cannot be read ({error}): put it back from a copy \
                     of the folder, or remove it if you are sure that the logs are the right ones"
                ))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Known::default(),
            Err(error) => return Err(fail(format!("{}: {error}", path.display()))),
        };
        Ok(Self { folder: folder.to_owned(), written: known.clone(), known, events: url.to_string() })
    }

    /// The data folder that a log belongs to, where it has one: the folder named, or the one its file lies in.
    pub fn folder_of(url: &LogUrl, named: Option<&Path>) -> Option<PathBuf> {
        let beside = match url {
            LogUrl::File(path) => path.parent(),
            LogUrl::Nats(_) => None,
        };
        let is_one = |folder: &&Path| folder.join(FILE).exists() || folder.join("format").exists();
        named.or_else(|| beside.filter(is_one)).map(Path::to_owned)
    }

    /// Refuses log files that are gone, before new ones are made in their place.
    pub fn before_opening(&self, url: &LogUrl) -> Result<(), StartError> {
        for (stream, url) in both(url) {
            let LogUrl::File(path) = &url else { continue };
            let how = match fs::metadata(path) {
                Ok(found) if found.is_file() && found.len() == 0 => "empty",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "gone",
                _ => continue,
            };
            self.must_be_unused(stream, &url.to_string(), how)?;
        }
        Ok(())
    }

    /// Compares a log with what is known, and takes in what it shows.
    pub async fn check(&mut self, stream: Stream, log: &Log) -> Result<(), StartError> {
        let place = log.describe().place;
        let (name, folder) = (name_of(stream), self.folder.clone());
        let head = log.head().await?;
        if head == Position::START {
            return self.must_be_unused(stream, &place, "empty");
        }
        let first = Position::START.next();
        must_be_of(stream, log, &place).await?;
        let gone =
            |position: Position| ReadError::Damaged { position, reason: "it does not hold it".to_owned() };
        let found = Mark::at(log, first).await?.ok_or_else(|| gone(first))?;
        if let Some(seen) = self.known.of(stream) {
            let furthest = seen.furthest;
            if found.hash != seen.first.hash {
                let (found, expected) = (found.words(), seen.first.words());
                let furthest = furthest.position;
                return Err(NotOurs::Other { log: name, place, folder, found, expected, furthest }.into());
            }
            if head < furthest.position {
                let (from, to) = (head.next(), furthest.position);
                let (events, flag) = (self.events.clone(), flag_of(stream));
                return Err(NotOurs::Lacks { log: name, place, folder, from, to, events, flag }.into());
            }
            let there = Mark::at(log, furthest.position).await?;
            if there.is_none_or(|there| there.hash != furthest.hash) {
                let position = furthest.position;
                return Err(NotOurs::Differs { log: name, place, folder, position }.into());
            }
        }
        self.take_in(stream, log).await?;
        Ok(())
    }

    /// Takes a log as it is, whatever was known before: it was restored on purpose. Only the same installation can be.
    pub async fn renew(&mut self, stream: Stream, log: &Log) -> Result<(), StartError> {
        *self.known.of_mut(stream) = None;
        self.take_in(stream, log).await?;
        Ok(())
    }

    /// Refuses to have this event restored as the first one of a log where it is of another installation.
    pub fn may_begin_with(&self, stream: Stream, place: &str, body: &[u8]) -> Result<(), StartError> {
        let Some(seen) = self.known.of(stream) else { return Ok(()) };
        let hash = EventHash::of(body);
        if hash == seen.first.hash {
            return Ok(());
        }
        let event = Header::read(body).ok().map(|header| header.id);
        Err(NotOurs::Other {
            log: name_of(stream),
            place: place.to_owned(),
            folder: self.folder.clone(),
            found: Mark { position: Position::START.next(), event, hash }.words(),
            expected: seen.first.words(),
            furthest: seen.furthest.position,
        }
        .into())
    }

    /// Notes how far a log has come.
    async fn take_in(&mut self, stream: Stream, log: &Log) -> Result<(), ReadError> {
        let head = log.head().await?;
        let known = self.known.of(stream);
        if head == Position::START || known.is_some_and(|seen| seen.furthest.position >= head) {
            return Ok(());
        }
        let first = match known {
            Some(seen) => Some(seen.first),
            None => Mark::at(log, Position::START.next()).await?,
        };
        let furthest = Mark::at(log, head).await?;
        if let (Some(first), Some(furthest)) = (first, furthest) {
            *self.known.of_mut(stream) = Some(Seen { place: log.describe().place, first, furthest });
        }
        Ok(())
    }

    /// An empty log is refused where there was one.
    fn must_be_unused(&self, stream: Stream, place: &str, how: &'static str) -> Result<(), StartError> {
        let traces = Traces::of(&self.folder);
        let seen = self.known.of(stream);
        if seen.is_none() && !traces.are_of(stream) {
            return Ok(());
        }
        let furthest =
            seen.map(|seen| format!("it went to position {} at {}", seen.furthest.position, seen.place));
        let traces: Vec<String> = furthest.into_iter().chain([traces.to_string()]).collect();
        Err(NotOurs::Gone {
            log: name_of(stream),
            place: place.to_owned(),
            how,
            folder: self.folder.clone(),
            traces: traces.join("; "),
            events: self.events.clone(),
            flag: flag_of(stream),
        }
        .into())
    }

    /// Writes what is known, where it has changed: in one piece, and for its owner alone.
    pub fn keep(&mut self) -> io::Result<()> {
        if self.known == self.written {
            return Ok(());
        }
        let path = self.folder.join(FILE);
        let part = self.folder.join(format!("{FILE}.part"));
        let mut text = serde_json::to_vec_pretty(&self.known)?;
        text.push(b'\n');
        write_for_owner(&part, &text)?;
        fs::rename(&part, &path)?;
        if let Ok(folder) = fs::File::open(&self.folder) {
            let _ = folder.sync_all();
        }
        self.written = self.known.clone();
        Ok(())
    }

    /// The same where going on matters more: on a full disk, say.
    pub fn keep_if_possible(&mut self) {
        if let Err(error) = self.keep() {
            tracing::warn!(folder = %self.folder.display(), %error, "it cannot be noted how far the logs have come");
        }
    }

    /// Notes how far the logs have come, every minute and once more at the stop.
    pub async fn follow(mut self, log: Log, access_log: Log, stop: CancellationToken) {
        loop {
            let stops = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(NOTE_EVERY) => false,
            };
            for (stream, log) in [(Stream::Events, &log), (Stream::Access, &access_log)] {
                // One that does not answer is looked at the next time.
                let _ = tokio::time::timeout(ANSWER_TIMEOUT, self.take_in(stream, log)).await;
            }
            self.keep_if_possible();
            if stops {
                return;
            }
        }
    }
}

/// The two logs hold events of other subjects. What is no event at all says nothing.
async fn must_be_of(stream: Stream, log: &Log, place: &str) -> Result<(), StartError> {
    let Some(first) = log.at(Position::START.next()).await? else { return Ok(()) };
    let subject = Header::read(&first.body).ok().and_then(|header| header.subject.parse::<Subject>().ok());
    match subject.map(|subject| subject.stream()) {
        Some(found) if found != stream => {
            Err(NotOurs::Swapped { log: name_of(stream), found: name_of(found), place: place.to_owned() }
                .into())
        }
        _ => Ok(()),
    }
}

fn write_for_owner(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl fmt::Display for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the data folder {}", self.folder.display())
    }
}

#[cfg(test)]
#[path = "installation_tests.rs"]
mod tests;
