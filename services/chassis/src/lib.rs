//! What every service stands on: the log, command handling, HTTP, telemetry and configuration.
//!
//! A service brings a pure model and its routes; everything that is the same for all of them is
//! here, once. This crate knows nothing of practices, toolkits or charts.

pub mod log;
