//! Answers made smaller on their way out: gzip or Brotli, whichever the caller accepts.
//!
//! What many are sent is compressed once and kept beside the plain bytes ([`Prepared`]): style sheets, scripts,
//! and the pages and answers that caches hold. All else is compressed while it is sent ([`layer`]).
//!
//! Compression lets the length of an answer say whether two parts of it are alike (the BREACH attack): someone who can
//! make a person's browser ask again and again, with words of their own choice that are repeated in the answer,
//! learns a secret in the same answer letter by letter. So no answer has a secret that is the same the next time.
//! The token that forms carry is masked anew in every page ([`crate::access::Session::form_token`]); keys,
//! first passwords and private addresses are shown once and never again. Besides, the cookie of a session is
//! `SameSite=Lax`: what another site's page loads comes without it.

use std::{
    io::{self, Write as _},
    sync::{Arc, OnceLock},
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};

/// Shorter answers fit in a packet or two as they are.
const COMPRESSED_ABOVE_BYTES: u64 = 1_024;

/// Effort on what is kept, of 11: about a tenth of the time of the most, and within a few percent of its size.
const BROTLI_QUALITY: u32 = 6;

/// Effort on what is kept, of 9.
const GZIP_LEVEL: u32 = 6;

/// The window that Brotli looks back over, as a power of two of bytes: larger than any page.
const BROTLI_WINDOW: u32 = 22;

/// Bytes that the compressors take at a time.
const BUFFER_BYTES: usize = 4_096;

/// How an answer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli, RFC 7932.
    Brotli,
    /// gzip, RFC 1952.
    Gzip,
}

impl Encoding {
    /// The best one that a request accepts; none: as it is.
    pub fn of(asked: &HeaderMap) -> Option<Self> {
        let accepted = |name: &str| {
            let offers =
                asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|offer| offer.to_str().ok());
            let mut named = offers.flat_map(|offers| offers.split(',')).map(|offer| {
                let (coding, quality) = offer.split_once(';').unwrap_or((offer, ""));
                (coding.trim(), quality.trim())
            });
            let quality =
                named.find(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|(_, quality)| quality);
            quality.is_some_and(|quality| {
                let weight = quality.strip_prefix("q=").or_else(|| quality.strip_prefix("Q="));
                weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
            })
        };
        [(Self::Brotli, "br"), (Self::Gzip, "gzip")]
            .into_iter()
            .find_map(|(encoding, name)| accepted(name).then_some(encoding))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    fn compress(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut small = Vec::with_capacity(plain.len() / 3);
        match self {
            Self::Brotli => {
                let mut writer =
                    brotli::CompressorWriter::new(&mut small, BUFFER_BYTES, BROTLI_QUALITY, BROTLI_WINDOW);
                writer.write_all(plain)?;
                writer.flush()?;
            }
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut writer = flate2::write::GzEncoder::new(&mut small, level);
                writer.write_all(plain)?;
                writer.finish()?;
            }
        }
        Ok(small)
    }
}

/// A body that is sent to many: compressed once for each way it is asked for.
#[derive(Debug, Clone)]
pub struct Prepared(Arc<Forms>);

#[derive(Debug)]
struct Forms {
    plain: Bytes,
    /// None: not smaller that way.
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

impl Prepared {
    /// To be compressed when it is first asked for that way.
    pub fn new(plain: impl Into<Bytes>) -> Self {
        Self(Arc::new(Forms { plain: plain.into(), brotli: OnceLock::new(), gzip: OnceLock::new() }))
    }

    /// About how many bytes it takes to keep, compressed forms included.
    pub fn weight(&self) -> u64 {
        let plain = self.0.plain.len() as u64;
        plain + plain / 2
    }

    fn small(&self, encoding: Encoding) -> Option<&Bytes> {
        let Forms { plain, brotli, gzip } = &*self.0;
        let form = match encoding {
            Encoding::Brotli => brotli,
            Encoding::Gzip => gzip,
        };
        let compressed = || match encoding.compress(plain) {
            Ok(small) => (small.len() < plain.len()).then(|| small.into()),
            Err(error) => {
                tracing::warn!(%error, "a body could not be compressed and is sent as it is");
                None
            }
        };
        form.get_or_init(compressed).as_ref()
    }

    /// The body as a request accepts it, with the headers that say so. Whoever gives it an entity tag gives it a
    /// weak one: its forms have the same content, but not the same bytes.
    pub fn response(&self, asked: &HeaderMap) -> Response {
        let Forms { plain, .. } = &*self.0;
        if plain.len() as u64 <= COMPRESSED_ABOVE_BYTES {
            return Response::new(Body::from(plain.clone()));
        }
        let encoding = Encoding::of(asked);
        let small = encoding.and_then(|encoding| Some((encoding, self.small(encoding)?)));
        let mut response = match small {
            Some((encoding, small)) => {
                let mut response = Response::new(Body::from(small.clone()));
                let name = HeaderValue::from_static(encoding.name());
                response.headers_mut().insert(header::CONTENT_ENCODING, name);
                response
            }
            None => Response::new(Body::from(plain.clone())),
        };
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

/// Marks an answer, in its extensions, that goes on until its reader leaves: it is sent as it comes, since a
/// compressor holds back.
#[derive(Debug, Clone, Copy)]
pub struct GoesOn;

/// Marks an answer, in its extensions, that is long: while it is not read its compressor is kept too, and that of
/// Brotli takes megabytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Long;

/// Takes the answers of one length alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    /// Those that are marked as long.
    Long,
    /// The others.
    Short,
}

impl Predicate for Only {
    fn should_compress<B>(&self, response: &Response<B>) -> bool {
        let is_long = response.extensions().get::<Long>().is_some();
        is_long == (*self == Only::Long) && response.extensions().get::<GoesOn>().is_none()
    }
}

/// Compresses what is not compressed yet, but for news of the view and what is marked as going on.
pub(crate) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(compressible(Only::Short))
}

/// The same of long answers, by gzip alone.
pub(crate) fn layer_of_long() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().no_br().quality(CompressionLevel::Fastest).compress_when(compressible(Only::Long))
}

fn compressible(only: Only) -> impl Predicate {
    SizeAbove::new(COMPRESSED_ABOVE_BYTES)
        .and(NotForContentType::SSE)
        .and(only)
        .and(NotForContentType::IMAGES)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::{Router, http::Request, response::IntoResponse, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    fn asking(accepts: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepts.parse().unwrap())])
    }

    #[test]
    fn the_best_encoding_that_is_accepted_is_taken() {
        for (accepts, encoding) in [
            ("gzip, deflate, br", Some(Encoding::Brotli)),
            ("GZIP", Some(Encoding::Gzip)),
            ("br;q=0, gzip;q=0.5", Some(Encoding::Gzip)),
            ("br;q=0.1", Some(Encoding::Brotli)),
            ("gzip;q=0", None),
            ("gzip;q=nonsense", None),
            ("deflate, zstd", None),
            ("identity", None),
            ("", None),
        ] {
            assert_eq!(Encoding::of(&asking(accepts)), encoding, "{accepts}");
        }
        assert_eq!(Encoding::of(&HeaderMap::new()), None);
    }

    fn plain_again(encoding: &str, small: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match encoding {
            "br" => brotli::Decompressor::new(small, BUFFER_BYTES).read_to_end(&mut plain).unwrap(),
            "gzip" => flate2::read::GzDecoder::new(small).read_to_end(&mut plain).unwrap(),
            other => panic!("{other}"),
        };
        plain
    }

    async fn body_of(response: Response) -> Bytes {
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_prepared_is_compressed_once_and_is_the_same_again() {
        let text = "practices and their status; ".repeat(200);
        let prepared = Prepared::new(text.clone());
        for encoding in ["br", "gzip"] {
            let first = prepared.response(&asking(encoding));
            assert_eq!(first.headers()[header::CONTENT_ENCODING], encoding);
            assert_eq!(first.headers()[header::VARY], "accept-encoding");
            let first = body_of(first).await;
            assert!(first.len() < text.len() / 5);
            assert_eq!(plain_again(encoding, &first), text.as_bytes());
            let second = body_of(prepared.response(&asking(encoding))).await;
            assert_eq!(first.as_ptr(), second.as_ptr(), "not compressed a second time");
        }
        let plain = prepared.response(&HeaderMap::new());
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(plain.headers()[header::VARY], "accept-encoding", "caches must know of the others");
        assert_eq!(body_of(plain).await, text);
        let short = Prepared::new("short").response(&asking("br"));
        assert!(!short.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn what_is_long_is_compressed_and_what_goes_on_is_not() {
        let answer = |kind: &'static str, bytes: usize| {
            get(move || async move {
                ([(header::CONTENT_TYPE, kind)], "a,b\r\n".repeat(bytes / 5)).into_response()
            })
        };
        let app = Router::new()
            .route("/page", answer("text/html; charset=utf-8", 5_000))
            .route("/rows", answer("text/csv; charset=utf-8", 5_000))
            .route("/json", answer("application/json", 5_000))
            .route("/drawing", answer("image/svg+xml", 5_000))
            .route("/short", answer("text/html; charset=utf-8", 1_000))
            .route("/live", answer("text/event-stream", 5_000))
            .route("/feed", answer("application/x-ndjson", 5_000))
            .route(
                "/followed",
                get(async || {
                    let mut response = "a,b\r\n".repeat(1_000).into_response();
                    response.extensions_mut().insert(GoesOn);
                    response
                }),
            )
            .route(
                "/long",
                get(async || {
                    let mut response = "a,b\r\n".repeat(1_000).into_response();
                    response.extensions_mut().insert(Long);
                    response
                }),
            )
            .layer(layer_of_long())
            .layer(layer());
        for (path, encoding) in [
            ("/page", Some("br")),
            ("/rows", Some("br")),
            ("/json", Some("br")),
            ("/drawing", Some("br")),
            ("/short", None),
            ("/live", None),
            ("/feed", Some("br")),
            ("/followed", None),
            ("/long", Some("gzip")),
        ] {
            let request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip, br").body(Body::empty());
            let response = app.clone().oneshot(request.unwrap()).await.unwrap();
            let says = response.headers().get(header::CONTENT_ENCODING).map(|name| name.to_str().unwrap());
            assert_eq!(says, encoding, "{path}");
            if let Some(encoding) = encoding {
                assert!(
                    response.headers().get_all(header::VARY).iter().any(|vary| vary == "accept-encoding")
                );
                assert_eq!(plain_again(encoding, &body_of(response).await).len(), 5_000, "{path}");
            }
        }
    }
}
