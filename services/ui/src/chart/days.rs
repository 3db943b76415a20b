//! What charts over days share: the axis, the days that matter, and the part that lies ahead.

use jiff::civil::Date;

use super::canvas::{Anchor, Canvas, Type};
use super::frame::Layout;
use super::scale::{Linear, day_ticks, days};
use super::{palette, text};
use crate::fmt;

/// A day that matters, such as a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The day.
    pub day: Date,
    /// What it is, in a few words; the day itself is written beside it.
    pub label: String,
}

impl Marker {
    /// A day by what it is.
    #[must_use]
    pub fn new(day: Date, label: impl Into<String>) -> Self {
        Self { day, label: label.into() }
    }

    fn words(&self) -> String {
        format!("{}, {}", self.label, fmt::short_day(self.day))
    }
}

const LANE: i32 = 20;
const AHEAD_WORDS: &str = "If nothing changes";

/// The days of a chart on their way to pixels.
pub(super) struct Days<'a> {
    pub(super) from: Date,
    pub(super) to: Date,
    /// The last day of which the figures are known; what follows is a look ahead.
    pub(super) known_to: Option<Date>,
    pub(super) markers: &'a [Marker],
    pub(super) layout: Layout,
    pub(super) left: i32,
    pub(super) right: i32,
}

struct Placed {
    x: i32,
    lane: i32,
    text_x: i32,
    anchor: Anchor,
    words: String,
}

impl Days<'_> {
    pub(super) fn x(&self, day: Date) -> i32 {
        self.scale().at(i64::from(days(self.from, day)))
    }

    fn scale(&self) -> Linear {
        Linear::new((0, i64::from(days(self.from, self.to))), (self.left, self.right))
    }

    /// The pixel at which the look ahead begins, if any of it is on the chart.
    pub(super) fn ahead_from(&self) -> Option<i32> {
        self.known_to.filter(|day| *day < self.to).map(|day| self.x(day.max(self.from)))
    }

    /// How high the words over the plot are.
    pub(super) fn head_height(&self) -> i32 {
        let lanes = self.placed().iter().map(|m| m.lane + 1).max().unwrap_or(0);
        lanes * LANE + if self.ahead_from().is_some() { LANE } else { 0 } + 4
    }

    /// Puts each marker's words into the first lane in which they touch no others.
    fn placed(&self) -> Vec<Placed> {
        let size = self.layout.type_size() - 1;
        let mut markers: Vec<&Marker> =
            self.markers.iter().filter(|m| m.day >= self.from && m.day <= self.to).collect();
        markers.sort_by_key(|marker| marker.day);
        let edge = self.layout.width() - 4;
        let mut ends: Vec<i32> = Vec::new();
        let mut placed = Vec::with_capacity(markers.len());
        for marker in markers {
            let x = self.x(marker.day);
            let room = u32::try_from(edge - self.layout.margin()).unwrap_or(0);
            let words = text::wrap(&marker.words(), size, room, 1).into_iter().next().unwrap_or_default();
            let width = i32::try_from(text::width(&words, size)).unwrap_or(0);
            let (start, anchor) = if x + 5 + width <= edge {
                (x + 5, Anchor::Start)
            } else if x - 5 - width >= 4 {
                (x - 5 - width, Anchor::End)
            } else {
                (edge - width, Anchor::Middle)
            };
            let lane = ends.iter().position(|end| start > *end + 8).unwrap_or(ends.len());
            if lane == ends.len() {
                ends.push(start + width);
            } else {
                ends[lane] = start + width;
            }
            let text_x = match anchor {
                Anchor::Start => start,
                Anchor::End => start + width,
                Anchor::Middle => start + width / 2,
            };
            placed.push(Placed { x, lane: i32::try_from(lane).unwrap_or(0), text_x, anchor, words });
        }
        placed
    }

    /// Draws the lines and words of the markers: words from `top` down, lines to `bottom`, the plot's lower edge.
    pub(super) fn draw_markers(&self, canvas: &mut Canvas, top: i32, bottom: i32) {
        let size = self.layout.type_size() - 1;
        let placed = self.placed();
        let middle = |marker: &Placed| top + marker.lane * LANE + LANE / 2;
        for marker in &placed {
            canvas.path(vec![(marker.x, middle(marker) - 8), (marker.x, bottom)], palette::INK, 2);
        }
        for marker in &placed {
            let set = Type::plain(size).bold().anchor(marker.anchor);
            on_paper(canvas, &marker.words, (marker.text_x, middle(marker)), set);
        }
        if let Some(x) = self.ahead_from() {
            let words = format!("{AHEAD_WORDS} →");
            let width = i32::try_from(text::width(&words, size)).unwrap_or(0);
            let edge = self.layout.width() - 4;
            let (x, anchor) =
                if x + 6 + width <= edge { (x + 6, Anchor::Start) } else { (edge, Anchor::End) };
            on_paper(
                canvas,
                &words,
                (x, top + self.head_height() - LANE / 2 - 2),
                Type::plain(size).anchor(anchor),
            );
        }
    }

    /// Shades what lies ahead within each band (its upper and lower edge); [`Days::draw_markers`] says what it is, in
    /// the lane just over the plot.
    pub(super) fn draw_ahead(&self, canvas: &mut Canvas, bands: &[(i32, i32)]) {
        let Some(x) = self.ahead_from() else { return };
        for (top, bottom) in bands {
            canvas.ahead((x, *top, self.right, *bottom));
        }
        let (Some((plot_top, _)), Some((_, plot_bottom))) = (bands.first(), bands.last()) else { return };
        canvas.group(r#"stroke-dasharray="5 4""#, |canvas| {
            canvas.path(vec![(x, plot_top - LANE + 4), (x, *plot_bottom)], palette::MUTED, 2);
        });
    }

    /// Draws the axis under the plot; it takes [`AXIS_HEIGHT`] pixels.
    pub(super) fn draw_axis(&self, canvas: &mut Canvas, bottom: i32) {
        let size = self.layout.type_size() - 1;
        let room = if self.layout == Layout::Wide { 48 } else { 44 };
        canvas.path(vec![(self.left, bottom), (self.right, bottom)], palette::MUTED, 1);
        for tick in day_ticks(self.from, self.to, (self.right - self.left) / room) {
            let x = self.x(tick.day);
            canvas.path(vec![(x, bottom), (x, bottom + 5)], palette::MUTED, 1);
            let set = Type::plain(size).muted().anchor(Anchor::Middle);
            canvas.text(&tick.label, (x, bottom + 15), set);
            if let Some(year) = tick.year {
                canvas.text(&year, (x, bottom + 32), set.bold());
            }
        }
    }

    /// The markers and the look ahead in words.
    pub(super) fn in_words(&self) -> String {
        let mut words: Vec<String> = self
            .markers
            .iter()
            .filter(|m| m.day >= self.from && m.day <= self.to)
            .map(|m| format!("{}: {}.", m.label, fmt::day(m.day)))
            .collect();
        if let Some(day) = self.known_to.filter(|day| *day < self.to) {
            words.push(format!(
                "After {} the chart looks ahead: what will hold if nothing changes.",
                fmt::day(day)
            ));
        }
        words.join(" ")
    }
}

/// The room an axis of days needs under the plot.
pub(super) const AXIS_HEIGHT: i32 = 44;

/// Words on a patch of paper, so that no line runs through them.
pub(super) fn on_paper(canvas: &mut Canvas, words: &str, (x, y): (i32, i32), set: Type) {
    let width = i32::try_from(text::width(words, set.size)).unwrap_or(0);
    let left = match set.anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2,
        Anchor::End => x - width,
    };
    canvas.rect((left - 2, y - LANE / 2 + 1, left + width + 2, y + LANE / 2 - 1), palette::PAPER);
    canvas.text(words, (x, y), set);
}
