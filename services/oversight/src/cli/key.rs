//! `oversight key`

use clap::Subcommand;
use jiff::Timestamp;
use proto::{Day, OdsCode, Role};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Failure, Verdict, line, output,
    server::{Server, ServerUrl},
};

/// Where the keys are.
const KEYS: &str = "/api/v1/access/keys";

/// Flags of `key`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// The server that issues them. Default: http://127.0.0.1:8080
    #[arg(long, global = true, value_name = "URL")]
    server: Option<ServerUrl>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Issues a key and prints it, once.
    Create {
        /// What its holder is: practice-lead, ccg-officer, regional-lead, assessor, nhs-digital,
        /// nhs-improvement, buyer, supplier or administrator.
        #[arg(long)]
        role: Role,
        /// The ODS code of the organisation it is for.
        #[arg(long, value_name = "CODE")]
        organisation: OdsCode,
        /// What that is called, where no file lists it: of delivery partners, suppliers and national bodies.
        #[arg(long, value_name = "TEXT", value_parser = line)]
        organisation_name: Option<String>,
        /// What it is for, such as "nightly import".
        #[arg(long, value_name = "TEXT", value_parser = line)]
        purpose: String,
        /// The last day it opens anything, yyyy-mm-dd. Default: until it is revoked.
        #[arg(long, value_name = "DAY")]
        expires: Option<Day>,
    },
    /// Lists every key, without its secret.
    List,
    /// Revokes a key.
    Revoke {
        /// Its id, as listed.
        id: Uuid,
        /// Why.
        #[arg(long, default_value = "", value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Deserialize)]
struct Issued {
    id: Uuid,
    key: String,
    organisation_name: String,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: Uuid,
    role: Role,
    organisation: OdsCode,
    purpose: String,
    issued: Timestamp,
    expires: Option<Timestamp>,
    revoked: Option<Timestamp>,
    /// Why its role opens nothing there.
    #[serde(default)]
    does_not_fit: Option<String>,
    good: bool,
}

/// Issues, lists and revokes keys.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let server = Server::at(args.server.as_ref())?;
    match args.what {
        What::Create { role, organisation, organisation_name, purpose, expires } => {
            let expires = expires.map(|day| day.end_in_london().to_string());
            let body = json!({ "role": role, "organisation": organisation, "organisation_name": organisation_name, "purpose": purpose, "expires": expires });
            let issued: Issued = server.json(server.post(KEYS).json(&body)).await?;
            output::say(&issued.key)?;
            output::note(&format!(
                "This is key {} for {role} at {} ({organisation}). You will not be able to see it again: keep it where secrets are kept.",
                issued.id, issued.organisation_name
            ));
        }
        What::List => {
            let keys: Vec<Listed> = server.json(server.get(KEYS)).await?;
            for key in keys {
                let state = match (key.revoked, key.expires) {
                    (Some(when), _) => format!("revoked {}", Day::in_london(when)),
                    _ if key.does_not_fit.is_some() => "opens nothing".to_owned(),
                    (None, Some(when)) if !key.good => format!("expired {}", Day::in_london(when)),
                    (None, Some(when)) => format!("good until {}", Day::in_london(when)),
                    (None, None) => "good".to_owned(),
                };
                let why = key.does_not_fit.map(|why| format!(" ({why})")).unwrap_or_default();
                output::say(format!(
                    "{}  {:<15} {:<8} {}  {:<22} {}{why}",
                    key.id,
                    key.role,
                    key.organisation,
                    Day::in_london(key.issued),
                    state,
                    key.purpose
                ))?;
            }
        }
        What::Revoke { id, reason } => {
            let request = server.post(&format!("{KEYS}/{id}/revoke")).json(&json!({ "reason": reason }));
            server.send(request).await?;
            output::note(&format!("Key {id} opens nothing any more."));
        }
    }
    Ok(Verdict::Good)
}
