//! The calendar of visits, line by line.

use onsite::calendar::{VisitEntry, feed};
use proptest::prelude::*;
use serde_json::json;

use crate::{api::*, server, support::*};

fn visit(name: &str) -> VisitEntry {
    VisitEntry {
        organisation: code(PRACTICE),
        name: name.to_owned(),
        number: 1,
        on: day("2018-03-10"),
        partner: code(PARTNER),
        is_cancelled: false,
        changed: "2018-03-01T12:00:00.5Z".parse().unwrap(),
        revision: 2,
    }
}

/// The lines of a feed as a calendar reads them: ended by CRLF, none too long, folds undone.
fn lines(feed: &str) -> Vec<String> {
    assert!(feed.ends_with("\r\n"));
    let physical: Vec<&str> = feed.strip_suffix("\r\n").unwrap().split("\r\n").collect();
    let mut logical: Vec<String> = Vec::new();
    for line in physical {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.chars().any(char::is_control), "{line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => logical.last_mut().unwrap().push_str(rest),
            None => logical.push(line.to_owned()),
        }
    }
    logical
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next().unwrap() {
                'n' => text.push('\n'),
                other => text.push(other),
            },
            ';' | ',' => panic!("not escaped in {value}"),
            other => text.push(other),
        }
    }
    text
}

#[test]
fn a_visit_is_a_day_with_a_stable_id() {
    assert_eq!(
        lines(&feed(&[visit("The Densham Surgery")])),
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//oversight//on-site assessments//EN",
            "CALSCALE:GREGORIAN",
            "X-WR-CALNAME:On-site assessments",
            "BEGIN:VEVENT",
            "UID:onsite-A81001-1@oversight",
            "DTSTAMP:20180301T120000Z",
            "SEQUENCE:2",
            "DTSTART;VALUE=DATE:20180310",
            "SUMMARY:On-site assessment: The Densham Surgery (A81001)",
            "DESCRIPTION:Assessment 1\\; delivery partner ZZPARTNER",
            "STATUS:CONFIRMED",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
    );
}

#[test]
fn one_called_off_is_cancelled_under_the_same_id() {
    let off = VisitEntry { is_cancelled: true, revision: 3, ..visit("The Densham Surgery") };
    let lines = lines(&feed(&[off]));
    for expected in ["UID:onsite-A81001-1@oversight", "STATUS:CANCELLED", "SEQUENCE:3"] {
        assert!(lines.iter().any(|line| line == expected), "{expected} in {lines:?}");
    }
}

proptest! {
    /// Whatever a practice is called, the lines stay lines and the name comes back out of them.
    #[test]
    fn any_name_survives(name in "[ -~\n\\\\;,éÄ老🏥]{0,200}") {
        let lines = lines(&feed(&[visit(&name)]));
        let summary = lines.iter().find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
        prop_assert_eq!(unescaped(summary), format!("On-site assessment: {name} (A81001)"));
        prop_assert_eq!(lines.len(), 16);
    }

    /// Control characters end no line and begin no property.
    #[test]
    fn nothing_can_be_smuggled_in(name in "[\u{0}-\u{1f}\u{7f}A-Z:]{0,100}") {
        prop_assert_eq!(lines(&feed(&[visit(&name)])).len(), 16);
    }
}

#[tokio::test]
async fn the_feed_has_the_visits_one_sees_and_names_nobody() {
    let server = held_here().await;
    server.post("/api/v1/onsite/A81002/request", json!({ "by": "X26", "reason": "chosen" })).await.ok();
    server.post("/api/v1/onsite/A81002/1/agree", serde_json::Value::Null).await.ok();
    let visit = json!({ "on": "2018-03-20", "partner": "ZZOTHER", "assessor": assessor() });
    server.post("/api/v1/onsite/A81002/1/schedule", visit).await.ok();
    server.post("/api/v1/onsite/A81002/1/cancel", json!({ "reason": "Sensitive reason" })).await.ok();
    let feed = server.get("/onsite/calendar.ics").await.ok().text;
    assert!(!feed.contains("Sensitive"), "{feed}");
    let all = lines(&feed);
    let count = |wanted: &str| all.iter().filter(|line| *line == wanted).count();
    assert_eq!((count("BEGIN:VEVENT"), count("STATUS:CANCELLED"), count("STATUS:CONFIRMED")), (2, 1, 1));
    let one = lines(&server.get("/onsite/calendar.ics?partner=ZZOTHER").await.ok().text);
    assert!(one.contains(&"UID:onsite-A81002-1@oversight".to_owned()) && one.len() == 16, "{one:?}");
    assert_eq!(lines(&server.get("/onsite/calendar.ics?ccg=15E").await.ok().text).len(), 6);
    server.get("/onsite/calendar.ics?partner=_").await.is(400, "partner");
    let visits = server.get("/api/v1/onsite/calendar?partner=ZZOTHER").await.ok().json();
    assert_eq!((&visits[0]["on"], &visits[0]["cancelled"]), (&json!("2018-03-20"), &json!(true)));
}

#[tokio::test]
async fn an_empty_feed_is_a_feed() {
    let server = server::start("2018-03-01T12:00:00Z").await;
    assert_eq!(lines(&server.get("/onsite/calendar.ics").await.ok().text).len(), 6);
}
