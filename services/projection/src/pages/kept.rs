//! Rendered pages, kept as they go out, compressed ones included.

use std::future::Future;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chassis::{
    Problem,
    access::Sees,
    compression::Prepared,
    pages::{has_already, is_viewers_own},
};
use proto::Day;
use quick_cache::{Weighter, sync::Cache as QuickCache};
use sha2::{Digest as _, Sha256};

use super::Desk;

/// The most bytes of rendered pages that are kept.
const KEPT_MAX_BYTES: u64 = 48 * 1024 * 1024;

/// About how many pages that is.
const KEPT_ABOUT: usize = 512;

/// Longer addresses are answered but not kept.
const ADDRESS_MAX_BYTES: usize = 400;

/// Of which board a page shows what is asked for by which address, and to whom. A day's beginning
/// changes pages even where nothing happened.
type Key = (u64, u64, Day, Sees, String);

#[derive(Debug, Clone)]
struct Rendered {
    body: Prepared,
    kind: &'static str,
    etag: HeaderValue,
}

#[derive(Debug, Clone)]
struct Bulk;

impl Weighter<Key, Rendered> for Bulk {
    fn weight(&self, key: &Key, rendered: &Rendered) -> u64 {
        key.4.len() as u64 + rendered.body.weight() + 128
    }
}

/// Rendered pages.
#[derive(Debug)]
pub(super) struct Kept(QuickCache<Key, Rendered, Bulk>);

/// A body on its way out: its media type and content.
pub(super) struct Body {
    kind: &'static str,
    content: String,
}

impl Body {
    /// A page.
    pub fn page(markup: maud::Markup) -> Self {
        Self { kind: "text/html; charset=utf-8", content: markup.into_string() }
    }

    /// A drawing.
    pub fn svg(content: String) -> Self {
        Self { kind: "image/svg+xml", content }
    }
}

impl Kept {
    pub fn new() -> Self {
        Self(QuickCache::with_weighter(KEPT_ABOUT, KEPT_MAX_BYTES, Bulk))
    }

    /// The answer to an address: as kept, or else rendered now. A browser that already has it is
    /// told so.
    pub async fn answer(
        &self,
        desk: &Desk,
        uri: &Uri,
        headers: &HeaderMap,
        render: impl Future<Output = Result<Body, Problem>>,
    ) -> Result<Response, Problem> {
        // What is there for one looker alone is not for the next.
        if is_viewers_own(&desk.viewer) {
            return Ok(Rendered::new(render.await?)?.response(headers));
        }
        let address = uri.path_and_query().map_or("/", |address| address.as_str());
        let key = {
            let served = desk.shared.views.served();
            let position = served.board.facts.read_to.map_or(0, |read| read.position.0);
            (served.generation, position, served.board.today, desk.viewer.sees(), address.to_owned())
        };
        let rendered = match self.0.get(&key) {
            Some(rendered) => rendered,
            None => {
                let rendered = Rendered::new(render.await?)?;
                if key.4.len() <= ADDRESS_MAX_BYTES {
                    self.0.insert(key, rendered.clone());
                }
                rendered
            }
        };
        Ok(rendered.response(headers))
    }
}

impl Rendered {
    fn new(Body { kind, content }: Body) -> Result<Self, Problem> {
        let digest = Sha256::digest(content.as_bytes());
        let digits: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::from_str(&format!("W/\"{digits}\"")).map_err(|_| Problem::internal())?;
        Ok(Self { body: Prepared::new(content), kind, etag })
    }

    fn response(self, asked: &HeaderMap) -> Response {
        let unchanged =
            self.etag.to_str().is_ok_and(|etag| has_already(asked, etag.trim_start_matches("W/")));
        let about = [
            (header::ETAG, self.etag),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
            (header::VARY, HeaderValue::from_static("accept, cookie, authorization")),
        ];
        if unchanged {
            let mut response = (StatusCode::NOT_MODIFIED, about).into_response();
            response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
            return response;
        }
        let mut response = self.body.response(asked);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        for (name, value) in about {
            response.headers_mut().append(name, value);
        }
        response
    }
}
