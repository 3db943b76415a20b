//! `oversight edition`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use proto::{Day, standards::EditionDefinition};
use serde::Deserialize;
use serde_json::json;

use super::{
    Failure, Verdict, output,
    server::{Server, ServerUrl},
};

/// Where the editions are.
const EDITIONS: &str = "/api/v1/editions";

/// Flags of `edition`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// The server that keeps them. Default: http://127.0.0.1:8080
    #[arg(long, global = true, value_name = "URL")]
    server: Option<ServerUrl>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Adds an edition behind the newest one. Its deadlines and its closing day can be changed later; the rest
    /// stays as it is.
    Add {
        /// A file in the shape of proto/standards/dspt-2026-27.toml, as TOML or, ending in .json, as JSON.
        file: PathBuf,
    },
    /// Lists every edition with its deadline for general practices.
    List,
    /// Sets up to which day an edition can be published, late or again. Without one it does not close.
    Close {
        /// The edition, such as dspt-2018-19.
        id: String,
        /// The last day, yyyy-mm-dd.
        #[arg(long, value_name = "DAY")]
        after: Day,
        /// Why, and who says so.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Says what a status text of the national register means. Rows already read then count, too.
    Alias {
        /// The text as the register writes it, such as "26/27 Assured".
        text: String,
        /// What it means: not-published, standards-not-met, entry-level, approaching-standards,
        /// plan-agreed, standards-met or standards-exceeded.
        #[arg(long)]
        level: String,
        /// The edition it is of, such as dspt-2026-27. Default: the one that each row names by its year or date,
        /// so that "Assured" is explained for every year.
        #[arg(long, value_name = "ID")]
        edition: Option<String>,
        /// Why it is read so, and who says so.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    title: String,
    opens: String,
    deadline: Option<String>,
    deadline_certain: bool,
    closes: Option<String>,
}

/// Adds and lists editions, and explains status texts.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let server = Server::at(args.server.as_ref())?;
    match args.what {
        What::Add { file } => {
            let edition = read(&file)?;
            let body = serde_json::to_value(&edition).map_err(|error| Failure::said(error.to_string()))?;
            server.send(server.post(EDITIONS).json(&body)).await?;
            output::note(&format!("The edition {} is added.", edition.id));
        }
        What::List => {
            let editions: Vec<Listed> = server.json(server.get(EDITIONS)).await?;
            for edition in editions {
                let expected = if edition.deadline_certain { "" } else { " (expected, not confirmed)" };
                let closes = edition.closes.map(|day| format!("  can be published until {day}"));
                output::say(format!(
                    "{:<14} {:<22} opens {}  deadline {}{expected}{}",
                    edition.id,
                    edition.title,
                    edition.opens,
                    edition.deadline.as_deref().unwrap_or("not known"),
                    closes.unwrap_or_default(),
                ))?;
            }
        }
        What::Close { id, after, reason } => {
            let body = json!({ "closes": after, "reason": reason });
            server.send(server.post(&format!("{EDITIONS}/{id}/closing")).json(&body)).await?;
            output::note(&format!("The edition {id} can be published until {}.", after.long()));
        }
        What::Alias { text, level, edition, reason } => {
            let body = json!({ "text": text, "level": level, "edition": edition, "reason": reason });
            server.send(server.post(&format!("{EDITIONS}/status-texts")).json(&body)).await?;
            let of = edition.unwrap_or_else(|| "the edition of each row".to_owned());
            output::note(&format!("“{text}” now means {level} for {of}."));
        }
    }
    Ok(Verdict::Good)
}

/// The edition of a file.
fn read(file: &Path) -> Result<EditionDefinition, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::said(format!("the file {shown} cannot be read: {error}")))?;
    let read = match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string()),
        _ => toml::from_str(&text).map_err(|error| error.to_string()),
    };
    read.map_err(|error| Failure::said(format!("the file {shown} does not hold an edition: {error}")))
}
