//! The first administrator of an installation that has none.

use chassis::{
    Clock, CommandId,
    access::{ApiKey, Known},
    log::{AppendError, Log, NewEvent, ReadError},
};
use proto::{
    By, Envelope, Header, OdsCode, Position, Role, Service, Stream, Subject,
    access::{AccessEvent, KeyIssued},
    envelope::Provenance,
};

use crate::model::Key;

/// What the first key says it is for.
const PURPOSE: &str = "first administrator";

/// Why there is no first administrator to be made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// There is one.
    #[error(
        "this installation has an administrator already: with their key, `oversight key create` makes more keys"
    )]
    HasOne,
    /// The access log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It takes nothing.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The event cannot be written.
    #[error("the event cannot be written: {0}")]
    Encode(String),
}

/// Makes the first administrator of an installation that has none, and gives its key.
pub async fn first_administrator(
    log: &Log,
    clock: &Clock,
    organisation: OdsCode,
) -> Result<ApiKey, BootstrapError> {
    let known = read(log).await?;
    let now = clock.now();
    if known.has_administrator(now) {
        return Err(BootstrapError::HasOne);
    }
    let key = ApiKey::fresh();
    let encode = |error: String| BootstrapError::Encode(error);
    let aggregate = Key::aggregate(key.id).map_err(|error| encode(error.to_string()))?;
    let command = CommandId::fresh();
    let envelope = Envelope {
        id: command.event_id(),
        subject: Subject::on(Stream::Access, Service::Access, &aggregate),
        time: now,
        by: By::system("bootstrap"),
        effective: None,
        command_id: Some(command.uuid()),
        correlation_id: None,
        causation_id: None,
        previous: None,
    };
    let issued = AccessEvent::KeyIssued(KeyIssued {
        key: key.id,
        role: Role::Administrator,
        organisation,
        purpose: PURPOSE.to_owned(),
        secret: key.hash(),
        expires: None,
    });
    let body = envelope.encode(&issued).map_err(|error| encode(error.to_string()))?;
    let new = NewEvent { id: envelope.id, subject: envelope.subject, body: body.into() };
    log.append(new, Position::START).await?;
    Ok(key)
}

/// What the access log says of keys and accounts, read once.
pub async fn read(log: &Log) -> Result<Known, ReadError> {
    let mut known = Known::default();
    let head = log.head().await?;
    let mut position = Position::START;
    if head == position {
        return Ok(known);
    }
    let mut reader = log.read(position).await?;
    while position < head {
        for recorded in reader.next().await?.events {
            position = recorded.position;
            let Ok(header) = Header::read(&recorded.body) else { continue };
            let Ok(event) = header.event::<AccessEvent>() else { continue };
            let Ok(provenance) = Provenance::read(&recorded.body) else { continue };
            known.note(&event, &provenance.by.actor, header.time);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chassis::log::file::FileLog;

    use super::*;

    #[tokio::test]
    async fn an_installation_gets_its_first_administrator_once() {
        let folder = tempfile::tempdir().unwrap();
        let log: Log = Arc::new(FileLog::open(&folder.path().join("a.redb")).await.unwrap());
        let clock = Clock::system();
        let organisation: OdsCode = "X26".parse().unwrap();
        let key = first_administrator(&log, &clock, organisation).await.unwrap();
        let holder =
            read(&log).await.unwrap().holder(&key, clock.now(), chassis::access::MadeUp::LeftOut).unwrap();
        assert_eq!((holder.role, holder.organisation), (Role::Administrator, organisation));
        let again = first_administrator(&log, &clock, organisation).await.unwrap_err();
        assert!(matches!(again, BootstrapError::HasOne), "{again}");
    }
}
