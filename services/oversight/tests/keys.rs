//! The keys by which a broker knows the services: the command that makes them, and the script that
//! lays out everything else around them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

const BINARY: &str = env!("CARGO_BIN_EXE_oversight");

fn oversight(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Fails with one sentence that holds these words.
#[track_caller]
fn fails(arguments: &[&str], words: &[&str]) {
    let output = oversight(arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} does not say {word:?}: {said}");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Who may read and write a file.
fn mode(file: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions()) & 0o777
}

#[test]
fn keys_for_a_broker_are_made_once_and_the_secrets_stay_in_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let place = text(folder.path());
    let made = oversight(&["nats-keys", place, "organisations", "a-b"]);
    assert!(made.status.success(), "{}", said(&made));
    let printed = String::from_utf8(made.stdout).unwrap();
    let public: Vec<&str> = printed.lines().collect();
    assert!(public[0].starts_with("OVERSIGHT_NATS_ORGANISATIONS_NKEY=U"), "{public:?}");
    assert!(public[1].starts_with("OVERSIGHT_NATS_A_B_NKEY=U"), "{public:?}");
    let file = folder.path().join("organisations.nk");
    let seed = fs::read_to_string(&file).unwrap();
    assert!(seed.starts_with("SU") && !printed.contains(seed.trim()), "{printed}");
    assert_eq!(mode(&file), 0o600);

    fails(&["nats-keys", place, "suppliers", "organisations"], &["organisations.nk", "never overwritten"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), seed);
    assert!(!folder.path().join("suppliers.nk").exists(), "all or nothing");
    fails(&["nats-keys", text(&folder.path().join("none")), "x"], &["cannot write", "x.nk"]);
    assert_eq!(oversight(&["nats-keys", place, "../x"]).status.code(), Some(2));
}

#[test]
fn the_script_makes_what_every_user_and_the_broker_need() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/secrets.sh");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("secrets of mine");
    let own = Path::new(BINARY).parent().unwrap();
    let path = format!("{}:{}", text(own), env::var("PATH").unwrap());
    let run = || Command::new("bash").arg(&script).arg(&place).env("PATH", &path).output().unwrap();
    let made = run();
    assert!(made.status.success(), "{}", said(&made));

    let broker = fs::read_to_string(place.join("nats.env")).unwrap();
    let configuration = fs::read_to_string(script.with_file_name("nats").join("nats-server.conf")).unwrap();
    let wanted: Vec<&str> = configuration
        .lines()
        .filter_map(|line| line.trim().split_once(": $").map(|(_, variable)| variable))
        .collect();
    assert!(wanted.len() > 5, "{wanted:?}");
    for variable in wanted {
        assert!(broker.contains(&format!("{variable}=")), "{variable} is not in {broker}");
    }
    assert!(!broker.contains("=S"), "a seed is told to the broker: {broker}");
    for user in [
        "organisations",
        "assessments",
        "suppliers",
        "continuity",
        "onsite",
        "access",
        "projection",
        "operator",
    ] {
        let key = place.join(format!("{user}.nk"));
        assert_eq!(mode(&key), 0o600, "{user}");
        let variables = fs::read_to_string(place.join(format!("{user}.env"))).unwrap();
        assert!(variables.contains(&format!("?inbox={user}&monitor=127.0.0.1:8222'\n")), "{variables}");
        assert!(variables.contains("OVERSIGHT_PRODUCTION=true\n"), "{variables}");
        assert_eq!(variables.contains("session.keys"), user != "operator", "who knows sessions: {variables}");
        assert_eq!(variables.contains("session.signing"), user == "access", "who signs them: {variables}");
        assert!(variables.contains(&format!("OVERSIGHT_NATS_NKEY_SEED='{}'", text(&key))), "{variables}");
    }
    let again = run();
    assert!(!again.status.success() && said(&again).contains("has a key"), "{}", said(&again));
    assert_eq!(fs::read_to_string(place.join("nats.env")).unwrap(), broker);

    // After an upgrade that brought a service its key is made, and the others stay as they are.
    let (onsite, access) = (place.join("onsite.nk"), fs::read(place.join("access.nk")).unwrap());
    let sessions = fs::read_to_string(place.join("session.keys")).unwrap();
    let signing = fs::read_to_string(place.join("session.signing")).unwrap();
    assert_eq!((mode(&place.join("session.keys")), mode(&place.join("session.signing"))), (0o600, 0o600));
    assert!(sessions.contains("\npublic ") && !sessions.contains(signing.trim()), "{sessions}");
    fs::remove_file(&onsite).unwrap();
    let less: Vec<&str> =
        broker.lines().filter(|line| !line.starts_with("OVERSIGHT_NATS_ONSITE_NKEY")).collect();
    fs::write(place.join("nats.env"), format!("{}\n", less.join("\n"))).unwrap();
    let upgraded = run();
    assert!(upgraded.status.success(), "{}", said(&upgraded));
    assert_eq!(mode(&onsite), 0o600);
    let grown = fs::read_to_string(place.join("nats.env")).unwrap();
    assert_eq!(grown.matches("OVERSIGHT_NATS_ONSITE_NKEY=U").count(), 1, "{grown}");
    assert!(less.iter().all(|line| grown.contains(line)), "{grown}");
    assert_eq!(fs::read(place.join("access.nk")).unwrap(), access);
    assert_eq!(fs::read_to_string(place.join("session.keys")).unwrap(), sessions);
}

#[test]
fn the_script_adds_what_an_upgrade_needs_to_the_keys_of_sessions_and_leaves_the_rest() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/secrets.sh");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("secrets");
    let own = Path::new(BINARY).parent().unwrap();
    let path = format!("{}:{}", text(own), env::var("PATH").unwrap());
    let run = || Command::new("bash").arg(&script).arg(&place).env("PATH", &path).output().unwrap();
    let read = |name: &str| fs::read_to_string(place.join(name)).unwrap();
    assert!(run().status.success());

    // As it was before access had a key of its own to sign with.
    fs::remove_file(place.join("session.signing")).unwrap();
    let shared = format!("{}\n", "0123456789abcdef".repeat(8));
    fs::write(place.join("session.keys"), &shared).unwrap();
    let before = read("access.env");
    let before: Vec<&str> = before.lines().filter(|line| !line.contains("session.signing")).collect();
    fs::write(place.join("access.env"), format!("{}\n", before.join("\n"))).unwrap();
    let upgraded = run();
    assert!(upgraded.status.success(), "{}", said(&upgraded));
    assert_eq!(mode(&place.join("session.signing")), 0o600);
    let sessions = read("session.keys");
    assert!(sessions.starts_with(&shared) && sessions.matches("\npublic ").count() == 1, "{sessions}");
    let grown = read("access.env");
    assert!(before.iter().all(|line| grown.contains(line)), "{grown}");
    let line = format!("OVERSIGHT_SESSION_SIGNING_KEY='{}'", text(&place.join("session.signing")));
    assert_eq!(grown.matches(&line).count(), 1, "{grown}");

    // A second key beside it is told to all.
    fs::write(place.join("session.signing"), read("session.signing") + &"ab01".repeat(16) + "\n").unwrap();
    assert!(run().status.success());
    let sessions = read("session.keys");
    assert!(sessions.starts_with(&shared) && sessions.matches("\npublic ").count() == 2, "{sessions}");
    let again = run();
    assert!(!again.status.success() && said(&again).contains("has a key"), "{}", said(&again));
    assert_eq!(read("session.keys"), sessions);
}
