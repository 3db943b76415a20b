//! Stacked bars, one row to each part of a whole: how the children of an area compare.

use maud::Markup;
use plotters::style::RGBColor;

use super::canvas::{Anchor, Canvas, Type};
use super::frame::{self, Caption, Headroom, Layout, Links, Swatch};
use super::scale::{Linear, ticks};
use super::{Series, palette, text};
use crate::components::{Cell, Column, Row, Table};
use crate::{Tone, fmt};

/// What the length of a bar means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarScale {
    /// Every bar is as long: its parts are shares of its own whole.
    Share,
    /// The longer the bar the more it counts.
    Count,
}

/// One row: a name, where it leads, and a count for each series in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarRow {
    /// Whose counts these are.
    pub label: String,
    /// The page of it.
    pub href: Option<String>,
    /// One count for each series; missing ones are taken as 0.
    pub values: Vec<u32>,
}

impl BarRow {
    /// A row that leads somewhere.
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>, values: impl Into<Vec<u32>>) -> Self {
        Self { label: label.into(), href: Some(href.into()), values: values.into() }
    }

    fn whole(&self) -> u64 {
        self.values.iter().map(|value| u64::from(*value)).sum()
    }
}

/// Horizontal stacked bars, in the order given. Beside each bar stands the share of the first series with its
/// denominator, such as `86.6% of 7,168`; of a single series that is counted, the count. Made for up to some 50 rows; the drawing grows with them.
#[derive(Debug, Clone)]
pub struct StackedBars {
    /// Title, description, downloads.
    pub caption: Caption,
    /// What a row is, such as `CCG`: the head of the table's first column.
    pub row_heading: String,
    /// What the colours stand for, from the left; the first is the one whose share is printed.
    pub series: Vec<Series>,
    /// The rows.
    pub rows: Vec<BarRow>,
    /// What the length of a bar means.
    pub scale: BarScale,
}

const BAR: i32 = 22;
const LINE: i32 = 18;

struct Geometry {
    label_room: i32,
    bar_left: i32,
    bar_right: i32,
}

impl StackedBars {
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

    /// The numbers of the chart.
    pub fn table(&self) -> Table {
        let mut table = Table::new(format!("{}-data", self.caption.id), self.caption.title.clone())
            .small()
            .column(Column::text(self.row_heading.clone()));
        for series in &self.series {
            table = table.column(Column::number(series.name.clone()));
        }
        if let Some(first) = self.series.first().filter(|_| self.tells_parts()) {
            table = table.column(Column::number("All"));
            table = table.column(Column::number(format!("{}, share", first.name)));
        }
        table.rows(self.rows.iter().map(|row| {
            let name = match &row.href {
                Some(href) => Cell::link(href, &row.label),
                None => Cell::text(&row.label),
            };
            let counts = (0..self.series.len()).map(|i| Cell::count(u64::from(self.value(row, i))));
            let share = fmt::percent(u64::from(self.value(row, 0)), self.whole(row));
            let parts = self.tells_parts().then(|| [Cell::count(self.whole(row)), Cell::text(share)]);
            Row::new(std::iter::once(name).chain(counts).chain(parts.into_iter().flatten()))
        }))
    }

    /// Whether a bar is of parts: of one series alone every share would be all of it.
    fn tells_parts(&self) -> bool {
        self.series.len() > 1 || self.scale == BarScale::Share
    }

    fn value(&self, row: &BarRow, series: usize) -> u32 {
        row.values.get(series).copied().unwrap_or(0)
    }

    /// Only what the series name is counted, so that a stray value cannot make the parts miss the whole.
    fn whole(&self, row: &BarRow) -> u64 {
        let named = BarRow {
            label: String::new(),
            href: None,
            values: row.values.iter().take(self.series.len()).copied().collect(),
        };
        named.whole()
    }

    fn in_words(&self, row: &BarRow) -> String {
        let parts: Vec<String> = self
            .series
            .iter()
            .enumerate()
            .filter(|(index, _)| *index == 0 || self.value(row, *index) > 0)
            .map(|(index, series)| {
                format!("{} {}", fmt::thousands(u64::from(self.value(row, index))), series.name)
            })
            .collect();
        format!("{}: {}, of {}", row.label, parts.join(", "), fmt::thousands(self.whole(row)))
    }

    fn alternative(&self) -> String {
        const SPOKEN_ROWS: usize = 12;
        let rows: Vec<String> = self.rows.iter().take(SPOKEN_ROWS).map(|row| self.in_words(row)).collect();
        let rest = self.rows.len().saturating_sub(SPOKEN_ROWS);
        let more = if rest > 0 {
            format!(" {rest} more rows are in the table under the chart.")
        } else {
            String::new()
        };
        format!("Stacked bars. {}.{more}", rows.join(". "))
    }

    fn headline(&self, row: &BarRow) -> String {
        match self.whole(row) {
            0 => "none".to_owned(),
            whole if !self.tells_parts() => fmt::thousands(whole),
            whole => {
                format!("{} of {}", fmt::percent(u64::from(self.value(row, 0)), whole), fmt::thousands(whole))
            }
        }
    }

    fn geometry(&self, layout: Layout) -> Geometry {
        let (left, right) = (layout.margin(), layout.width() - layout.margin());
        match layout {
            Layout::Narrow => Geometry { label_room: right - left, bar_left: left, bar_right: right },
            Layout::Wide => {
                let size = layout.type_size();
                let measure = |text: &str| i32::try_from(text::width(text, size)).unwrap_or(0);
                let label = self.rows.iter().map(|r| measure(&r.label)).max().unwrap_or(0).clamp(90, 270);
                let value =
                    self.rows.iter().map(|r| measure(&self.headline(r))).max().unwrap_or(0).clamp(60, 170);
                Geometry { label_room: label, bar_left: left + label + 16, bar_right: right - value - 16 }
            }
        }
    }

    fn draw(&self, id: &str, layout: Layout, room: Headroom, links: Links) -> Canvas {
        let size = layout.type_size();
        let place = self.geometry(layout);
        let label_room = u32::try_from(place.label_room).unwrap_or(0);
        let labels: Vec<Vec<String>> =
            self.rows.iter().map(|r| text::wrap(&r.label, size, label_room, 3)).collect();
        let lines = |label: &Vec<String>| i32::try_from(label.len()).unwrap_or(1);
        let heights: Vec<i32> = labels
            .iter()
            .map(|label| match layout {
                Layout::Wide => (lines(label) * LINE + 8).max(BAR + 12),
                Layout::Narrow => lines(label) * LINE + BAR + LINE + 14,
            })
            .collect();
        let names: Vec<&str> = self.series.iter().map(|s| s.name.as_str()).collect();
        let key = frame::key_height(&names, layout);
        let top = room.top + 12 + key + 8;
        let bottom = top + heights.iter().sum::<i32>();
        let axis = 28;
        let mut canvas = Canvas::new(id, layout.width(), bottom + axis + room.bottom);
        if links == Links::Left {
            canvas.rect((0, 0, layout.width(), bottom + axis + room.bottom), palette::PAPER);
        }
        let entries: Vec<(&str, Tone)> = self.series.iter().map(|s| (s.name.as_str(), s.tone)).collect();
        frame::draw_key(&mut canvas, &entries, layout, room.top + 12, Swatch::Area);
        let largest = self.rows.iter().map(|r| self.whole(r)).max().unwrap_or(0);
        let largest = u32::try_from(largest).unwrap_or(u32::MAX);
        let marks = if self.scale == BarScale::Count { ticks(largest, 4) } else { vec![0, 25, 50, 75, 100] };
        let end = marks.last().copied().unwrap_or(1);
        let scale = Linear::new((0, i64::from(end)), (place.bar_left, place.bar_right));
        for mark in &marks {
            let x = scale.at(i64::from(*mark));
            canvas.path(vec![(x, top), (x, bottom + 4)], palette::GRID, 1);
            let label = match self.scale {
                BarScale::Share => format!("{mark}%"),
                BarScale::Count => fmt::thousands(u64::from(*mark)),
            };
            let anchor = match (layout, mark) {
                (Layout::Narrow, 0) => Anchor::Start,
                (Layout::Narrow, m) if *m == end => Anchor::End,
                _ => Anchor::Middle,
            };
            canvas.text(&label, (x, bottom + 15), Type::plain(size - 1).muted().anchor(anchor));
        }
        let mut y = top;
        for ((row, label), height) in self.rows.iter().zip(&labels).zip(heights) {
            let at = (y, height);
            match (&row.href, links) {
                (Some(href), Links::Kept) => {
                    let hit = (4, y, layout.width() - 4, y + height);
                    canvas.link(href, &self.in_words(row), hit, |canvas| {
                        draw_label(canvas, layout, label, at, palette::LINK);
                    });
                    // The bar lies over the link's area and must not keep the pointer from it; its numbers have
                    // been said by the link.
                    canvas.group(r#"pointer-events="none" aria-hidden="true""#, |canvas| {
                        self.draw_bar_and_share(canvas, layout, &place, end, row, bar_top(layout, label, at));
                    });
                }
                _ => {
                    draw_label(&mut canvas, layout, label, at, palette::INK);
                    self.draw_bar_and_share(
                        &mut canvas,
                        layout,
                        &place,
                        end,
                        row,
                        bar_top(layout, label, at),
                    );
                }
            }
            y += height;
        }
        canvas
    }

    fn draw_bar_and_share(
        &self,
        canvas: &mut Canvas,
        layout: Layout,
        place: &Geometry,
        end: u32,
        row: &BarRow,
        top: i32,
    ) {
        let size = layout.type_size();
        self.draw_bar(canvas, layout, place, end, row, top);
        let headline = self.headline(row);
        match layout {
            Layout::Wide => {
                let x = layout.width() - layout.margin();
                canvas.text(&headline, (x, top + BAR / 2), Type::plain(size).anchor(Anchor::End));
            }
            Layout::Narrow => {
                let first = self.series.first().map_or("", |s| s.name.as_str());
                let words = format!("{first}: {headline}");
                canvas.text(
                    &words,
                    (layout.margin(), top + BAR + LINE / 2 + 1),
                    Type::plain(size - 1).muted(),
                );
            }
        }
    }

    fn draw_bar(
        &self,
        canvas: &mut Canvas,
        layout: Layout,
        place: &Geometry,
        end: u32,
        row: &BarRow,
        top: i32,
    ) {
        let whole = self.whole(row);
        let right = match self.scale {
            BarScale::Share => place.bar_right,
            BarScale::Count => {
                let whole = i64::try_from(whole).unwrap_or(i64::MAX);
                Linear::new((0, i64::from(end)), (place.bar_left, place.bar_right)).at(whole)
            }
        };
        if whole == 0 {
            canvas.group(r#"stroke-dasharray="4 4""#, |canvas| {
                canvas.path(
                    vec![(place.bar_left, top + BAR / 2), (place.bar_right, top + BAR / 2)],
                    palette::MUTED,
                    1,
                );
            });
            return;
        }
        let scale = Linear::new((0, i64::try_from(whole).unwrap_or(i64::MAX)), (place.bar_left, right));
        let mut before: i64 = 0;
        for (index, series) in self.series.iter().enumerate() {
            let value = self.value(row, index);
            if value == 0 {
                continue;
            }
            let left = scale.at(before);
            before += i64::from(value);
            // The gap that sets segments apart is paper; the smallest count still shows as a line.
            let segment_right = (scale.at(before) - 3).max(left + 1);
            canvas.toned((left, top, segment_right, top + BAR), series.tone);
            let words = fmt::thousands(u64::from(value));
            let needed = i32::try_from(text::width(&words, layout.type_size() - 1)).unwrap_or(0);
            if needed + 10 <= segment_right - left {
                let middle = left.midpoint(segment_right);
                let patch = (middle - needed / 2 - 3, top + 3, middle + needed / 2 + 3, top + BAR - 3);
                canvas.rect(patch, palette::fill(series.tone));
                let set = Type::plain(layout.type_size() - 1).colour(palette::ink_on(series.tone));
                canvas.text(&words, (middle, top + BAR / 2), set.anchor(Anchor::Middle));
            }
        }
    }
}

/// The upper edge of a row's bar.
fn bar_top(layout: Layout, label: &[String], (y, height): (i32, i32)) -> i32 {
    match layout {
        Layout::Wide => y + (height - BAR) / 2,
        Layout::Narrow => y + 5 + i32::try_from(label.len()).unwrap_or(1) * LINE,
    }
}

fn draw_label(
    canvas: &mut Canvas,
    layout: Layout,
    label: &[String],
    (y, height): (i32, i32),
    colour: RGBColor,
) {
    let count = i32::try_from(label.len()).unwrap_or(1);
    let top = match layout {
        Layout::Wide => y + (height - count * LINE) / 2,
        Layout::Narrow => y + 4,
    };
    canvas.group(r#"class="ov-label""#, |canvas| {
        let mut line_y = top + LINE / 2;
        for line in label {
            canvas.text(line, (layout.margin(), line_y), Type::plain(layout.type_size()).colour(colour));
            line_y += LINE;
        }
    });
}
