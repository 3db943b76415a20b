//! `oversight session-keys`

use std::path::PathBuf;

use chassis::access::session::keys::{self, Prepared};

use super::{Failure, Verdict, output};

/// Flags of `session-keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder for both files; it is to be there. Nothing in it is overwritten.
    folder: PathBuf,
}

/// Makes FOLDER/session.signing, the secret by which access signs sessions, and FOLDER/session.keys, by which every
/// service knows them, where they are missing, readable by their owner alone; and adds to the latter the public
/// halves of signing keys that are missing there.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let (signing, keys) = (args.folder.join("session.signing"), args.folder.join("session.keys"));
    let prepared = keys::prepare(&signing, &keys).map_err(|error| Failure::said(error.to_string()))?;
    output::say(match prepared {
        Prepared::Nothing => "nothing was missing: the session keys are as they were",
        Prepared::Something => "made what was missing of session.signing and session.keys",
    })?;
    Ok(Verdict::Good)
}
