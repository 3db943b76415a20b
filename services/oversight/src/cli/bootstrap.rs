//! `oversight bootstrap`

use std::path::PathBuf;

use access::bootstrap::{another_administrator, first_administrator};
use chassis::{
    Clock,
    log::{self, LogUrl},
    service::{installation::Installation, log_url},
};
use proto::{OdsCode, Stream};

use super::{Failure, Verdict, output};

/// Flags of `bootstrap`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The event log whose installation it is: file:PATH, or nats://HOST:PORT. Default: log.redb in the
    /// data folder.
    #[arg(long, env = "OVERSIGHT_LOG", value_name = "URL")]
    log: Option<LogUrl>,
    /// The data folder.
    #[arg(long, env = "OVERSIGHT_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// The ODS code of the body that runs the installation.
    #[arg(long, default_value = "X26", value_name = "CODE")]
    organisation: OdsCode,
    /// Make another administrator, because no one has an administrator's key any more. It is recorded with the reason
    /// and shown to all administrators.
    #[arg(long, requires = "reason")]
    again: bool,
    /// Why another administrator is needed.
    #[arg(long, requires = "again", value_name = "TEXT")]
    reason: Option<String>,
}

/// Makes the first administrator and prints their API key, once.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    if args.log.is_none() {
        std::fs::create_dir_all(&args.data)
            .map_err(|error| Failure::said(format!("cannot use {}: {error}", args.data.display())))?;
    }
    let url = log_url(args.log.as_ref(), &args.data);
    let named = args.log.is_none().then_some(args.data.as_path());
    // It begins an installation, and not where there was one.
    let mut installation = match Installation::folder_of(&url, named) {
        Some(folder) => Some(Installation::of(&folder, &url)?),
        None => None,
    };
    if let Some(installation) = &installation {
        installation.before_opening(&url)?;
    }
    let (event_log, log) = (log::open(&url).await?, log::open(&url.access()).await?);
    if let Some(installation) = &mut installation {
        installation.check(Stream::Events, &event_log).await?;
        installation.check(Stream::Access, &log).await?;
    }
    let clock = Clock::system();
    let made = match &args.reason {
        Some(reason) => another_administrator(&log, &clock, args.organisation, reason).await,
        None => first_administrator(&log, &clock, args.organisation).await,
    };
    let key = made.map_err(|error| Failure::said(error.to_string()))?;
    if let Some(installation) = &mut installation {
        installation.check(Stream::Access, &log).await?;
        installation.keep_if_possible();
    }
    output::say(key.reveal())?;
    output::note(
        "This is the key of an administrator. It is shown this once: keep it where secrets are kept, \
         and give it to commands as OVERSIGHT_KEY.",
    );
    Ok(Verdict::Good)
}
