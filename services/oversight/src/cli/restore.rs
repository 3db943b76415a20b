//! `oversight restore`

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use chassis::log::{self, LogUrl};
use proto::Stream;

use super::{Failure, Verdict, output};
use crate::{
    backup::{BackupError, Reader},
    restoring::{self, Pace, RestoreError},
};

/// Flags of `restore`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file that `oversight backup` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The log to restore into: file:PATH or nats://HOST:PORT. It is empty, or holds the beginning of
    /// the same events.
    #[arg(long, env = "OVERSIGHT_LOG", hide_env_values = true, value_name = "URL")]
    log: LogUrl,
    /// Into the access log that stands beside it.
    #[arg(long)]
    access: bool,
}

/// Restores a backup.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let heading = open(&args.file)?.heading().clone();
    let bar = output::bar(heading.last.0, "checking the file");
    restoring::check(open(&args.file)?, |position| bar.set_position(position.0))?;
    bar.finish_and_clear();

    let log = log::open(&if args.access { args.log.access() } else { args.log.clone() }).await?;
    let stream = if args.access { Stream::Access } else { Stream::Events };
    let there = restoring::compare(open(&args.file)?, log.as_ref()).await?;
    let pace = match args.log {
        LogUrl::File(_) => Pace::Any,
        LogUrl::Nats(_) => Pace::OneOfEach,
    };
    let bar = output::bar(heading.last.0, "restoring");
    restoring::append(open(&args.file)?, &log, there, stream, pace, |position| bar.set_position(position.0))
        .await?;
    bar.finish_and_clear();
    let place = log.describe().place;
    output::say(match there.0 {
        0 => format!("{} events of {} are in {place}", output::number(heading.last.0), heading.from),
        found => format!(
            "{} events of {} are in {place}; {} of them were there already",
            output::number(heading.last.0),
            heading.from,
            output::number(found)
        ),
    })?;
    Ok(Verdict::Good)
}

fn open(path: &Path) -> Result<Reader<BufReader<File>>, Failure> {
    if path.is_dir() {
        return Err(Failure::said(format!("{} is a directory: name the backup file in it", path.display())));
    }
    let file = File::open(path)
        .map_err(|error| Failure::said(format!("cannot read {}: {error}", path.display())))?;
    Ok(Reader::new(BufReader::with_capacity(1 << 20, file))?)
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Backup(BackupError::Io(error)) => {
                Failure::said(format!("the backup cannot be read: {error}"))
            }
            other => Failure::said(other.to_string()),
        }
    }
}
