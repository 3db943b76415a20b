//! The figures of a process, for whoever watches it: what each is called, and what it tells.
//!
//! Counters and times are noted where things happen. What is a state rather than an event (whether it is ready, how far
//! the logs go, the disk, the process itself) is looked at when someone asks.

use std::path::Path;

use crate::vitals::{Vitals, free_bytes};

/// What sort of figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often, and how much each time.
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

/// Every figure of the platform, and what it tells. A test holds the list against the code.
const ALL: &[(Kind, &str, &str)] = &[
    (
        Counter,
        "oversight_access_records_counted_total",
        "Looks, exports and refusals that are counted and not recorded.",
    ),
    (
        Counter,
        "oversight_access_records_dropped_total",
        "Records of the access log that could not be written.",
    ),
    (Counter, "oversight_commands_recorded_total", "Commands that led to an event, by kind of aggregate."),
    (Counter, "oversight_connections_stalled_total", "Connections that were closed because no one read on."),
    (
        Counter,
        "oversight_credentials_refused_total",
        "Requests with a key, token or session that is not good.",
    ),
    (Gauge, "oversight_disk_free_bytes", "Bytes that the disk of the data folder has left."),
    (Counter, "oversight_events_folded_total", "Events taken into the views."),
    (Gauge, "oversight_events_set_aside", "Events that the views cannot read and have set aside."),
    (Counter, "oversight_events_set_aside_total", "Events that a reader could not read, by reader."),
    (
        Gauge,
        "oversight_following_position",
        "The position in its log up to which something in memory has read.",
    ),
    (Counter, "oversight_http_panics_total", "Requests whose handler panicked."),
    (Histogram, "oversight_http_request_seconds", "Requests by method and status, and how long each took."),
    (
        Counter,
        "oversight_import_retries_total",
        "Rows of imports that were tried again, because the log was away.",
    ),
    (
        Counter,
        "oversight_import_rows_total",
        "Rows of imported files, by kind of file and what came of them.",
    ),
    (Counter, "oversight_imports_total", "Imports that ended, by kind of file and how they ended."),
    (Gauge, "oversight_log_answers", "1 while a log answers, 0 once it has not for some seconds."),
    (Counter, "oversight_log_append_lookups_total", "Appends whose outcome had to be looked up."),
    (Counter, "oversight_log_append_retries_total", "Appends that were sent again."),
    (Histogram, "oversight_log_commit_events", "Events that one commit of the embedded log holds."),
    (Histogram, "oversight_log_commit_seconds", "How long one commit of the embedded log took."),
    (Counter, "oversight_log_disconnections_total", "How often the connection to the broker broke."),
    (Gauge, "oversight_log_head", "The position of a log's last event."),
    (Counter, "oversight_log_misplaced_total", "Events whose subject is not the one they stand on."),
    (
        Counter,
        "oversight_log_reader_restarts_total",
        "How often reading from the broker began again, by reason.",
    ),
    (Counter, "oversight_log_write_failures_total", "Commits of the embedded log that failed."),
    (
        Counter,
        "oversight_provider_failures_total",
        "Questions to the sign-in provider that it did not answer.",
    ),
    (Gauge, "oversight_ready", "1 while a part of the process is ready, 0 while it is not."),
    (
        Counter,
        "oversight_refused_total",
        "Requests that a policy refused, by the status they were answered with.",
    ),
    (Counter, "oversight_sign_ins_refused_total", "Sign-ins that failed, by way."),
    (Counter, "oversight_sign_ins_total", "Sign-ins, by way."),
    (
        Counter,
        "oversight_sign_ins_turned_away_total",
        "Sign-ins that were asked to come back later, by reason.",
    ),
    (Counter, "oversight_tasks_failed_total", "Background tasks that died, by task."),
    (Counter, "oversight_turned_away_total", "Requests beyond the pace that is allowed, by what was paced."),
    (Gauge, "oversight_view_position", "The position of the event log up to which the views have read."),
];

/// Says what each figure tells; once a process.
pub(crate) fn describe() {
    for (kind, name, tells) in ALL {
        match kind {
            Counter => metrics::describe_counter!(*name, *tells),
            Gauge => metrics::describe_gauge!(*name, *tells),
            Histogram => metrics::describe_histogram!(*name, *tells),
        }
    }
}

/// Looks at what is a state: of the process, its disk, and its logs.
pub(crate) fn look(folder: &Path, logs: &[(&'static str, Vitals)]) {
    look_at_process();
    if let Some(free) = free_bytes(folder) {
        metrics::gauge!("oversight_disk_free_bytes").set(free as f64);
    }
    for (name, vitals) in logs {
        metrics::gauge!("oversight_log_answers", "log" => *name).set(f64::from(vitals.ready().is_ok()));
        if let Some(head) = vitals.head() {
            metrics::gauge!("oversight_log_head", "log" => *name).set(head.0 as f64);
        }
    }
}

/// What the process takes of the machine, under the names that Prometheus gives it everywhere.
#[cfg(target_os = "linux")]
fn look_at_process() {
    use procfs::{
        ProcResult, WithCurrentSystemInfo as _, boot_time_secs, process::Process, ticks_per_second,
    };

    let look = || -> ProcResult<()> {
        let process = Process::myself()?;
        let stat = process.stat()?;
        let seconds = |ticks: u64| ticks as f64 / ticks_per_second() as f64;
        metrics::gauge!("process_cpu_seconds_total").set(seconds(stat.utime + stat.stime));
        metrics::gauge!("process_resident_memory_bytes").set(stat.rss_bytes().get() as f64);
        metrics::gauge!("process_virtual_memory_bytes").set(stat.vsize as f64);
        metrics::gauge!("process_threads").set(stat.num_threads as f64);
        metrics::gauge!("process_open_fds").set(process.fd_count()? as f64);
        let began = boot_time_secs()? as f64 + seconds(stat.starttime);
        metrics::gauge!("process_start_time_seconds").set(began);
        Ok(())
    };
    if let Err(error) = look() {
        tracing::debug!(%error, "the system does not say what this process takes");
    }
}

#[cfg(not(target_os = "linux"))]
fn look_at_process() {}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::PathBuf};

    use super::*;

    fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }

    /// The names of figures in the code, where each is noted.
    fn used() -> BTreeSet<String> {
        let services = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut files = Vec::new();
        for service in fs::read_dir(services).unwrap() {
            let source = service.unwrap().path().join("src");
            if source.is_dir() {
                sources(&source, &mut files);
            }
        }
        let mut names = BTreeSet::new();
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            for start in ["counter!(", "gauge!(", "histogram!("] {
                for (at, _) in text.match_indices(start) {
                    let Some(rest) = text[at + start.len()..].trim_start().strip_prefix('"') else {
                        continue;
                    };
                    let name = rest.split('"').next().unwrap();
                    if name.starts_with("oversight_") {
                        names.insert(name.to_owned());
                    }
                }
            }
        }
        names
    }

    #[test]
    fn alert_rules_speak_of_figures_that_there_are() {
        let rules = include_str!("../../../deploy/prometheus/oversight.rules.yaml");
        let mut spoken_of = BTreeSet::new();
        for line in rules.lines().filter(|line| line.trim_start().starts_with("expr:")) {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            spoken_of.extend(words.filter(|word| word.starts_with("oversight_")));
        }
        assert!(spoken_of.len() > 10, "{spoken_of:?}");
        for name in spoken_of {
            let is_known = |known: &str| known == name || name.strip_prefix(known) == Some("_count");
            assert!(ALL.iter().any(|(_, known, _)| is_known(known)), "{name}");
        }
    }

    #[test]
    fn every_figure_says_what_it_tells_and_none_is_told_of_that_is_not_there() {
        let listed: BTreeSet<String> = ALL.iter().map(|(_, name, _)| (*name).to_owned()).collect();
        assert_eq!(listed.len(), ALL.len(), "one of them is listed twice");
        assert_eq!(listed, used());
        for (kind, name, tells) in ALL {
            assert_eq!(*kind == Counter, name.ends_with("_total"), "{name}");
            assert!(tells.ends_with('.'), "{name}: {tells}");
        }
    }
}
