//! Why a command failed: one sentence that says what is wrong and what to do.

use chassis::{
    log::{AppendError, OpenError, ReadError},
    service::StartError,
};

use crate::backup::BackupError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// In words.
    #[error("{0}")]
    Said(String),
    /// Whoever read the output has gone; nothing is wrong.
    #[error("no one reads the output any more")]
    OutputClosed,
    /// A process did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A log did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A log did not take an event.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A backup is not what it should be.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

impl Failure {
    /// In words.
    pub fn said(words: impl Into<String>) -> Self {
        Failure::Said(words.into())
    }
}
