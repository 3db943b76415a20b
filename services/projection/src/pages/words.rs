//! Words that several pages use.

use jiff::Timestamp;
use proto::{Day, OdsCode};
use ui::{Tone, fmt};

use crate::{
    answers::{Asked, Tense},
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

/// What follows a deadline that was not announced.
pub(super) use crate::answers::EXPECTED;

/// The same where there is little room.
pub(super) const EXPECTED_SHORT: &str = " (expected)";

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

/// `in 6 days` or `6 days later`, counted from the day shown: from today, or from another day.
pub(super) fn away(asked: &Asked<'_>, to: Day) -> String {
    let count = |days: i32| fmt::count(days.unsigned_abs().into(), "day", "days");
    match (asked.at.days_until(to), asked.at == asked.board.today) {
        (0, true) => "today".to_owned(),
        (0, false) => "on this date".to_owned(),
        (days @ 1.., true) => format!("in {}", count(days)),
        (days @ 1.., false) => format!("{} later", count(days)),
        (days, true) => format!("{} ago", count(days)),
        (days, false) => format!("{} earlier", count(days)),
    }
}

/// How a sentence about the day shown begins: the running day has not ended, so what holds on it holds now.
pub(super) fn as_at(asked: &Asked<'_>) -> String {
    match asked.tense() {
        Tense::Now => format!("Today, {}, ", day(asked.at)),
        Tense::Ahead => format!("If nothing changes, on {} ", day(asked.at)),
        Tense::Past => format!("On {} ", day(asked.at)),
    }
}

/// The day shown as the end of a sentence: `today, 30 June 2026` or `at the end of 30 June 2026`.
pub(super) fn on_the_day(asked: &Asked<'_>) -> String {
    match asked.tense() {
        Tense::Now => format!("today, {}", day(asked.at)),
        Tense::Past | Tense::Ahead => format!("at the end of {}", day(asked.at)),
    }
}

/// `31 Mar 2019`, never broken over two lines.
pub(super) fn short_day(day: Day) -> String {
    fmt::short_day(day.date()).replace(' ', "\u{a0}")
}

/// An instant as people in London read it, the one way on all pages: `17 June 2019 at 9:30am`.
pub(super) fn instant(instant: Timestamp) -> String {
    chassis::pages::moment(instant)
}

/// An area's name on the day asked about, as people write it.
pub(super) fn area_name(asked: &Asked<'_>, area: &Area) -> String {
    fmt::name(&area.name_on(asked.day_of_areas()))
}

/// The name of a body of a code on a day as people write it; the code where there is none.
pub(super) fn name_of(board: &Board, code: OdsCode, on: Day) -> String {
    fmt::name(&board.name_of(code, on))
}

/// A practice's name on a day as people write it.
pub(super) fn practice_name(practice: &Practice, on: Day) -> String {
    match practice.name_on(on) {
        "" => practice.code.to_string(),
        name => fmt::name(name),
    }
}

/// What stands over an area's name: what it was on the day asked about, and its code.
pub(super) fn kind_and_code(asked: &Asked<'_>, area: &Area) -> Option<String> {
    let word = area.word_on(asked.day_of_areas());
    (area.kind != AreaKind::England).then(|| format!("{} {}", word.capital(), area.code))
}

/// What areas of a kind were called on the day asked about: `region` and `regions`.
pub(super) fn kind_words(asked: &Asked<'_>, kind: AreaKind) -> (&'static str, &'static str) {
    let word = kind.word(asked.day_of_areas());
    (word.one, word.many)
}

/// What commissioners were called on the day asked about: `CCG` or `sub-ICB location`.
pub(super) fn commissioner(asked: &Asked<'_>) -> &'static str {
    kind_words(asked, AreaKind::Ccg).0
}

/// By which membership.
pub(super) fn footprint(footprint: Footprint) -> &'static str {
    match footprint {
        Footprint::Then => "practices as grouped on that date",
        Footprint::Now => "practices as grouped today",
    }
}

/// The statuses that are worth a column: all but those that no one has and that are rare.
pub(super) fn statuses<'a>(all: impl Iterator<Item = &'a Counts> + Clone) -> Vec<Status> {
    Status::ALL
        .into_iter()
        .filter(|status| *status != Status::NotApplicable || all.clone().any(|counts| counts.of(*status) > 0))
        .collect()
}
