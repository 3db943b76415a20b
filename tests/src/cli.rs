//! The command line of `oversight`, from outside.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::{keys, programs};

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended well.
    pub success: bool,
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// The same, of a command that must end well.
    pub fn well(self) -> Self {
        assert!(self.success, "exit code {:?}\nstdout: {}\nstderr: {}", self.code, self.out, self.err);
        self
    }

    /// The same, of an import that must come to its end; some rows may have been rejected.
    pub fn landed(self) -> Self {
        const ROWS_REJECTED: i32 = 3;
        if self.code == Some(ROWS_REJECTED) { self } else { self.well() }
    }

    /// The same, of a command that must fail with words, not with a panic.
    pub fn failed(self) -> Self {
        assert!(!self.success, "it did not fail\nstdout: {}\nstderr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        assert!(!self.all().trim().is_empty(), "it failed without a word");
        self
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            success: output.status.success(),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The command, ready to be run.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(programs::oversight());
    command
        .args(arguments)
        .env_remove("OVERSIGHT_LOG")
        .env_remove("OVERSIGHT_DATA")
        .env_remove("OVERSIGHT_LISTEN")
        .env_remove("OVERSIGHT_KEY")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    let server = arguments.iter().skip_while(|argument| **argument != "--server").nth(1);
    let needs_all = matches!(arguments.first(), Some(&"verify" | &"backup"));
    let key = server.and_then(|server| if needs_all { keys::of_reader_at(server) } else { keys::at(server) });
    if let Some(key) = key {
        command.env("OVERSIGHT_KEY", key);
    }
    command
}

/// Runs `oversight` with arguments to its end.
pub async fn run(arguments: &[&str]) -> Said {
    let mut command = command(arguments);
    let run = tokio::task::spawn_blocking(move || command.output());
    run.await.expect("the command runs").expect("the program starts").into()
}

/// Imports a file into a server.
pub async fn import(server: &str, kind: &str, file: &Path, as_of: &str, more: &[&str]) -> Said {
    let file = file.display().to_string();
    let mut arguments = vec!["import", kind, &file, "--as-of", as_of, "--server", server];
    arguments.extend(more);
    run(&arguments).await
}
