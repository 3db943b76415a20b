//! Files out: CSV as RFC 4180 has it, safe to open in a spreadsheet, and what files are called.

use std::fmt;

use axum::{
    body::Body,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use proto::{Day, OdsCode, Position};

use crate::problem::Problem;

/// The byte order mark: without it spreadsheets take UTF-8 for the code page of the machine, and `Café` for `CafÃ©`.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A text that a spreadsheet would take for a formula gets an apostrophe in front.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// A writer of rows that end as RFC 4180 has it.
pub fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

/// The bytes of what was written.
pub fn finish(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// What a file is called: what it holds, of which organisation, for which days, and up to which event of the log.
/// `practices-15E-2019-03-31-at-178442`, to which its kind is added.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct FileName {
    what: String,
    of: Option<OdsCode>,
    days: Vec<Day>,
    position: Position,
}

impl FileName {
    /// A file with everything up to a position of the log. What it holds is said in lower-case words joined by hyphens.
    pub fn new(what: impl Into<String>, position: Position) -> Self {
        Self { what: what.into(), of: None, days: Vec::new(), position }
    }

    /// Of this organisation or area alone.
    pub fn of(self, code: OdsCode) -> Self {
        Self { of: Some(code), ..self }
    }

    /// As at this day; said twice, from the first to the second.
    pub fn on(mut self, day: Day) -> Self {
        self.days.push(day);
        self
    }

    /// The header that says to save an answer under this name.
    pub fn header(&self, kind: &str) -> (HeaderName, String) {
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{self}.{kind}\""))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing that would end the quoted name or leave its folder.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        f.write_str(&self.what.replace(|c| !is_plain(c), "-"))?;
        if let Some(of) = self.of {
            write!(f, "-{of}")?;
        }
        for day in &self.days {
            write!(f, "-{day}")?;
        }
        write!(f, "-at-{}", self.position)
    }
}

/// A CSV as an answer, to be saved under a name.
pub fn answer(name: &FileName, written: Result<Vec<u8>, csv::Error>) -> Result<Response, Problem> {
    let rows = written.map_err(|error| {
        tracing::error!(%error, "a CSV could not be written");
        Problem::internal()
    })?;
    let mut body = Vec::with_capacity(BYTE_ORDER_MARK.len() + rows.len());
    body.extend_from_slice(BYTE_ORDER_MARK.as_bytes());
    body.extend_from_slice(&rows);
    Ok(saved_as(name, body.into()))
}

/// A CSV that is written while it is sent, to be saved under a name.
pub fn streamed(name: &FileName, rows: Body) -> Response {
    let mark = stream::once(async { Ok(Bytes::from_static(BYTE_ORDER_MARK.as_bytes())) });
    saved_as(name, Body::from_stream(mark.chain(rows.into_data_stream())))
}

fn saved_as(name: &FileName, body: Body) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), name.header("csv")];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_formula_is_made_harmless() {
        assert_eq!(harmless("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(harmless("@home surgery"), "'@home surgery");
        assert_eq!(harmless("THE SURGERY"), "THE SURGERY");
    }

    #[test]
    fn a_file_is_called_after_what_it_holds_and_how_far_it_goes() {
        let code: OdsCode = "15E".parse().unwrap();
        let (first, last): (Day, Day) = ("2019-03-31".parse().unwrap(), "2019-06-17".parse().unwrap());
        let position = Position(178_442);
        let name = FileName::new("practices", position).of(code).on(first);
        assert_eq!(name.to_string(), "practices-15E-2019-03-31-at-178442");
        assert_eq!(name.header("csv").1, "attachment; filename=\"practices-15E-2019-03-31-at-178442.csv\"");
        let name = FileName::new("trend", position).of(code).on(first).on(last);
        assert_eq!(name.to_string(), "trend-15E-2019-03-31-2019-06-17-at-178442");
        assert_eq!(FileName::new("a\"/../b\r\n", Position(1)).to_string(), "a-----b---at-1");
    }

    #[tokio::test]
    async fn every_csv_begins_with_one_byte_order_mark() {
        let name = FileName::new("rows", Position(1));
        let rows = || Ok(b"a,b\r\n1,2\r\n".to_vec());
        let whole = answer(&name, rows()).unwrap();
        let pieces = stream::iter([Ok::<_, std::io::Error>("a,b\r\n"), Ok("1,2\r\n")]);
        for file in [whole, streamed(&name, Body::from_stream(pieces))] {
            assert_eq!(file.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"rows-at-1.csv\"");
            let body = axum::body::to_bytes(file.into_body(), usize::MAX).await.unwrap();
            assert_eq!(body, "\u{feff}a,b\r\n1,2\r\n");
        }
    }
}
