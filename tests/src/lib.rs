//! What the whole-system tests and the benchmarks stand on: the real programs as processes, a
//! broker, a proxy in front of separate services, and files to import.
//!
//! It knows the programs from outside alone: their flags, addresses and files. What they promise
//! inside is tested where it is written.
#![expect(clippy::expect_used, clippy::panic, reason = "a test cannot go on without its programs")]

pub mod broker;
pub mod cli;
pub mod client;
pub mod files;
pub mod keys;
pub mod made;
pub mod platform;
pub mod process;
pub mod programs;
pub mod proxy;

pub use broker::Shipped;
pub use chassis::testing::nats::{NatsServer, Sync};
pub use client::{Answer, Client};
pub use platform::{OneProcess, Separate};
pub use process::Process;
