//! `oversight rebuild`

use std::time::Duration;

use proto::{Day, EventHash, Position};
use serde::Deserialize;

use super::{
    Failure, Verdict, output,
    server::{Server, ServerUrl},
};

/// How often the server is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(400);

/// Flags of `rebuild`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server whose views are folded anew. Default: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    server: Option<ServerUrl>,
}

/// How the view of a server stands, as far as the command line needs to know.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct View {
    /// How often the log has been folded from its beginning.
    pub generation: u64,
    /// Up to where it is read.
    pub position: Position,
    /// The last position of the log.
    pub head: Position,
    /// The fingerprint.
    pub digest: EventHash,
    /// The running day, as the server has it.
    pub today: Day,
    /// How far a fold anew is, while there is one.
    pub rebuilding: Option<Position>,
}

/// Asks a server how its view stands.
pub async fn view(server: &Server) -> Result<View, Failure> {
    server.json(server.get("/api/v1/view")).await
}

/// Folds the views anew.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let server = Server::at(args.server.as_ref())?;
    let before = view(&server).await?;
    server.send(server.post("/api/v1/rebuild")).await?;
    let bar = output::bar(before.head.0, "folding");
    let after = loop {
        tokio::time::sleep(ASK_EVERY).await;
        let now = view(&server).await?;
        if now.generation > before.generation && now.rebuilding.is_none() {
            break now;
        }
        if now.generation == before.generation && now.rebuilding.is_none() {
            return Err(Failure::said(
                "the fold ended without taking the place of the served view; the server's log says why",
            ));
        }
        bar.set_length(now.head.0);
        bar.set_position(now.rebuilding.unwrap_or(now.position).0);
    };
    bar.finish_and_clear();
    output::say(format!(
        "the view is folded anew: generation {}, {} events, digest {}",
        after.generation,
        output::number(after.position.0),
        after.digest
    ))?;
    if (before.position, before.today) == (after.position, after.today) && before.digest != after.digest {
        output::say(format!("before it was {}: the served view was not what the log says", before.digest))?;
        return Ok(Verdict::Faulty);
    }
    Ok(Verdict::Good)
}
