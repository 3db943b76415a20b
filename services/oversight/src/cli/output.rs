//! What a command prints: results on standard output, progress on standard error.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;

/// Prints to standard output. A reader that has gone away (`| head`) ends the command in peace.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::OutputClosed),
        Err(error) => Err(Failure::said(format!("cannot write to standard output: {error}"))),
    }
}

/// Prints a line.
pub fn say(line: impl AsRef<str>) -> Result<(), Failure> {
    print(format!("{}\n", line.as_ref()).as_bytes())
}

/// Tells a person something beside the result, on standard error.
pub fn note(line: &str) {
    // No one to tell is no failure.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A text on one line, without what a terminal would obey.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
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
}
