//! What the on-site assessments service promises, as statements of the domain.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and helpers of tests panic the way tests fail"
)]

mod access;
mod api;
mod calendar;
mod imports;
mod junk;
mod life;
mod pages;
mod server;
mod support;
