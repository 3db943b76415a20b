//! What every service stands on: the log, command handling, HTTP, telemetry and configuration.
//!
//! A service brings a pure model and its routes; everything that is the same for all of them is
//! here, once. This crate knows nothing of practices, toolkits or charts.

pub mod access;
pub mod cache;
pub mod claims;
pub mod clock;
pub mod command;
pub mod compression;
pub mod cursor;
pub mod demonstration;
pub mod desk;
pub mod directory;
pub mod editions;
pub mod erasable;
mod figures;
pub mod following;
pub mod http;
pub mod ids;
pub mod import;
pub mod kept;
pub mod log;
pub mod pace;
pub mod pages;
pub mod private;
pub mod problem;
mod production;
pub mod refusal;
pub mod roster;
pub mod seats;
pub mod service;
pub mod shared;
pub mod sheet;
pub mod task;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod vitals;

pub use access::{Access, Action, Giver, Routes, Viewer};
pub use clock::Clock;
pub use command::{Aggregate, CommandError, CommandMeta, Commands, Context, Outcome, When};
pub use desk::Desk;
pub use ids::CommandId;
pub use problem::Problem;
pub use refusal::Refusal;
pub use service::{Platform, Service};
