//! What is found in a data folder that was in use, whatever became of its logs.

use std::{fmt, fs, path::Path};

use proto::{Position, Stream};

use crate::{
    cache::{Cache, Content},
    log::file,
};

/// The cache of the one service that works over the access log.
const ACCESS_CACHE: &str = "access";

/// What there was in a data folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    format: Option<String>,
    /// By service: how far its cache has come, where it says so.
    caches: Vec<(String, Option<Position>)>,
    /// Names of office holders.
    people: u64,
    /// Accounts of people.
    accounts: u64,
    /// Logs in files of the folder that no one has open: the logs at hand are others.
    own: Vec<(Stream, &'static str)>,
}

/// The files of the logs that a folder has of its own.
const OWN: [(Stream, &str); 2] = [(Stream::Events, "log.redb"), (Stream::Access, "log-access.redb")];

impl Traces {
    /// Looks for them. What this process has open is not seen.
    pub fn of(folder: &Path) -> Self {
        let format = fs::read_to_string(folder.join("format")).ok();
        let mut caches = Vec::new();
        for entry in fs::read_dir(folder.join("cache")).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // What was moved aside is of another log, or damaged.
            if name.contains(".aside-") {
                continue;
            }
            if let Some(Content { mark }) = Cache::look_into(&entry.path()) {
                caches.push((name, mark.map(|mark| mark.position)));
            }
        }
        caches.sort();
        Self {
            format: format.map(|format| format.trim().chars().take(20).collect()),
            caches,
            people: file::entries_of(&folder.join("people.redb"), "people"),
            accounts: file::entries_of(&folder.join("accounts.redb"), "accounts"),
            own: OWN.into_iter().filter(|(_, name)| file::holds_events(&folder.join(name))).collect(),
        }
    }

    /// Whether there is what only comes from the events of one of the logs.
    pub fn are_of(&self, stream: Stream) -> bool {
        if self.own.iter().any(|(own, _)| *own == stream) {
            return true;
        }
        match stream {
            Stream::Events => self.people > 0 || self.caches.iter().any(|(name, _)| name != ACCESS_CACHE),
            Stream::Access => self.accounts > 0 || self.caches.iter().any(|(name, _)| name == ACCESS_CACHE),
        }
    }

    /// Whether there is what comes from the events of any log.
    pub fn are_there(&self) -> bool {
        self.are_of(Stream::Events) || self.are_of(Stream::Access)
    }
}

impl fmt::Display for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(format) = &self.format {
            parts.push(format!("its format is {format}"));
        }
        if !self.caches.is_empty() {
            let caches: Vec<String> = self
                .caches
                .iter()
                .map(|(name, position)| match position {
                    Some(position) => format!("{name} (to position {position})"),
                    None => name.clone(),
                })
                .collect();
            parts.push(format!("it holds caches of {}", caches.join(", ")));
        }
        for (_, name) in &self.own {
            parts.push(format!("it holds a log of its own, {name}"));
        }
        for (count, what) in [(self.accounts, "accounts of people"), (self.people, "names of office holders")]
        {
            if count > 0 {
                parts.push(format!("it holds {count} {what}"));
            }
        }
        if parts.is_empty() {
            parts.push("nothing else is left in it".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}
