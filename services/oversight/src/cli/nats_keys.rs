//! `oversight nats-keys`

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use chassis::log::nats::nkey::{self, NewUser};

use super::{Failure, Verdict, output};

/// Flags of `nats-keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder for the seeds; it is to be there. Nothing in it is overwritten.
    folder: PathBuf,
    /// The users, each of lower-case letters, digits and hyphens.
    #[arg(required = true, value_parser = user)]
    users: Vec<String>,
}

/// Makes a key for each user: the seed into FOLDER/USER.nk, readable by its owner alone, and the
/// public key onto standard output as a variable for the broker's configuration.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let file = |user: &str| args.folder.join(format!("{user}.nk"));
    // All or nothing, as far as can be seen beforehand.
    if let Some(there) = args.users.iter().map(|user| file(user)).find(|file| file.exists()) {
        return Err(Failure::said(format!(
            "{} is there already, and a key is never overwritten: move it away first",
            there.display()
        )));
    }
    for user in &args.users {
        let NewUser { public, seed } = nkey::new_user().map_err(|error| Failure::said(error.to_string()))?;
        let file = file(user);
        write(&file, &seed)
            .map_err(|error| Failure::said(format!("cannot write {}: {error}", file.display())))?;
        output::say(format!("{}={public}", variable(user)))?;
    }
    Ok(Verdict::Good)
}

fn write(file: &Path, seed: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(format!("{seed}\n").as_bytes())?;
    file.sync_all()
}

/// The variable by which the broker's configuration knows a user's public key.
fn variable(user: &str) -> String {
    format!("OVERSIGHT_NATS_{}_NKEY", user.to_ascii_uppercase().replace('-', "_"))
}

/// A user's name becomes part of a file's name and of a variable's.
fn user(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.is_empty() || text.len() > 64 || !text.bytes().all(fits) {
        return Err("a user is 1 to 64 lower-case letters, digits and hyphens".to_owned());
    }
    Ok(text.to_owned())
}
