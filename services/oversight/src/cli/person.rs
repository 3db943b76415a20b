//! `oversight person`

use std::path::PathBuf;

use chassis::{directory::Directory, log::LogUrl, service::PEOPLE_FILE, task::Tasks};
use clap::Subcommand;
use proto::{OdsCode, PersonId};
use serde::Deserialize;
use serde_json::json;

use super::{
    Failure, Verdict, output,
    server::{Server, ServerUrl},
};

/// Where the names are.
const NAMES: &str = "/api/v1/access/names";

/// Flags of `person`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// The server that has the names. Default: http://127.0.0.1:8080
    #[arg(long, global = true, value_name = "URL")]
    server: Option<ServerUrl>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists whose name, office, e-mail address, user name, ODS code or id has a text in it.
    Find {
        /// At least two characters.
        text: String,
    },
    /// Corrects someone's name, office and e-mail address; of an account holder the name alone.
    Correct {
        /// Who: the id, as listed.
        id: PersonId,
        /// The name.
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// The office held.
        #[arg(long, default_value = "", value_name = "TEXT")]
        role: String,
        /// The work e-mail address.
        #[arg(long, default_value = "", value_name = "TEXT")]
        email: String,
    },
    /// Deletes someone's name for good. Records keep the id, backups the name until they expire.
    Remove {
        /// Who: the id, as listed.
        id: PersonId,
    },
    /// Copies the names of one directory into another, of processes that are stopped: from a data folder to a broker, or
    /// back. Names that are there already stay as they are.
    Copy(Box<CopyArgs>),
}

/// From where, and where to.
#[derive(Debug, clap::Args)]
struct CopyArgs {
    /// From where: the address of the event log at a broker, or file: and a data folder.
    #[arg(long, value_name = "URL")]
    from: LogUrl,
    /// Where to: the same.
    #[arg(long, value_name = "URL")]
    to: LogUrl,
    /// Only say what would be copied.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
struct NamesFound {
    names: Vec<Named>,
    more: bool,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: PersonId,
    kind: String,
    name: String,
    role: String,
    email: String,
    organisation: Option<OdsCode>,
}

/// Finds, corrects, deletes and copies names.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let server = args.server.as_ref();
    match args.what {
        What::Find { text } => {
            let server = Server::at(server)?;
            let found: NamesFound = server.json(server.get(NAMES).query("text", text)).await?;
            for Named { id, kind, name, role, email, organisation } in found.names {
                let at = organisation.map(|code| code.to_string()).unwrap_or_default();
                output::say(format!("{id}  {kind:<14} {at:<8} {name}, {role}, {email}"))?;
            }
            if found.more {
                output::note("There are more: name more of the text.");
            }
        }
        What::Correct { id, name, role, email } => {
            let server = Server::at(server)?;
            let body = json!({ "name": name, "role": role, "email": email });
            server.send(server.post(&format!("{NAMES}/{id}/correct")).json(&body)).await?;
            output::note(&format!("The name of {id} is corrected."));
        }
        What::Remove { id } => {
            let server = Server::at(server)?;
            server.send(server.post(&format!("{NAMES}/{id}/remove"))).await?;
            output::note(&format!("The name of {id} is deleted."));
        }
        What::Copy(args) => copy(&args.from, &args.to, args.dry_run).await?,
    }
    Ok(Verdict::Good)
}

async fn copy(from: &LogUrl, to: &LogUrl, dry_run: bool) -> Result<(), Failure> {
    let tasks = Tasks::new();
    let said = |error: chassis::directory::DirectoryError| Failure::said(error.to_string());
    let (source, target) = (open(from, &tasks).await?, open(to, &tasks).await?);
    let there = target.all().map_err(said)?;
    let mut copied = 0;
    let mut others = 0;
    for (id, person) in source.all().map_err(said)? {
        match there.iter().find(|(other, _)| *other == id) {
            Some((_, known)) if *known == person => {}
            Some(_) => others += 1,
            None => {
                if !dry_run {
                    target.put(id, &person).await.map_err(said)?;
                }
                copied += 1;
            }
        }
    }
    tasks.finish().await;
    let what = if dry_run { "would be copied" } else { "were copied" };
    output::say(format!("{} names {what}", output::number(copied)))?;
    if others > 0 {
        output::note(&format!(
            "{} are there with other words, and stay as they are there.",
            output::number(others)
        ));
    }
    Ok(())
}

async fn open(url: &LogUrl, tasks: &Tasks) -> Result<Directory, Failure> {
    match url {
        LogUrl::Nats(url) => Ok(Directory::shared(url, tasks).await?),
        LogUrl::File(path) => {
            let file: PathBuf = if path.is_dir() { path.join(PEOPLE_FILE) } else { path.clone() };
            Directory::open(&file).map_err(|error| Failure::said(format!("{}: {error}", file.display())))
        }
    }
}
