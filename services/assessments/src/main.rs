//! The assessments service alone.

use chassis::service::{Config, run_alone};
use clap::Parser;

/// Toolkit assessments, statements, improvement plans and published results.
#[derive(Debug, Parser)]
#[command(name = "assessments", version)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    run_alone(arguments.config, assessments::service).await?;
    Ok(())
}
