//! `oversight backup`

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use chassis::{
    Clock,
    log::{Damage, ReadError},
};
use proto::Position;

use super::{Failure, Verdict, output, source};
use crate::{
    backup::{Heading, Writer},
    tail::Stretch,
};

/// Flags of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write. It appears once it is complete; an old one of the name is replaced then.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Of the access log that stands beside the event log: keys, accounts, who came. Needs --log.
    #[arg(long)]
    access: bool,
    #[command(flatten)]
    source: source::From,
}

/// Writes a backup.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    if args.file.is_dir() {
        return Err(Failure::said(format!("{} is a directory: name a file in it", args.file.display())));
    }
    let source = if args.access { args.source.access_log() } else { Ok(args.source) }?.open().await?;
    let part = part_of(&args.file);
    let (copied, damage) = match write(&source, &part, None).await? {
        // What is damaged behind what is known so far is found by reading; what stands before it is copied anew.
        Written::Damaged(damage) => match write(&source, &part, Some(damage.last)).await? {
            Written::Whole(copied) => (copied, Some(damage)),
            Written::Damaged(damage) => return Err(ReadError::from(damage).into()),
        },
        Written::Whole(copied) => (copied, source.damage()),
    };
    fs::rename(&part, &args.file)
        .and_then(|()| sync_folder(&args.file))
        .map_err(|error| Failure::said(format!("cannot put {} in place: {error}", args.file.display())))?;
    output::say(format!(
        "{} events up to position {copied} are in {}",
        output::number(copied.0),
        args.file.display()
    ))?;
    let Some(damage) = damage else { return Ok(Verdict::Good) };
    output::say(format!("{}: {damage}. The copy ends there", source.place()))?;
    Ok(Verdict::Faulty)
}

/// What became of a copy.
enum Written {
    /// It holds the events up to here, and is complete.
    Whole(Position),
    /// The log turned out to be damaged.
    Damaged(Damage),
}

/// Copies all events of a source, or those up to a position.
async fn write(source: &source::Source, part: &Path, upto: Option<Position>) -> Result<Written, Failure> {
    let limit = upto.map(|upto| upto.0);
    let mut events = source.events(Stretch { limit, ..Stretch::everything() }).await?;
    let last = upto.unwrap_or_else(|| events.head());
    let heading = Heading::new(Clock::system().now(), source.place(), last);
    let fail = |error: std::io::Error| Failure::said(format!("cannot write {}: {error}", part.display()));
    let file = File::create(part).map_err(fail)?;
    let bar = output::bar(last.0, "writing");
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, file), &heading)?;
    let mut count = 0;
    loop {
        let batch = match events.next_whole().await {
            Ok(Some(batch)) => batch,
            Ok(None) => break,
            Err(Failure::Read(ReadError::Damaged { position, reason })) => {
                let last = Position(position.0.saturating_sub(1));
                return Ok(Written::Damaged(Damage { last, reason }));
            }
            Err(error) => return Err(error),
        };
        for event in &batch {
            writer.event(event)?;
            count += 1;
        }
        bar.set_position(count);
    }
    if count != last.0 {
        return Err(Failure::said(format!(
            "the log goes to position {last} and only {count} events came: run `oversight verify`"
        )));
    }
    let file = writer.finish()?.into_inner().map_err(|error| fail(error.into_error()))?;
    file.sync_all().map_err(fail)?;
    bar.finish_and_clear();
    Ok(Written::Whole(last))
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Makes the new name durable, too.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
