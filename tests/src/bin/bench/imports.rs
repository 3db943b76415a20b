//! Imports of a practice file and of published results over HTTP into the embedded log, beside
//! parsing alone.

use std::{
    fs,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chassis::{
    Platform,
    import::{self, Job, Mode, Progress, RowOutcome, Shape},
    log::{self, LogUrl},
    service,
};
use futures::stream;
use organisations::import::Kind;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;
use whole_system::{Client, files, made};

use crate::{
    england::PRACTICES,
    figures::{Figures, Target, grouped, median},
    rebuild,
};

const ROUNDS: usize = 3;

/// Bytes of a body that come at once.
const CHUNK_BYTES: usize = 16 * 1024;

struct File {
    what: &'static str,
    path: &'static str,
    text: Bytes,
    source: &'static str,
}

fn file(what: &'static str, path: &'static str, public: &str, made: impl FnOnce() -> String) -> File {
    match files::public(public) {
        Some(found) => {
            File { what, path, text: fs::read(found).expect("a file").into(), source: "the real file" }
        }
        None => File { what, path, text: made().into(), source: "a made-up file of its shape" },
    }
}

/// Reads a file as an import does and applies nothing. Answers seconds.
async fn parse(shape: &Shape, text: &Bytes) -> f64 {
    let job = Job { id: Uuid::nil(), kind: "bench", as_of: None, mode: Mode::DryRun };
    let chunks: Vec<Result<Bytes, std::io::Error>> = (0..text.len())
        .step_by(CHUNK_BYTES)
        .map(|at| Ok(text.slice(at..text.len().min(at + CHUNK_BYTES))))
        .collect();
    let began = Instant::now();
    let progress = Arc::new(Progress::new(&job));
    let report =
        import::run(&job, shape, progress, stream::iter(chunks), async |_| Ok(RowOutcome::Skipped("parsed")));
    let report = report.await.unwrap_or_else(|problem| panic!("{problem:?}"));
    assert!(report.rows > 0);
    began.elapsed().as_secs_f64()
}

/// Measures both files, the results after the practices, as a person does.
pub async fn measure(figures: &mut Figures) {
    let practices = file(
        "the practice file",
        "/api/v1/organisations/imports/practices?as_of=2018-05-31",
        "ods/epraccur_2018-05.csv",
        || made::practice_file(PRACTICES),
    );
    let results = file(
        "the published results",
        "/api/v1/assessments/imports/results?as_of=2019-06-17",
        "dspt/dspt_progress_2019-06-17.csv",
        || made::result_file(PRACTICES, PRACTICES * 7 / 2),
    );
    let mut seconds = [Vec::new(), Vec::new()];
    let mut parsed = [Vec::new(), Vec::new()];
    let mut rows = [0.0, 0.0];
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a folder");
        let log = log::open(&LogUrl::File(folder.path().join("log.redb"))).await.expect("a log");
        let platform = Platform::unguarded(log, folder.path(), rebuild::clock());
        // All of them, as in one process: the views follow while the rows come in.
        let services = vec![
            organisations::service(&platform).await.expect("a service"),
            assessments::service(&platform).await.expect("a service"),
            projection::service(&platform).await.expect("a service"),
        ];
        let listening = service::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let client = Client::new(listening.address.port());
        let inside = platform.clone();
        #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
        let serving = tokio::spawn(async move { service::serve(&inside, services, listening).await });
        for (number, file) in [&practices, &results].into_iter().enumerate() {
            let began = Instant::now();
            let answer = client.post_file(file.path, file.text.clone()).await;
            seconds[number].push(began.elapsed().as_secs_f64());
            let report: Value = answer.json();
            assert!(answer.status.is_success(), "{report}");
            rows[number] = report["rows"].as_f64().unwrap_or_default();
        }
        platform.tasks.stop().cancel();
        let _ = tokio::time::timeout(Duration::from_secs(10), serving).await;
        parsed[0].push(parse(&Kind::Practices.shape(), &practices.text).await);
        parsed[1].push(parse(&assessments::import::SHAPE, &results.text).await);
    }
    for (number, file) in [practices, results].into_iter().enumerate() {
        let (imported, parsed) = (median(&seconds[number]), median(&parsed[number]));
        figures.ratio(
            &format!("import of {}, beside parsing it alone", file.what),
            parsed / imported,
            Target::Stated,
            &format!(
                "{} rows/s beside {}; {}, {} rows, each event synced to disk",
                grouped(rows[number] / imported),
                grouped(rows[number] / parsed),
                file.source,
                grouped(rows[number]),
            ),
        );
    }
}
