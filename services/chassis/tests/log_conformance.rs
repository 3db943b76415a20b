//! What both logs promise, tested of both.
//!
//! The tests need the `testing` feature (`chassis` turns it on for its own tests) and nats-server.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "what helps a test may fail it")]

mod support;

use std::{collections::HashMap, time::Duration};

use chassis::log::{AppendError, EVENT_MAX_BYTES, Log, NewEvent, Written};
use futures::{StreamExt, future::join_all, stream};
use proptest::{prelude::*, test_runner::TestRunner};
use proto::Position;
use support::{Place, before, body, event, fill, id, now, read_all, read_to, soon, subject};

macro_rules! of_both {
    ($($name:ident),* $(,)?) => {
        mod file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Place::file()).await })*
        }
        mod nats {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Place::nats()).await })*
        }
    };
}

of_both!(
    an_empty_log_says_so,
    an_event_is_found_by_position_and_by_subject,
    of_many_writers_one_wins_each_position,
    a_repeat_gets_the_first_receipt,
    the_same_event_at_once_is_written_once,
    a_conflict_names_the_last_position,
    a_body_too_large_is_refused,
    the_largest_body_comes_back_whole,
    a_late_reader_misses_nothing_while_writers_write,
    readers_wait_for_what_is_not_there_yet,
    everything_is_there_after_a_restart,
    an_append_given_up_can_be_repeated,
    any_interleaving_gives_one_sequence,
);

async fn an_empty_log_says_so(place: Place) {
    let log = place.open().await;
    assert_eq!(log.head().await.unwrap(), Position::START);
    assert!(log.last(&subject("a")).await.unwrap().is_none());
    assert!(log.of(&subject("a"), Position::START).await.unwrap().is_empty());
    assert!(log.at(Position::START).await.unwrap().is_none());
    assert!(log.at(Position(1)).await.unwrap().is_none());
}

async fn an_event_is_found_by_position_and_by_subject(place: Place) {
    let log = place.open().await;
    // The name of one subject begins with the other's.
    for (number, aggregate, expected) in [(1, "a", 0), (2, "a-b", 0), (3, "a", 1), (4, "a", 3), (5, "a-b", 2)]
    {
        assert_eq!(log.append(event(number, aggregate), Position(expected)).await.unwrap(), now(number));
    }
    assert_eq!(log.head().await.unwrap(), Position(5));
    assert_eq!(log.at(Position(3)).await.unwrap().unwrap().body, body(3, "a"));
    assert!(log.at(Position(6)).await.unwrap().is_none());
    let last = log.last(&subject("a")).await.unwrap().unwrap();
    assert_eq!((last.position, last.body), (Position(4), body(4, "a")));
    let positions = async |after| -> Vec<u64> {
        log.of(&subject("a"), Position(after)).await.unwrap().iter().map(|event| event.position.0).collect()
    };
    assert_eq!(positions(0).await, [1, 3, 4]);
    assert_eq!(positions(1).await, [3, 4]);
    assert_eq!(positions(2).await, [3, 4]);
    assert_eq!(positions(4).await, [0; 0]);
}

async fn of_many_writers_one_wins_each_position(place: Place) {
    const WRITERS: u64 = 12;
    const ROUNDS: u64 = 8;
    let log = place.open().await;
    for round in 1..=ROUNDS {
        let expected = Position(round - 1);
        let answers = join_all(
            (0..WRITERS).map(|writer| log.append(event(round * 100 + writer, "contested"), expected)),
        )
        .await;
        let won: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(won, [&now(round)], "round {round}");
        for answer in &answers {
            match answer {
                Ok(_) => {}
                Err(AppendError::Conflict { last }) => assert_eq!(*last, Position(round)),
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert_eq!(log.head().await.unwrap(), Position(ROUNDS));
}

async fn a_repeat_gets_the_first_receipt(mut place: Place) {
    let log = place.open().await;
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), now(1));
    // At once, whatever the caller expects by now.
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), before(1));
    assert_eq!(log.append(event(1, "a"), Position(1)).await.unwrap(), before(1));
    // After others.
    assert_eq!(log.append(event(2, "a"), Position(1)).await.unwrap(), now(2));
    fill(&log, 3..=5).await;
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), before(1));
    assert_eq!(log.append(event(1, "a"), Position(2)).await.unwrap(), before(1));
    // After a restart.
    let log = place.reopen(log).await;
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), before(1));
    assert_eq!(log.append(event(2, "a"), Position(1)).await.unwrap(), before(2));
    assert_eq!(log.append(event(2, "a"), Position(2)).await.unwrap(), before(2));
    assert_eq!(log.head().await.unwrap(), Position(5));
}

async fn the_same_event_at_once_is_written_once(place: Place) {
    let log = place.open().await;
    let answers = join_all((0..16).map(|_| log.append(event(1, "a"), Position(0)))).await;
    let written: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    assert!(written.iter().all(|receipt| receipt.position == Position(1)));
    assert_eq!(written.iter().filter(|receipt| receipt.written == Written::Now).count(), 1);
    assert_eq!(log.head().await.unwrap(), Position(1));
}

async fn a_conflict_names_the_last_position(place: Place) {
    let log = place.open().await;
    fill(&log, 1..=3).await;
    log.append(event(4, "a"), Position(0)).await.unwrap();
    log.append(event(5, "a"), Position(4)).await.unwrap();
    // Too old, of another subject, in the future, and none at all.
    for (number, expected, last) in [(6, 4, 5), (7, 3, 5), (8, 0, 5), (9, 17, 5)] {
        match log.append(event(number, "a"), Position(expected)).await {
            Err(AppendError::Conflict { last: found }) => assert_eq!(found, Position(last), "event {number}"),
            answer => panic!("event {number}: {answer:?}"),
        }
    }
    match log.append(event(10, "new"), Position(2)).await {
        Err(AppendError::Conflict { last }) => assert_eq!(last, Position::START),
        answer => panic!("{answer:?}"),
    }
    assert_eq!(log.head().await.unwrap(), Position(5));
}

async fn a_body_too_large_is_refused(place: Place) {
    let log = place.open().await;
    let large = NewEvent { body: vec![b'x'; EVENT_MAX_BYTES + 1].into(), ..event(1, "a") };
    match log.append(large, Position(0)).await {
        Err(AppendError::TooLarge { bytes }) => assert_eq!(bytes, EVENT_MAX_BYTES + 1),
        answer => panic!("{answer:?}"),
    }
    assert_eq!(log.head().await.unwrap(), Position::START);
}

async fn the_largest_body_comes_back_whole(place: Place) {
    let log = place.open().await;
    for number in 1..=3 {
        let large = vec![b'0' + number as u8; EVENT_MAX_BYTES];
        let event = NewEvent { body: large.into(), ..event(number, &format!("a{number}")) };
        log.append(event, Position(0)).await.unwrap();
    }
    for (event, number) in read_all(&log).await.iter().zip(1..) {
        assert!(event.body.len() == EVENT_MAX_BYTES && event.body.iter().all(|byte| *byte == b'0' + number));
    }
}

async fn a_late_reader_misses_nothing_while_writers_write(place: Place) {
    const BEFORE: u64 = 3000;
    const ALL: u64 = 6000;
    let log = place.open().await;
    let write = async |numbers: std::ops::RangeInclusive<u64>| {
        let aggregate = |number| format!("f{number}");
        stream::iter(numbers)
            .map(|number| log.append(event(number, &aggregate(number)), Position(0)))
            .buffer_unordered(100)
            .for_each(|answer| async {
                answer.unwrap();
            })
            .await;
    };
    write(1..=BEFORE).await;
    let mut reader = log.read(Position(10)).await.unwrap();
    let (events, ()) =
        futures::join!(read_to(&mut reader, Position(10), Position(ALL)), write(BEFORE + 1..=ALL));
    assert_eq!(events.len() as u64, ALL - 10);
    // The same as a second reader sees, and as each position says.
    let again = read_all(&log).await;
    assert_eq!(again.len() as u64, ALL);
    for (live, stored) in events.iter().zip(&again[10..]) {
        assert_eq!((live.position, &live.body), (stored.position, &stored.body));
    }
    assert_eq!(log.at(Position(4321)).await.unwrap().unwrap().body, again[4320].body);
}

async fn readers_wait_for_what_is_not_there_yet(place: Place) {
    let log = place.open().await;
    fill(&log, 1..=2).await;
    let mut reader = log.read(Position(2)).await.unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(300), reader.next()).await;
    assert!(nothing.is_err(), "nothing was written");
    fill(&log, 3..=3).await;
    let batch = soon("the live event", reader.next()).await.unwrap();
    assert_eq!(batch.events[0].position, Position(3));
    assert_eq!(batch.head, Position(3));
}

async fn everything_is_there_after_a_restart(mut place: Place) {
    let log = place.open().await;
    fill(&log, 1..=200).await;
    let first = read_all(&log).await;
    let log = place.reopen(log).await;
    let second = read_all(&log).await;
    assert_eq!(first.len(), 200);
    assert!(first.iter().zip(&second).all(|(a, b)| a.position == b.position && a.body == b.body));
    fill(&log, 201..=201).await;
    assert_eq!(log.head().await.unwrap(), Position(201));
}

/// Whoever waits for an answer may go away; the outcome is then unknown to it, and asking again is
/// safe.
async fn an_append_given_up_can_be_repeated(place: Place) {
    let log = place.open().await;
    for number in 1..=50 {
        let aggregate = format!("g{number}");
        let given_up = log.append(event(number, &aggregate), Position(0));
        let _ = tokio::time::timeout(Duration::from_micros(number * 20), given_up).await;
        let receipt = log.append(event(number, &aggregate), Position(0)).await.unwrap();
        let stands = log.last(&subject(&aggregate)).await.unwrap().unwrap();
        assert_eq!((stands.position, stands.body), (receipt.position, body(number, &aggregate)));
    }
    assert_eq!(log.head().await.unwrap(), Position(50));
}

#[derive(Debug, Clone)]
struct Plan {
    /// Which aggregate each event is of.
    aggregates: Vec<u8>,
    in_flight: usize,
    filler: usize,
    split: prop::sample::Index,
}

fn plans() -> impl Strategy<Value = Plan> {
    (prop::collection::vec(0..6u8, 1..120), 1..40usize, 0..3000usize, any::<prop::sample::Index>())
        .prop_map(|(aggregates, in_flight, filler, split)| Plan { aggregates, in_flight, filler, split })
}

/// However appends overlap and however reads are split: one sequence, each aggregate's events in
/// the order they were decided in.
async fn any_interleaving_gives_one_sequence(place: Place) {
    let cases = if matches!(place, Place::File(_)) { 24 } else { 8 };
    let log = place.open().await;
    let runtime = tokio::runtime::Handle::current();
    let check = move || {
        let mut runner =
            TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..Default::default() });
        let mut case = 0;
        let case = std::cell::RefCell::new(&mut case);
        runner.run(&plans(), |plan| {
            **case.borrow_mut() += 1;
            runtime.block_on(follow(&log, &plan, **case.borrow()));
            Ok(())
        })
    };
    tokio::task::spawn_blocking(check).await.unwrap().unwrap();
}

async fn follow(log: &Log, plan: &Plan, case: u64) {
    let start = log.head().await.unwrap();
    let name = |aggregate: u8| format!("p{case}-{aggregate}");
    let mut decided: HashMap<u8, Vec<u64>> = HashMap::new();
    for (index, aggregate) in plan.aggregates.iter().enumerate() {
        decided.entry(*aggregate).or_default().push(case * 1_000_000 + index as u64);
    }
    let filler = "y".repeat(plan.filler);
    let bodies: HashMap<u64, String> =
        decided.values().flatten().map(|number| (*number, format!("{number} {filler}"))).collect();
    let write = |aggregate: u8, numbers: Vec<u64>| {
        let bodies = &bodies;
        async move {
            let mut last = Position::START;
            for number in numbers {
                let event = NewEvent {
                    id: id(number),
                    subject: subject(&name(aggregate)),
                    body: bodies[&number].clone().into(),
                };
                last = log.append(event, last).await.unwrap().position;
            }
        }
    };
    stream::iter(decided.clone())
        .for_each_concurrent(plan.in_flight, |(aggregate, numbers)| write(aggregate, numbers))
        .await;
    let head = log.head().await.unwrap();
    assert_eq!(head.0 - start.0, plan.aggregates.len() as u64);

    let mut reader = log.read(start).await.unwrap();
    let whole = read_to(&mut reader, start, head).await;
    let split = Position(start.0 + plan.split.index(whole.len()) as u64);
    let mut reader = log.read(split).await.unwrap();
    let rest = read_to(&mut reader, split, head).await;
    let skipped = (split.0 - start.0) as usize;
    assert!(whole[skipped..].iter().zip(&rest).all(|(a, b)| a.position == b.position && a.body == b.body));

    for (aggregate, numbers) in &decided {
        let expected: Vec<&str> = numbers.iter().map(|number| bodies[number].as_str()).collect();
        let stored = log.of(&subject(&name(*aggregate)), start).await.unwrap();
        let stored_bodies: Vec<&str> =
            stored.iter().map(|event| std::str::from_utf8(&event.body).unwrap()).collect();
        assert_eq!(stored_bodies, expected);
        for event in stored {
            assert_eq!(whole[(event.position.0 - start.0 - 1) as usize].body, event.body);
        }
    }
}
