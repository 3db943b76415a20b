//! `oversight prepare`

use std::path::PathBuf;

use chassis::{
    access::session::{SessionKeys, keys},
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
    /// Makes this file of the signing key of access too, where it is missing, and adds its public half to the
    /// session keys.
    #[arg(long, value_name = "FILE", requires = "session_keys")]
    session_signing_key: Option<PathBuf>,
}

/// Makes what the services need and may not make themselves: both streams, the directory of people, and the keys of sessions.
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
        let made = match &args.session_signing_key {
            Some(signing) => keys::prepare(signing, &path).map(drop),
            None => SessionKeys::read_or_make(&path).map(drop),
        };
        made.map_err(|error| Failure::said(error.to_string()))?;
        output::say(format!("{} holds session keys", path.display()))?;
    }
    Ok(Verdict::Good)
}
