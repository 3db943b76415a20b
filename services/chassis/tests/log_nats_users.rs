//! The log in JetStream over the broker's configuration as it is shipped: each user may do its own
//! work, and nothing of anyone else's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps a test may fail it")]

mod support;

use std::time::Duration;

use async_nats::{
    Client, ConnectOptions, Event, ServerError,
    jetstream::{
        self,
        stream::{Config, DiscardPolicy},
    },
};
use chassis::{
    directory,
    log::{AppendError, OpenError},
    task::Tasks,
};
use futures::StreamExt as _;
use proto::{Header, Position};
use support::{
    event, now, read_all, read_to, soon, subject,
    users::{Broker, OPERATOR, SERVICES},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A client of its own making, and what the server denies it.
struct Stranger {
    client: Client,
    denied: UnboundedReceiver<String>,
}

impl Stranger {
    async fn at(broker: &Broker, user: &str) -> Self {
        let (sender, denied) = unbounded_channel();
        let client = ConnectOptions::with_nkey(broker.seed(user))
            .custom_inbox_prefix(format!("_INBOX_{user}"))
            .request_timeout(Some(Duration::from_secs(5)))
            .event_callback(move |event| {
                if let Event::ServerError(ServerError::Other(what)) = event {
                    let _ = sender.send(what);
                }
                std::future::ready(())
            })
            .connect(format!("127.0.0.1:{}", broker.port()))
            .await
            .unwrap();
        Self { client, denied }
    }

    /// What the server says to a publish, if it denies it.
    async fn publishing(&mut self, subject: &str) -> Option<String> {
        self.client.publish(subject.to_owned(), "{}".into()).await.unwrap();
        self.verdict().await
    }

    /// The same for listening to a subject.
    async fn listening(&mut self, subject: &str) -> Option<String> {
        let _subscriber = self.client.subscribe(subject.to_owned()).await.unwrap();
        self.verdict().await
    }

    /// The server denies in order: what it says before it denies the fence is all it had to say.
    async fn verdict(&mut self) -> Option<String> {
        self.client.publish("fence", "".into()).await.unwrap();
        let mut verdict = None;
        loop {
            let what = soon("a denial", self.denied.recv()).await.unwrap();
            if what.contains("\"fence\"") {
                return verdict;
            }
            verdict = Some(what);
        }
    }
}

/// The second stream, as the operator makes it.
fn access_stream() -> Config {
    Config {
        name: "OVERSIGHT_ACCESS".to_owned(),
        subjects: vec!["oversight-access.>".to_owned()],
        discard: DiscardPolicy::New,
        deny_delete: true,
        deny_purge: true,
        ..Config::default()
    }
}

/// A broker with both streams.
async fn broker() -> Broker {
    let broker = Broker::start();
    broker.open(OPERATOR, "").await.unwrap();
    let operator = Stranger::at(&broker, OPERATOR).await;
    jetstream::new(operator.client).create_stream(access_stream()).await.unwrap();
    broker
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_the_operator_makes_the_stream_and_a_service_does_its_work_on_it() {
    let broker = Broker::start();
    match soon("a refusal", broker.open("organisations", "")).await {
        Err(OpenError::Server { reason, .. }) => {
            assert!(reason.contains("$JS.API.STREAM.CREATE.OVERSIGHT"), "{reason}")
        }
        other => panic!("{other:?}"),
    }
    broker.open(OPERATOR, "").await.unwrap();

    let log = broker.open("organisations", "").await.unwrap();
    assert!(log.describe().place.contains("inbox=organisations"), "{:?}", log.describe());
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), now(1));
    assert_eq!(log.append(event(2, "a"), Position(1)).await.unwrap(), now(2));
    assert!(matches!(log.append(event(3, "a"), Position(1)).await, Err(AppendError::Conflict { .. })));
    assert_eq!(log.last(&subject("a")).await.unwrap().unwrap().position, Position(2));
    assert_eq!(log.of(&subject("a"), Position::START).await.unwrap().len(), 2);
    assert_eq!(log.at(Position(1)).await.unwrap().unwrap().position, Position(1));

    // A reader of a service that only reads: what is there, and what comes.
    let projection = broker.open("projection", "").await.unwrap();
    let mut reader = projection.read(Position::START).await.unwrap();
    read_to(&mut reader, Position::START, Position(2)).await;
    assert_eq!(log.append(event(3, "b"), Position(0)).await.unwrap(), now(3));
    read_to(&mut reader, Position(2), Position(3)).await;
    match projection.append(event(4, "b"), Position(3)).await {
        Err(AppendError::Refused { reason }) => {
            assert!(reason.contains("oversight.organisations.b"), "{reason}")
        }
        answer => panic!("{answer:?}"),
    }

    // The operator restores a backup: it may write every service's events.
    let operator = broker.open(OPERATOR, "").await.unwrap();
    assert_eq!(operator.append(event(4, "b"), Position(3)).await.unwrap(), now(4));
    assert_eq!(read_all(&operator).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_who_shows_no_key_or_another_ones_does_not_come_in() {
    let broker = Broker::start();
    let address = format!("127.0.0.1:{}", broker.port());
    assert!(async_nats::connect(&address).await.is_err());
    assert!(async_nats::ConnectOptions::with_nkey(Broker::strange_seed()).connect(&address).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_each_publishes_under_its_own_name_only() {
    let broker = broker().await;
    for user in SERVICES {
        let mut stranger = Stranger::at(&broker, user).await;
        for owner in SERVICES {
            for (root, own) in [("oversight", user != "projection"), ("oversight-access", true)] {
                let subject = format!("{root}.{owner}.x");
                let denied = stranger.publishing(&subject).await;
                let may = own && user == owner;
                assert_eq!(denied.is_none(), may, "{user} publishes {subject}: {denied:?}");
            }
        }
        for subject in ["oversight.x", "oversight", "oversight-access.x", "other.suppliers.x", "_INBOX.x"] {
            assert!(stranger.publishing(subject).await.is_some(), "{user} publishes {subject}");
        }
    }
    // And nothing but each one's own has come into the streams.
    let operator = Stranger::at(&broker, OPERATOR).await;
    let context = jetstream::new(operator.client);
    for (stream, messages) in [("OVERSIGHT", SERVICES.len() - 1), ("OVERSIGHT_ACCESS", SERVICES.len())] {
        let found = context.get_stream(stream).await.unwrap().cached_info().state.messages;
        assert_eq!(found, messages as u64, "{stream}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_nobody_takes_anything_out_of_a_stream_and_only_the_operator_makes_one() {
    let broker = broker().await;
    let mut questions: Vec<String> = ["CREATE.OTHER", "UPDATE.OTHER", "NAMES", "LIST"]
        .map(|question| format!("$JS.API.STREAM.{question}"))
        .to_vec();
    questions.push("$JS.API.ACCOUNT.PURGE.OVERSIGHT".to_owned());
    for stream in ["OVERSIGHT", "OVERSIGHT_ACCESS"] {
        for question in ["DELETE", "PURGE", "MSG.DELETE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN"] {
            questions.push(format!("$JS.API.STREAM.{question}.{stream}"));
        }
        // Whoever knows the names of another's consumers could remove them, or take their place.
        for question in ["NAMES", "LIST"] {
            questions.push(format!("$JS.API.CONSUMER.{question}.{stream}"));
        }
        // Whoever pulls could have events delivered under any subject.
        questions.push(format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.mine"));
    }
    let administer = ["CREATE", "UPDATE"].iter().flat_map(|question| {
        ["OVERSIGHT", "OVERSIGHT_ACCESS"].map(|stream| format!("$JS.API.STREAM.{question}.{stream}"))
    });
    let administer: Vec<String> = administer.collect();
    for user in SERVICES {
        let mut stranger = Stranger::at(&broker, user).await;
        for question in questions.iter().chain(&administer) {
            assert!(stranger.publishing(question).await.is_some(), "{user} may ask {question}");
        }
    }
    let mut operator = Stranger::at(&broker, OPERATOR).await;
    for question in &questions {
        assert!(operator.publishing(question).await.is_some(), "the operator may ask {question}");
    }
    let context = jetstream::new(operator.client);
    let description = Some("changed".to_owned());
    let changed = context.update_stream(Config { description, ..access_stream() }).await.unwrap();
    assert_eq!(changed.config.description.as_deref(), Some("changed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_each_listens_to_its_own_inbox_only() {
    let broker = broker().await;
    for user in SERVICES.into_iter().chain([OPERATOR]) {
        let mut stranger = Stranger::at(&broker, user).await;
        for owner in SERVICES.into_iter().chain([OPERATOR]) {
            let inbox = format!("_INBOX_{owner}.>");
            let denied = stranger.listening(&inbox).await;
            assert_eq!(denied.is_none(), user == owner, "{user} listens to {inbox}: {denied:?}");
        }
        for subject in [">", "*.>", "_INBOX.>", "oversight.>", "oversight-access.>", "$JS.>", "$SYS.>"] {
            assert!(stranger.listening(subject).await.is_some(), "{user} listens to {subject}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_nobody_reads_what_one_writes_in_the_name_of_another() {
    let broker = broker().await;
    let log = broker.open("organisations", "").await.unwrap();
    let stranger = Stranger::at(&broker, "suppliers").await;
    let published = |subject: &str, kind: &str, data: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{}","source":"/oversight/x","type":"{kind}","subject":"{subject}","time":"2018-03-28T16:02:11.5Z","datacontenttype":"application/json","actor":"system:x","data":{data}}}"#,
            support::id(7)
        )
    };
    let key = r#"{"key":"0f8e4a4c-5c1d-4a53-9d0e-6a1c1b2f9e77","role":"administrator","organisation":"X26","purpose":"x","secret":"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}"#;
    let (assessment, published_v1) =
        ("oversight.assessments.A81001_igt-14_1", "oversight.assessments.assessment-published.v1");
    for (to, body, is_read) in [
        ("oversight.suppliers.buyer_A81001", published(assessment, published_v1, "{}"), false),
        (
            "oversight.suppliers.buyer_A81001",
            published("oversight.suppliers.buyer_A81001", published_v1, "{}"),
            false,
        ),
        (
            "oversight.suppliers.buyer_A81001",
            published("oversight.suppliers.buyer_A81001", "oversight.suppliers.engagement-ended.v1", "{}"),
            true,
        ),
        (
            "oversight-access.suppliers.x",
            published("oversight-access.suppliers.x", "oversight.access.key-issued.v1", key),
            false,
        ),
        (
            "oversight-access.suppliers.x",
            published("oversight-access.suppliers.x", "oversight.access.refused.v1", "{}"),
            true,
        ),
    ] {
        let is_access = to.starts_with("oversight-access");
        let log = if is_access { broker.open_access("access").await.unwrap() } else { log.clone() };
        let next = log.head().await.unwrap().next();
        stranger.client.publish(to.to_owned(), body.clone().into()).await.unwrap();
        soon("the words of the stranger", async {
            while log.head().await.unwrap() < next {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        let mut reader = log.read(Position(next.0 - 1)).await.unwrap();
        let read = soon("reading", reader.next()).await.unwrap().events.remove(0);
        let found = log.at(next).await.unwrap().unwrap();
        assert_eq!((read.position, &read.body), (next, &found.body));
        assert_eq!(read.body == body.as_bytes(), is_read, "{to}: {body}");
        assert_eq!(Header::read(&read.body).is_ok(), is_read, "{to}: {body}");
    }
}

/// The one thing that the broker's permissions do not stop, as its configuration says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_what_the_broker_itself_lays_under_anothers_name_is_no_event_and_stops_nobody() {
    let broker = broker().await;
    let log = broker.open("organisations", "").await.unwrap();
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), now(1));
    let stranger = Stranger::at(&broker, "suppliers").await;
    // Words of its own choice: where the broker repeats them, they stand inside its answer.
    let chosen =
        r#"{"specversion":"1.0","id":"x","type":"y","subject":"oversight.organisations.a","data":{}}"#;
    let consumer = serde_json::json!({
        "stream_name": "OVERSIGHT",
        "config": { "name": "mine", "ack_policy": "none", "metadata": { "specversion": chosen, "data": chosen } },
    });
    let mut last = Position(1);
    for (question, words, events) in [
        ("$JS.API.STREAM.INFO.OVERSIGHT", "", 1),
        ("oversight.suppliers.x", chosen, 2),
        ("$JS.API.STREAM.MSG.GET.OVERSIGHT", r#"{"seq":3}"#, 1),
        ("$JS.API.CONSUMER.CREATE.OVERSIGHT.mine", &consumer.to_string(), 1),
    ] {
        let answer_to = "oversight.organisations.a";
        stranger.client.publish_with_reply(question, answer_to, words.to_owned().into()).await.unwrap();
        let next = Position(last.0 + events);
        soon("the broker's words", async {
            while log.head().await.unwrap() < next {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        last = next;
        let laid = log.last(&subject("a")).await.unwrap().unwrap();
        assert_eq!(laid.position, last, "{question}");
        assert!(Header::read(&laid.body).is_err(), "{question}: {:?}", laid.body);
    }
    // The owner finds that its aggregate has moved on, as after any other writer, and goes on.
    match log.append(event(2, "a"), Position(1)).await {
        Err(AppendError::Conflict { last: found }) => assert_eq!(found, last),
        answer => panic!("{answer:?}"),
    }
    assert_eq!(log.append(event(2, "a"), last).await.unwrap(), now(last.0 + 1));
    // A consumer delivers nothing into a stream, neither into its own nor into the other.
    for deliver_to in ["oversight.organisations.b", "oversight-access.access.b"] {
        let config =
            serde_json::json!({ "name": "pushing", "deliver_subject": deliver_to, "ack_policy": "none" });
        let request = serde_json::json!({ "stream_name": "OVERSIGHT", "config": config }).to_string();
        let question = "$JS.API.CONSUMER.CREATE.OVERSIGHT.pushing";
        stranger.client.request(question, request.into()).await.unwrap();
    }
    assert_eq!(log.append(event(3, "a"), last.next()).await.unwrap(), now(last.0 + 2));
    let operator = jetstream::new(Stranger::at(&broker, OPERATOR).await.client);
    let access = operator.get_stream("OVERSIGHT_ACCESS").await.unwrap();
    assert_eq!(access.cached_info().state.messages, 0);
    assert!(log.last(&subject("b")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_every_service_reads_the_second_stream_too() {
    let broker = broker().await;
    for (number, user) in SERVICES.into_iter().enumerate() {
        let stranger = Stranger::at(&broker, user).await;
        let context = jetstream::new(stranger.client.clone());
        let acknowledged =
            context.publish(format!("oversight-access.{user}.x"), "{}".into()).await.unwrap().await.unwrap();
        assert_eq!(acknowledged.sequence, number as u64 + 1);
        let stream = context.get_stream("OVERSIGHT_ACCESS").await.unwrap();
        assert_eq!(&stream.get_raw_message(1).await.unwrap().payload[..], b"{}");
        // As the reader makes its consumer: under a name that it makes up.
        let inbox = stranger.client.new_inbox();
        let name = inbox.rsplit('.').next().unwrap();
        let mut messages = stranger.client.subscribe(inbox.clone()).await.unwrap();
        let request = serde_json::json!({
            "stream_name": "OVERSIGHT_ACCESS",
            "config": { "name": name, "deliver_subject": inbox, "ack_policy": "none" },
        });
        let question = format!("$JS.API.CONSUMER.CREATE.OVERSIGHT_ACCESS.{name}");
        stranger.client.request(question, request.to_string().into()).await.unwrap();
        for _ in 0..=number {
            let record = soon("a record", messages.next()).await.unwrap();
            assert_eq!(&record.payload[..], b"{}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_users_names_are_shared_by_the_services_that_show_them_and_by_no_other() {
    let broker = broker().await;
    let tasks = Tasks::new();
    let early = broker.open_shared("onsite", directory::BUCKET, &tasks).await.unwrap_err();
    assert!(early.to_string().contains("oversight prepare"), "{early}");
    broker.open_shared(OPERATOR, directory::BUCKET, &tasks).await.unwrap();
    for user in ["assessments", "suppliers", "continuity", "onsite", "access"] {
        let names = broker.open_shared(user, directory::BUCKET, &tasks).await.unwrap();
        names.put(user, &"A. Name".to_owned()).await.unwrap();
        names.put(user, &"Another Name".to_owned()).await.unwrap();
        names.erase(user).await.unwrap();
        names.put(user, &"A. Name".to_owned()).await.unwrap();
    }
    let names = broker.open_shared("access", directory::BUCKET, &tasks).await.unwrap();
    assert_eq!(names.all().len(), 5);
    for user in ["organisations", "projection"] {
        let mut stranger = Stranger::at(&broker, user).await;
        for subject in [
            "$KV.OVERSIGHT_PEOPLE.x",
            "$JS.API.STREAM.MSG.GET.KV_OVERSIGHT_PEOPLE",
            "$JS.API.STREAM.MSG.DELETE.KV_OVERSIGHT_PEOPLE",
            "$JS.API.CONSUMER.CREATE.KV_OVERSIGHT_PEOPLE.x",
            "$JS.API.DIRECT.GET.KV_OVERSIGHT_PEOPLE",
        ] {
            assert!(stranger.publishing(subject).await.is_some(), "{user} may publish to {subject}");
        }
    }
    // No service may change or empty the bucket itself.
    for user in SERVICES {
        let mut stranger = Stranger::at(&broker, user).await;
        for what in ["UPDATE", "PURGE", "DELETE", "CREATE"] {
            let subject = format!("$JS.API.STREAM.{what}.KV_OVERSIGHT_PEOPLE");
            assert!(stranger.publishing(&subject).await.is_some(), "{user} may publish to {subject}");
        }
    }
    tasks.finish().await;
}
