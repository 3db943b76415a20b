//! The status of one thing over time, as a strip; several strips under each other share one axis.

use jiff::civil::Date;
use maud::Markup;

use super::canvas::{Anchor, Canvas, Type};
use super::days::{AXIS_HEIGHT, Days, Marker, on_paper};
use super::frame::{self, Caption, Headroom, Layout, Links, Swatch};
use super::{palette, text};
use crate::components::{Cell, Column, Row, Table, tag};
use crate::{Tone, fmt};

/// A stretch of days with one status. It lasts to the day before the next span begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: Date,
    /// The word for the status.
    pub label: String,
    /// How good or bad it is.
    pub tone: Tone,
}

impl Span {
    /// A span by its first day, word and tone.
    #[must_use]
    pub fn new(from: Date, label: impl Into<String>, tone: Tone) -> Self {
        Self { from, label: label.into(), tone }
    }
}

/// One strip: what it is of, and its spans in order of their days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripRow {
    /// What the strip is of, such as a requirement.
    pub label: String,
    /// Its spans, sorted by day.
    pub spans: Vec<Span>,
}

/// Strips over the days from [`TimelineStrip::from`] to [`TimelineStrip::to`].
#[derive(Debug, Clone)]
pub struct TimelineStrip {
    /// Title, description, downloads.
    pub caption: Caption,
    /// What a strip is, such as `Requirement`: the head of the table's first column.
    pub row_heading: String,
    /// The first day shown.
    pub from: Date,
    /// The last day shown.
    pub to: Date,
    /// The last day that has happened, if the strips go beyond it.
    pub known_to: Option<Date>,
    /// The strips.
    pub rows: Vec<StripRow>,
    /// Deadlines and other days that matter.
    pub markers: Vec<Marker>,
}

const STRIP: i32 = 26;
const LINE: i32 = 18;

impl TimelineStrip {
    /// The chart with its caption, downloads and table.
    #[must_use]
    pub fn figure(&self) -> Markup {
        frame::figure(&self.caption, &self.alternative(), &|i, l, h, k| self.draw(i, l, h, k), self.table())
    }

    /// The drawing as an SVG document of its own.
    #[must_use]
    pub fn svg_file(&self) -> String {
        frame::file(&self.caption, &self.alternative(), &|i, l, h, k| self.draw(i, l, h, k))
    }

    /// Every span with its first and last day.
    pub fn table(&self) -> Table {
        let table = Table::new(format!("{}-data", self.caption.id), self.caption.title.clone())
            .small()
            .column(Column::text(self.row_heading.clone()))
            .column(Column::text("From"))
            .column(Column::text("To"))
            .column(Column::text("Status"));
        table.rows(self.rows.iter().flat_map(|row| {
            row.spans.iter().enumerate().map(|(index, span)| {
                let to = row.spans.get(index + 1).map(|next| super::scale::plus(next.from, -1));
                let until = to.map_or_else(|| "No change foreseen".to_owned(), fmt::day);
                Row::new([
                    Cell::text(&row.label),
                    Cell::text(fmt::day(span.from)),
                    Cell::text(until),
                    Cell::from(tag(span.tone, &span.label)),
                ])
            })
        }))
    }

    fn alternative(&self) -> String {
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let spans: Vec<String> = row
                    .spans
                    .iter()
                    .map(|span| format!("{} from {}", span.label, fmt::day(span.from)))
                    .collect();
                format!("{}: {}.", row.label, spans.join(", "))
            })
            .collect();
        format!("Status over time. {} {}", rows.join(" "), self.days(Layout::Wide, 0, 1).in_words())
    }

    fn days(&self, layout: Layout, left: i32, right: i32) -> Days<'_> {
        let (from, to) = (self.from, self.to.max(self.from));
        Days { from, to, known_to: self.known_to, markers: &self.markers, layout, left, right }
    }

    /// Each status once, in the order met.
    fn key(&self) -> Vec<(&str, Tone)> {
        let mut key: Vec<(&str, Tone)> = Vec::new();
        for span in self.rows.iter().flat_map(|row| &row.spans) {
            if !key.contains(&(span.label.as_str(), span.tone)) {
                key.push((&span.label, span.tone));
            }
        }
        key
    }

    fn draw(&self, id: &str, layout: Layout, room: Headroom, links: Links) -> Canvas {
        let size = layout.type_size();
        let measure = |words: &str| i32::try_from(text::width(words, size)).unwrap_or(0);
        let (outer_left, right) = (layout.margin(), layout.width() - layout.margin() - 6);
        let label_room = match layout {
            Layout::Wide => self.rows.iter().map(|r| measure(&r.label)).max().unwrap_or(0).clamp(0, 260),
            Layout::Narrow => right - outer_left,
        };
        let left = if layout == Layout::Wide { outer_left + label_room + 20 } else { outer_left + 6 };
        let label_width = u32::try_from(label_room).unwrap_or(0);
        let labels: Vec<Vec<String>> =
            self.rows.iter().map(|r| text::wrap(&r.label, size, label_width, 2)).collect();
        let days = self.days(layout, left, right);
        let key = self.key();
        let names: Vec<&str> = key.iter().map(|(name, _)| *name).collect();
        let key_top = room.top + 12;
        let head_top = key_top + frame::key_height(&names, layout) + 8;
        let top = head_top + days.head_height();
        let bottom = top + labels.iter().map(|label| row_height(label, layout)).sum::<i32>() + 4;
        let height = bottom + AXIS_HEIGHT + room.bottom;
        let mut canvas = Canvas::new(id, layout.width(), height);
        if links == Links::Left {
            canvas.rect((0, 0, layout.width(), height), palette::PAPER);
        }
        frame::draw_key(&mut canvas, &key, layout, key_top, Swatch::Area);
        let tops = strip_tops(&labels, layout, top);
        for (row, strip_top) in self.rows.iter().zip(&tops) {
            draw_spans(&mut canvas, &days, row, *strip_top);
        }
        let bands: Vec<(i32, i32)> =
            tops.iter().map(|strip_top| (*strip_top, strip_top + STRIP + 1)).collect();
        days.draw_ahead(&mut canvas, &bands);
        days.draw_axis(&mut canvas, bottom);
        days.draw_markers(&mut canvas, head_top, bottom);
        // Words last, so that neither shading nor lines cover them.
        for ((row, label), strip_top) in self.rows.iter().zip(&labels).zip(tops) {
            draw_words(&mut canvas, &days, row, strip_top, size - 1);
            let label_top = match layout {
                Layout::Wide => strip_top + (STRIP - line_count(label) * LINE) / 2,
                Layout::Narrow => strip_top - line_count(label) * LINE - 2,
            };
            let mut label_y = label_top + LINE / 2;
            for line in label {
                on_paper(&mut canvas, line, (outer_left, label_y), Type::plain(size));
                label_y += LINE;
            }
        }
        canvas
    }
}

fn line_count(label: &[String]) -> i32 {
    i32::try_from(label.len()).unwrap_or(1)
}

fn row_height(label: &[String], layout: Layout) -> i32 {
    match layout {
        Layout::Wide => (line_count(label) * LINE + 8).max(STRIP + 12),
        Layout::Narrow => line_count(label) * LINE + STRIP + 14,
    }
}

/// The upper edge of each strip.
fn strip_tops(labels: &[Vec<String>], layout: Layout, top: i32) -> Vec<i32> {
    let mut y = top;
    labels
        .iter()
        .map(|label| {
            let height = row_height(label, layout);
            let strip = match layout {
                Layout::Wide => y + (height - STRIP) / 2,
                Layout::Narrow => y + 4 + line_count(label) * LINE + 2,
            };
            y += height;
            strip
        })
        .collect()
}

/// The spans of a row that are on the chart, as pixels.
fn pieces<'a>(days: &Days<'_>, row: &'a StripRow) -> Vec<(i32, i32, &'a Span)> {
    let mut pieces = Vec::with_capacity(row.spans.len());
    for (index, span) in row.spans.iter().enumerate() {
        let end = row.spans.get(index + 1).map_or(days.to, |next| next.from);
        if end < days.from || span.from > days.to {
            continue;
        }
        let (left, right) = (days.x(span.from.max(days.from)), days.x(end.min(days.to)));
        pieces.push((left, (right - 2).max(left + 1), span));
    }
    pieces
}

fn draw_spans(canvas: &mut Canvas, days: &Days<'_>, row: &StripRow, top: i32) {
    for (left, right, span) in pieces(days, row) {
        canvas.toned((left, top, right, top + STRIP), span.tone);
    }
}

fn draw_words(canvas: &mut Canvas, days: &Days<'_>, row: &StripRow, top: i32, size: u32) {
    for (left, right, span) in pieces(days, row) {
        let needed = i32::try_from(text::width(&span.label, size)).unwrap_or(0);
        if needed + 12 > right - left {
            continue;
        }
        let middle = left.midpoint(right);
        let patch = (middle - needed / 2 - 4, top + 4, middle + needed / 2 + 4, top + STRIP - 4);
        canvas.rect(patch, palette::fill(span.tone));
        let set = Type::plain(size).colour(palette::ink_on(span.tone)).anchor(Anchor::Middle);
        canvas.text(&span.label, (middle, top + STRIP / 2), set);
    }
}
