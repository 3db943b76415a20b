//! What the assessments service promises, as statements of the domain.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says aloud what it skips"
)]

mod access;
mod api;
mod assessment;
mod editions;
mod imports;
mod junk;
mod order;
mod pages;
mod plan;
mod register;
mod server;
mod support;
