//! The API as it is described: Schemathesis asks everything the description allows, and what it does not,
//! as each role and as no one. No answer is a mistake of ours, none has a status or a shape that the
//! description leaves out.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use futures::StreamExt;
use whole_system::{OneProcess, keys, platform::until_caught_up, programs};

/// What is held against every answer.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// How much is asked as someone.
#[derive(Debug, Clone, Copy)]
struct Depth {
    phases: &'static str,
    /// The most requests made up for an operation, beside those that follow from its description alone.
    made_up: &'static str,
    /// Fewer cases than these would be no look at the whole of it.
    cases_min: u32,
}

/// As no one, and as the administrator, to whom most is open: every limit that the description states is tried, too.
const WHOLE: Depth = Depth { phases: "examples,coverage,fuzzing", made_up: "5", cases_min: 800 };

/// As the others, who meet the same code behind other permissions.
const BRIEF: Depth = Depth { phases: "examples,fuzzing", made_up: "3", cases_min: 200 };

fn schemathesis() -> PathBuf {
    let named = env::var_os("SCHEMATHESIS").filter(|path| !path.is_empty()).map(PathBuf::from);
    let found = named.unwrap_or_else(|| programs::workspace().join(".tools/bin/schemathesis"));
    assert!(found.is_file(), "Schemathesis is not at {}: `make tools` installs it", found.display());
    found
}

/// Values that lead somewhere, each taken now and then.
fn settings(folder: &Path, codes: &[&str]) -> PathBuf {
    let list =
        |values: &[&str]| values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
    let settings = format!(
        r#"
        [dictionaries.codes]
        values = [{codes}]
        [dictionaries.editions]
        values = ["dspt-2018-19", "dspt-2019-20", "igt-14.1"]
        [dictionaries.days]
        values = ["2018-03-31", "2019-04-01", "2031-01-01"]
        [dictionaries.requirements]
        values = ["14-117", "1-1-1", "1.1.1"]
        [parameters]
        "path.code" = {{ dictionary = "codes", probability = 0.9 }}
        "path.edition" = {{ dictionary = "editions", probability = 0.9 }}
        "path.id" = {{ dictionary = "editions", probability = 0.3 }}
        "path.requirement" = {{ dictionary = "requirements", probability = 0.7 }}
        "query.at" = {{ dictionary = "days", probability = 0.9 }}
        # A feed that is followed has no end.
        "query.follow" = false
        "#,
        codes = list(codes),
    );
    let path = folder.join("schemathesis.toml");
    fs::write(&path, settings).unwrap();
    path
}

/// Asks everything as someone; what it found wrong, where it did.
async fn ask(settings: &Path, url: &str, key: Option<&str>, depth: Depth) -> Option<String> {
    let mut command = Command::new(schemathesis());
    command
        .arg("--no-color")
        .arg("--config-file")
        .arg(settings)
        .arg("run")
        .arg(format!("{url}/api/v1/openapi.json"));
    command.args(["--checks", CHECKS, "--max-examples", depth.made_up, "--phases", depth.phases]);
    command.args(["--request-timeout", "20", "--seed", "1", "--continue-on-failure", "--warnings", "off"]);
    command.args(["--suppress-health-check", "all", "--generation-database", "none"]);
    if let Some(key) = key {
        command.args(["--header", &format!("Authorization: Bearer {key}")]);
    }
    command.current_dir(settings.parent().unwrap()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let cases = said.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u32>().ok());
    let erred = String::from_utf8_lossy(&output.stderr);
    assert!(cases.is_some_and(|cases| cases >= depth.cases_min), "{cases:?} cases alone:\n{said}{erred}");
    (!output.status.success()).then_some(said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_as_described_whoever_asks() {
    let server = OneProcess::with(&[]).await;
    until_caught_up(&server.client).await;
    let client = &server.client;
    let first = |answer: serde_json::Value, list: &str| answer[list][0]["code"].as_str().unwrap().to_owned();
    let region = first(client.json("/api/v1/areas/ENG/areas").await, "areas");
    let ccg = first(client.json(&format!("/api/v1/areas/{region}/areas?of=ccg")).await, "areas");
    let practice = first(client.json(&format!("/api/v1/areas/{ccg}/practices?limit=1")).await, "practices");
    let folder = tempfile::tempdir().unwrap();
    let roles = [
        ("practice-lead", practice.as_str()),
        ("ccg-officer", &ccg),
        ("regional-lead", &region),
        ("assessor", "ZZ9"),
        ("nhs-digital", "X26"),
        ("nhs-improvement", "ZZ9"),
        ("buyer", &ccg),
        ("supplier", "ZZ8"),
        // The two that ask most side by side; the administrator last, who revokes keys on the way.
        ("nobody", "ENG"),
        ("administrator", "X26"),
    ];
    // Two at a time: one asks while the other makes up what to ask.
    let asked = roles.into_iter().map(async |(role, at)| {
        let key = if role == "nobody" { None } else { Some(keys::issue(client, role, at).await) };
        // Mostly what is theirs, so that much of it is answered, and the rest too.
        let own = folder.path().join(role);
        fs::create_dir(&own).unwrap();
        let settings = settings(&own, &[at, at, at, &practice, &ccg, "ENG"]);
        let depth = if matches!(role, "nobody" | "administrator") { WHOLE } else { BRIEF };
        let said = ask(&settings, &server.url(), key.as_deref(), depth).await;
        said.map(|said| format!("as {role}:\n{said}"))
    });
    let wrong: Vec<String> =
        futures::stream::iter(asked).buffer_unordered(2).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(!server.process.said().contains("panicked"), "{}", server.process.said());
}
