//! Words that several pages use.

use jiff::Timestamp;
use proto::{Day, OdsCode};
use ui::{Tone, fmt};

use crate::{
    board::{Area, AreaKind, Board, Footprint, Practice},
    rollup::Counts,
    timeline::Status,
};

/// How good or bad a status is.
pub(super) fn tone(status: Status) -> Tone {
    match status {
        Status::Met => Tone::Good,
        Status::PartlyMet => Tone::Partial,
        Status::NotMet => Tone::Bad,
        Status::NoEvidence => Tone::Unknown,
        Status::NotApplicable => Tone::Neutral,
    }
}

/// `1 practice`, `7,168 practices`.
pub(super) fn practices(number: u32) -> String {
    fmt::count(number.into(), "practice", "practices")
}

/// A number with commas.
pub(super) fn number(number: u32) -> String {
    fmt::thousands(number.into())
}

/// `28 of 177`.
pub(super) fn of(part: u32, whole: u32) -> String {
    format!("{} of {}", number(part), number(whole))
}

/// A percentage.
pub(super) fn percent(part: u32, whole: u32) -> String {
    fmt::percent(part.into(), whole.into())
}

/// `31 March 2019`.
pub(super) fn day(day: Day) -> String {
    fmt::day(day.date())
}

/// `in 6 days`, `today` or `6 days before`, counted from the day shown.
pub(super) fn away(from: Day, to: Day) -> String {
    match from.days_until(to) {
        0 => "on this very day".to_owned(),
        1 => "the day after".to_owned(),
        -1 => "the day before".to_owned(),
        days @ 2.. => format!("in {} days", number(days.unsigned_abs())),
        days => format!("{} days earlier", number(days.unsigned_abs())),
    }
}

/// `31 Mar 2019`, never broken over two lines.
pub(super) fn short_day(day: Day) -> String {
    fmt::short_day(day.date()).replace(' ', "\u{a0}")
}

/// An instant as people in London read it: `9:30am on 17 June 2019`.
pub(super) fn instant(instant: Timestamp) -> String {
    instant.to_zoned(proto::LONDON.clone()).strftime("%-I:%M%P on %-d %B %Y").to_string()
}

/// As [`instant`], for tables: `17 Jun 2019, 9:30am`.
pub(super) fn short_instant(instant: Timestamp) -> String {
    instant.to_zoned(proto::LONDON.clone()).strftime("%-d\u{a0}%b\u{a0}%Y, %-I:%M%P").to_string()
}

/// An area's name as people write it.
pub(super) fn area_name(area: &Area) -> String {
    fmt::name(&area.name)
}

/// The name of a body of a code as people write it; the code where there is none.
pub(super) fn name_of(board: &Board, code: OdsCode) -> String {
    fmt::name(&board.name_of(code))
}

/// A practice's name as people write it.
pub(super) fn practice_name(practice: &Practice) -> String {
    if practice.listing.name.is_empty() {
        practice.code.to_string()
    } else {
        fmt::name(&practice.listing.name)
    }
}

/// What stands over an area's name.
pub(super) fn kind_and_code(area: &Area) -> Option<String> {
    (area.kind != AreaKind::England).then(|| format!("{} {}", area.kind.label(), area.code))
}

/// `region` and `regions`.
pub(super) fn kind_words(kind: AreaKind) -> (&'static str, &'static str) {
    match kind {
        AreaKind::England => ("country", "countries"),
        AreaKind::Region => ("region", "regions"),
        AreaKind::LocalOffice => ("local office", "local offices"),
        AreaKind::Ccg => ("CCG", "CCGs"),
    }
}

/// By which membership.
pub(super) fn footprint(footprint: Footprint) -> &'static str {
    match footprint {
        Footprint::Then => "members as they were on that day",
        Footprint::Now => "members as they are today",
    }
}

/// The statuses that are worth a column: all but those that nobody has and that are rare.
pub(super) fn statuses<'a>(all: impl Iterator<Item = &'a Counts> + Clone) -> Vec<Status> {
    Status::ALL
        .into_iter()
        .filter(|status| *status != Status::NotApplicable || all.clone().any(|counts| counts.of(*status) > 0))
        .collect()
}
