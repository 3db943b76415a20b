//! A sheet to draw a chart on.
//!
//! plotters draws the shapes; the sheet puts around them what plotters has no words for: links, patterns, dashes,
//! and the title and description that make a drawing readable to those who cannot see it.

use std::fmt::Write as _;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::palette;
use crate::Tone;

/// The faces charts are set in, first found first. No file of any of them is needed to draw.
const FACES: &str = "Arial, Helvetica, sans-serif";

/// plotters draws letters at this part of the size it is given.
const PLOTTERS_TYPE_SCALE: f64 = 1.24;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Which end of a text its position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: u32,
    pub(super) colour: RGBColor,
    pub(super) anchor: Anchor,
    pub(super) weight: FontStyle,
}

impl Type {
    pub(super) fn plain(size: u32) -> Self {
        Self { size, colour: palette::INK, anchor: Anchor::Start, weight: FontStyle::Normal }
    }

    pub(super) fn muted(self) -> Self {
        Self { colour: palette::MUTED, ..self }
    }

    pub(super) fn colour(self, colour: RGBColor) -> Self {
        Self { colour, ..self }
    }

    pub(super) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { weight: FontStyle::Bold, ..self }
    }
}

/// A rectangle by its left, top, right and bottom edges, in pixels.
pub(super) type Rect = (i32, i32, i32, i32);

/// A drawing in the making. Positions are pixels from the upper left corner.
pub(super) struct Canvas {
    /// What the ids inside the drawing begin with.
    id: String,
    width: u32,
    height: u32,
    body: String,
    tones: Vec<Tone>,
    linked: bool,
}

impl Canvas {
    pub(super) fn new(id: impl Into<String>, width: i32, height: i32) -> Self {
        let (width, height) = (width.unsigned_abs(), height.unsigned_abs());
        Self { id: id.into(), width, height, body: String::new(), tones: Vec::new(), linked: false }
    }

    pub(super) fn height(&self) -> i32 {
        i32::try_from(self.height).unwrap_or(i32::MAX)
    }

    /// What plotters draws, without the document around it. Drawing into a string cannot fail, and plotters says so
    /// only in its types: a fault would leave the shape out.
    fn drawn(&self, draw: impl for<'a> FnOnce(&Area<'a>) -> Drawn<'a>) -> String {
        let mut svg = String::new();
        let complete = {
            let area = SVGBackend::with_string(&mut svg, (self.width, self.height)).into_drawing_area();
            draw(&area).is_ok() && area.present().is_ok()
        };
        let inner = svg.split_once('\n').map_or("", |(_, inner)| inner);
        let inner = inner.trim_end().trim_end_matches("</svg>");
        if !complete {
            return String::new();
        }
        inner
            .replace(" opacity=\"1\"", "")
            .replace(" stroke=\"none\"", "")
            .replace(&format!(" font-family=\"{FACES}\""), "")
            .replace("\n</text>\n", "</text> ")
            .replace(">\n", ">")
    }

    fn add(&mut self, draw: impl for<'a> FnOnce(&Area<'a>) -> Drawn<'a>) {
        let fragment = self.drawn(draw);
        self.body.push_str(&fragment);
    }

    pub(super) fn rect(&mut self, (x0, y0, x1, y1): Rect, colour: RGBColor) {
        self.add(|area| area.draw(&Rectangle::new([(x0, y0), (x1, y1)], colour.filled())));
    }

    pub(super) fn frame(&mut self, (x0, y0, x1, y1): Rect, colour: RGBColor) {
        self.add(|area| area.draw(&Rectangle::new([(x0, y0), (x1, y1)], colour)));
    }

    pub(super) fn path(&mut self, points: Vec<(i32, i32)>, colour: RGBColor, stroke: u32) {
        self.add(|area| area.draw(&PathElement::new(points, colour.stroke_width(stroke))));
    }

    pub(super) fn circle(&mut self, centre: (i32, i32), radius: i32, style: ShapeStyle) {
        self.add(|area| area.draw(&Circle::new(centre, radius, style)));
    }

    pub(super) fn text(&mut self, text: &str, at: (i32, i32), set: Type) {
        let anchor = match set.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = TextStyle::from((FACES, f64::from(set.size) * PLOTTERS_TYPE_SCALE, set.weight))
            .color(&set.colour)
            .pos(Pos::new(anchor, VPos::Center));
        // XML has no place for control characters, and plotters passes them through.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.add(|area| area.draw_text(&text, &style, at));
    }

    /// An area in the colour and pattern of a tone, with its edge.
    pub(super) fn toned(&mut self, (x0, y0, x1, y1): Rect, tone: Tone) {
        let fragment =
            self.drawn(|area| area.draw(&Rectangle::new([(x0, y0), (x1, y1)], palette::fill(tone).filled())));
        self.push_patterned(&fragment, tone);
        self.frame((x0, y0, x1, y1), palette::edge(tone));
    }

    /// A polygon in the colour and pattern of a tone.
    pub(super) fn toned_polygon(&mut self, points: Vec<(i32, i32)>, tone: Tone) {
        let fragment = self.drawn(|area| area.draw(&Polygon::new(points, palette::fill(tone))));
        self.push_patterned(&fragment, tone);
    }

    fn push_patterned(&mut self, fragment: &str, tone: Tone) {
        if palette::pattern(tone, "").is_none() {
            self.body.push_str(fragment);
            return;
        }
        if !self.tones.contains(&tone) {
            self.tones.push(tone);
        }
        let plain = format!("fill=\"{}\"", palette::hex(palette::fill(tone)));
        let patterned = format!("fill=\"url(#{}-{})\"", self.id, tone.slug());
        self.body.push_str(&fragment.replace(&plain, &patterned));
    }

    /// Shades the part of a chart that lies in the future.
    pub(super) fn ahead(&mut self, (x0, y0, x1, y1): Rect) {
        let _ = write!(
            self.body,
            r#"<rect x="{x0}" y="{y0}" width="{}" height="{}" fill="url(#{}-ahead)"/>"#,
            x1 - x0,
            y1 - y0,
            self.id
        );
    }

    /// Draws something with SVG attributes that go for all of it, such as dashes.
    pub(super) fn group(&mut self, attributes: &'static str, draw: impl FnOnce(&mut Self)) {
        let _ = write!(self.body, "<g {attributes}>");
        draw(self);
        self.body.push_str("</g>");
    }

    /// Draws words that are a link; all of `hit` can be pressed. `label` begins with these words and says the rest of
    /// what is there: it is what a screen reader says, and what shows beside the pointer.
    pub(super) fn link(
        &mut self,
        href: &str,
        label: &str,
        (x0, y0, x1, y1): Rect,
        draw: impl FnOnce(&mut Self),
    ) {
        self.linked = true;
        let (href, label) = (escaped(href), escaped(label));
        let (width, height) = (x1 - x0, y1 - y0);
        let _ = write!(
            self.body,
            r#"<a href="{href}" aria-label="{label}"><title>{label}</title><rect class="ov-row" x="{x0}" y="{y0}" width="{width}" height="{height}" fill="none" pointer-events="all"/>"#
        );
        draw(self);
        self.body.push_str("</a>");
    }

    /// The drawing as an element of a page.
    pub(super) fn into_page_svg(self, class: &str, title: &str, description: &str) -> String {
        // An image may hold no links in the eyes of a screen reader, a group may.
        let role = if self.linked { "group" } else { "img" };
        self.into_svg(&format!(r#"class="{class}" role="{role}" "#), title, description)
    }

    /// The drawing as a word in a line of text. It has no ids, since many of its kind may stand on one page.
    pub(super) fn into_word_svg(self, class: &str, label: &str) -> String {
        let Self { width, height, body, .. } = self;
        let label = escaped(label);
        format!(
            r#"<svg class="{class}" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{body}</svg>"#
        )
    }

    /// The drawing as a file of its own.
    pub(super) fn into_file_svg(self, title: &str, description: &str) -> String {
        let size = format!(r#"width="{}" height="{}" role="img" "#, self.width, self.height);
        self.into_svg(&size, title, description)
    }

    fn into_svg(self, attributes: &str, title: &str, description: &str) -> String {
        let Self { id, width, height, body, tones, .. } = self;
        let mut patterns: String = tones
            .iter()
            .filter_map(|tone| palette::pattern(*tone, &format!("{id}-{}", tone.slug())))
            .collect();
        if body.contains(&format!("url(#{id}-ahead)")) {
            let _ = write!(
                patterns,
                r##"<pattern id="{id}-ahead" width="10" height="10" patternUnits="userSpaceOnUse"><rect width="10" height="10" fill="#fff" fill-opacity=".5"/><path d="M-2 12 12 -2M-2 2 2 -2M8 12 12 8" stroke="#768692" stroke-width="1" stroke-opacity=".45"/></pattern>"##
            );
        }
        let (title, description) = (escaped(title), escaped(description));
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" {attributes}viewBox="0 0 {width} {height}" font-family="{FACES}" aria-labelledby="{id}-title" aria-describedby="{id}-desc"><title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc><defs>{patterns}</defs>{body}</svg>"#
        )
    }
}

/// Text made safe for elements and attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML has no place for control characters, and a file with one would not open.
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
