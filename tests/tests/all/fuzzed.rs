//! What fuzzing found worth keeping, tried again, with changes of it: the same functions that `make fuzz` feeds for longer.

use std::{fs, path::PathBuf};

use whole_system::programs;

#[path = "../../fuzz/targets.rs"]
mod targets;

/// How many changed inputs each function is given, beside those that are kept.
const CHANGED: usize = 20_000;

/// What the inputs are changed with, beside each other.
const PIECES: [&[u8]; 14] = [
    b"",
    b"\"",
    b",",
    b"\r\n",
    b"\0",
    b"\xff",
    b"=",
    b"&",
    b"%",
    b"{",
    b"}",
    b"9999999999",
    b"-",
    b"\xe2\x80\xae",
];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        // SplitMix64, by Steele, Lea and Flood.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % end.max(1)
    }
}

/// The inputs kept for a function; of events the samples, too.
fn kept(name: &str) -> Vec<Vec<u8>> {
    let folder = |path: PathBuf| -> Vec<PathBuf> {
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let root = programs::workspace();
    let mut files = folder(root.join("tests/fuzz/corpus").join(name));
    files.sort();
    let mut inputs: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    if name == "events" {
        let mut samples: Vec<PathBuf> =
            folder(root.join("proto/samples")).into_iter().flat_map(folder).collect();
        samples.sort();
        for sample in samples {
            let value: serde_json::Value = serde_json::from_slice(&fs::read(sample).unwrap()).unwrap();
            inputs.push(value.to_string().into_bytes());
        }
    }
    assert!(!inputs.is_empty(), "{name}");
    inputs
}

/// Gives a function every kept input, and changes of them: pieces cut out, put in and taken from one another.
fn feed(name: &str, function: impl Fn(&[u8])) {
    let kept = kept(name);
    kept.iter().for_each(|input| function(input));
    let mut numbers = Numbers(1);
    for _ in 0..CHANGED {
        let mut input = kept[numbers.below(kept.len())].clone();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(input.len() + 1);
            let end = (at + numbers.below(16)).min(input.len());
            let other = &kept[numbers.below(kept.len())];
            let piece = match numbers.below(4) {
                0 => other.get(numbers.below(other.len())..).unwrap_or_default(),
                1 => &[][..],
                _ => PIECES[numbers.below(PIECES.len())],
            };
            input.splice(at..end, piece.iter().copied());
            input.truncate(16_384);
        }
        function(&input);
    }
}

#[test]
fn cookies_open_nothing() {
    feed("cookies", targets::cookies);
}

#[test]
fn events_are_read_or_set_aside() {
    feed("events", targets::events);
}

#[test]
fn questions_are_understood_or_refused() {
    feed("questions", |input| {
        if let Ok(text) = std::str::from_utf8(input) {
            targets::questions(text);
        }
    });
}

#[test]
fn rows_are_the_same_in_whatever_pieces_they_come() {
    feed("rows", |input| match input.split_last() {
        // Where libFuzzer keeps the number.
        Some((pieces, file)) => targets::rows(*pieces, file),
        None => targets::rows(0, input),
    });
}
