//! Junk into every route: an answer always, a failure of ours never.

use axum::http::Method;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::{
    server::{self, Server},
    support::*,
};

/// Every address, with `*` where a client may write what it likes.
const ADDRESSES: &[&str] = &[
    "/continuity",
    "/continuity/*",
    "/continuity/*/version",
    "/continuity/*/approval",
    "/continuity/*/review",
    "/continuity/*/exercise",
    "/continuity/*/invocation",
    "/continuity/*/reliance",
    "/continuity/*/withdrawal",
    "/continuity/*/exercises/*/lessons/*/done",
    "/continuity/*/reliances/*/end",
    "/api/v1/continuity",
    "/api/v1/continuity.csv",
    "/api/v1/continuity/*",
    "/api/v1/continuity/*/versions",
    "/api/v1/continuity/*/approve",
    "/api/v1/continuity/*/review",
    "/api/v1/continuity/*/withdraw",
    "/api/v1/continuity/*/exercises",
    "/api/v1/continuity/*/exercises/*/lessons/*/done",
    "/api/v1/continuity/*/invocations",
    "/api/v1/continuity/*/reliances",
    "/api/v1/continuity/*/reliances/end",
];

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(PRACTICE.to_owned()),
        2 => Just(PARTNER.to_owned()),
        2 => Just("1".to_owned()),
        1 => Just("%00".to_owned()),
        1 => Just("%FF%FE".to_owned()),
        1 => Just("..%2F..".to_owned()),
        1 => Just("65536".to_owned()),
        2 => "[a-zA-Z0-9._~-]{1,40}",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        Just(br#"{"owner":{"name":"\u0000"},"covers":["data"],"systems":[]}"#.to_vec()),
        Just(br#"{"version":1,"by":{"name":"\ud83d\ude00"},"on":"1900-01-01","next_review":"2199-12-31"}"#.to_vec()),
        Just(br#"{"version":1,"by":{"name":"x"},"on":"1900-01-01","next_review":"1900-12-31"}"#.to_vec()),
        Just(br#"{"kind":"live","scenario":"power","on":"1900-01-01","outcome":"failed"}"#.to_vec()),
        Just(br#"{"scenario":"power","outcome":"failed","account":"x","lessons":[{"lesson":"","action":"","due":"2018-01-01"}]}"#.to_vec()),
        Just(br#"{"partner":"0AR","services":"x","since":"1900-01-01"}"#.to_vec()),
        Just(br#"{"partner":"0AR","on":"9999-99-99"}"#.to_vec()),
        Just(b"name=x&covers=data&covers=%FF&system-1=x&impact-1=high&rto-1=65536&rpo-1=".to_vec()),
        Just(b"kind=live&scenario=power&on=2018-01-15&outcome=failed&lesson-1=%00&due-1=x&account=x".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

#[test]
fn junk_never_fails_on_our_side() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(server::start("2018-03-10T12:00:00Z"));
    let input = (
        proptest::sample::select(ADDRESSES),
        proptest::collection::vec(segment(), 3),
        proptest::sample::select(vec![Method::GET, Method::POST, Method::POST, Method::PUT, Method::HEAD]),
        proptest::sample::select(vec!["application/json", "application/x-www-form-urlencoded", "text/csv"]),
        proptest::sample::select(vec![
            "",
            "?q=%FF",
            "?done=version",
            "?after=2019-01-01_A81001",
            "?after=_",
            "?limit=7&cursor=A1",
            "?lapses_within_days=99999999999",
        ]),
        body(),
    );
    let mut runner = TestRunner::new(Config { cases: 1500, ..Config::default() });
    let outcome = runner.run(&input, |(address, segments, method, kind, query, body)| {
        let mut segments = segments.into_iter();
        let path: String = address
            .chars()
            .map(|c| if c == '*' { segments.next().unwrap_or_default() } else { c.to_string() })
            .collect();
        let headers = [("content-type", kind), ("accept", "text/html"), ("idempotency-key", "junk")];
        let request = Server::request(method, &format!("{path}{query}"), &headers, body);
        let answer = runtime.block_on(server.ask(request));
        prop_assert!(!answer.status.is_server_error(), "{path}{query}: {answer:?}");
        Ok(())
    });
    outcome.unwrap();
    assert!(server.folder().exists());
}
