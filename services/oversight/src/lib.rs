//! The `oversight` binary: every service in one process, and the command line.
//!
//! Here is what belongs to no service: starting them together, the synthetic England for a first
//! look, and the tools of whoever runs the platform: import, events, verify, rebuild, backup and
//! restore. It knows the services by what they export and the log by its trait; it never decides
//! anything about a practice.

pub mod access;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod line;
pub mod log_api;
pub mod restoring;
pub mod synthetic;
pub mod tail;
