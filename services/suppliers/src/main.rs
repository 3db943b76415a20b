//! The suppliers service alone.

use chassis::service::{Config, run_alone};
use clap::Parser;

/// Suppliers, certificates, services, and certification checks.
#[derive(Debug, Parser)]
#[command(name = "suppliers", version)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    run_alone(arguments.config, suppliers::service).await?;
    Ok(())
}
