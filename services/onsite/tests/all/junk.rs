//! Junk into every route: an answer always, a failure of ours never.

use axum::http::Method;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::{api::held_here, server::Server, support::*};

/// Every address, with `*` where a client may write what it likes.
const ADDRESSES: &[&str] = &[
    "/onsite",
    "/onsite/calendar.ics",
    "/onsite/*",
    "/onsite/*/request",
    "/onsite/*/*",
    "/onsite/*/*/agree",
    "/onsite/*/*/refuse",
    "/onsite/*/*/schedule",
    "/onsite/*/*/cancel",
    "/onsite/*/*/held",
    "/onsite/*/*/finding",
    "/onsite/*/*/answer",
    "/onsite/*/*/disclose",
    "/onsite/*/*/plan",
    "/onsite/*/*/decide-plan",
    "/onsite/*/*/done",
    "/onsite/*/*/retest",
    "/onsite/*/*/close",
    "/api/v1/onsite",
    "/api/v1/onsite/topics",
    "/api/v1/onsite/calendar",
    "/api/v1/onsite/*",
    "/api/v1/onsite/*/*",
    "/api/v1/onsite/*/request",
    "/api/v1/onsite/*/*/agree",
    "/api/v1/onsite/*/*/refuse",
    "/api/v1/onsite/*/*/schedule",
    "/api/v1/onsite/*/*/cancel",
    "/api/v1/onsite/*/*/held",
    "/api/v1/onsite/*/*/findings",
    "/api/v1/onsite/*/*/findings/*/answer",
    "/api/v1/onsite/*/*/disclose",
    "/api/v1/onsite/*/*/plan",
    "/api/v1/onsite/*/*/plan/agree",
    "/api/v1/onsite/*/*/plan/return",
    "/api/v1/onsite/*/*/plan/actions/*/done",
    "/api/v1/onsite/*/*/retest",
    "/api/v1/onsite/*/*/close",
    "/api/v1/onsite/imports/findings",
    "/api/v1/onsite/imports/*",
];

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(PRACTICE.to_owned()),
        5 => Just("1".to_owned()),
        1 => Just("0".to_owned()),
        1 => Just("%00".to_owned()),
        1 => Just("%FF%FE".to_owned()),
        1 => Just("..%2F..".to_owned()),
        1 => Just("65535".to_owned()),
        1 => Just("65536".to_owned()),
        2 => "[a-zA-Z0-9._~-]{1,40}",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        Just(br#"{"by":"X26","reason":"\u0000"}"#.to_vec()),
        Just(br#"{"on":"2018-03-12","mended":[65535,1,1]}"#.to_vec()),
        Just(br#"{"on":"9999-12-31","results":[]}"#.to_vec()),
        Just(br#"{"actions":[{"finding":1,"action":"x","owner":{},"due":"2019-01-01"}]}"#.to_vec()),
        Just(br#"{"done":"2018-03-12"}"#.to_vec()),
        Just(b"item=65536&on=&by=%00&decision=agree&mended=-1&done=x&action_1=%FF".to_vec()),
        Just(b"action_1=x&name_1=y&due_1=31/12/9999&accepted=accepted&answer=z&item=1".to_vec()),
        Just(b"Code,Number,Topic,Severity,System,Owner,Found\nA81001,1,\"x,,,,\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

#[test]
fn junk_never_fails_on_our_side() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(held_here());
    let input = (
        proptest::sample::select(ADDRESSES),
        proptest::collection::vec(segment(), 4),
        proptest::sample::select(vec![Method::GET, Method::POST, Method::POST, Method::PUT, Method::HEAD]),
        proptest::sample::select(vec![
            "application/json",
            "application/x-www-form-urlencoded",
            "text/csv",
            "multipart/form-data; boundary=x",
        ]),
        proptest::sample::select(vec![
            "",
            "?q=%FF",
            "?done=closed",
            "?partner=%00&ccg=x",
            "?cursor=_&limit=1",
            "?state=held&format=csv",
            "?dry_run=maybe",
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
}
