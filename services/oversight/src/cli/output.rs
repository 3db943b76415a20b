//! What a command prints: results on standard output, progress on standard error.
//!
//! What comes from a server, a log or a file may hold what a terminal obeys, or what makes a text look like another.
//! So nothing is printed as it is: here, in the one place, what does not show is written out.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use proto::text::{Invisible, for_terminal};

use super::Failure;

/// Prints to standard output. A reader that has gone away (`| head`) ends the command in peace.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::OutputClosed),
        Err(error) => Err(Failure::said(format!("cannot write to standard output: {error}"))),
    }
}

/// Prints a line.
pub fn say(line: impl AsRef<str>) -> Result<(), Failure> {
    print(&format!("{}\n", for_terminal(line.as_ref())))
}

/// Prints objects of JSON, one a line. What does not show is written as JSON does, so that they say the same.
pub fn say_json(lines: &[u8]) -> Result<(), Failure> {
    print(&shown_json(&String::from_utf8_lossy(lines)))
}

fn shown_json(lines: &str) -> String {
    let mut shown = String::with_capacity(lines.len());
    for c in lines.chars() {
        // Where they stand in JSON outside of a text they are blanks.
        if matches!(c, '\n' | '\t' | '\r') || (!c.is_control() && Invisible::of(c).is_none()) {
            shown.push(c);
        } else {
            shown.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    shown
}

/// Tells a person something beside the result, on standard error.
pub fn note(line: &str) {
    // No one to tell is no failure.
    let _ = writeln!(io::stderr().lock(), "{}", for_terminal(line));
}

/// Says on standard error why a command failed: a line, and what belongs to it under it.
pub fn complain(failure: &Failure) {
    let words = failure.to_string();
    let mut lines = words.lines();
    note(&format!("oversight: {}", lines.next().unwrap_or_default()));
    lines.for_each(|line| note(&format!("  {line}")));
}

/// A bar towards a known total, hidden where standard error is no terminal.
pub fn bar(total: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    styled(&bar, "{msg} {wide_bar} {human_pos} of {human_len} ({eta})");
    bar.set_message(what);
    bar
}

/// A bar over the bytes of a file.
pub fn bytes_bar(total: Option<u64>, what: String) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    styled(&bar, "{msg} {wide_bar} {bytes} of {total_bytes} ({eta})");
    bar.set_message(what);
    bar
}

fn styled(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
}

/// A number with its thousands apart.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown: Vec<String> = [0, 999, 1_000, 31_970, 1_234_567].map(number).to_vec();
        assert_eq!(shown, ["0", "999", "1,000", "31,970", "1,234,567"]);
    }

    #[test]
    fn json_says_the_same_and_shows_what_it_says() {
        let plain = "{\"position\":7,\"name\":\"O’Brien – Llŷn\"}\n";
        assert_eq!(shown_json(plain), plain);
        let hidden = "{\"name\":\"a\u{7f}\u{9b}2J\u{202e}b\u{1d173}\"}\n";
        let shown = shown_json(hidden);
        assert_eq!(shown, "{\"name\":\"a\\u007f\\u009b2J\\u202eb\\ud834\\udd73\"}\n");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(hidden));
    }
}
