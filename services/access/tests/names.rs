//! The names behind ids: found, corrected and deleted for good.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

mod support;

use chassis::{
    Platform,
    directory::{Found, Person},
    http::Names,
    task::Tasks,
};
use proto::PersonId;
use serde_json::json;
use support::Installation;

const NAMES: &str = "/api/v1/access/names";

fn someone() -> Person {
    Person {
        name: "Zebedee Quillfeather".to_owned(),
        role: "Caldicott guardian".to_owned(),
        email: "z.quillfeather@example.org".to_owned(),
        organisation: Some("A81001".parse().unwrap()),
    }
}

async fn find(here: &Installation, text: &str) -> Vec<String> {
    let found = here.administer("GET", &format!("{NAMES}?text={text}"), None).await;
    assert_eq!(found.status, 200, "{found:?}");
    let names = found.json()["names"].as_array().unwrap().clone();
    names.iter().map(|view| view["name"].as_str().unwrap().to_owned()).collect()
}

async fn with_someone() -> (Installation, PersonId) {
    let here = Installation::start().await;
    let id = here.directory.add(&someone()).await.unwrap();
    (here, id)
}

/// Whether any file of the data folder holds a text.
fn holds(folder: &std::path::Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn a_name_is_found_by_any_part_of_what_is_said_of_someone() {
    let (here, id) = with_someone().await;
    here.open_account("a.officer@example.org", "ccg-officer", "15E").await;
    for text in ["quillf", "CALDICOTT", "z.quill", "a81001", &id.to_string()] {
        assert_eq!(find(&here, text).await, ["Zebedee Quillfeather"], "{text}");
    }
    assert_eq!(find(&here, "a.officer").await, ["A. Person"]);
    assert_eq!(find(&here, "example.org").await, ["A. Person", "Zebedee Quillfeather"]);
    assert_eq!(find(&here, "nobody").await, Vec::<String>::new());
    let short = here.administer("GET", &format!("{NAMES}?text=q"), None).await;
    assert_eq!(
        (short.status.as_u16(), short.text.contains("at least 2 characters")),
        (400, true),
        "{short:?}"
    );
    let page = here.administer("GET", "/access/names?text=quillf", None).await;
    assert!(page.status == 200 && page.text.contains("Caldicott guardian"), "{page:?}");
}

#[tokio::test]
async fn a_name_is_corrected_and_the_log_says_that_and_not_what() {
    let (here, id) = with_someone().await;
    let address = format!("{NAMES}/{id}/correct");
    let corrected = json!({ "name": "Zebedee Quillfeather-Smith", "role": "SIRO", "email": "" });
    assert_eq!(here.administer("POST", &address, Some(corrected)).await.status, 204);
    let Found::Person(known) = here.directory.get(id).unwrap() else { panic!() };
    assert_eq!((known.name.as_str(), known.role.as_str()), ("Zebedee Quillfeather-Smith", "SIRO"));
    assert_eq!(known.organisation, someone().organisation, "where they are it stays");
    for (wrong, why) in [("", "needs a name"), ("two\nlines", "one line")] {
        let refused = here.administer("POST", &address, Some(json!({ "name": wrong }))).await;
        assert_eq!(refused.status, 400, "{wrong}: {refused:?}");
        assert!(refused.text.contains(why), "{refused:?}");
    }
    let written = serde_json::to_string(&here.events().await).unwrap();
    assert!(written.contains(&id.to_string()) && !written.contains("Quillfeather"), "{written}");
    let nobody = format!("{NAMES}/00000000-0000-4000-8000-000000000000/correct");
    assert_eq!(here.administer("POST", &nobody, Some(json!({ "name": "X. Y" }))).await.status, 404);
}

#[tokio::test]
async fn a_deleted_name_is_nowhere_and_an_old_copy_does_not_bring_it_back() {
    let (here, id) = with_someone().await;
    let old_copy = std::fs::read(here.data.join("people.redb")).unwrap();
    assert!(holds(&here.data, "Quillfeather"));
    let address = format!("{NAMES}/{id}/remove");
    for time in ["first", "again"] {
        assert_eq!(here.administer("POST", &address, None).await.status, 204, "{time}");
    }
    assert_eq!(here.directory.get(id).unwrap(), Found::Removed);
    assert_eq!(find(&here, "quillf").await, Vec::<String>::new());
    assert!(!holds(&here.data, "Quillfeather"));
    let correct =
        here.administer("POST", &format!("{NAMES}/{id}/correct"), Some(json!({ "name": "X. Y" }))).await;
    assert_eq!(correct.status, 404, "{correct:?}");
    let again = here.directory.put(id, &someone()).await.unwrap_err();
    assert!(again.to_string().contains("deleted for good"), "{again}");
    assert!(!holds(&here.data, "Quillfeather"), "it is not kept again, whoever brings it");

    // The file of before is put back, and a process starts over it.
    let restored = tempfile::tempdir().unwrap();
    std::fs::write(restored.path().join("people.redb"), old_copy).unwrap();
    let tasks = Tasks::new();
    let platform = Platform::new(
        here.event_log.clone(),
        restored.path(),
        here.access.clone(),
        Names::default(),
        here.clock.clone(),
        tasks.clone(),
    );
    let directory = platform.directory().await.unwrap();
    assert_eq!(directory.get(id).unwrap(), Found::Removed, "not shown for a moment");
    assert!(directory.all().unwrap().is_empty());
    for _ in 0..200 {
        if !holds(restored.path(), "Quillfeather") {
            tasks.finish().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the name is still in the file");
}

#[tokio::test]
async fn an_account_holders_name_is_corrected_and_deleted_once_the_account_is_closed() {
    let here = Installation::start().await;
    let (id, _) = here.open_account("a.officer@example.org", "ccg-officer", "15E").await;
    let correct = json!({ "name": "A. Officer" });
    assert_eq!(here.administer("POST", &format!("{NAMES}/{id}/correct"), Some(correct)).await.status, 204);
    assert_eq!(find(&here, "a.officer").await, ["A. Officer"]);
    let open = here.administer("POST", &format!("{NAMES}/{id}/remove"), None).await;
    assert!(open.status == 409 || open.status == 422, "{open:?}");
    assert!(open.text.contains("disable it first"), "{open:?}");
    let disable = format!("/api/v1/access/users/{id}/disable");
    assert_eq!(here.administer("POST", &disable, Some(json!({}))).await.status, 204);
    assert_eq!(here.administer("POST", &format!("{NAMES}/{id}/remove"), None).await.status, 204);
    assert_eq!(find(&here, "officer").await, Vec::<String>::new());
    assert!(!holds(&here.data, "a.officer@example.org"));
}

#[tokio::test]
async fn names_are_for_administrators_alone() {
    let (here, id) = with_someone().await;
    let (_, first) = here.open_account("a.officer@example.org", "ccg-officer", "15E").await;
    let mut browser = here.browser();
    assert_eq!(browser.sign_in("a.officer@example.org", &first).await.status, 303);
    browser.change_password(&first, "three words in a row").await;
    for path in ["/access/names", &format!("/access/names/{id}"), &format!("{NAMES}?text=quill")] {
        let refused = browser.get(path).await;
        assert_eq!(refused.status, 403, "{path}: {refused:?}");
        assert!(!refused.text.contains("Quillfeather"));
    }
}
