#![no_main]

#[allow(dead_code, reason = "each program uses one of them")]
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::questions(text));
