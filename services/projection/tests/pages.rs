//! The pages over a small England: what they say, where they lead, and that nothing breaks them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use futures::StreamExt as _;
use support::{By, HOSTILE, Running, words};

const PAGES: [&str; 16] = [
    "/",
    "/areas/ENG",
    "/areas/Y54",
    "/areas/00K",
    "/areas/99Z",
    "/areas/ENG?at=2019-03-25",
    "/areas/ENG?at=2020-03-31",
    "/areas/15E?at=2019-03-31&footprint=now",
    "/areas/ENG?at=2019-03-31&known=2019-01-01",
    "/areas/ENG/practices",
    "/areas/00K/practices?status=not-met&sort=name&at=2019-06-17",
    "/practices/A81003",
    "/practices/A81005?at=2019-06-17",
    "/search?q=surgery",
    "/set-aside",
    "/about",
];

/// The addresses a page leads to.
fn links(html: &str) -> Vec<String> {
    html.split(" href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|href| href.replace("&amp;", "&"))
        .collect()
}

#[tokio::test]
async fn england_opens_on_what_needs_attention_with_a_number_and_a_name() {
    let england = Running::small_england(By::Someone).await;
    let page = england.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    let said = words(&page.text);
    let sentence = said
        .find("Today, 17 June 2019, 2 of 7 practices (28.6%) do not meet the toolkit requirement")
        .unwrap();
    assert!(said.contains("NHS Hartlepool and Stockton-on-Tees CCG has the most: 2 of 3."), "{said}");
    let figures = said.find("Toolkit assessment, 7 practices").unwrap();
    assert!(
        sentence < said.find("Needs attention").unwrap() && said.find("Needs attention").unwrap() < figures
    );
    assert!(said.contains(
        "Today, 17 June 2019; using all information recorded to date; practices as grouped on that date."
    ));
    assert!(said.contains("North of England 4 2 0 2 0 50.0%"), "{said}");
    assert_eq!(england.get("/areas/ENG").await.text, page.text, "the first page is England's");
}

#[tokio::test]
async fn before_the_deadline_nothing_is_known_and_after_the_last_day_nobody_has_acted() {
    let england = Running::small_england(By::Someone).await;
    let before = words(&england.get("/areas/ENG?at=2019-03-25").await.text);
    assert!(
        before.contains("On 25 March 2019 there is no evidence for 6 of 8 practices (75.0%)"),
        "{before}"
    );
    assert!(
        before.contains("The next deadline, for the DSP Toolkit 2018/19, is 31 March 2019, 6 days later.")
    );
    let ahead = words(&england.get("/areas/ENG?at=2020-10-31").await.text);
    assert!(
        ahead.contains("If nothing changes, on 31 October 2020 7 of 7 practices (100%) will not meet"),
        "{ahead}"
    );
    assert!(
        ahead.contains("31 October 2020 is in the future: figures are for that date if nothing changes.")
    );
}

#[tokio::test]
async fn a_ccg_lists_its_practices_that_are_short_by_patients() {
    let england = Running::small_england(By::Someone).await;
    let said = words(&england.get("/areas/00K").await.text);
    assert!(
        said.contains("Queen's Park Medical Centre is the largest of them, with 20,000 patients."),
        "{said}"
    );
    assert!(
        said.contains("20,000 patients. Since 31 March 2019. What is not met: nothing published for the DSP Toolkit 2018/19, due 31 March 2019: the register of 17 June 2019 shows none."),
        "{said}"
    );
}

#[tokio::test]
async fn a_ccg_that_was_merged_says_where_its_practices_are() {
    let england = Running::small_england(By::Someone).await;
    let page = england.get("/areas/99Z").await;
    let said = words(&page.text);
    assert!(
        said.contains("This CCG had no practices at the end of 17 June 2019; it is not counted on that day."),
        "{said}"
    );
    assert!(said.contains("It closed at the end of 31 December 2018."));
    assert!(said.contains("NHS Birmingham and Solihull CCG, 1 practice"), "{said}");
    let then = words(&england.get("/areas/99Z?at=2018-12-31").await.text);
    assert!(then.contains("Toolkit assessment: practices by status"), "{then}");
}

#[tokio::test]
async fn a_practice_says_what_holds_since_when_and_by_which_event() {
    let england = Running::small_england(By::Someone).await;
    let said = words(&england.get("/practices/A81001").await.text);
    assert!(said.contains("Today, 17 June 2019, the toolkit requirement is met, since 20 March 2019: the national register shows Standards Met for the DSP Toolkit 2018/19."), "{said}");
    assert!(
        said.contains(
            "This practice was in NHS Hartlepool and Stockton-on-Tees CCG and North of England on that date."
        ),
        "{said}"
    );
    assert!(said.contains("Result listed") && said.contains("System, import"), "the event behind it: {said}");
    assert!(said.contains("Not met if nothing changes"), "{said}");
    let page = england.get("/practices/A81001").await.text;
    assert!(links(&page).contains(&"/assessments/A81001".to_owned()));
    let closed = words(&england.get("/practices/A81005").await.text);
    assert!(closed.contains("Closed It was not open on 17 June 2019 and is not counted"), "{closed}");
    assert!(closed.contains("Its last day was 31 May 2019."));
}

#[tokio::test]
async fn every_link_keeps_the_day_the_knowledge_and_the_membership() {
    let england = Running::small_england(By::Someone).await;
    let choices = "at=2019-04-30&known=2019-06-17&footprint=now";
    for page in
        ["/areas/ENG", "/areas/Y54", "/areas/00K", "/areas/00K/practices", "/practices/A81001", "/search"]
    {
        let page = if page == "/search" { "/search?q=surgery&" } else { &format!("{page}?") };
        let answer = england.get(&format!("{page}{choices}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.text);
        let mut kept = 0;
        for link in links(&answer.text)
            .iter()
            .filter(|link| link.starts_with("/areas/") || link.starts_with("/practices/"))
        {
            // Another day, or all that is known, is what some links are for; the rest stays.
            assert!(link.contains("footprint=now"), "{page}: {link}");
            kept += usize::from(link.contains(choices));
        }
        assert!(kept >= 3, "{page}: {kept}");
    }
}

#[tokio::test]
async fn every_link_and_download_of_the_pages_leads_somewhere() {
    let england = Running::small_england(By::Someone).await;
    let mut asked = BTreeSet::new();
    for page in PAGES {
        for link in links(&england.get(page).await.text) {
            let own = link.starts_with('/')
                && ![
                    "/access",
                    "/assessments",
                    "/account",
                    "/history",
                    "/suppliers",
                    "/purchases",
                    "/continuity",
                    "/onsite",
                ]
                .iter()
                .any(|other| link.starts_with(other));
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if own && !link.is_empty() && asked.insert(link.clone()) {
                let answer = england.get(&link).await;
                assert_eq!(answer.status, StatusCode::OK, "{page} leads to {link}: {}", answer.text);
            }
        }
    }
    assert!(asked.len() > 60, "{}", asked.len());
}

#[tokio::test]
async fn pages_have_one_heading_a_stamp_and_nothing_inline_and_take_names_as_text() {
    let england = Running::small_england(By::Someone).await;
    for page in PAGES {
        let html = england.get(page).await.text;
        assert_eq!(html.matches("<h1").count(), 1, "{page}");
        assert!(html.contains("Figures read up to event <strong>"), "{page}");
        assert!(html.contains("data-live=\"/live\""), "{page}");
        assert!(
            !html.contains(" style=") && !html.contains("<style") && !html.contains("<script>"),
            "{page}"
        );
        assert!(!html.contains(" onclick") && !html.contains("javascript:"), "{page}");
        assert!(!html.contains("<B>") && !html.contains("<b>"), "{page}");
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{page}: an id twice");
    }
    let practice = england.get("/practices/A81003").await.text;
    assert!(practice.contains("&lt;script&gt;"), "{HOSTILE}");
    let q = england.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E").await.text;
    assert!(q.contains("&lt;script&gt;alert(1)") && !q.contains("<script>alert"));
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_walked_page_by_page() {
    let england = Running::small_england(By::Someone).await;
    let first = england.get("/areas/ENG/practices?limit=3&sort=code").await.text;
    assert!(words(&first).contains("Practices 1 to 3 of 7"), "{}", words(&first));
    let next = links(&first).into_iter().find(|link| link.contains("cursor=")).unwrap();
    let second = england.get(&next).await.text;
    assert!(words(&second).contains("Practices 4 to 6 of 7"));
    let back = links(&second).into_iter().find(|link| link.contains("cursor=")).unwrap();
    let back = england.get(&back).await.text;
    assert!(words(&back).contains("Practices 1 to 3 of 7"), "the page before: {}", words(&back));
    let short = words(&england.get("/areas/ENG/practices?status=not-met").await.text);
    assert!(short.contains("2 of 7 practices (28.6%) have the status Not met"), "{short}");
    let csv = england.get("/api/v1/areas/ENG/areas?of=ccg&sort=name&format=csv&at=2019-06-17").await;
    assert!(csv.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    let name = csv.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"areas-ENG-2019-06-17-at-"), "{name}");
    assert!(csv.text.starts_with("\u{feff}area_code,"), "{}", csv.text);
    assert_eq!(csv.text.lines().count(), 1 + 3 * projection::rules::RULES.len(), "{}", csv.text);
    assert!(
        csv.text
            .contains("00K,NHS HARTLEPOOL AND STOCKTON-ON-TEES CCG,ccg,,Y54,2019-06-17,toolkit,3,1,0,2,0,0"),
        "{}",
        csv.text
    );
}

#[tokio::test]
async fn what_was_known_earlier_is_said_to_be_that() {
    let england = Running::small_england(By::Someone).await;
    let said = words(&england.get("/areas/ENG?known=2019-05-28T02:30:00Z&at=2019-06-17").await.text);
    assert!(said.contains("using information recorded by 28 May 2019 at 3:30am"), "{said}");
}

/// Whoever typed an address or followed an old link is told in words what is wrong with it, and led on.
#[tokio::test]
async fn a_wrong_address_is_told_in_words_with_the_way_to_the_page_without_it() {
    let england = Running::small_england(By::Someone).await;
    let cases = [
        (
            "/areas/ENG?at=28/02/2026",
            "The date in the address of this page is not valid.",
            Some("/areas/ENG"),
        ),
        (
            "/areas/ENG?footprint=now&at=soon",
            "Dates in addresses are written like 2019-03-31.",
            Some("/areas/ENG?footprint=now"),
        ),
        ("/areas/ENG?known=then", "The date on which it was known in the address", Some("/areas/ENG")),
        (
            "/areas/ENG?footprint=later",
            "The choice of membership in the address of this page is not known.",
            Some("/areas/ENG"),
        ),
        (
            "/areas/ENG?requirement=x",
            "The requirement in the address of this page is not known.",
            Some("/areas/ENG"),
        ),
        (
            "/areas/00K/practices?status=x",
            "The status in the address of this page is not known.",
            Some("/areas/00K/practices"),
        ),
        (
            "/areas/00K/practices?sort=x",
            "The order in the address of this page is not known.",
            Some("/areas/00K/practices"),
        ),
        ("/areas/x!y", "The code of an organisation in the address of this page is not valid.", None),
    ];
    for (address, says, instead) in cases {
        let page = england.ask("GET", address, &[("accept", "text/html")]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}");
        let said = words(&page.text);
        assert!(said.contains(says), "{address}: {said}");
        for word in ["yyyy", "is none of", "is neither", "RFC", "parameter", "not-met", "onsite"] {
            let main = said.split("There is a problem with this address").last().unwrap();
            assert!(!main.contains(word), "{address}: {word}: {main}");
        }
        let link = instead.map(|to| {
            format!("<a class=\"nhsuk-link\" href=\"{}\">Open this page without it", to.replace('&', "&amp;"))
        });
        assert_eq!(
            link.as_ref().map(|link| page.text.contains(link.as_str())),
            instead.map(|_| true),
            "{address}: {}",
            page.text
        );
    }
    let program = england.get("/api/v1/areas/ENG?at=28/02/2026").await;
    assert!(program.text.contains("yyyy-mm-dd"), "programs are told what is accepted: {}", program.text);
}

#[tokio::test]
async fn generated_data_is_marked_on_every_page() {
    let england = Running::small_england(By::TheGenerator).await;
    for page in PAGES {
        assert!(england.get(page).await.text.contains("Demonstration data:"), "{page}");
    }
    let real = Running::small_england(By::Someone).await;
    assert!(!real.get("/").await.text.contains("Demonstration data:"));
}

#[tokio::test]
async fn an_empty_log_gives_a_page_that_says_how_to_begin() {
    let empty = Running::empty().await;
    let page = empty.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("oversight import practices"), "{}", page.text);
    for page in
        ["/about", "/set-aside", "/search?q=x", "/search", "/areas/ENG/practices", "/areas/ENG?at=2019-03-31"]
    {
        assert_eq!(empty.get(page).await.status, StatusCode::OK, "{page}");
    }
}

#[tokio::test]
async fn events_set_aside_are_counted_and_listed() {
    let mut england = Running::small_england(By::Someone).await;
    england.write_nonsense().await;
    england.caught_up().await;
    let said = words(&england.get("/set-aside").await.text);
    assert!(said.contains("1 event could not be read and is left out of every figure."), "{said}");
    assert!(words(&england.get("/about").await.text).contains("Delay 0 events"));
}

#[tokio::test]
async fn a_page_asked_for_again_unchanged_is_not_sent_again() {
    let mut england = Running::small_england(By::Someone).await;
    let page = england.get("/areas/00K").await;
    let etag = page.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(page.headers["cache-control"], "no-store");
    let again = england.ask("GET", "/areas/00K", &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let edition = "dspt-2018-19".parse().unwrap();
    england
        .result(
            "A81002",
            proto::assessments::PublishedResult::StandardsMet { edition },
            Some("2019-06-17"),
            By::Someone,
        )
        .await;
    england.caught_up().await;
    let news = england.ask("GET", "/areas/00K", &[("if-none-match", &etag)]).await;
    assert_eq!(news.status, StatusCode::OK);
    assert!(words(&news.text).contains("1 of 3 practices (33.3%) does not meet"), "{}", words(&news.text));

    let asset = links(&page.text)
        .into_iter()
        .find(|link| link.contains("oversight.") && link.ends_with(".css"))
        .unwrap();
    let style = england.get(&asset).await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert!(style.headers["cache-control"].to_str().unwrap().contains("immutable"));
    let etag = style.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(
        england.ask("GET", &asset, &[("if-none-match", &etag)]).await.status,
        StatusCode::NOT_MODIFIED
    );
}

#[tokio::test]
async fn news_comes_as_it_happens_and_ends_with_the_process() {
    let mut england = Running::small_england(By::Someone).await;
    let response = england.open("GET", "/live", &[]).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut news = response.into_body().into_data_stream();
    let before = england.log.head().await.unwrap();
    let heard = news.next().await.unwrap().unwrap();
    assert_eq!(heard, format!("event: position\ndata: {before}\n\n"));
    england.write_nonsense().await;
    let heard = news.next().await.unwrap().unwrap();
    assert_eq!(heard, format!("event: position\ndata: {}\n\n", before.next()));
    england.tasks.stop().cancel();
    assert!(news.next().await.is_none());
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs() {
    let england = Running::small_england(By::Someone).await;
    for address in ["/areas/XXX", "/practices/Z99999", "/no/such/page", "/assets/none.css"] {
        let page = england.ask("GET", address, &[("accept", "text/html,*/*")]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(page.text.matches("<h1").count(), 1);
        assert!(page.text.contains("role=\"search\""), "a way on");
        let problem = england.ask("GET", address, &[("accept", "application/json")]).await;
        assert_eq!(problem.headers["content-type"], "application/problem+json");
    }
    let page = england.ask("GET", "/areas/ENG?at=31/02/2018", &[("accept", "text/html")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("Dates in addresses are written like 2019-03-31"), "says what is accepted");
}

const JUNK: [&str; 14] = [
    "",
    "%00",
    "%FF%FE",
    "..%2F..%2Fetc%2Fpasswd",
    "%3Cscript%3E",
    "%F0%9F%92%A9",
    "-1",
    "99999999999999999999",
    "2019-02-30",
    "9999-12-31",
    "'%20OR%201=1",
    "ENG%20",
    "a81001",
    "%2E%2E",
];

#[tokio::test]
async fn junk_is_answered_with_a_clear_no_on_every_route() {
    let england = Running::small_england(By::Someone).await;
    let mut paths: Vec<String> = [
        "/areas/{code}",
        "/areas/{code}/bars.svg",
        "/areas/{code}/tally.svg",
        "/areas/{code}/trend.svg",
        "/areas/{code}/practices",
        "/practices/{code}",
        "/practices/{code}/timeline.svg",
        "/search",
        "/set-aside",
        "/about",
        "/",
        "/assets/{code}",
    ]
    .map(str::to_owned)
    .to_vec();
    let description: serde_json::Value =
        serde_json::from_str(&england.get("/api/v1/openapi.json").await.text).unwrap();
    paths.extend(description["paths"].as_object().unwrap().keys().cloned());
    let parameters = [
        "at",
        "known",
        "footprint",
        "status",
        "sort",
        "cursor",
        "limit",
        "format",
        "from",
        "to",
        "q",
        "of",
        "nonsense",
    ];
    let long = "x".repeat(5_000);
    for path in &paths {
        for junk in JUNK.into_iter().chain([long.as_str()]) {
            let answer = england.get(&path.replace("{code}", junk)).await;
            assert!(!answer.status.is_server_error(), "{path} {junk}: {}", answer.text);
            for parameter in parameters {
                for code in ["ENG", "00K", "A81001"] {
                    let address = format!("{}?{parameter}={junk}", path.replace("{code}", code));
                    let answer = england.get(&address).await;
                    assert!(!answer.status.is_server_error(), "{address}: {}", answer.text);
                }
            }
        }
        for method in ["PUT", "DELETE", "PATCH", "FROB"] {
            let answer = england.ask(method, &path.replace("{code}", "ENG"), &[]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_days_at_the_ends_of_the_calendar_have_pages_too() {
    let england = Running::small_england(By::Someone).await;
    for day in ["1900-01-01", "1900-01-02", "2199-12-30", "2199-12-31"] {
        for page in
            ["/areas/ENG", "/areas/00K", "/areas/ENG/practices", "/practices/A81001", "/areas/ENG/trend.svg"]
        {
            let address = format!("{page}?at={day}");
            assert_eq!(england.get(&address).await.status, StatusCode::OK, "{address}");
        }
    }
}

/// What the description says and what is there are the same: every described address answers, and
/// every address in the code is described.
#[tokio::test]
async fn the_description_of_the_api_is_true_and_complete() {
    let england = Running::small_england(By::Someone).await;
    let description: serde_json::Value =
        serde_json::from_str(&england.get("/api/v1/openapi.json").await.text).unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = description["paths"].as_object().unwrap();
    for (path, operations) in paths {
        let code = if ["/practices/{code}", "/status/{code}"].iter().any(|of| path.contains(of)) {
            "A81001"
        } else {
            "ENG"
        };
        let address = path.replace("{code}", code);
        for method in operations.as_object().unwrap().keys() {
            let answer = england.ask(&method.to_uppercase(), &address, &[]).await;
            assert!(answer.status.is_success(), "{method} {address}: {} {}", answer.status, answer.text);
        }
    }
    let source = include_str!("../src/api.rs");
    let routes = source.split("Routes::new()").nth(1).unwrap();
    let in_code: BTreeSet<&str> =
        routes.split('"').filter(|literal| literal.starts_with("/api/v1/")).collect();
    let described: BTreeSet<&str> =
        paths.keys().map(String::as_str).filter(|path| *path != "/api/v1/openapi.json").collect();
    assert_eq!(in_code, described);
    // Every parameter that is described is accepted.
    for (path, operations) in paths {
        for parameter in operations["get"]["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                let code = if ["/practices/{code}", "/status/{code}"].iter().any(|of| path.contains(of)) {
                    "A81001"
                } else {
                    "ENG"
                };
                let address =
                    format!("{}?{}=", path.replace("{code}", code), parameter["name"].as_str().unwrap());
                assert_eq!(england.get(&address).await.status, StatusCode::OK, "{address}");
            }
        }
    }
}
