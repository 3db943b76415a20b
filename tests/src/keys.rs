//! The administrators' keys of the installations under test: made by `oversight bootstrap`, as an
//! administrator would, and found again by log and by address.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use crate::{Client, cli};

static KEYS: LazyLock<Mutex<BTreeMap<String, String>>> = LazyLock::new(Mutex::default);

fn known(place: &str) -> Option<String> {
    KEYS.lock().unwrap_or_else(PoisonError::into_inner).get(place.trim_end_matches('/')).cloned()
}

/// Remembers the key for an address or log.
pub fn remember(place: &str, key: &str) {
    let place = place.trim_end_matches('/').to_owned();
    KEYS.lock().unwrap_or_else(PoisonError::into_inner).insert(place, key.to_owned());
}

/// A key for a role at an organisation, issued by the administrator that a client is.
pub async fn issue(administrator: &Client, role: &str, organisation: &str) -> String {
    let mut asked = serde_json::json!({ "role": role, "organisation": organisation, "purpose": "a test" });
    let mut answer = administrator.post("/api/v1/access/keys", &asked).await;
    if answer.status == 400 && answer.text().contains("organisation_name") {
        // No file lists it: an administrator says what it is called.
        asked["organisation_name"] = "A body of the test".into();
        answer = administrator.post("/api/v1/access/keys", &asked).await;
    }
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["key"].as_str().expect("a key").to_owned()
}

/// The key for an address, where one is known.
pub fn at(address: &str) -> Option<String> {
    known(address)
}

/// A key of NHS Digital for an address, made where it is missing: administrators are not shown what events say.
pub fn of_reader_at(address: &str) -> Option<String> {
    let place = format!("reader beside {}", at(address)?);
    if let Some(key) = known(&place) {
        return Some(key);
    }
    let create = [
        "key",
        "create",
        "--role",
        "nhs-digital",
        "--organisation",
        "X26",
        "--purpose",
        "a test",
        "--server",
        address,
    ];
    let output = cli::command(&create).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "no key of NHS Digital at {address}: {said}");
    let key = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    remember(&place, &key);
    Some(key)
}

/// The key of the first administrator of a log, made where it is missing. The process that serves the
/// log must not be running where it is a file.
pub fn of_log(log: &str) -> String {
    of_log_as(log, &[])
}

/// The same as a user of the broker, by variables of the environment.
pub fn of_log_as(log: &str, variables: &[(String, String)]) -> String {
    if let Some(key) = known(log) {
        return key;
    }
    let output = cli::command(&["bootstrap", "--log", log])
        .envs(variables.iter().cloned())
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "no first administrator for {log}: {said}");
    let key = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    remember(log, &key);
    key
}
