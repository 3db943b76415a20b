//! Charts: each a `<figure>` with a caption, a text alternative, downloads, and its numbers as a table.
//!
//! A chart is drawn twice, for wide screens and for narrow ones, and the style sheet shows one of the two. Each chart
//! also comes as a file of its own ([`StackedBars::svg_file`] and its like) that needs nothing around it.

mod bars;
mod canvas;
mod days;
mod frame;
mod palette;
mod scale;
mod spark;
mod strip;
mod text;
mod trend;

pub use bars::{BarRow, BarScale, StackedBars};
pub use days::Marker;
pub use frame::Caption;
pub use spark::sparkline;
pub use strip::{Span, StripRow, TimelineStrip};
pub use trend::{Trend, TrendSeries, TrendShape};

use crate::Tone;

/// What one colour of a chart stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The word for it, such as `Met`.
    pub name: String,
    /// How good or bad it is.
    pub tone: Tone,
}

impl Series {
    /// A series by its word and tone.
    #[must_use]
    pub fn new(name: impl Into<String>, tone: Tone) -> Self {
        Self { name: name.into(), tone }
    }
}
