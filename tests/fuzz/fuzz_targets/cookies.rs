//! What comes in headers before anybody has shown who they are: cookies, API keys, names of hosts.
//! None of it opens anything, whatever it is.
#![no_main]

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use chassis::{
    access::{ApiKey, Sessions, session::Wire},
    http::PublicUrl,
};
use libfuzzer_sys::fuzz_target;

static SESSIONS: LazyLock<[Sessions; 2]> =
    LazyLock::new(|| [Wire::Tls, Wire::Clear].map(|wire| Sessions::new(vec![[7; 64], [8; 64]], wire)));

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        if let Ok(key) = text.parse::<ApiKey>() {
            assert_eq!(key.reveal().parse().as_ref(), Ok(&key));
        }
        if let Ok(url) = text.parse::<PublicUrl>() {
            assert!(url.origin().starts_with("http"));
        }
    }
    let now = "2019-04-01T09:00:00Z".parse().expect("a time");
    for sessions in &*SESSIONS {
        // As the whole line, and as the value of the cookie it looks for.
        for line in [input.to_vec(), [sessions.name().as_bytes(), b"=", input].concat()] {
            let Ok(line) = HeaderValue::from_bytes(&line) else { continue };
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, line);
            assert!(sessions.of(&headers, now).is_none(), "nobody knows the keys");
        }
    }
});
