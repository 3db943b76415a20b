//! Junk to every route: each answers with something a client can be blamed for, and nothing panics.

use std::{collections::BTreeSet, time::Duration};

use crate::support::Story;
use reqwest::Method;
use serde_json::Value;
use whole_system::{OneProcess, cli};

/// What stands in for a part of a path.
const PARTS: [&str; 12] = [
    "A99001",
    "ENG",
    "dspt-2018-19",
    "0",
    "-1",
    "99999999999999999999999",
    "%00",
    "%F0%9F%92%A9",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%FF%FE",
    "'%3B%20DROP%20TABLE%20practices%3B--",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

const QUERIES: [&str; 16] = [
    "",
    "?",
    "?=",
    "?at=",
    "?at=2019-03-31&at=2019-04-01",
    "?at=9999-12-31",
    "?at=2199-12-31",
    "?at=1900-01-01",
    "?at=%FF",
    "?known=-9999-01-01T00:00:00Z",
    "?from=2019-01-01&to=2019-03-01&known=2200-01-01",
    "?limit=18446744073709551616",
    "?cursor=%00&limit=-1&sort=&status=&format=",
    "?q=%F0%9F%92%A9%20%20%20'\"<script>",
    "?as_of=0000-00-00&dry_run=perhaps",
    "?footprint=now&at=2038-01-19",
];

const BODIES: [(&str, &[u8]); 9] = [
    ("application/json", b""),
    ("application/json", b"{"),
    ("application/json", b"null"),
    (
        "application/json",
        b"{\"answer\":{\"level\":255},\"comment\":\"\\u0000\",\"name\":\"\",\"due\":\"2018-02-31\"}",
    ),
    ("application/json", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
    ("application/x-www-form-urlencoded", b"answer=level-9&comment=%FF%FE&idempotency_key=\x00"),
    ("text/csv", b"\"\"\"\",,,\"\r\n\0\xFF\xFE"),
    ("multipart/form-data; boundary=x", b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n\r\n--x--"),
    ("\"", b"\xFF\xFF\xFF\xFF"),
];

/// Pages, which no description lists.
const PAGES: [&str; 97] = [
    "/",
    "/status",
    "/status/{code}",
    "/status/areas/{code}",
    "/sign-in",
    "/sign-in/persona",
    "/sign-in/password",
    "/sign-in/provider",
    "/sign-in/callback",
    "/sign-out",
    "/account/password",
    "/access/users",
    "/access/users/{id}/remove",
    "/access/people",
    "/access/organisations/{code}",
    "/access/organisations/{code}/keys/{id}/revoke",
    "/access/glass",
    "/access/glass/end",
    "/account/emergency-access/seen",
    "/account/calendars",
    "/account/calendars/{id}/revoke",
    "/onsite/calendar/{address}",
    "/access/demonstration",
    "/access/records",
    "/history/{code}",
    "/history/actors/{actor}",
    "/account",
    "/access",
    "/access/keys",
    "/areas/{code}",
    "/areas/{code}/bars.svg",
    "/areas/{code}/tally.svg",
    "/areas/{code}/trend.svg",
    "/areas/{code}/practices",
    "/areas/{code}/networks",
    "/practices/{code}",
    "/practices/{code}/timeline.svg",
    "/search",
    "/set-aside",
    "/about",
    "/assets/{file}",
    "/assessments",
    "/assessments/{code}",
    "/assessments/{code}/{edition}",
    "/assessments/{code}/{edition}/open",
    "/assessments/{code}/{edition}/publish",
    "/assessments/{code}/{edition}/requirements/{requirement}",
    "/assessments/{code}/{edition}/requirements/{requirement}/review",
    "/assessments/{code}/{edition}/statement",
    "/assessments/{code}/{edition}/reviewed-grade",
    "/assessments/{code}/{edition}/plan",
    "/assessments/{code}/{edition}/plan/actions/{number}/done",
    "/suppliers",
    "/suppliers/review",
    "/suppliers/reliance",
    "/suppliers/{id}",
    "/suppliers/{id}/check",
    "/suppliers/{id}/services",
    "/suppliers/{id}/certificates",
    "/suppliers/{id}/certificates/{number}",
    "/suppliers/{id}/coverage",
    "/purchases/{code}",
    "/purchases/{code}/engagements",
    "/purchases/{code}/engagements/end",
    "/purchases/{code}/checks",
    "/purchases/{code}/checks/bulk",
    "/purchases/{code}/checks/{number}",
    "/receipts",
    "/continuity",
    "/continuity/{code}",
    "/continuity/{code}/exercises/{number}/lessons/{lesson}/done",
    "/continuity/{code}/reliances/{partner}/end",
    "/continuity/{code}/version",
    "/continuity/{code}/approval",
    "/continuity/{code}/review",
    "/continuity/{code}/exercise",
    "/continuity/{code}/invocation",
    "/continuity/{code}/reliance",
    "/continuity/{code}/withdrawal",
    "/onsite",
    "/onsite/calendar.ics",
    "/onsite/{code}",
    "/onsite/{code}/request",
    "/onsite/{code}/{number}",
    "/onsite/{code}/{number}/agree",
    "/onsite/{code}/{number}/refuse",
    "/onsite/{code}/{number}/schedule",
    "/onsite/{code}/{number}/cancel",
    "/onsite/{code}/{number}/held",
    "/onsite/{code}/{number}/finding",
    "/onsite/{code}/{number}/answer",
    "/onsite/{code}/{number}/disclose",
    "/onsite/{code}/{number}/plan",
    "/onsite/{code}/{number}/decide-plan",
    "/onsite/{code}/{number}/done",
    "/onsite/{code}/{number}/retest",
    "/onsite/{code}/{number}/close",
];

/// Every part of a path in braces gives way to junk of another number.
fn filled(path: &str, number: usize) -> String {
    let mut filled = String::new();
    let mut rest = path;
    let mut place = 0;
    while let Some((before, after)) = rest.split_once('{') {
        let after = after.split_once('}').map_or("", |(_, after)| after);
        filled.push_str(before);
        // The first parts of all three make sense together: those get past the door.
        let part = if number == 0 { ["A99001", "dspt-2018-19", "1"].get(place) } else { None };
        filled.push_str(part.unwrap_or(&PARTS[(number + place * 5) % PARTS.len()]));
        rest = after;
        place += 1;
    }
    filled + rest
}

/// Whether the description of an operation knows an answer of this status and content type.
fn is_described(answers: &Value, answer: &reqwest::Response) -> bool {
    let status = answer.status().as_u16();
    let exactly = &answers[status.to_string()];
    let described = if exactly.is_object() { exactly } else { &answers[format!("{}XX", status / 100)] };
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    described["content"][kind].is_object()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_junk_makes_any_route_fail_on_its_side() {
    let story = Story::invented();
    let server = OneProcess::start().await;
    story.import_all(&server.url(), &server.client).await;
    let description = server.client.json("/api/v1/openapi.json").await;
    let mut paths: Vec<String> = description["paths"].as_object().expect("paths").keys().cloned().collect();
    assert!(paths.len() > 20, "{paths:?}");
    paths.extend(PAGES.iter().map(|page| (*page).to_owned()));
    paths.extend(
        ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/nothing", "//", "/%"]
            .map(str::to_owned),
    );

    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let client = &server.client;
    let mut keys = vec![whole_system::keys::at(&server.url())];
    for (role, at) in [("nhs-digital", "X26"), ("practice-lead", "A99001"), ("ccg-officer", "90A")] {
        keys.push(Some(whole_system::keys::issue(client, role, at).await));
    }
    // And someone with no key, and someone with a wrong one.
    keys.extend([None, Some("ovk_no".to_owned())]);
    let mut sent = 0;
    let mut failed = Vec::new();
    let mut undescribed = BTreeSet::new();
    for path in &paths {
        let parts = if path.contains('{') { PARTS.len() } else { 1 };
        let mut requests = Vec::new();
        for number in 0..parts {
            let filled = filled(path, number);
            // All queries where the rest makes sense, then one after the other.
            let queries: Vec<&str> =
                if number < 2 { QUERIES.to_vec() } else { vec![QUERIES[(number * 7) % QUERIES.len()]] };
            requests.extend(queries.iter().map(|query| (Method::GET, format!("{filled}{query}"), 0)));
            let bodies: Vec<usize> =
                if number < 2 { (0..BODIES.len()).collect() } else { vec![number % BODIES.len()] };
            for body in bodies {
                requests.push((Method::POST, filled.clone(), body));
            }
            let method = [Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS]
                [number % 5]
                .clone();
            requests.push((method, filled, number % BODIES.len()));
        }
        for (method, filled, body) in requests {
            let (kind, body) = BODIES[body];
            let url = format!("{}{filled}", server.url());
            let mut request = http.request(method.clone(), &url).header("accept", "text/html, */*");
            if method != Method::GET && method != Method::HEAD {
                request = request.header("content-type", kind).body(body);
            }
            if let Some(key) = &keys[sent % keys.len()] {
                request = request.bearer_auth(key);
            }
            sent += 1;
            match request.send().await {
                Ok(answer) if answer.status().is_server_error() => {
                    failed.push(format!(
                        "{method} {filled}: {} {}",
                        answer.status(),
                        answer.text().await.unwrap_or_default()
                    ));
                }
                // Some answers never end: what has begun well is enough.
                Ok(answer) => {
                    let operation = &description["paths"][path][method.as_str().to_lowercase()];
                    if operation.is_object() && !is_described(&operation["responses"], &answer) {
                        let kind = answer.headers().get("content-type").cloned();
                        undescribed.insert(format!("{method} {path}: {} {kind:?}", answer.status()));
                    }
                    let _ = tokio::time::timeout(Duration::from_millis(300), answer.bytes()).await;
                }
                Err(error) => failed.push(format!("{method} {filled}: {error:?}")),
            }
        }
    }
    // Of an organisation of which nothing is known there is nothing, not even for who sees all of England.
    let digital = client.with_key(keys[1].as_deref().expect("a key of NHS Digital"));
    for path in paths.iter().filter(|path| path.contains("{code}")) {
        let path = path.replace("{code}", "ZZ999").replace("{edition}", "dspt-2018-19");
        // Whatever else stands there is a number, or may be one.
        let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        // What an address needs to be understood is asked for before anything is looked for.
        let path = path.replace("/tally.svg", "/tally.svg?tally=findings-by-age&requirement=onsite");
        for method in [Method::GET, Method::POST] {
            let answer =
                digital.send(method.clone(), &path, &[("content-type", "application/json")], "{}").await;
            let is_nothing = matches!(answer.status.as_u16(), 404 | 405);
            // A body is read before the organisation is looked for.
            let is_not_read = method == Method::POST && matches!(answer.status.as_u16(), 400 | 415);
            if !is_nothing && !is_not_read {
                failed.push(format!(
                    "{method} {path}, of nothing known: {} {}",
                    answer.status,
                    answer.text()
                ));
            }
        }
    }
    assert!(sent > 1_000, "{sent}");
    assert!(failed.is_empty(), "{} of {sent} requests failed:\n{}", failed.len(), failed.join("\n"));
    assert!(undescribed.is_empty(), "answers that the description does not know: {undescribed:#?}");
    let metrics = server.client.get("/metrics").await.text();
    let panics = metrics.lines().find(|line| line.starts_with("oversight_http_panics_total"));
    assert!(panics.is_none_or(|line| line.ends_with(" 0")), "{panics:?}");
    assert!(!server.process.said().contains("panicked"), "{}", server.process.said());
    // And it still does its work.
    let verified = cli::run(&["verify", "--server", &server.url()]).await.well();
    assert!(verified.out.contains("equals the served view"), "{}", verified.all());
    let view: Value = server.client.json("/api/v1/view").await;
    assert_eq!(view["set_aside"], 0);
}
