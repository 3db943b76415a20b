//! Runs `organisations` alone.

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "organisations", version, about = "Who exists, and who belonged to whom, when")]
struct Flags {
    #[command(flatten)]
    config: chassis::service::Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    chassis::service::run_alone(flags.config, organisations::service).await?;
    Ok(())
}
