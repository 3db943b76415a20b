//! `oversight events`

use chassis::log::ReadError;
use proto::{Position, Service};

use super::{Failure, Verdict, output, source};
use crate::{
    line, log_api,
    tail::{Stretch, Until},
};

/// Flags of `events`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: source::From,
    /// Only events of this service: organisations, assessments, suppliers, onsite or continuity.
    #[arg(long)]
    #[arg(value_parser = log_api::of_the_field)]
    service: Option<Service>,
    /// The first position.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// Go on with new events as they come, until interrupted.
    #[arg(long)]
    follow: bool,
    /// The most events.
    #[arg(long)]
    limit: Option<u64>,
}

/// Prints events.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let stretch = Stretch {
        from: Position(args.from),
        service: args.service,
        until: if args.follow { Until::Stopped } else { Until::Now },
        limit: args.limit,
    };
    let printing = async {
        let source = args.source.open().await?;
        let mut events = source.events(stretch).await?;
        let mut lines = Vec::new();
        while let Some(batch) = events.next().await? {
            lines.clear();
            for event in &batch {
                line::write(event, &mut lines);
                lines.push(b'\n');
            }
            output::say_json(&lines)?;
        }
        match source.damage() {
            // What was printed is not all there was.
            Some(damage) if stretch.limit.is_none() => Err(ReadError::from(damage).into()),
            _ => Ok(Verdict::Good),
        }
    };
    tokio::select! {
        printed = printing => match printed {
            Err(Failure::OutputClosed) => Ok(Verdict::Good),
            other => other,
        },
        _ = tokio::signal::ctrl_c() => Ok(Verdict::Good),
    }
}
