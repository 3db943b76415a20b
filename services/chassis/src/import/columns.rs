//! Which column is which.

use std::{ops::RangeInclusive, sync::Arc};

use proto::OdsCode;

use super::{rows::RawRow, text::FileFault};

/// The columns of a layout. The number of a column is its index in the list given here; rows are
/// asked by it, wherever the column stands in the file.
#[derive(Debug, Clone)]
pub struct Columns(Layout);

#[derive(Debug, Clone)]
enum Layout {
    Positions {
        widths: RangeInclusive<usize>,
        names: &'static [&'static str],
        /// The columns after these may be blank in the whole of a file, and then be missing.
        needed: usize,
    },
    Headed(&'static [Column]),
    /// With a heading, or without one as the register writes its files.
    Either {
        columns: &'static [Column],
        widths: RangeInclusive<usize>,
        /// For each column its place in a file without a heading.
        places: &'static [Option<usize>],
    },
}

/// A column of a file with a heading.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What we call it in problems.
    pub name: &'static str,
    /// What files call it, the preferred first.
    pub headings: &'static [Heading],
    /// Whether a file without it is refused.
    pub needed: Needed,
}

/// How a heading is recognised: without regard to case, blanks, line breaks, underscores and hyphens.
#[derive(Debug, Clone, Copy)]
pub enum Heading {
    /// The whole of it.
    Is(&'static str),
    /// How it begins; what follows changes from year to year.
    StartsWith(&'static str),
    /// How it begins and ends; between stands a year of two or four digits, as in `ICB24CDH`.
    OfYear(&'static str, &'static str),
}

/// Whether a file must have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// A file without it is refused.
    Always,
    /// Where it is missing it reads as blank.
    IfThere,
}

/// The columns as they stand in one file.
#[derive(Debug)]
pub(super) struct Resolved {
    places: Vec<Option<usize>>,
    names: Vec<String>,
}

/// What the first row of a file turned out to be.
#[derive(Debug)]
pub(super) enum FirstRow {
    /// A heading; rows have so many columns.
    Heading(Arc<Resolved>, Widths),
    /// Data already.
    Data(Arc<Resolved>, Widths),
}

/// How many columns the rows of one file have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Widths {
    /// As the file has them.
    pub usual: RangeInclusive<usize>,
    /// The fewest, where a spreadsheet dropped blank ones at the end of a row.
    pub fewest: usize,
}

/// How much of a row a refusal quotes.
const QUOTE_MAX_CHARS: usize = 200;

impl Columns {
    /// A file without a heading: columns by position, from the first. Rows have this many.
    pub const fn positions(widths: RangeInclusive<usize>, names: &'static [&'static str]) -> Self {
        let mut needed = *widths.start();
        // Columns without a name say nothing that is used.
        while needed > 1 && needed <= names.len() && names[needed - 1].is_empty() {
            needed -= 1;
        }
        Self(Layout::Positions { widths, names, needed })
    }

    /// Says that the columns after the first so many are blank in many files of this layout: a spreadsheet
    /// that saves such a file drops them, and they are taken as blank.
    #[must_use]
    pub const fn may_lack_after(mut self, columns: usize) -> Self {
        if let Layout::Positions { needed, .. } = &mut self.0
            && columns < *needed
        {
            *needed = columns;
        }
        self
    }

    /// A file with a heading.
    pub const fn headed(columns: &'static [Column]) -> Self {
        Self(Layout::Headed(columns))
    }

    /// A file with a heading; or without one, each column in the place given for it, of rows of so many columns.
    pub const fn headed_or_at(
        columns: &'static [Column],
        widths: RangeInclusive<usize>,
        places: &'static [Option<usize>],
    ) -> Self {
        Self(Layout::Either { columns, widths, places })
    }

    /// Whether the title of a sheet can be told from a row of this layout: by a heading, or because every row holds
    /// more than a title does.
    pub(super) fn tell_titles(&self) -> bool {
        match &self.0 {
            Layout::Positions { needed, .. } => tells_titles(*needed),
            Layout::Headed(_) | Layout::Either { .. } => true,
        }
    }

    /// Looks at the first row of a file; refuses the file where it is not of this layout.
    pub(super) fn resolve(&self, first: &RawRow) -> Result<FirstRow, FileFault> {
        match &self.0 {
            Layout::Positions { widths, names, needed } => by_position(first, widths, names, *needed),
            Layout::Headed(columns) => by_heading(first, columns),
            Layout::Either { columns, widths, places } => by_heading(first, columns)
                .or_else(|fault| without_heading(first, columns, widths, places).ok_or(fault)),
        }
    }
}

fn by_position(
    first: &RawRow,
    widths: &RangeInclusive<usize>,
    names: &'static [&'static str],
    needed: usize,
) -> Result<FirstRow, FileFault> {
    let is_above = tells_titles(needed) && is_title(first) && !begins_with_code(first);
    if is_above || !(needed..=*widths.end()).contains(&first.width()) {
        return Err(FileFault::Layout {
            found: format!("its first row has {} columns ({})", first.width(), quote(first)),
            accepted: format!("{} columns without a heading: {}", span(widths), list(names)),
        });
    }
    let resolved = Arc::new(Resolved {
        places: (0..names.len()).map(Some).collect(),
        names: names.iter().enumerate().map(|(at, name)| format!("{} ({name})", at + 1)).collect(),
    });
    let usual = first.width().min(*widths.start())..=*widths.end();
    // Spreadsheets drop the blank ones of some rows only, whatever the first row has. A row that lacks more is cut.
    let fewest = needed.min(*usual.start());
    let widths = Widths { usual, fewest };
    let headed = is_heading(first, names);
    Ok(if headed { FirstRow::Heading(resolved, widths) } else { FirstRow::Data(resolved, widths) })
}

/// Whether the first row of a file by positions says what its columns are called.
fn is_heading(first: &RawRow, names: &'static [&'static str]) -> bool {
    /// An organisation may be called what a column is called, but not have an address of that name, too.
    const NAMES_MIN: usize = 2;
    let is_name = |value: &str| {
        let value = normal(value);
        !value.is_empty() && names.iter().any(|name| normal(name) == value)
    };
    // No code contains this word, and nearly every heading of a column of codes does.
    first.get(0).is_some_and(|value| normal(value).contains("code"))
        || first.values().filter(|value| is_name(value)).count() >= NAMES_MIN
}

/// A row of data as the register writes it, or as a spreadsheet writes it without its blank last columns; none
/// where the first row may be something else.
fn without_heading(
    first: &RawRow,
    columns: &'static [Column],
    widths: &RangeInclusive<usize>,
    places: &'static [Option<usize>],
) -> Option<FirstRow> {
    let headed = first.values().take(2).any(|value| normal(value).contains("code"));
    let needed = places.iter().flatten().max().map_or(1, |last| last + 1);
    let is_above = is_title(first) && !begins_with_code(first);
    if headed || is_above || !(needed..=*widths.end()).contains(&first.width()) {
        return None;
    }
    let named = |(column, place): (&Column, &Option<usize>)| match place {
        Some(place) => format!("{} ({})", place + 1, column.name),
        None => column.name.to_owned(),
    };
    let resolved =
        Resolved { places: places.to_vec(), names: columns.iter().zip(places).map(named).collect() };
    let usual = first.width().min(*widths.start())..=*widths.end();
    let fewest = needed.min(*usual.start());
    Some(FirstRow::Data(Arc::new(resolved), Widths { usual, fewest }))
}

/// How many columns a heading names where no single one must be there: a code and what the row says of it.
const HEADINGS_MIN: usize = 2;

fn by_heading(first: &RawRow, columns: &'static [Column]) -> Result<FirstRow, FileFault> {
    let found: Vec<String> = first.values().map(normal).collect();
    let place = |column: &Column| {
        column.headings.iter().find_map(|heading| found.iter().position(|text| heading.is(text)))
    };
    let places: Vec<Option<usize>> = columns.iter().map(place).collect();
    let missing: Vec<String> = columns
        .iter()
        .zip(&places)
        .filter(|(column, place)| place.is_none() && column.needed == Needed::Always)
        .map(|(column, _)| format!("{} (headed {})", column.name, column.spellings()))
        .collect();
    if !missing.is_empty() {
        return Err(FileFault::Layout {
            found: format!("its first row is {}", quote(first)),
            accepted: format!("a heading with these columns, of which it lacks: {}", missing.join("; ")),
        });
    }
    let named = places.iter().flatten().count();
    if named < HEADINGS_MIN.min(columns.len()) && columns.iter().all(|c| c.needed == Needed::IfThere) {
        let known: Vec<String> =
            columns.iter().map(|column| format!("{} (headed {})", column.name, column.spellings())).collect();
        return Err(FileFault::Layout {
            found: format!("its first row is {}", quote(first)),
            accepted: format!("a heading with some of these columns: {}", known.join("; ")),
        });
    }
    let names = columns
        .iter()
        .zip(&places)
        .map(|(column, place)| {
            place.and_then(|place| first.get(place)).map_or_else(
                || column.name.to_owned(),
                |heading| super::tidy(heading).chars().take(QUOTE_MAX_CHARS).collect(),
            )
        })
        .collect();
    let width = first.width();
    let last_needed = columns
        .iter()
        .zip(&places)
        .filter(|(column, _)| column.needed == Needed::Always)
        .filter_map(|(_, at)| *at)
        .max();
    let widths = Widths { usual: width..=width, fewest: last_needed.map_or(width, |last| last + 1) };
    Ok(FirstRow::Heading(Arc::new(Resolved { places, names }), widths))
}

impl Column {
    fn spellings(&self) -> String {
        let texts: Vec<String> = self.headings.iter().map(Heading::shown).collect();
        texts.join(" or ")
    }
}

impl Heading {
    fn is(&self, normal_text: &str) -> bool {
        match self {
            Heading::Is(text) => normal(text) == normal_text,
            Heading::StartsWith(text) => normal_text.starts_with(&normal(text)),
            Heading::OfYear(before, after) => {
                let year = normal_text
                    .strip_prefix(&normal(before))
                    .and_then(|rest| rest.strip_suffix(&normal(after)));
                year.is_some_and(|year| {
                    matches!(year.len(), 2 | 4) && year.bytes().all(|b| b.is_ascii_digit())
                })
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Heading::Is(text) => format!("“{text}”"),
            Heading::StartsWith(text) => format!("“{text} …”"),
            Heading::OfYear(before, after) => format!("“{before}24{after}”, whatever the year"),
        }
    }
}

impl Resolved {
    pub(super) fn place(&self, column: usize) -> Option<usize> {
        self.places.get(column).copied().flatten()
    }

    pub(super) fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }
}

fn normal(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The most values of a line above the first row of a layout: a title, and perhaps a date beside it.
const TITLE_VALUES_MAX: usize = 2;

/// Whether a row above the first of a layout looks like the title of a sheet: next to nothing in it.
pub(super) fn is_title(row: &RawRow) -> bool {
    row.values().filter(|value| !value.trim().is_empty()).count() <= TITLE_VALUES_MAX
}

/// Whether a row has a code and a name in its first columns, as the shortest rows of the registers do.
fn begins_with_code(row: &RawRow) -> bool {
    let value = |place| row.get(place).unwrap_or_default().trim();
    let code = value(0);
    code.parse::<OdsCode>().is_ok() && !code.contains(char::is_lowercase) && !value(1).is_empty()
}

/// Whether rows of at least so many columns hold more than a title.
const fn tells_titles(columns: usize) -> bool {
    columns > TITLE_VALUES_MAX
}

pub(super) fn quote(row: &RawRow) -> String {
    let text: Vec<_> = row.values().map(super::tidy).collect();
    let text = text.join(", ");
    if text.chars().count() > QUOTE_MAX_CHARS {
        format!("“{}…”", text.chars().take(QUOTE_MAX_CHARS).collect::<String>())
    } else {
        format!("“{text}”")
    }
}

pub(super) fn span(widths: &RangeInclusive<usize>) -> String {
    if widths.start() == widths.end() {
        widths.start().to_string()
    } else {
        format!("{} to {}", widths.start(), widths.end())
    }
}

fn list(names: &[&str]) -> String {
    names.iter().copied().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}
