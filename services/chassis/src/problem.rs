//! Problems as RFC 9457 `application/problem+json`: what was wrong, where, and what is accepted.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// A short name of the sort of problem, stable: `/problems/<name>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sort of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: String,
    /// Where in the input, and what is accepted there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// Seconds after which trying again makes sense.
    #[serde(skip)]
    pub retry_after_seconds: Option<u32>,
    /// What is said on a page, where `detail` speaks to programs.
    #[serde(skip)]
    pub on_pages: Option<Box<PageWords>>,
}

/// What a page says of a problem. In a box of its own, as few problems have any: results stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageWords(pub String);

/// One fault of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fault {
    /// The field, parameter or line.
    pub at: String,
    /// What is wrong and what is accepted.
    pub detail: String,
}

impl Problem {
    /// A problem of a sort.
    pub fn new(status: StatusCode, name: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: None,
            on_pages: None,
        }
    }

    /// 400: a parameter, field or file is not what is accepted.
    pub fn bad_input(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-input", "There is a problem with what you entered", detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 409: the state of things does not allow it.
    pub fn refused(name: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, name, "Not possible as things stand", detail)
    }

    /// 409: others were faster, several times in a row.
    pub fn busy() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "conflict",
            "Changed by others meanwhile",
            "others keep changing the same record; look at it again and repeat",
        )
        .retry_after(1)
    }

    /// After how long to try again what does not work before someone has done something about it, such as making
    /// room on a disk: long enough that no program asks again by itself.
    pub const MENDED_AFTER_SECONDS: u32 = 600;

    /// 503: something this service needs is out of reach.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Out of reach for now", detail)
            .retry_after(5)
    }

    /// 500: our mistake. The detail goes to the log, not to the caller.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "A mistake on our side",
            "the request failed through no fault of yours; it has been logged",
        )
    }

    /// Adds where the input is wrong.
    pub fn at(mut self, at: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(Fault { at: at.into(), detail: detail.into() });
        self
    }

    /// Says the same to people, where the detail speaks to programs.
    #[must_use]
    pub fn on_pages(mut self, words: impl Into<String>) -> Self {
        self.on_pages = Some(Box::new(PageWords(words.into())));
        self
    }

    /// Says when to try again.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The HTTP status.
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status_code(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<crate::log::ReadError> for Problem {
    fn from(error: crate::log::ReadError) -> Self {
        match error {
            crate::log::ReadError::Unreachable { .. } => Problem::unavailable(error.to_string()),
            crate::log::ReadError::Damaged { .. } => {
                tracing::error!(%error, "the log is damaged");
                Problem::internal()
            }
        }
    }
}
