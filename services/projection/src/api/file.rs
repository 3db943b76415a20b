//! Answers as JSON or as a file to keep.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use chassis::Problem;

use super::cut;

/// In which form an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON.
    Json,
    /// Rows of comma-separated values.
    Csv,
}

impl Format {
    /// By the `format` parameter; none where it leaves the choice open.
    pub fn of(parameter: Option<&str>) -> Result<Option<Self>, Problem> {
        match parameter {
            None | Some("") => Ok(None),
            Some("json") => Ok(Some(Format::Json)),
            Some("csv") => Ok(Some(Format::Csv)),
            Some(other) => Err(Problem::bad_input("a query parameter is not as accepted")
                .at("format", format!("“{}” is neither json nor csv", cut(other)))),
        }
    }
}

/// A CSV under a name, which ends in `.csv`.
pub(super) fn csv_file(name: &str, body: Result<Vec<u8>, csv::Error>) -> Result<Response, Problem> {
    let body = body.map_err(|error| {
        tracing::error!(%error, "a CSV could not be written");
        Problem::internal()
    })?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}
