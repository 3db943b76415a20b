//! `oversight imports`

use axum::http::StatusCode;
use clap::Subcommand;
use jiff::Timestamp;
use proto::{Day, Position};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Failure, Verdict, output,
    server::{Server, ServerUrl, refused},
};

/// The services whose imports can be withdrawn.
const SERVICES: [&str; 4] = ["organisations", "assessments", "suppliers", "onsite"];

/// Flags of `imports`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// The server that has them. Default: http://127.0.0.1:8080
    #[arg(long, global = true, value_name = "URL")]
    server: Option<ServerUrl>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the imports that whoever the key belongs to may see, the newest first.
    List,
    /// Withdraws an import: figures are as if it had not been, from then on.
    Withdraw {
        /// Its id, as listed.
        id: Uuid,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: Uuid,
    kind: String,
    as_of: Option<Day>,
    time: Timestamp,
    finished: bool,
    recorded: u64,
    withdrawn: Option<Withdrawal>,
}

#[derive(Debug, Deserialize)]
struct Withdrawal {
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Receipt {
    position: Position,
    import_again: Vec<Entry>,
}

/// Lists and withdraws imports.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let server = Server::at(args.server.as_ref())?;
    match args.what {
        What::List => list(&server).await?,
        What::Withdraw { id, reason } => withdraw(&server, id, &reason).await?,
    }
    Ok(Verdict::Good)
}

/// The imports of all services whose imports may be seen with the key: a delivery partner sees those of findings alone.
async fn all(server: &Server) -> Result<Vec<(&'static str, Entry)>, Failure> {
    let mut all = Vec::new();
    let mut not_allowed = None;
    let mut is_allowed_any = false;
    for service in SERVICES {
        let ask = server.get(&format!("/api/v1/{service}/imports"));
        let response = server.answer(ask).await.map_err(|error| server.unreachable(&error))?;
        if response.status() == StatusCode::FORBIDDEN {
            not_allowed = Some(refused(response).await);
            continue;
        }
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        is_allowed_any = true;
        let entries: Vec<Entry> = server.json_of(response).await?;
        all.extend(entries.into_iter().map(|entry| (service, entry)));
    }
    if let Some(failure) = not_allowed.filter(|_| !is_allowed_any) {
        return Err(failure);
    }
    all.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.time));
    Ok(all)
}

async fn list(server: &Server) -> Result<(), Failure> {
    for (_, entry) in all(server).await? {
        let Entry { id, kind, as_of, time, finished, recorded, withdrawn } = entry;
        let as_of = as_of.map(|day| format!("as of {day}")).unwrap_or_default();
        let state = match withdrawn {
            Some(Withdrawal { reason }) => format!("withdrawn: {reason}"),
            None if finished => "finished".to_owned(),
            None => "not finished".to_owned(),
        };
        let recorded = output::number(recorded);
        output::say(format!("{id}  {kind:<19} {as_of:<16}  {time:.0}  {recorded:>9} recorded  {state}"))?;
    }
    Ok(())
}

async fn withdraw(server: &Server, id: Uuid, reason: &str) -> Result<(), Failure> {
    let found = all(server).await?.into_iter().find(|(_, entry)| entry.id == id);
    let Some((service, _)) = found else {
        return Err(Failure::said(format!(
            "no import {id} is on record there; oversight imports list shows all"
        )));
    };
    let path = format!("/api/v1/{service}/imports/{id}/withdraw");
    let Receipt { position, import_again } =
        server.json(server.post(&path).json(&json!({ "reason": reason }))).await?;
    output::say(format!("the import {id} is withdrawn; figures are without it from position {position} on"))?;
    if import_again.is_empty() {
        return Ok(());
    }
    output::say(
        "Later files of the same kind may have shown the same, which was recorded already then. Import them again:",
    )?;
    for Entry { id, kind, as_of, time, .. } in import_again {
        let as_of = as_of.map(|day| format!(" as of {day}")).unwrap_or_default();
        output::say(format!("  {kind}{as_of}, imported {time:.0} ({id})"))?;
    }
    Ok(())
}
