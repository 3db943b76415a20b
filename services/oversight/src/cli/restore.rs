//! `oversight restore`

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use chassis::{
    log::{self, LogUrl, Purpose},
    service::installation::Installation,
};
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
    /// A data folder that works with this log and is to take it as it is then: once for each. Default: the one in which
    /// the file of the log lies.
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
}

/// Restores a backup.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let heading = open(&args.file)?.heading().clone();
    let bar = output::bar(heading.last.0, "checking the file");
    restoring::check(open(&args.file)?, |position| bar.set_position(position.0))?;
    bar.finish_and_clear();

    let stream = if args.access { Stream::Access } else { Stream::Events };
    let url = if args.access { args.log.access() } else { args.log.clone() };
    let mut installations = installations(&args)?;
    if let Some(first) = open(&args.file)?.next_event()? {
        for installation in &installations {
            installation.may_begin_with(stream, &args.file.display().to_string(), &first.body)?;
        }
    }
    let log = log::open_for(&url, Purpose::Restore).await?;
    let there = restoring::compare(open(&args.file)?, log.as_ref()).await?;
    let pace = match args.log {
        LogUrl::File(_) => Pace::Any,
        LogUrl::Nats(_) => Pace::OneOfEach,
    };
    let bar = output::bar(heading.last.0, "restoring");
    restoring::append(open(&args.file)?, &log, there, stream, pace, |position| bar.set_position(position.0))
        .await?;
    bar.finish_and_clear();
    for installation in &mut installations {
        installation.renew(stream, &log).await?;
        installation.keep().map_err(|error| {
            Failure::said(format!("cannot note in {installation} what was restored: {error}"))
        })?;
    }
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

/// What the data folders know that work with the log.
fn installations(args: &Args) -> Result<Vec<Installation>, Failure> {
    let named: Vec<PathBuf> = match args.data.is_empty() {
        true => Installation::folder_of(&args.log, None).into_iter().collect(),
        false => args.data.clone(),
    };
    named.iter().map(|folder| Ok(Installation::of(folder, &args.log)?)).collect()
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
