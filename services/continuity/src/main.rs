//! The continuity service alone.

use chassis::service::{Config, run_alone};
use clap::Parser;

/// Business continuity and disaster recovery plans.
#[derive(Debug, Parser)]
#[command(name = "continuity", version)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    run_alone(arguments.config, continuity::service).await?;
    Ok(())
}
