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
    "/assessments",
    "/assessments/*",
    "/assessments/*/*",
    "/assessments/*/*/open",
    "/assessments/*/*/publish",
    "/assessments/*/*/requirements/*",
    "/assessments/*/*/requirements/*/review",
    "/assessments/*/*/statement",
    "/assessments/*/*/reviewed-grade",
    "/assessments/*/*/plan",
    "/assessments/*/*/plan/actions",
    "/assessments/*/*/plan/actions/*/done",
    "/assessments/*/*/plan/submit",
    "/assessments/*/*/plan/decide",
    "/assets/*",
    "/api/v1/assessments/*",
    "/api/v1/assessments/*/*",
    "/api/v1/assessments/*/*/open",
    "/api/v1/assessments/*/*/answers/*",
    "/api/v1/assessments/*/*/reviews/*",
    "/api/v1/assessments/*/*/publish",
    "/api/v1/assessments/*/*/statement",
    "/api/v1/assessments/*/*/reviewed-grade",
    "/api/v1/assessments/*/*/plan/actions",
    "/api/v1/assessments/*/*/plan/actions/*/done",
    "/api/v1/assessments/*/*/plan/submit",
    "/api/v1/assessments/*/*/plan/agree",
    "/api/v1/assessments/*/*/plan/refuse",
    "/api/v1/editions",
    "/api/v1/editions/*",
    "/api/v1/editions/*/deadline",
    "/api/v1/editions/*/exemptions",
    "/api/v1/assessments/imports/results",
    "/api/v1/assessments/imports/*",
];

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(PRACTICE.to_owned()),
        4 => Just(IGT.to_owned()),
        2 => Just(DSPT.to_owned()),
        2 => Just("14-117".to_owned()),
        1 => Just("1".to_owned()),
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
        Just(br#"{"answer":{"level":255}}"#.to_vec()),
        Just(br#"{"answer":{"not-relevant":{"reason":"\u0000"}},"target":9}"#.to_vec()),
        Just(br#"{"by":"00K","reason":"x","grade":"satisfactory"}"#.to_vec()),
        Just(br#"{"name":"\ud83d\ude00"}"#.to_vec()),
        Just(br#"{"organisation_type":"ccg","to":"9999-99-99","reason":""}"#.to_vec()),
        Just(b"answer=2&comment=%FF&target=x&due=&by=%00&decision=agree".to_vec()),
        Just(b"Code,Status,Date Of Publication\nA81001,\"x,2019-01-01\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

#[test]
fn junk_never_fails_on_our_side() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(server::start("2018-03-10T12:00:00Z"));
    let input = (
        proptest::sample::select(ADDRESSES),
        proptest::collection::vec(segment(), 4),
        proptest::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD]),
        proptest::sample::select(vec![
            "application/json",
            "application/x-www-form-urlencoded",
            "text/csv",
            "multipart/form-data; boundary=x",
        ]),
        proptest::sample::select(vec![
            "",
            "?q=%FF",
            "?done=published",
            "?as_of=2019-06-17",
            "?as_of=x&x=y",
            "?name=%00",
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
