#![no_main]

#[allow(dead_code, reason = "each program uses one of them")]
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| targets::rows(input.0, input.1));
