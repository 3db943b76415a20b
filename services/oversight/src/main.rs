//! The `oversight` binary.

fn main() {}
