//! Files in: CSV of any size, streamed, with constant memory.
//!
//! Made for national files as they really arrive: byte order marks, CRLF, UTF-16, windows-1252,
//! stray blanks, tabs or semicolons for commas, rows cut in half, quotation marks never closed. A
//! bad row is reported by line and column and the others still land; only a file that is not of
//! the expected layout at all is refused whole, before anything is written.
//!
//! How it flows, each part usable and tested alone:
//!
//! | part | what it does |
//! | --- | --- |
//! | [`zipped`](self) | the one CSV file out of a zip archive, as files are published; refuses all other archives |
//! | [`text`](self) | bytes to UTF-8-or-windows-1252; refuses workbooks and other binary files |
//! | [`RowReader`] | chunks to records, in any split; line numbers of the physical file |
//! | [`Columns`] | which column is which: by position, or by heading with synonyms |
//! | [`run`] | gives each row to a closure, many at a time; counts, collects problems |
//! | [`Giving`] | one command a row, under an id that a repeated request repeats |
//! | [`Imports`] | how far the imports of this process are |
//! | [`ImportRecords`] | imports on the log: that a file was read to its end, and that an import was withdrawn |
//!
//! A service brings its [`Columns`] and a closure from [`Row`] to [`RowOutcome`]:
//!
//! ```ignore
//! let progress = imports.begin(&job, &actor)?;
//! let giving = Giving::new(&job, clock, Actor::system("import"));
//! let report = import::run(&job, &SHAPE, progress, body, |row| async move {
//!     let command = parse(&row)?; // a RowProblem rejects the row, and no other
//!     giving.command(&commands, &id, &command, &row, |refusal| Err(row.reject(refusal).into())).await
//! }).await?;
//! ```
//!
//! Rows of one aggregate (equal [`Shape::aggregate`] columns) are applied one after the other in
//! the order of the file, others side by side. Infrastructure that fails is tried again under the
//! same command id for a while; then the import stops, and says how many rows are in. Importing
//! the file again is always safe.

mod columns;
mod dates;
mod drive;
mod file;
mod give;
mod not_understood;
mod progress;
mod record;
mod report;
mod row;
mod rows;
mod source;
mod tally;
mod text;
mod zipped;

pub use columns::{Column, Columns, Heading, Needed};
pub use dates::{
    ANNOUNCED_LATER_MAX_DAYS, BEGINNING_LATER_MAX_DAYS, DatedColumns, END_LATER_MAX_DAYS, edition_is_open,
    not_in_the_future,
};
pub use drive::{IN_FLIGHT_MAX, Job, Mode, ROWS_MAX, Shape, drain, run, run_recorded};
pub use file::{FileQuery, date_in_name, receive};
pub use give::{Giving, Opening, Patience, RowFault, RowOutcome, Stop, Waiting};
pub use not_understood::{TEXTS_MAX, TextCount, most_frequent};
pub use progress::{ImportId, Imports, Progress, ProgressView, State};
pub use record::{
    ImportCommand, ImportEntry, ImportEvents, ImportLog, ImportRecords, ImportState, OfImport, Whose,
    Withdrawal, WithdrawalInput, WithdrawalReceipt,
};
pub use report::{PROBLEMS_MAX, Report, RowProblem};
pub use row::{Row, tidy};
pub use rows::{Item, Next, RECORD_MAX_BYTES, RawRow, RowReader};
pub use text::FileFault;
