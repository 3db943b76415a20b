//! `oversight user`

use clap::Subcommand;
use jiff::Timestamp;
use proto::{Day, OdsCode, PersonId, Role};
use serde::Deserialize;
use serde_json::json;

use super::{
    Failure, Verdict, line, output,
    server::{Server, ServerUrl},
};

/// Where the accounts are.
const USERS: &str = "/api/v1/access/users";

/// Flags of `user`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// The server that has the accounts. Default: http://127.0.0.1:8080
    #[arg(long, global = true, value_name = "URL")]
    server: Option<ServerUrl>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Opens an account and prints its first password, once.
    Add {
        /// What they type to sign in, such as their work e-mail address.
        #[arg(long, value_name = "USER", value_parser = line)]
        name: String,
        /// What they are called on pages for administrators.
        #[arg(long, value_name = "TEXT", value_parser = line)]
        display: String,
        /// What they are: practice-lead, ccg-officer, regional-lead, assessor, nhs-digital,
        /// nhs-improvement, buyer, supplier or administrator.
        #[arg(long)]
        role: Role,
        /// The ODS code of the organisation they act for.
        #[arg(long, value_name = "CODE")]
        organisation: OdsCode,
        /// What that is called, where no file lists it: of delivery partners, suppliers and national bodies.
        #[arg(long, value_name = "TEXT", value_parser = line)]
        organisation_name: Option<String>,
    },
    /// Lists every account.
    List,
    /// Shuts someone out for the time being, with or without an account here: where they are in, they are
    /// out.
    Disable {
        /// Who: the id, as listed, or as records name them after `person:`.
        id: PersonId,
        /// Why. It stays in the access log: do not include names.
        #[arg(long, default_value = "", value_name = "TEXT")]
        reason: String,
    },
    /// Lets someone in again who was shut out.
    Enable {
        /// Who: the id, as listed, or as records name them after `person:`.
        id: PersonId,
    },
    /// Deletes the names and the password of a closed account, for ever; the user name is free again.
    ///
    /// Events keep who did something in which role, so an account keeps its role and organisation. Where
    /// those change, disable and remove the account, and add the person as a new account.
    Remove {
        /// Whose: the id, as listed.
        id: PersonId,
    },
    /// Puts someone out of wherever they are signed in, with or without an account here.
    SignOut {
        /// Who: the id, as listed, or as records name them after `person:`.
        id: PersonId,
    },
    /// Sets a new first password and prints it, once.
    Reset {
        /// Whose: the id, as listed.
        id: PersonId,
    },
}

#[derive(Deserialize)]
struct FirstPassword {
    id: PersonId,
    password: String,
    #[serde(default)]
    organisation_name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: PersonId,
    user_name: Option<String>,
    display_name: Option<String>,
    role: Role,
    organisation: OdsCode,
    opened: Timestamp,
    disabled: bool,
    must_change: bool,
    locked_until: Option<Timestamp>,
    /// Why its role opens nothing there.
    #[serde(default)]
    does_not_fit: Option<String>,
}

impl Listed {
    fn state(&self) -> &'static str {
        match self {
            Listed { disabled: true, .. } => "disabled",
            // Only a disabled account can be removed: this one was not.
            Listed { user_name: None, .. } => "name missing",
            Listed { does_not_fit: Some(_), .. } => "opens nothing",
            Listed { locked_until: Some(_), .. } => "waiting",
            Listed { must_change: true, .. } => "first password",
            _ => "good",
        }
    }
}

/// Opens, lists, closes and resets accounts.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let server = Server::at(args.server.as_ref())?;
    match args.what {
        What::Add { name, display, role, organisation, organisation_name } => {
            let body = json!({
                "user_name": name,
                "display_name": display,
                "role": role,
                "organisation": organisation,
                "organisation_name": organisation_name,
            });
            show(&server.json(server.post(USERS).json(&body)).await?)?;
        }
        What::List => {
            let users: Vec<Listed> = server.json(server.get(USERS)).await?;
            for user in users {
                let opened = Day::in_london(user.opened);
                let why = user.does_not_fit.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                output::say(format!(
                    "{}  {:<15} {:<8} {opened}  {:<14} {:<30} {}{why}",
                    user.id,
                    user.role,
                    user.organisation,
                    user.state(),
                    user.user_name.as_deref().unwrap_or("-"),
                    user.display_name.as_deref().unwrap_or("-"),
                ))?;
            }
        }
        What::Disable { id, reason } => {
            let request = server.post(&format!("{USERS}/{id}/disable")).json(&json!({ "reason": reason }));
            server.send(request).await?;
            output::note(&format!("{id} does not get in any more."));
        }
        What::Enable { id } => {
            server.send(server.post(&format!("{USERS}/{id}/enable"))).await?;
            output::note(&format!("{id} may come in again."));
        }
        What::Remove { id } => {
            server.send(server.post(&format!("{USERS}/{id}/remove"))).await?;
            output::note(&format!("Account {id} has no names any more, and stays closed."));
        }
        What::SignOut { id } => {
            server.send(server.post(&format!("/api/v1/access/people/{id}/sign-out"))).await?;
            output::note(&format!("{id} is signed out everywhere."));
        }
        What::Reset { id } => {
            show(&server.json(server.post(&format!("{USERS}/{id}/reset"))).await?)?;
        }
    }
    Ok(Verdict::Good)
}

fn show(first: &FirstPassword) -> Result<(), Failure> {
    output::say(&first.password)?;
    if let Some(name) = &first.organisation_name {
        output::note(&format!("The account is at {name}."));
    }
    output::note(&format!(
        "This is the first password of account {}. It is shown this once, and must be changed at the first sign-in.",
        first.id
    ));
    Ok(())
}
