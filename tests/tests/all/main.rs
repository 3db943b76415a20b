//! The platform as a whole, as its users, its operators and the unkind meet it.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what a test needs and does not get fails the test"
)]

mod acceptance;
mod access;
mod areas;
mod cases;
mod conformance;
mod demonstration;
mod editions;
mod faults;
mod feed;
mod freshness;
mod fuzzed;
mod history;
mod journeys;
mod junk;
mod leaks;
mod networks;
mod readers;
mod stopping;
mod support;
