//! Measures the platform beside baselines taken in the same run, prints what came out and, with
//! `--readme`, writes it into the README.
//!
//! Ratios come first, since they hardly depend on the machine; a run takes some minutes. The data
//! are made up and the same each time, but for the imports, which take the real national files
//! where they are at hand.
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::expect_used, clippy::panic, reason = "a figure cannot be had without its log")]

mod answers;
mod append;
mod england;
mod figures;
mod imports;
mod load;
mod machine;
mod memory;
mod rebuild;
mod services;

use std::{fs, path::PathBuf, time::Instant};

use clap::Parser;

use crate::{
    england::{England, PRACTICES},
    figures::Figures,
};

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Measures the platform beside baselines taken in the same run.
#[derive(Debug, Parser)]
struct Arguments {
    /// Write the figures into this file, between the two marks.
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
    /// Measure only these parts: append, rebuild, answers, guarding, visible, memory,
    /// look-up, fold, imports.
    #[arg(long, value_delimiter = ',', value_name = "PARTS")]
    only: Vec<String>,
    /// Only say what an England of so many practices costs this process.
    #[arg(long, hide = true)]
    memory_of: Option<u32>,
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(practices) = arguments.memory_of {
        println!("{}", memory::child(practices));
        return;
    }
    let began = Instant::now();
    let wanted = |part: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == part);
    let mut figures = Figures::default();
    let england = England::of(PRACTICES);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if wanted("append") {
        let body = england.events().nth(PRACTICES as usize).expect("an event").body;
        runtime.block_on(append::measure(&mut figures, &body));
        runtime.block_on(append::embedded(&mut figures, &body));
    }
    if wanted("rebuild") {
        runtime.block_on(rebuild::jetstream(&mut figures, england));
    }
    if ["rebuild", "answers", "guarding", "visible"].into_iter().any(wanted) {
        let folder = tempfile::tempdir().expect("a folder");
        let (log, events) = runtime.block_on(rebuild::filled(folder.path(), england));
        let views = runtime.block_on(rebuild::embedded(&mut figures, &log, events));
        if wanted("answers") {
            answers::measure(&mut figures, &log, folder.path(), &views);
        }
        if wanted("guarding") {
            answers::guarding(&mut figures, &log);
        }
        drop(views);
        if wanted("visible") {
            let folder = tempfile::tempdir().expect("a folder");
            answers::visible(&mut figures, &log, folder.path(), england);
        }
    }
    if wanted("memory") {
        memory::measure(&mut figures);
    }
    if wanted("look-up") {
        services::look_up(&mut figures);
    }
    if wanted("fold") {
        services::fold(&mut figures);
    }
    if wanted("imports") {
        runtime.block_on(imports::measure(&mut figures));
    }
    println!("{} s in all, {} targets missed", began.elapsed().as_secs(), figures.missed);
    if let Some(readme) = arguments.readme {
        write(&readme, &figures);
    }
}

fn write(readme: &PathBuf, figures: &Figures) {
    let text = fs::read_to_string(readme).expect("the README");
    let (before, rest) = text.split_once(BEGIN).expect("the first mark in the README");
    let (_, after) = rest.split_once(END).expect("the second mark in the README");
    let figures = format!("{BEGIN}\n{}- Measured on {}.\n{END}", figures.markdown(), machine::description());
    fs::write(readme, format!("{before}{figures}{after}")).expect("the README");
}
