//! The `oversight` binary.

use std::process::ExitCode;

use clap::Parser as _;
use oversight::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(Cli::parse()).await {
        Ok(verdict) => verdict.into(),
        Err(failure) => {
            cli::complain(&failure);
            ExitCode::FAILURE
        }
    }
}
