use std::sync::Arc;

use proto::{AggregateId, By, Envelope, OdsCode, PersonId, Service};

use super::*;
use crate::{
    clock::Clock,
    directory::{Directory, Person},
    ids,
    log::{NewEvent, file::FileLog},
};

/// A data folder with both logs.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn url(&self) -> LogUrl {
        LogUrl::File(self.path().join("log.redb"))
    }

    async fn log(&self, name: &str) -> Log {
        Arc::new(FileLog::open(&self.path().join(name)).await.unwrap())
    }

    /// What a start finds, up to the services.
    async fn start(&self, log: &Log) -> Result<Installation, String> {
        let said = |error: StartError| error.to_string();
        let mut installation = Installation::of(self.path(), &self.url()).map_err(said)?;
        installation.check(Stream::Events, log).await.map_err(said)?;
        installation.keep().unwrap();
        Ok(installation)
    }
}

async fn write(log: &Log, texts: &[&str]) {
    for text in texts {
        let subject = Subject::new(Service::Organisations, &text.parse::<AggregateId>().unwrap());
        let body = format!("event {text}").into();
        log.append(NewEvent { id: ids::fresh(), subject, body }, Position::START).await.unwrap();
    }
}

#[tokio::test]
async fn a_folder_learns_its_log_and_refuses_every_other() {
    let folder = Folder::new();
    let log = folder.log("log.redb").await;
    // Empty, and nothing was there before: it is the beginning.
    folder.start(&log).await.unwrap();
    assert!(!folder.path().join(FILE).exists(), "nothing is known of an empty log");
    write(&log, &["a", "b", "c"]).await;
    folder.start(&log).await.unwrap();
    write(&log, &["d"]).await;
    folder.start(&log).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let empty = folder.log("empty.redb").await;
    let said = folder.start(&empty).await.unwrap_err();
    for word in
        ["is empty", "it went to position 4", "oversight restore FILE --log file:", "another --data folder"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
    let other = folder.log("other.redb").await;
    write(&other, &["x", "b", "c", "d", "e"]).await;
    let said = folder.start(&other).await.unwrap_err();
    assert!(said.contains("of another installation") && said.contains("went to position 4"), "{said}");
    let earlier = folder.log("earlier.redb").await;
    write(&earlier, &["a", "b"]).await;
    let said = folder.start(&earlier).await.unwrap_err();
    assert!(said.contains("lacks events 3 to 4") && said.contains("oversight restore"), "{said}");
    let went_on = folder.log("went-on.redb").await;
    write(&went_on, &["a", "b", "c", "y", "z"]).await;
    let said = folder.start(&went_on).await.unwrap_err();
    assert!(said.contains("another event at position 4"), "{said}");
    // None of them was learnt.
    folder.start(&log).await.unwrap();

    // Put back to an earlier state on purpose, that is the log from now on.
    let mut installation = Installation::of(folder.path(), &folder.url()).unwrap();
    let begins = |text: &str| format!("event {text}").into_bytes();
    installation.may_begin_with(Stream::Events, "b.ndjson", &begins("a")).unwrap();
    let said = installation.may_begin_with(Stream::Events, "b.ndjson", &begins("x")).unwrap_err().to_string();
    assert!(said.contains("of another installation"), "{said}");
    installation.renew(Stream::Events, &earlier).await.unwrap();
    installation.keep().unwrap();
    folder.start(&earlier).await.unwrap();
}

#[tokio::test]
async fn a_log_file_that_is_gone_is_not_made_again() {
    let folder = Folder::new();
    let unused = Installation::of(folder.path(), &folder.url()).unwrap();
    unused.before_opening(&folder.url()).unwrap();
    let log = folder.log("log.redb").await;
    write(&log, &["a"]).await;
    let installation = folder.start(&log).await.unwrap();
    installation.before_opening(&folder.url()).unwrap();
    drop(log);
    fs::remove_file(folder.path().join("log.redb")).unwrap();
    let said = installation.before_opening(&folder.url()).unwrap_err().to_string();
    assert!(said.contains("is gone") && said.contains("oversight restore"), "{said}");
    fs::write(folder.path().join("log.redb"), "").unwrap();
    let said = installation.before_opening(&folder.url()).unwrap_err().to_string();
    assert!(said.contains("is empty"), "{said}");
}

#[tokio::test]
async fn an_empty_log_is_refused_by_a_folder_of_before_that_was_used() {
    let folder = Folder::new();
    let log = folder.log("log.redb").await;
    // The access log's own are none of the event log's.
    fs::create_dir_all(folder.path().join("cache").join("access")).unwrap();
    let cache = |service: &str| sled::open(folder.path().join("cache").join(service)).unwrap();
    drop(cache("access").insert("key", "value"));
    drop(cache("onsite"));
    folder.start(&log).await.unwrap();

    drop(cache("onsite").insert("key", "value"));
    let said = folder.start(&log).await.unwrap_err();
    assert!(said.contains("is empty") && said.contains("caches of access, onsite"), "{said}");
    fs::remove_dir_all(folder.path().join("cache").join("onsite")).unwrap();
    folder.start(&log).await.unwrap();

    let person =
        Person { name: "A. Senior".into(), role: String::new(), email: String::new(), organisation: None };
    Directory::open(&folder.path().join("people.redb"))
        .unwrap()
        .put(PersonId(ids::fresh()), &person)
        .await
        .unwrap();
    let said = folder.start(&log).await.unwrap_err();
    assert!(said.contains("1 names of office holders"), "{said}");
    // So is one beside the folder's own log, which is another.
    let own = Folder::new();
    let (log_of_its_own, elsewhere) = (own.log("log.redb").await, own.log("elsewhere.redb").await);
    own.start(&elsewhere).await.unwrap();
    write(&log_of_its_own, &["a"]).await;
    drop(log_of_its_own);
    let said = own.start(&elsewhere).await.unwrap_err();
    assert!(said.contains("is empty") && said.contains("a log of its own, log.redb"), "{said}");
    // Beside events a folder of before learns them.
    write(&log, &["a"]).await;
    folder.start(&log).await.unwrap();
}

#[tokio::test]
async fn the_access_log_is_not_taken_for_the_event_log() {
    let folder = Folder::new();
    let log = folder.log("log.redb").await;
    let organisation: OdsCode = "X26".parse().unwrap();
    let subject = Subject::on(Stream::Access, Service::Access, &"key-1".parse::<AggregateId>().unwrap());
    let envelope = Envelope {
        id: ids::fresh(),
        subject: subject.clone(),
        time: Clock::system().now(),
        by: By::system("test"),
        effective: None,
        command_id: None,
        command_content: None,
        correlation_id: None,
        causation_id: None,
        previous: None,
    };
    let issued = proto::access::AccessEvent::KeyIssued(proto::access::KeyIssued {
        key: ids::fresh(),
        role: proto::Role::Administrator,
        organisation,
        purpose: "test".to_owned(),
        secret: EventHash::of(b"secret"),
        expires: None,
        organisation_name: None,
    });
    let body = envelope.encode(&issued).unwrap().into();
    log.append(NewEvent { id: envelope.id, subject, body }, Position::START).await.unwrap();
    let said = folder.start(&log).await.unwrap_err();
    assert!(said.contains("holds an access log, and was named as the event log"), "{said}");
    let mut installation = Installation::of(folder.path(), &folder.url()).unwrap();
    installation.check(Stream::Access, &log).await.unwrap();
}

#[test]
fn a_file_that_does_not_read_is_no_licence() {
    let folder = Folder::new();
    fs::write(folder.path().join(FILE), "{\"events\": 7").unwrap();
    let said = Installation::of(folder.path(), &folder.url()).unwrap_err().to_string();
    assert!(said.contains("installation") && said.contains("cannot be read"), "{said}");
}
