//! What stands around every chart.

use maud::{Markup, PreEscaped, html};

use super::canvas::{Canvas, Type};
use super::{palette, text};
use crate::Tone;
use crate::components::{Download, Table, details, downloads};

/// What every chart is told beside its numbers.
#[derive(Debug, Clone, Default)]
pub struct Caption {
    /// Unique on the page; letters, digits and hyphens.
    pub id: String,
    /// What the chart shows, in one line.
    pub title: String,
    /// What it says, in a sentence with a number and a name. May be empty.
    pub description: String,
    /// Files of the chart and of its numbers.
    pub downloads: Vec<Download>,
    /// Printed under a downloaded drawing, such as the source and the position read up to. May be empty.
    pub source: String,
}

impl Caption {
    /// A caption with a description and nothing else.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>, description: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), description: description.into(), ..Self::default() }
    }

    /// One more file under the chart.
    #[must_use]
    pub fn download(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.downloads.push(Download::new(label, href));
        self
    }

    /// What is printed under a downloaded drawing.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }
}

/// The two sizes a chart is drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Wide,
    Narrow,
}

impl Layout {
    /// The drawing's width in its own pixels.
    pub(super) fn width(self) -> i32 {
        match self {
            Layout::Wide => 960,
            Layout::Narrow => 360,
        }
    }

    /// The room left at each side.
    pub(super) fn margin(self) -> i32 {
        match self {
            Layout::Wide => 20,
            Layout::Narrow => 12,
        }
    }

    /// The type size of labels.
    pub(super) fn type_size(self) -> u32 {
        match self {
            Layout::Wide => 15,
            Layout::Narrow => 14,
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Layout::Wide => "wide",
            Layout::Narrow => "narrow",
        }
    }
}

/// Room over and under a chart that stands alone, for its title and source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Headroom {
    pub(super) top: i32,
    pub(super) bottom: i32,
}

const TITLE_SIZE: u32 = 20;
const SOURCE_SIZE: u32 = 13;
const LINE: i32 = 20;

/// Signature of what draws a chart: into a canvas of the id, in a layout, leaving the headroom free.
pub(super) type Draw<'a> = dyn Fn(&str, Layout, Headroom, Links) -> Canvas + 'a;

/// Whether rows of a drawing lead somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    Kept,
    Left,
}

/// The figure around a chart.
pub(super) fn figure(caption: &Caption, alternative: &str, draw: &Draw<'_>, data: Table) -> Markup {
    let none = Headroom { top: 0, bottom: 0 };
    let drawing = |layout: Layout| {
        let id = format!("{}-{}", caption.id, layout.slug());
        let class = format!("ov-chart__drawing ov-chart__drawing--{}", layout.slug());
        PreEscaped(draw(&id, layout, none, Links::Kept).into_page_svg(&class, &caption.title, alternative))
    };
    html! {
        figure.ov-chart id=(caption.id) {
            figcaption.ov-chart__caption {
                span.ov-chart__title { (caption.title) }
                @if !caption.description.is_empty() { span.ov-chart__description { (caption.description) } }
            }
            (drawing(Layout::Wide))
            (drawing(Layout::Narrow))
            (downloads(&caption.title, &caption.downloads))
            (details("The numbers of this chart as a table", data.render()))
        }
    }
}

/// The chart as a file: with title, description and source inside the drawing, on white.
pub(super) fn file(caption: &Caption, alternative: &str, draw: &Draw<'_>) -> String {
    let layout = Layout::Wide;
    let (margin, width) = (layout.margin(), layout.width());
    let room = u32::try_from(width - 2 * margin).unwrap_or(0);
    let titles = text::wrap(&caption.title, TITLE_SIZE, room, 2);
    let descriptions = if caption.description.is_empty() {
        Vec::new()
    } else {
        text::wrap(&caption.description, layout.type_size(), room, 3)
    };
    let source = if caption.source.is_empty() {
        Vec::new()
    } else {
        text::wrap(&caption.source, SOURCE_SIZE, room, 2)
    };
    let lines = |list: &[String]| i32::try_from(list.len()).unwrap_or(0);
    let top = 16 + lines(&titles) * 26 + lines(&descriptions) * LINE;
    let bottom = if source.is_empty() { 0 } else { lines(&source) * LINE + 8 };
    let mut canvas = draw(&caption.id, layout, Headroom { top, bottom }, Links::Left);
    let mut y = 28;
    for line in &titles {
        canvas.text(line, (margin, y), Type::plain(TITLE_SIZE).bold());
        y += 26;
    }
    for line in &descriptions {
        canvas.text(line, (margin, y), Type::plain(layout.type_size()).muted());
        y += LINE;
    }
    let mut y = canvas.height() - bottom + 8;
    for line in &source {
        canvas.text(line, (margin, y), Type::plain(SOURCE_SIZE).muted());
        y += LINE;
    }
    canvas.into_file_svg(&caption.title, alternative)
}

/// How the key of a chart shows a tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swatch {
    Area,
    Line,
}

const SWATCH: i32 = 16;
const KEY_LINE: i32 = 26;

/// Where the entries of a key stand, and how high the key is, when it starts at the margin.
fn key_places(names: &[&str], layout: Layout) -> (Vec<(i32, i32)>, i32) {
    let right = layout.width() - layout.margin();
    let (mut x, mut y) = (layout.margin(), KEY_LINE / 2);
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let needed = SWATCH * 2 + 8 + i32::try_from(text::width(name, layout.type_size())).unwrap_or(0);
        if x > layout.margin() && x + needed > right {
            x = layout.margin();
            y += KEY_LINE;
        }
        places.push((x, y));
        x += needed + 20;
    }
    let height = if names.is_empty() { 0 } else { y + KEY_LINE / 2 };
    (places, height)
}

/// How high the key of these names is.
pub(super) fn key_height(names: &[&str], layout: Layout) -> i32 {
    key_places(names, layout).1
}

/// Draws the key with its upper edge at `top`.
pub(super) fn draw_key(
    canvas: &mut Canvas,
    entries: &[(&str, Tone)],
    layout: Layout,
    top: i32,
    swatch: Swatch,
) {
    let names: Vec<&str> = entries.iter().map(|(name, _)| *name).collect();
    let size = layout.type_size();
    let room = u32::try_from(layout.width() - 2 * layout.margin() - SWATCH * 2 - 8).unwrap_or(0);
    for ((name, tone), (x, y)) in entries.iter().zip(key_places(&names, layout).0) {
        let y = top + y;
        match swatch {
            Swatch::Area => canvas.toned((x, y - SWATCH / 2, x + SWATCH * 2 - 8, y + SWATCH / 2), *tone),
            Swatch::Line => {
                canvas.path(vec![(x, y), (x + SWATCH * 2 - 8, y)], palette::line(*tone), 3);
                symbol(canvas, (x + SWATCH - 4, y), *tone);
            }
        }
        let words = text::wrap(name, size, room, 1).into_iter().next().unwrap_or_default();
        canvas.text(&words, (x + SWATCH * 2, y), Type::plain(size));
    }
}

/// The mark that tells the lines of a chart apart without colour.
pub(super) fn symbol(canvas: &mut Canvas, (x, y): (i32, i32), tone: Tone) {
    use plotters::style::Color;
    let colour = palette::line(tone);
    match tone {
        Tone::Good => canvas.circle((x, y), 5, colour.filled()),
        Tone::Partial => {
            canvas.rect((x - 4, y - 4, x + 4, y + 4), palette::PAPER);
            canvas.path(
                vec![(x - 4, y - 4), (x + 4, y - 4), (x + 4, y + 4), (x - 4, y + 4), (x - 4, y - 5)],
                colour,
                2,
            );
        }
        Tone::Bad => {
            canvas.path(vec![(x - 5, y - 5), (x + 5, y + 5)], colour, 3);
            canvas.path(vec![(x + 5, y - 5), (x - 5, y + 5)], colour, 3);
        }
        Tone::Unknown => {
            canvas.circle((x, y), 5, palette::PAPER.filled());
            canvas.circle((x, y), 5, colour.stroke_width(2));
        }
        Tone::Neutral => canvas.path(vec![(x, y - 6), (x, y + 6)], colour, 3),
    }
}
