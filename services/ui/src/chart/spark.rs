//! A line the size of a word.

use maud::{Markup, PreEscaped};

use super::canvas::Canvas;
use super::palette;
use super::scale::Linear;
use crate::Tone;

const WIDTH: i32 = 120;
const HEIGHT: i32 = 28;

/// A small line of counts for a table cell; its last value has a dot. `label` says what it shows, with its first and
/// last number. Nothing for fewer than two values.
#[must_use]
pub fn sparkline(values: &[u32], tone: Tone, label: &str) -> Markup {
    if values.len() < 2 {
        return PreEscaped(String::new());
    }
    let most = values.iter().copied().max().unwrap_or(1);
    let across = Linear::new((0, i64::try_from(values.len() - 1).unwrap_or(i64::MAX)), (4, WIDTH - 6));
    let down = Linear::new((0, i64::from(most)), (HEIGHT - 4, 5));
    let points: Vec<(i32, i32)> =
        (0i64..).zip(values).map(|(index, value)| (across.at(index), down.at(i64::from(*value)))).collect();
    let last = points.last().copied().unwrap_or((0, 0));
    let mut canvas = Canvas::new("spark", WIDTH, HEIGHT);
    canvas.path(vec![(4, HEIGHT - 4), (WIDTH - 6, HEIGHT - 4)], palette::GRID, 1);
    canvas.path(points, palette::line(tone), 2);
    canvas.circle(last, 3, plotters::style::Color::filled(&palette::line(tone)));
    PreEscaped(canvas.into_word_svg("ov-spark", label))
}
