//! Visits as a calendar feed (RFC 5545), for the calendars of partners and CCGs.
//!
//! Written here and not by a library: ten properties on days we have already, where the libraries bring a
//! parser, a second calendar arithmetic and a fixed product name. No one is named in it: a feed goes to
//! programs that keep copies.

use jiff::{Timestamp, tz::TimeZone};
use proto::{Day, OdsCode};

/// The most octets of a line, its end not counted (RFC 5545, 3.1).
const LINE_MAX_OCTETS: usize = 75;

/// What made the feed.
const PRODUCT: &str = "-//oversight//on-site assessments//EN";

/// A visit in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitEntry {
    /// Who is visited.
    pub organisation: OdsCode,
    /// Its name.
    pub name: String,
    /// The number of the assessment.
    pub number: u16,
    /// The day.
    pub on: Day,
    /// The delivery partner.
    pub partner: OdsCode,
    /// Whether it was called off.
    pub is_cancelled: bool,
    /// When this was last set.
    pub changed: Timestamp,
    /// How often it was.
    pub revision: u32,
}

/// The feed of these visits.
pub fn feed(visits: &[VisitEntry]) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", PRODUCT),
        ("CALSCALE", "GREGORIAN"),
        ("X-WR-CALNAME", "On-site assessments"),
    ] {
        line(&mut text, name, value);
    }
    for visit in visits {
        let VisitEntry { organisation, number, partner, .. } = visit;
        let stamp = visit.changed.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        let what = format!("On-site assessment: {} ({organisation})", visit.name);
        let status = if visit.is_cancelled { "CANCELLED" } else { "CONFIRMED" };
        line(&mut text, "BEGIN", "VEVENT");
        line(&mut text, "UID", &format!("onsite-{organisation}-{number}@oversight"));
        line(&mut text, "DTSTAMP", &stamp);
        line(&mut text, "SEQUENCE", &visit.revision.to_string());
        // Without an end, a day without a time lasts for that day.
        line(&mut text, "DTSTART;VALUE=DATE", &visit.on.date().strftime("%Y%m%d").to_string());
        line(&mut text, "SUMMARY", &escaped(&what));
        line(&mut text, "DESCRIPTION", &escaped(&format!("Assessment {number}; delivery partner {partner}")));
        line(&mut text, "STATUS", status);
        line(&mut text, "TRANSP", "TRANSPARENT");
        line(&mut text, "END", "VEVENT");
    }
    line(&mut text, "END", "VCALENDAR");
    text
}

/// A text as a value: what would end it or begin something else is marked, control characters go.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => value.extend(['\\', c]),
            '\n' => value.push_str("\\n"),
            c if c.is_control() => {}
            c => value.push(c),
        }
    }
    value
}

/// A line, folded where it is too long, never within a character.
fn line(text: &mut String, name: &str, value: &str) {
    let mut octets = 0;
    for c in format!("{name}:{value}").chars() {
        if octets + c.len_utf8() > LINE_MAX_OCTETS {
            text.push_str("\r\n ");
            octets = 1;
        }
        octets += c.len_utf8();
        text.push(c);
    }
    text.push_str("\r\n");
}
