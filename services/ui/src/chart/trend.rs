//! Daily counts over time, to a deadline and beyond it.

use std::ops::Range;

use jiff::civil::Date;
use maud::Markup;

use super::canvas::{Anchor, Canvas, Type};
use super::days::{AXIS_HEIGHT, Days, Marker};
use super::frame::{self, Caption, Headroom, Layout, Links, Swatch};
use super::scale::{Linear, day_ticks, days, plus, ticks};
use super::{Series, palette, text};
use crate::components::{Cell, Column, Row, Table};
use crate::{Tone, fmt};

/// How the series of a trend are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrendShape {
    /// A line each.
    Lines,
    /// Areas on top of each other: for series that are the parts of one whole.
    Stacked,
}

/// One series with its count at the end of each day, from the trend's first day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendSeries {
    /// The word and tone.
    pub series: Series,
    /// One count a day.
    pub counts: Vec<u32>,
}

impl TrendSeries {
    /// A series by its word, tone and daily counts.
    #[must_use]
    pub fn new(name: impl Into<String>, tone: Tone, counts: impl Into<Vec<u32>>) -> Self {
        Self { series: Series::new(name, tone), counts: counts.into() }
    }
}

/// Daily counts. What lies after [`Trend::known_to`] is drawn apart and called “If nothing changes”.
#[derive(Debug, Clone)]
pub struct Trend {
    /// Title, description, downloads.
    pub caption: Caption,
    /// The day of the first count of every series.
    pub first: Date,
    /// The series; stacked ones from the bottom up.
    pub series: Vec<TrendSeries>,
    /// Lines or areas.
    pub shape: TrendShape,
    /// The last day that has happened, if the counts go beyond it.
    pub known_to: Option<Date>,
    /// Deadlines and other days that matter.
    pub markers: Vec<Marker>,
}

const PLOT_WIDE: i32 = 300;
const PLOT_NARROW: i32 = 220;
const LABEL_LINE: i32 = 19;

struct Plot<'a> {
    days: Days<'a>,
    top: i32,
    bottom: i32,
    down: Linear,
}

impl Trend {
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

    /// The numbers of the chart: the first and last day, and every day on which a count changed.
    pub fn table(&self) -> Table {
        let mut table = Table::new(
            format!("{}-data", self.caption.id),
            format!("{}. Days on which nothing changed are left out.", self.caption.title),
        )
        .small()
        .column(Column::text("End of"));
        for series in &self.series {
            table = table.column(Column::number(series.series.name.clone()));
        }
        let last = self.length().saturating_sub(1);
        let changed =
            |day: usize| self.series.iter().any(|s| day == 0 || self.count(s, day) != self.count(s, day - 1));
        table.rows((0..self.length()).filter(|day| *day == last || changed(*day)).map(|day| {
            let date = self.day(day);
            let ahead = self.known_to.is_some_and(|known| date > known);
            let name =
                if ahead { format!("{} (if nothing changes)", fmt::day(date)) } else { fmt::day(date) };
            let counts = self.series.iter().map(|series| Cell::count(u64::from(self.count(series, day))));
            Row::new(std::iter::once(Cell::text(name)).chain(counts))
        }))
    }

    /// How many days there are: as many as the longest series has.
    fn length(&self) -> usize {
        self.series.iter().map(|s| s.counts.len()).max().unwrap_or(0)
    }

    fn day(&self, index: usize) -> Date {
        plus(self.first, i32::try_from(index).unwrap_or(i32::MAX))
    }

    fn count(&self, series: &TrendSeries, day: usize) -> u32 {
        series.counts.get(day).copied().unwrap_or(0)
    }

    fn last_day(&self) -> Date {
        self.day(self.length().saturating_sub(1))
    }

    fn alternative(&self) -> String {
        let ends: Vec<String> = self
            .series
            .iter()
            .map(|s| {
                let (from, to) = (self.count(s, 0), self.count(s, self.length().saturating_sub(1)));
                let name = &s.series.name;
                format!(
                    "{name} from {} to {}",
                    fmt::thousands(u64::from(from)),
                    fmt::thousands(u64::from(to))
                )
            })
            .collect();
        let (first, last) = (fmt::day(self.first), fmt::day(self.last_day()));
        format!(
            "Daily counts from {first} to {last}: {}. {}",
            ends.join(", "),
            self.days(Layout::Wide, 0, 1).in_words()
        )
    }

    fn days(&self, layout: Layout, left: i32, right: i32) -> Days<'_> {
        Days {
            from: self.first,
            to: self.last_day(),
            known_to: self.known_to,
            markers: &self.markers,
            layout,
            left,
            right,
        }
    }

    /// The most any day counts, summed up where areas are stacked.
    fn most(&self) -> u32 {
        let day_total = |day: usize| -> u32 {
            let counts = self.series.iter().map(|s| self.count(s, day));
            match self.shape {
                TrendShape::Stacked => counts.fold(0u32, u32::saturating_add),
                TrendShape::Lines => counts.max().unwrap_or(0),
            }
        };
        (0..self.length()).map(day_total).max().unwrap_or(0)
    }

    /// The words at the end of a line: its name, with its last count.
    fn end_words(&self, series: &TrendSeries) -> String {
        let last = self.count(series, self.length().saturating_sub(1));
        format!("{} {}", series.series.name, fmt::thousands(u64::from(last)))
    }

    fn draw(&self, id: &str, layout: Layout, room: Headroom, links: Links) -> Canvas {
        let size = layout.type_size();
        let marks = ticks(self.most(), 4);
        let end = marks.last().copied().unwrap_or(1);
        let measure = |words: &str| i32::try_from(text::width(words, size)).unwrap_or(0);
        let left = layout.margin() + measure(&fmt::thousands(u64::from(end))) + 8;
        let right_room = match layout {
            Layout::Wide => {
                self.series.iter().map(|s| measure(&self.end_words(s))).max().unwrap_or(0).clamp(0, 220) + 14
            }
            Layout::Narrow => 6,
        };
        let right = layout.width() - layout.margin() - right_room;
        let days = self.days(layout, left, right);
        let names: Vec<&str> = self.series.iter().map(|s| s.series.name.as_str()).collect();
        let key_top = room.top + 12;
        let head_top = key_top + frame::key_height(&names, layout) + 8;
        let top = head_top + days.head_height();
        let bottom = top + if layout == Layout::Wide { PLOT_WIDE } else { PLOT_NARROW };
        let height = bottom + AXIS_HEIGHT + room.bottom;
        let mut canvas = Canvas::new(id, layout.width(), height);
        if links == Links::Left {
            canvas.rect((0, 0, layout.width(), height), palette::PAPER);
        }
        let swatch = if self.shape == TrendShape::Stacked { Swatch::Area } else { Swatch::Line };
        let entries: Vec<(&str, Tone)> =
            self.series.iter().map(|s| (s.series.name.as_str(), s.series.tone)).collect();
        frame::draw_key(&mut canvas, &entries, layout, key_top, swatch);
        let down = Linear::new((0, i64::from(end)), (bottom, top));
        for mark in &marks {
            let y = down.at(i64::from(*mark));
            canvas.path(vec![(left, y), (right, y)], palette::GRID, 1);
            let label = fmt::thousands(u64::from(*mark));
            canvas.text(&label, (left - 8, y), Type::plain(size - 1).muted().anchor(Anchor::End));
        }
        let plot = Plot { days, top, bottom, down };
        match self.shape {
            TrendShape::Stacked => self.draw_areas(&mut canvas, &plot),
            TrendShape::Lines => self.draw_lines(&mut canvas, &plot),
        }
        plot.days.draw_axis(&mut canvas, bottom);
        plot.days.draw_markers(&mut canvas, head_top, bottom);
        if layout == Layout::Wide {
            self.draw_ends(&mut canvas, &plot);
        }
        canvas
    }

    /// The corners of a line of daily values: days between two alike are left out.
    fn corners(&self, plot: &Plot<'_>, value: impl Fn(usize) -> u64, days: Range<usize>) -> Vec<(i32, i32)> {
        let keep = |day: usize| {
            day == days.start
                || day + 1 >= days.end
                || value(day) != value(day - 1)
                || value(day) != value(day + 1)
        };
        let kept: Vec<usize> = days.clone().filter(|day| keep(*day)).collect();
        kept.into_iter()
            .map(|day| {
                (plot.days.x(self.day(day)), plot.down.at(i64::try_from(value(day)).unwrap_or(i64::MAX)))
            })
            .collect()
    }

    /// The stretches of days in which a series counts anything, each with a day more at both ends.
    fn runs(&self, series: &TrendSeries, days: Range<usize>) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for day in days.clone().filter(|day| self.count(series, *day) > 0) {
            let (from, to) = (day.saturating_sub(1).max(days.start), (day + 2).min(days.end));
            match runs.last_mut() {
                Some(run) if run.end >= from => run.end = to,
                _ => runs.push(from..to),
            }
        }
        runs
    }

    /// The index of the last known day, where the counts go beyond it.
    fn turn(&self) -> Option<usize> {
        let known = self.known_to.filter(|day| *day < self.last_day())?;
        Some(usize::try_from(days(self.first, known)).unwrap_or(0))
    }

    fn draw_areas(&self, canvas: &mut Canvas, plot: &Plot<'_>) {
        let length = self.length();
        let below = |series: usize, day: usize| -> u64 {
            self.series.iter().take(series).map(|s| u64::from(self.count(s, day))).sum()
        };
        for (index, series) in self.series.iter().enumerate() {
            if series.counts.iter().all(|count| *count == 0) {
                continue;
            }
            let mut outline = self.corners(plot, |day| below(index + 1, day), 0..length);
            let mut floor = self.corners(plot, |day| below(index, day), 0..length);
            floor.reverse();
            outline.extend(floor);
            canvas.toned_polygon(outline, series.series.tone);
        }
        plot.days.draw_ahead(canvas, &[(plot.top, plot.bottom)]);
        let turn = self.turn();
        for (index, series) in self.series.iter().enumerate() {
            let colour = palette::edge(series.series.tone);
            let top = |day: usize| below(index + 1, day);
            // A white line under the edge keeps neighbours apart.
            for run in self.runs(series, 0..turn.map_or(length, |turn| turn + 1)) {
                let known = self.corners(plot, top, run);
                canvas.path(known.clone(), palette::PAPER, 3);
                canvas.path(known, colour, 1);
            }
            for run in turn.map_or_else(Vec::new, |turn| self.runs(series, turn..length)) {
                let ahead = self.corners(plot, top, run);
                canvas.path(ahead.clone(), palette::PAPER, 3);
                canvas.group(r#"stroke-dasharray="6 4""#, |canvas| canvas.path(ahead, colour, 2));
            }
        }
    }

    fn draw_lines(&self, canvas: &mut Canvas, plot: &Plot<'_>) {
        plot.days.draw_ahead(canvas, &[(plot.top, plot.bottom)]);
        let length = self.length();
        let turn = self.turn();
        let room = 90;
        let steps = (plot.days.right - plot.days.left) / room;
        let marks: Vec<usize> = day_ticks(plot.days.from, plot.days.to, steps)
            .into_iter()
            .filter_map(|tick| usize::try_from(days(self.first, tick.day)).ok())
            .filter(|day| *day < length)
            .collect();
        for series in &self.series {
            let colour = palette::line(series.series.tone);
            let value = |day: usize| u64::from(self.count(series, day));
            canvas.path(self.corners(plot, value, 0..turn.map_or(length, |turn| turn + 1)), colour, 3);
            if let Some(turn) = turn {
                let ahead = self.corners(plot, value, turn..length);
                canvas.group(r#"stroke-dasharray="8 6""#, |canvas| canvas.path(ahead, colour, 3));
            }
            for day in marks.iter().filter(|day| value(**day) > 0) {
                let y = plot.down.at(i64::try_from(value(*day)).unwrap_or(i64::MAX));
                frame::symbol(canvas, (plot.days.x(self.day(*day)), y), series.series.tone);
            }
        }
    }

    /// Names each series at its right end, moved apart where two would touch.
    fn draw_ends(&self, canvas: &mut Canvas, plot: &Plot<'_>) {
        let last = self.length().saturating_sub(1);
        let mut below = 0u64;
        let mut ends: Vec<(i32, String, Tone)> = Vec::new();
        for series in &self.series {
            let value = u64::from(self.count(series, last));
            let level = match self.shape {
                TrendShape::Lines => value,
                TrendShape::Stacked => below + value / 2,
            };
            below += value;
            if self.shape == TrendShape::Stacked && value == 0 {
                continue;
            }
            let y = plot.down.at(i64::try_from(level).unwrap_or(i64::MAX));
            ends.push((y, self.end_words(series), series.series.tone));
        }
        ends.sort_by_key(|(y, _, _)| *y);
        let count = i32::try_from(ends.len()).unwrap_or(0);
        let mut floor = plot.top + 4;
        for (y, _, _) in &mut ends {
            *y = (*y).max(floor);
            floor = *y + LABEL_LINE;
        }
        // Pushed past the lower end? Then back up from there.
        let mut ceiling = (plot.bottom - 4).max(plot.top + 4 + (count - 1) * LABEL_LINE);
        for (y, _, _) in ends.iter_mut().rev() {
            *y = (*y).min(ceiling);
            ceiling = *y - LABEL_LINE;
        }
        let size = plot.days.layout.type_size();
        let room = u32::try_from(plot.days.layout.width() - plot.days.right - 16).unwrap_or(0);
        for (y, words, tone) in ends {
            let words = text::wrap(&words, size, room, 1).into_iter().next().unwrap_or_default();
            canvas.text(
                &words,
                (plot.days.right + 10, y),
                Type::plain(size).bold().colour(palette::line(tone)),
            );
        }
    }
}
