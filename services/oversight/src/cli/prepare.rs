//! `oversight prepare`

use std::path::PathBuf;

use chassis::{
    access::session,
    directory::Directory,
    log::{self, LogUrl},
    task::Tasks,
};

use super::{Failure, Verdict, output};

/// Flags of `prepare`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The event log: nats://HOST:PORT, or file:PATH.
    #[arg(long, env = "OVERSIGHT_LOG", value_name = "URL")]
    log: LogUrl,
    /// Makes this file of session keys too, where it is missing.
    #[arg(long, value_name = "FILE")]
    session_keys: Option<PathBuf>,
}

/// Makes what the services need and may not make themselves: both streams, the directory of people, and the session keys.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    for url in [args.log.clone(), args.log.access()] {
        let place = log::open(&url).await?.describe().place;
        output::say(format!("{place} is there"))?;
    }
    if let LogUrl::Nats(url) = &args.log {
        let tasks = Tasks::new();
        Directory::shared(url, &tasks).await?;
        tasks.finish().await;
        output::say("the directory of people is there")?;
    }
    if let Some(path) = args.session_keys {
        session::read_or_make_keys(&path).map_err(|error| Failure::said(error.to_string()))?;
        output::say(format!("{} holds session keys", path.display()))?;
    }
    Ok(Verdict::Good)
}
