//! What the suppliers service promises, as statements of the domain.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says aloud what it skips"
)]

mod access;
mod buyer;
mod claims;
mod imports;
mod look_up;
mod pages;
mod purchases;
mod review;
mod supplier;
mod support;
