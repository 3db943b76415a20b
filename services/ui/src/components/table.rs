//! Tables: captioned, scoped, and scrolling within themselves on a phone.

use std::fmt::Display;

use maud::{Markup, html};

/// Which way a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Text,
    Number,
}

/// How large the type is. Small tables are long ones, so their cells carry hardly any class names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Normal,
    Small,
}

impl Size {
    fn table(self) -> &'static str {
        match self {
            Size::Normal => "nhsuk-table nhsuk-table--compact ov-table",
            Size::Small => "nhsuk-table ov-table ov-table--small",
        }
    }

    fn row(self) -> Option<&'static str> {
        (self == Size::Normal).then_some("nhsuk-table__row")
    }

    fn header(self, align: Align) -> Option<&'static str> {
        match (self, align) {
            (Size::Normal, Align::Text) => Some("nhsuk-table__header"),
            (Size::Normal, Align::Number) => Some("nhsuk-table__header nhsuk-table__header--numeric"),
            (Size::Small, Align::Text) => None,
            (Size::Small, Align::Number) => Some("ov-n"),
        }
    }

    fn cell(self, align: Align) -> Option<&'static str> {
        match (self, align) {
            (Size::Normal, Align::Text) => Some("nhsuk-table__cell"),
            (Size::Normal, Align::Number) => Some("nhsuk-table__cell nhsuk-table__cell--numeric"),
            (Size::Small, Align::Text) => None,
            (Size::Small, Align::Number) => Some("ov-n"),
        }
    }
}

/// One column of a table.
#[derive(Debug, Clone)]
#[must_use]
pub struct Column {
    label: String,
    align: Align,
    sort_href: Option<String>,
    sorted: Option<Order>,
}

impl Column {
    /// A column of words.
    pub fn text(label: impl Into<String>) -> Self {
        Self { label: label.into(), align: Align::Text, sort_href: None, sorted: None }
    }

    /// A column of numbers, set to the right.
    pub fn number(label: impl Into<String>) -> Self {
        Self { align: Align::Number, ..Self::text(label) }
    }

    /// The address of this table sorted by this column (the other way round if it is already).
    pub fn sort_href(mut self, href: impl Into<String>) -> Self {
        self.sort_href = Some(href.into());
        self
    }

    /// Says that the table is sorted by this column now.
    pub fn sorted(mut self, order: Order) -> Self {
        self.sorted = Some(order);
        self
    }
}

/// One cell of a table.
#[derive(Debug, Clone)]
pub struct Cell(Markup);

impl Cell {
    /// Plain text or a number.
    #[must_use]
    pub fn text(value: impl Display) -> Self {
        let value = value.to_string();
        Self(html! { (value) })
    }

    /// A count, with commas.
    #[must_use]
    pub fn count(value: u64) -> Self {
        Self::text(crate::fmt::thousands(value))
    }

    /// A link.
    #[must_use]
    pub fn link(href: impl Display, label: impl Display) -> Self {
        let (href, label) = (href.to_string(), label.to_string());
        Self(html! { a.nhsuk-link href=(href) { (label) } })
    }
}

impl From<Markup> for Cell {
    fn from(markup: Markup) -> Self {
        Self(markup)
    }
}

/// One row of a table: as many cells as the table has columns. The first names the row.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Row {
    cells: Vec<Cell>,
}

impl Row {
    /// A row of these cells.
    pub fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: cells.into_iter().collect() }
    }
}

/// A table.
#[derive(Debug, Clone)]
#[must_use]
pub struct Table {
    id: String,
    caption: String,
    caption_class: &'static str,
    size: Size,
    columns: Vec<Column>,
    rows: Vec<Row>,
    total: Option<Row>,
    empty: String,
}

impl Table {
    /// A table with a visible caption. `id` is unique on the page.
    pub fn new(id: impl Into<String>, caption: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            caption: caption.into(),
            caption_class: "nhsuk-table__caption nhsuk-table__caption--s",
            size: Size::Normal,
            columns: Vec::new(),
            rows: Vec::new(),
            total: None,
            empty: "None.".to_owned(),
        }
    }

    /// Hides the caption from those who see the heading over the table that says the same.
    pub fn hide_caption(mut self) -> Self {
        self.caption_class = "nhsuk-table__caption nhsuk-u-visually-hidden";
        self
    }

    /// Smaller type: for the data behind a chart.
    pub fn small(mut self) -> Self {
        self.size = Size::Small;
        self
    }

    /// The next column.
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// The next row. Cells too few are left empty, cells too many left out.
    pub fn row(mut self, row: Row) -> Self {
        self.rows.push(row);
        self
    }

    /// The next rows.
    pub fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// A last row that sums up the others.
    pub fn total(mut self, row: Row) -> Self {
        self.total = Some(row);
        self
    }

    /// What to say in place of rows when there are none.
    pub fn empty(mut self, sentence: impl Into<String>) -> Self {
        self.empty = sentence.into();
        self
    }

    /// The table, in a box of its own that scrolls sideways where it must.
    #[must_use]
    pub fn render(self) -> Markup {
        let caption_id = format!("{}-caption", self.id);
        html! {
            div.nhsuk-scroll {
                div."nhsuk-scroll__content" role="region" aria-labelledby=(caption_id) tabindex="0" data-scroll="" {
                    table class=(self.size.table()) id=(self.id) {
                        caption class=(self.caption_class) id=(caption_id) { (self.caption) }
                        thead."nhsuk-table__head" {
                            tr."nhsuk-table__row" { @for column in &self.columns { (head(column, self.size)) } }
                        }
                        tbody."nhsuk-table__body" {
                            @if self.rows.is_empty() {
                                tr."nhsuk-table__row" {
                                    td."nhsuk-table__cell" colspan=(self.columns.len().max(1)) { (self.empty) }
                                }
                            }
                            @for row in &self.rows { (self.line(row)) }
                        }
                        @if let Some(total) = &self.total { tfoot.ov-table__total { (self.line(total)) } }
                    }
                }
            }
        }
    }

    fn line(&self, row: &Row) -> Markup {
        html! {
            tr class=[self.size.row()] {
                @for (index, column) in self.columns.iter().enumerate() {
                    @if index == 0 {
                        th class=[self.size.header(column.align)] scope="row" {
                            @if let Some(cell) = row.cells.first() { (cell.0) }
                        }
                    } @else {
                        td class=[self.size.cell(column.align)] {
                            @if let Some(cell) = row.cells.get(index) { (cell.0) }
                        }
                    }
                }
            }
        }
    }
}

fn head(column: &Column, size: Size) -> Markup {
    let class = size.header(column.align);
    let (sort, arrow) = match column.sorted {
        Some(Order::Ascending) => (Some("ascending"), "▲"),
        Some(Order::Descending) => (Some("descending"), "▼"),
        None => (None, ""),
    };
    html! {
        th class=[class] scope="col" aria-sort=[sort] {
            @match &column.sort_href {
                Some(href) => { a.nhsuk-link.ov-sort href=(href) { (column.label) span.ov-sort__arrow aria-hidden="true" { (arrow) } } }
                None => { (column.label) span.ov-sort__arrow aria-hidden="true" { (arrow) } }
            }
        }
    }
}
