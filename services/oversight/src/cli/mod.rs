//! The command line: one module a subcommand.

mod backup;
mod bootstrap;
mod edition;
mod events;
mod failure;
mod import;
mod imports;
mod key;
mod nats_keys;
mod output;
mod patience;
mod person;
mod prepare;
mod rebuild;
mod restore;
mod serve;
mod server;
mod session_keys;
mod source;
mod user;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use proto::text::Line;

pub use failure::Failure;
pub use output::complain;

/// Whether patient data is safe in every general practice in England, and who has to act.
#[derive(Debug, Parser)]
#[command(name = "oversight", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the platform: all services in one process, or some of them.
    Serve(Box<serve::Args>),
    /// Makes the streams of both logs where they are missing, and the files of session keys.
    Prepare(prepare::Args),
    /// Makes the first administrator of an installation that has none, and prints their API key.
    Bootstrap(bootstrap::Args),
    /// Issues, lists and revokes API keys.
    Key(key::Args),
    /// Opens, lists, closes, resets and removes the accounts of people.
    User(user::Args),
    /// Finds, corrects and deletes the names of people.
    Person(person::Args),
    /// Adds and lists the editions of the toolkits, and explains status texts of the national register.
    Edition(edition::Args),
    /// Loads a national file into a running server.
    Import(import::Args),
    /// Lists the imports of national files, and withdraws one that was wrong.
    Imports(imports::Args),
    /// Prints the events of the log, one CloudEvents object a line.
    Events(events::Args),
    /// Checks the log, and the served view against a fold from its beginning.
    Verify(verify::Args),
    /// Folds the views anew beside the served ones, and waits for it.
    Rebuild(rebuild::Args),
    /// Writes the whole log into a file.
    Backup(backup::Args),
    /// Puts a backup into an empty log.
    Restore(restore::Args),
    /// Makes the keys by which a NATS broker knows the services.
    NatsKeys(nats_keys::Args),
    /// Makes the key by which access signs sessions, and those by which every service knows them.
    SessionKeys(session_keys::Args),
}

/// A text on one line, such as a name or a purpose, as an argument.
fn line(text: &str) -> Result<String, String> {
    Line::of(text).map(|line| line.as_str().to_owned()).map_err(|fault| format!("the text {fault}"))
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is good.
    Good,
    /// What was checked has faults.
    Faulty,
    /// Some rows of a file were rejected.
    RowsRejected,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => ExitCode::SUCCESS,
            Verdict::Faulty => ExitCode::from(1),
            // 2 is wrong usage, which the parser of the command line answers with.
            Verdict::RowsRejected => ExitCode::from(3),
        }
    }
}

/// Runs a command.
pub async fn run(cli: Cli) -> Result<Verdict, Failure> {
    chassis::private::begin();
    match cli.command {
        Command::Serve(args) => serve::run(*args).await,
        Command::Prepare(args) => prepare::run(args).await,
        Command::Bootstrap(args) => bootstrap::run(args).await,
        Command::Key(args) => key::run(args).await,
        Command::User(args) => user::run(args).await,
        Command::Person(args) => person::run(args).await,
        Command::Edition(args) => edition::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Imports(args) => imports::run(args).await,
        Command::Events(args) => events::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Rebuild(args) => rebuild::run(args).await,
        Command::Backup(args) => backup::run(args).await,
        Command::Restore(args) => restore::run(args).await,
        Command::NatsKeys(args) => nats_keys::run(args).await,
        Command::SessionKeys(args) => session_keys::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_purposes_on_the_command_line_are_on_one_line_and_show() {
        let parsed = |purpose: &str| {
            let key =
                ["key", "create", "--role", "nhs-digital", "--organisation", "X26", "--purpose", purpose];
            let user = [
                "user",
                "add",
                "--name",
                "a@b.org",
                "--display",
                purpose,
                "--role",
                "nhs-digital",
                "--organisation",
                "X26",
            ];
            let is_taken =
                |arguments: &[&str]| Cli::try_parse_from([&["oversight"], arguments].concat()).is_ok();
            [is_taken(&key), is_taken(&user)]
        };
        assert_eq!(parsed("nightly import"), [true, true]);
        for wrong in
            ["", " ", "nightly\nimport", "nightly\u{202e}import", "\u{1b}[31m", "\u{2800}", "\u{301}"]
        {
            assert_eq!(parsed(wrong), [false, false], "{wrong:?}");
        }
    }
}
