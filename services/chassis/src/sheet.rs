//! Files out as CSV: RFC 4180, safe to open in a spreadsheet.

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

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

/// A file as an answer, to be saved under a name without quotes.
pub fn answer(name: &str, written: Result<Vec<u8>, csv::Error>) -> Result<Response, Problem> {
    let body = written.map_err(|error| {
        tracing::error!(%error, "a CSV could not be written");
        Problem::internal()
    })?;
    Ok(streamed(name, body.into()))
}

/// A file that is written while it is sent, under a name without quotes.
pub fn streamed(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
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
}
