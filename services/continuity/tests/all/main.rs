//! What the continuity service promises, as statements of the domain.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod api;
mod junk;
mod pages;
mod plan;
mod server;
mod standing;
mod support;
