//! The on-site assessments service alone.

use chassis::service::{Config, run_alone};
use clap::Parser;

/// On-site assessments, their findings and action plans.
#[derive(Debug, Parser)]
#[command(name = "onsite", version)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    run_alone(arguments.config, onsite::service).await?;
    Ok(())
}
