//! Runs `access` alone.

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "access", version, about = "Who may come in: signing in, API keys, accounts")]
struct Flags {
    #[command(flatten)]
    config: chassis::service::Config,
    #[command(flatten)]
    sign_in: access::SignInConfig,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let options = access::Options::of(&flags.config, &flags.sign_in)?;
    let start = async |platform: &_| access::service(platform, options).await;
    chassis::service::run_alone(flags.config, start).await?;
    Ok(())
}
