//! How fast a practice file is imported over the embedded log, against only reading it.
//!
//! `cargo run --release -p organisations --example import_speed -- epraccur.csv`

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool for people at a terminal")]

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use chassis::{
    Clock, Commands, Platform,
    import::{ImportRecords, Imports, Item, Mode, Next, RowReader},
    log,
};
use organisations::{import::Import, import::Kind, model::Organisation};

/// What a request body comes in.
const CHUNK_BYTES: usize = 64 * 1024;

fn only_read(file: &Bytes) -> u64 {
    let mut reader = RowReader::new();
    let mut rows = 0;
    for chunk in file.chunks(CHUNK_BYTES) {
        reader.push(file.slice_ref(chunk)).unwrap();
        while let Next::Item(item) = reader.next() {
            rows += u64::from(matches!(item, Item::Row(_)));
        }
    }
    reader.finish().unwrap();
    while let Next::Item(item) = reader.next() {
        rows += u64::from(matches!(item, Item::Row(_)));
    }
    rows
}

#[tokio::main]
async fn main() {
    let path =
        std::env::args().nth(1).unwrap_or_else(|| "../shared/data/ods/epraccur_2018-05.csv".to_owned());
    let file = Bytes::from(std::fs::read(&path).unwrap());

    let repeats = 20;
    let began = Instant::now();
    let rows = (0..repeats).map(|_| only_read(&file)).last().unwrap_or(0);
    let reading = rows as f64 * f64::from(repeats) / began.elapsed().as_secs_f64();
    println!("only reading  {reading:>10.0} rows/s");

    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().join("log.redb").display()).parse().unwrap();
    let log = log::open(&url).await.unwrap();
    let platform = Platform::unguarded(log, folder.path(), Clock::system());
    let cache = platform.cache("organisations").await.unwrap();
    let commands: Commands<Organisation> = Commands::new(platform.log.clone(), cache.clone()).unwrap();
    let records = ImportRecords::new(
        Commands::new(platform.log.clone(), cache).unwrap(),
        platform.following("imports"),
        platform.clock.clone(),
    );
    for (what, mode) in
        [("dry run", Mode::DryRun), ("first import", Mode::Write), ("same again", Mode::Write)]
    {
        let import = Import::new(
            chassis::ids::fresh(),
            proto::By::system("speed"),
            Kind::Practices,
            "2018-05-31".parse().unwrap(),
            mode,
        );
        let progress = Imports::new().begin(&import.job, &proto::Actor::system("test")).unwrap();
        let chunks: Vec<_> =
            file.chunks(CHUNK_BYTES).map(|chunk| Ok::<_, std::io::Error>(file.slice_ref(chunk))).collect();
        let began = Instant::now();
        let body = futures::stream::iter(chunks);
        let report = import
            .run(&commands, &records, platform.clock.clone(), Arc::clone(&progress), body)
            .await
            .unwrap();
        let speed = report.rows as f64 / began.elapsed().as_secs_f64();
        println!(
            "{what:<13} {speed:>10.0} rows/s, {:.3} of only reading, {} recorded",
            speed / reading,
            report.recorded
        );
    }
}
