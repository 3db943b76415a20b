//! From the national files to the answers, over every way the platform is run.

use std::{collections::BTreeMap, time::Duration};

use crate::access::assert_same_hierarchy;
use crate::support::{Story, assert_same, import, last_position, reported, status, unstamped};
use chassis::log::{self, LogUrl};
use proto::Position;
use whole_system::{
    NatsServer, OneProcess, Separate, Shipped, Sync, cli, keys, made,
    platform::{until_caught_up, until_shown},
};

/// One process over its own file, and separate services over a broker tell the same story, and each of them checks out.
async fn tell(story: &Story) -> BTreeMap<String, String> {
    let embedded = embedded(story).await;
    let separate = separate(story).await;
    assert_same(&embedded, &separate);
    embedded
}

/// One process over its own file; then verified, backed up, and restored into a broker.
async fn embedded(story: &Story) -> BTreeMap<String, String> {
    let mut server = OneProcess::start().await;
    let (url, client) = (server.url(), server.client.clone());
    story.import_all(&url, &client).await;
    story.assert_told(&client).await;
    let answers = story.answers(&client).await;

    // The same files again yield nothing.
    for (kind, file, as_of) in
        [("practices", &story.second, "2019-11-30"), ("results", &story.results, "2019-06-17")]
    {
        let report = cli::import(&url, kind, file, as_of, &[]).await.landed().out;
        assert_eq!(reported(&report, "recorded"), 0, "{report}");
    }
    let again = cli::import(&url, "practices", &story.first, "2018-05-31", &[]).await.failed();
    assert!(again.err.contains("2019-11-30"), "an older file is refused: {}", again.all());
    assert_same(&answers, &story.answers(&client).await);

    let verified = cli::run(&["verify", "--server", &url]).await.well();
    assert!(verified.out.contains("equals the served view"), "{}", verified.all());

    let backup = server.folder.path().join("backup.ndjson");
    cli::run(&["backup", &backup.display().to_string(), "--server", &url]).await.well();
    let broker = NatsServer::start(Sync::Lazily);
    let log = broker.url().to_string();
    cli::run(&["restore", &backup.display().to_string(), "--log", &log]).await.well();
    let restored = OneProcess::over(&log).await;
    until_caught_up(&restored.client).await;
    assert_same(&answers, &story.answers(&restored.client).await);
    drop(restored);
    // Once more into the log that has it: nothing to do.
    cli::run(&["restore", &backup.display().to_string(), "--log", &log]).await.well();

    // Stopped in peace and started again it answers the same, stamps and all.
    let path = "/api/v1/areas/ENG?at=2019-03-31";
    let before = client.get(path).await.text();
    assert!(server.process.stop().success());
    assert_same_hierarchy(&all_of(&server.data().join("log.redb")).await, chassis::Clock::system().today());
    server.restart().await;
    assert_eq!(client.get(path).await.text(), before);
    answers
}

/// Every event of a log that no one has open.
pub async fn all_of(path: &std::path::Path) -> Vec<(Position, bytes::Bytes)> {
    let log = log::open(&LogUrl::File(path.to_owned())).await.unwrap();
    let head = log.head().await.unwrap();
    let mut reader = log.read(Position::START).await.unwrap();
    let mut events = Vec::new();
    while (events.len() as u64) < head.0 {
        let batch = reader.next().await.unwrap();
        events.extend(batch.events.into_iter().map(|event| (event.position, event.body)));
    }
    events
}

/// One process over a broker.
async fn nats(story: &Story) -> BTreeMap<String, String> {
    let broker = NatsServer::start(Sync::Lazily);
    let server = OneProcess::over(&broker.url().to_string()).await;
    story.import_all(&server.url(), &server.client).await;
    story.assert_told(&server.client).await;
    story.answers(&server.client).await
}

/// Separate services over the broker as it is deployed, behind the proxy.
async fn separate(story: &Story) -> BTreeMap<String, String> {
    let broker = Shipped::start();
    let services = Separate::start(&broker).await;
    story.import_all(&services.url(), &services.client).await;
    story.assert_told(&services.client).await;
    story.answers(&services.client).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_invented_files_tell_the_same_story_however_the_platform_is_run() {
    let story = Story::invented();
    let told = tell(&story).await;
    assert_same(&told, &nats(&story).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_national_files_tell_the_same_story_however_the_platform_is_run() {
    let Some(story) = Story::real() else { return };
    tell(&story).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_known_before_the_results_came_can_still_be_asked() {
    let story = Story::invented();
    let server = OneProcess::start().await;
    story.import_practices(&server.url(), &server.client).await;
    // To the second: nothing else may be recorded within this one.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let path = "/api/v1/areas/ENG?at=2019-06-17";
    let before = server.client.json(path).await;
    assert_eq!(before["requirements"][0]["counts"]["met"], 0);
    let moment = before["read_to"].as_str().expect("a time").to_owned();

    story.import_results(&server.url(), &server.client).await;
    let after = server.client.json(path).await;
    assert_eq!(after["requirements"][0]["counts"]["met"], 4);

    let as_known = server.client.json(&format!("{path}&known={moment}")).await;
    for field in ["requirements", "members", "practices", "position", "areas"] {
        assert_eq!(as_known[field], before[field], "{field}");
    }
    assert_eq!(as_known["known"], before["read_to"]);
    let long_ago = server.client.json(&format!("{path}&known=2017-01-01")).await;
    assert_eq!(long_ago["practices"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_in_the_middle_of_an_import_ends_where_it_would_have_without() {
    const PRACTICES: u32 = 4_000;
    let folder = tempfile::tempdir().unwrap();
    let (practices, results) = (folder.path().join("practices.csv"), folder.path().join("results.csv"));
    std::fs::write(&practices, made::practice_file(PRACTICES)).unwrap();
    std::fs::write(&results, made::result_file(PRACTICES, 500)).unwrap();
    let ask = async |server: &OneProcess| {
        let mut answers = Vec::new();
        for area in ["ENG", "Y54", "Y57", "00A", "04N"] {
            for at in ["2019-03-15", "2019-03-31", "2019-06-17"] {
                let answer = server.client.get(&format!("/api/v1/areas/{area}?at={at}")).await;
                assert!(answer.status.is_success(), "{}", answer.text());
                answers.push(unstamped(&answer.text()));
            }
        }
        answers
    };

    let calm = OneProcess::start().await;
    import(&calm.url(), &calm.client, "practices", &practices, "2018-05-31").await;
    import(&calm.url(), &calm.client, "results", &results, "2019-06-17").await;
    let expected = ask(&calm).await;
    drop(calm);

    let mut server = OneProcess::start().await;
    for (kind, file, as_of) in [("practices", &practices, "2018-05-31"), ("results", &results, "2019-06-17")]
    {
        let before = server.client.json("/api/v1/view").await["head"].as_u64().unwrap();
        let url = server.url();
        let importing = tokio::spawn({
            let (url, file) = (url.clone(), file.clone());
            async move { cli::import(&url, kind, &file, as_of, &[]).await }
        });
        // In the middle: some hundred rows are in, most are not.
        until_shown(&server.client, before + 200).await;
        server.process.kill();
        let broken = importing.await.unwrap().failed();
        assert!(
            broken.err.to_lowercase().contains("import") || broken.err.contains(&url),
            "{}",
            broken.all()
        );
        server.restart().await;
        let there = until_caught_up(&server.client).await["position"].as_u64().unwrap();
        assert!(there >= before + 200, "what was shown is still there");
        assert!(there < before + u64::from(PRACTICES), "it was killed too late: {there}");
        let report = import(&url, &server.client, kind, file, as_of).await;
        assert_eq!(reported(&report, "unchanged"), there - before, "{report}");
    }
    assert_eq!(ask(&server).await, expected);
    let verified = cli::run(&["verify", "--server", &server.url()]).await.well();
    assert!(verified.out.contains("equals the served view"), "{}", verified.all());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_folded_anew_while_they_are_asked_are_the_same() {
    let story = Story::invented();
    let server = OneProcess::start().await;
    story.import_all(&server.url(), &server.client).await;
    let before = until_caught_up(&server.client).await;
    let path = "/api/v1/areas/ENG?at=2019-06-17";
    let expected = server.client.get(path).await.text();
    for round in 1..=3u64 {
        let rebuilding = tokio::spawn({
            let url = server.url();
            async move { cli::run(&["rebuild", "--server", &url]).await }
        });
        while !rebuilding.is_finished() {
            assert_eq!(server.client.get(path).await.text(), expected);
        }
        rebuilding.await.unwrap().well();
        let after = server.client.json("/api/v1/view").await;
        assert_eq!(after["digest"], before["digest"]);
        assert_eq!(after["position"], before["position"]);
        assert_eq!(after["generation"].as_u64(), before["generation"].as_u64().map(|first| first + round));
        assert_eq!(server.client.get(path).await.text(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_years_work_of_a_practice_shows_in_its_area() {
    let story = Story::invented();
    let broker = Shipped::start();
    let services = Separate::start(&broker).await;
    let client = &services.client;
    story.import_practices(&services.url(), client).await;

    // The newest edition: the one that counts from now on.
    let editions = client.json("/api/v1/editions").await;
    let editions = editions.as_array().or(editions["editions"].as_array()).expect("editions").clone();
    let edition = editions.last().and_then(|edition| edition["id"].as_str()).expect("an edition").to_owned();
    let base = format!("/api/v1/assessments/A99001/{edition}");
    let lead = client.with_key(&keys::issue(client, "practice-lead", "A99001").await);
    let give = async |path: String, body: serde_json::Value| {
        let answer = lead.post(&path, &body).await;
        assert!(answer.status.is_success(), "POST {path}: {}", answer.text());
        answer.json()["position"].as_u64().expect("a position")
    };
    give(format!("{base}/open"), serde_json::json!({})).await;
    let early = lead.post(&format!("{base}/publish"), &serde_json::json!({})).await;
    assert_eq!(early.status, 409, "publishing is blocked while answers are missing: {}", early.text());
    let blockers = early.json()["errors"].as_array().expect("what blocks it").clone();
    assert!(!blockers.is_empty());
    for blocker in &blockers {
        let at = blocker["at"].as_str().expect("a requirement");
        let requirement = at.strip_prefix("requirements/").expect("a requirement").to_owned();
        give(
            format!("{base}/answers/{requirement}"),
            serde_json::json!({"answer": "met", "comment": "In place."}),
        )
        .await;
    }
    let before = client.json("/api/v1/practices/A99001").await;
    assert_eq!(status(&before), "no-evidence", "nothing says whether the edition due last was published");
    let position = give(format!("{base}/publish"), serde_json::json!({})).await;
    until_shown(client, position).await;
    let after = lead.json("/api/v1/practices/A99001").await;
    assert_eq!(status(&after), "met", "{after}");
    let changes = after["requirements"][0]["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["position"] == position).expect("the change it caused");
    assert_eq!(change["event"]["type"], "oversight.assessments.assessment-published.v1");
    let area = client.json("/api/v1/areas/90A").await;
    assert_eq!(area["requirements"][0]["counts"]["met"], 1, "{area}");
    assert!(last_position("").is_none());

    // Behind the proxy there is the whole of it: the event feed, and one description of everything.
    let verified = cli::run(&["verify", "--server", &services.url()]).await.well();
    assert!(verified.out.contains("equals the served view"), "{}", verified.all());
    let followed = lead.get("/api/v1/events?service=assessments&limit=2").await;
    assert_eq!(followed.text().lines().count(), 2, "{}", followed.text());
    let description = client.json("/api/v1/openapi.json").await;
    let ways = whole_system::proxy::Routes::deployed();
    let mut told = std::collections::BTreeSet::new();
    for (path, operations) in description["paths"].as_object().expect("paths") {
        for operation in operations.as_object().expect("operations").values() {
            let asks = operation["x-asks"].as_str().unwrap_or_else(|| panic!("{path} asks for nothing"));
            let service = asks.split('/').next().expect("a service");
            let answers = if service == "log" { "access" } else { service };
            assert_eq!(ways.service(path), Some(answers), "{path}");
            told.insert(service.to_owned());
        }
    }
    let mut all = whole_system::platform::SERVICES.map(str::to_owned).to_vec();
    all.push("log".to_owned());
    assert!(all.iter().all(|service| told.contains(service)), "{told:?}");
}
