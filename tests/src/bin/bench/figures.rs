//! Medians, times, and the table they end up in.

use std::{fmt::Write as _, time::Duration};

use hdrhistogram::Histogram;

/// The middle of several measurements.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// The middle of the ratios of two series, round by round: what else the machine does meanwhile
/// hits both of a pair.
pub fn paired(ours: &[f64], theirs: &[f64]) -> f64 {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    median(&ratios)
}

/// How long things took.
#[derive(Debug, Clone)]
pub struct Times(Histogram<u64>);

impl Times {
    /// None yet.
    pub fn new() -> Self {
        /// One minute, in nanoseconds.
        const LONGEST_NS: u64 = 60_000_000_000;
        Self(Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("a histogram"))
    }

    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds others.
    pub fn join(&mut self, other: &Self) {
        self.0.add(&other.0).expect("histograms of one sort");
    }

    /// So many of a hundred were no longer than this, in milliseconds.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        self.0.value_at_percentile(percent) as f64 / 1e6
    }

    /// `p50 1.2 ms, p99 3.4 ms`.
    pub fn told(&self) -> String {
        format!("p50 {:.2} ms, p99 {:.2} ms", self.percentile_ms(50.0), self.percentile_ms(99.0))
    }
}

/// A number as people read it: 1,234,567.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// Only stated.
    Stated,
}

impl Target {
    fn told(self) -> String {
        match self {
            Target::AtLeast(value) => format!("≥ {value}"),
            Target::AtMost(value) => format!("≤ {value}"),
            Target::Stated => String::new(),
        }
    }

    fn missed_by(self, value: f64) -> bool {
        match self {
            Target::AtLeast(least) => value < least,
            Target::AtMost(most) => value > most,
            Target::Stated => false,
        }
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Figures {
    rows: Vec<String>,
    remarks: Vec<String>,
    /// How many targets were missed.
    pub missed: usize,
}

impl Figures {
    /// A ratio of two measurements of this run: it hardly depends on the machine.
    pub fn ratio(&mut self, what: &str, ratio: f64, target: Target, remark: &str) {
        let missed = target.missed_by(ratio);
        self.missed += usize::from(missed);
        let flag = if missed { " (missed)" } else { "" };
        println!("{what}: {ratio:.2} {}{flag}; {remark}", target.told());
        self.rows.push(format!("| {what} | {ratio:.2}{flag} | {} | {remark} |", target.told()));
    }

    /// A speed with a floor, which does depend on the machine.
    pub fn speed(&mut self, what: &str, value: f64, target: Target, remark: &str) {
        let missed = target.missed_by(value);
        self.missed += usize::from(missed);
        let flag = if missed { " (missed)" } else { "" };
        let wanted = match target {
            Target::AtLeast(least) => format!("≥ {}", grouped(least)),
            _ => target.told(),
        };
        println!("{what}: {} {wanted}{flag}; {remark}", grouped(value));
        self.rows.push(format!("| {what} | {}{flag} | {wanted} | {remark} |", grouped(value)));
    }

    /// Anything else worth knowing.
    pub fn remark(&mut self, text: String) {
        println!("{text}");
        self.remarks.push(text);
    }

    /// The figures as they stand in the README.
    pub fn markdown(&self) -> String {
        let mut text =
            "| what, beside what | measured | wanted | in numbers |\n| --- | --- | --- | --- |\n".to_owned();
        for row in &self.rows {
            let _ = writeln!(text, "{row}");
        }
        text.push('\n');
        for remark in &self.remarks {
            let _ = writeln!(text, "- {remark}");
        }
        text
    }
}
