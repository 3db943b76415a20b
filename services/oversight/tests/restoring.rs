//! Restoring a backup into a log that may not be empty.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use bytes::Bytes;
use chassis::log::{self, Log, LogUrl, NewEvent, Recorded};
use oversight::{
    backup::{Heading, Reader, Writer},
    restoring::{self, Pace, RestoreError},
    synthetic::England,
    tail::{Stretch, Tail},
};
use proto::{Position, Stream, envelope::ChainLink};

fn events(seed: u64, count: usize) -> Vec<Recorded> {
    let england = England::new(seed);
    (1..)
        .zip(england.events().take(count))
        .map(|(number, event)| Recorded { position: Position(number), body: event.body })
        .collect()
}

fn backup(events: &[Recorded]) -> Vec<u8> {
    let heading = Heading::new(jiff::Timestamp::UNIX_EPOCH, "a log".into(), Position(events.len() as u64));
    let mut writer = Writer::new(Vec::new(), &heading).unwrap();
    events.iter().for_each(|event| writer.event(event).unwrap());
    writer.finish().unwrap()
}

async fn empty_log(folder: &tempfile::TempDir) -> Log {
    log::open(&LogUrl::File(folder.path().join("log.redb"))).await.unwrap()
}

/// As the command does it.
async fn restore(file: &[u8], log: &Log, pace: Pace) -> Result<Position, RestoreError> {
    restoring::check(Reader::new(file)?, |_| ())?;
    let there = restoring::compare(Reader::new(file)?, log.as_ref()).await?;
    restoring::append(Reader::new(file)?, log, there, Stream::Events, pace, |_| ()).await?;
    Ok(there)
}

async fn all_of(log: &Log) -> Vec<(Position, Bytes)> {
    let mut tail = Tail::open(log.clone(), Stretch::everything()).await.unwrap();
    let mut all = Vec::new();
    while let Some(events) = tail.next(|_| true).await.unwrap() {
        all.extend(events.into_iter().map(|event| (event.position, event.body)));
    }
    all
}

fn same(events: &[Recorded], there: Vec<(Position, Bytes)>) -> bool {
    there.into_iter().eq(events.iter().map(|event| (event.position, event.body.clone())))
}

#[tokio::test]
async fn an_empty_log_gets_the_same_bytes_at_the_same_positions() {
    let events = events(1, 17_000);
    for pace in [Pace::Any, Pace::OneOfEach] {
        let folder = tempfile::tempdir().unwrap();
        let log = empty_log(&folder).await;
        assert_eq!(restore(&backup(&events), &log, pace).await.unwrap(), Position::START);
        assert!(same(&events, all_of(&log).await), "{pace:?}");
    }
}

#[tokio::test]
async fn a_log_that_holds_the_beginning_gets_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (log, events) = (empty_log(&folder).await, events(1, 9_000));
    restore(&backup(&events[..7_500]), &log, Pace::Any).await.unwrap();
    assert_eq!(restore(&backup(&events), &log, Pace::Any).await.unwrap(), Position(7_500));
    assert!(same(&events, all_of(&log).await));
}

#[tokio::test]
async fn a_log_that_holds_other_or_more_events_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (log, some) = (empty_log(&folder).await, events(1, 300));
    restore(&backup(&some), &log, Pace::Any).await.unwrap();
    let other = restore(&backup(&events(2, 400)), &log, Pace::Any).await.unwrap_err();
    assert!(matches!(other, RestoreError::OtherEvents(Position(1))), "{other}");
    let fewer = restore(&backup(&some[..200]), &log, Pace::Any).await.unwrap_err();
    assert!(matches!(fewer, RestoreError::MoreEvents(Position(200))), "{fewer}");
    assert!(same(&some, all_of(&log).await));
}

#[tokio::test]
async fn an_altered_backup_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = empty_log(&folder).await;
    let text = String::from_utf8(backup(&events(1, 50))).unwrap();
    let altered = text.replacen("Synthetic Ivermoor", "Authentic Ivermoor", 1).replacen("Y54", "Y57", 1);
    let error = restore(altered.as_bytes(), &log, Pace::Any).await.unwrap_err();
    assert!(error.to_string().contains("line 2 of the backup"), "{error}");
    assert!(all_of(&log).await.is_empty());
}

#[tokio::test]
async fn what_nobody_reads_keeps_its_position() {
    let mut events = events(1, 9);
    events[6].body = Bytes::from_static(b"no one's");
    events[7].body = events[2].body.clone();
    for pace in [Pace::Any, Pace::OneOfEach] {
        let folder = tempfile::tempdir().unwrap();
        let log = empty_log(&folder).await;
        restore(&backup(&events[..7]), &log, pace).await.unwrap();
        assert_eq!(restore(&backup(&events), &log, pace).await.unwrap(), Position(7), "it goes on");
        assert!(same(&events, all_of(&log).await), "junk, and an event that is there twice");
    }
}

#[tokio::test]
async fn someone_else_who_writes_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (log, events) = (empty_log(&folder).await, events(1, 20));
    let file = backup(&events);
    let there = restoring::compare(Reader::new(&file[..]).unwrap(), log.as_ref()).await.unwrap();
    let link = ChainLink::read(&events[3].body).unwrap();
    let stranger =
        NewEvent { id: link.id, subject: link.subject.parse().unwrap(), body: events[3].body.clone() };
    log.append(stranger, Position::START).await.unwrap();
    let restored =
        restoring::append(Reader::new(&file[..]).unwrap(), &log, there, Stream::Events, Pace::Any, |_| ())
            .await;
    assert!(matches!(restored, Err(RestoreError::Disturbed(_))), "{restored:?}");
}
