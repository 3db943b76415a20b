//! The charts of an area.

use proto::Day;
use ui::chart::{BarRow, BarScale, Caption, Marker, Series, StackedBars, Trend, TrendSeries, TrendShape};

use super::{
    frame::{basis, share},
    link::Keep,
    words,
};
use crate::{
    answers::{self, StatusCounts, TrendAnswer, edition_name},
    api::When,
    board::{Area, AreaKind},
    lower::{Lower, LowerSort},
    rules::{DEFAULT_RULE, requirement},
    timeline::Status,
};

/// The most bars of one drawing; the table has all rows.
const BARS_MAX: usize = 60;

/// How long before the day a trend begins.
const BEFORE_DAYS: i32 = 365;

/// How far beyond the day it goes at least.
const AFTER_DAYS: i32 = 90;

/// A deadline this far ahead is still drawn.
const DEADLINE_WITHIN_DAYS: i32 = 370;

/// What is drawn beyond a deadline, so that what happens on it can be seen.
const BEYOND_DEADLINE_DAYS: i32 = 7;

/// What is said under a drawing that is taken away.
pub(super) fn source(when: &When) -> String {
    let read = when.served.board.facts.read_to;
    let synthetic = if when.board().facts.synthetic_events > 0 { " Synthetic data." } else { "" };
    match read {
        Some(read) => format!(
            "{} Read up to event {} of the log, recorded at {}. oversight.{synthetic}",
            basis(when),
            ui::fmt::thousands(read.position.0),
            words::instant(read.time)
        ),
        None => basis(when),
    }
}

/// One bar to each area below.
pub(super) fn bars(
    when: &When,
    keep: &Keep,
    area: &Area,
    rows: &[Lower<'_>],
    sort: LowerSort,
) -> StackedBars {
    let asked = when.asked();
    let (one, _) = words::kind_words(&asked, when.board().next_below(area, when.footprint, when.at));
    let statuses = words::statuses(rows.iter().map(|row| &row.counts));
    let lowest = rows.iter().min_by(|a, b| {
        let share = |row: &Lower<'_>| {
            f64::from(row.counts.of(Status::Met)) / f64::from(row.counts.practices().max(1))
        };
        share(a).total_cmp(&share(b))
    });
    let mut description = lowest.filter(|_| rows.len() > 1).map_or_else(String::new, |lowest| {
        format!(
            "{} has the lowest share that meets it: {}. ",
            words::area_name(&asked, lowest.area),
            share(lowest.counts.of(Status::Met), lowest.counts.practices())
        )
    });
    if rows.len() > BARS_MAX {
        description.push_str(&format!("The first {BARS_MAX} of {} are drawn. ", rows.len()));
    }
    description.push_str(&basis(when));
    let sorted = |address: super::link::Address| match sort {
        LowerSort::Share => address,
        sort => address.with("sort", sort.slug()),
    };
    let data = format!("/api/v1/areas/{}/areas", area.code);
    let here = format!("/areas/{}", area.code);
    let caption = Caption::new(
        "by-area",
        format!("{}: practices by status, {one} by {one}", requirement(when.rule).title),
        description,
    )
    .download("CSV", sorted(keep.at(when.at).to(&data)).with("format", "csv"))
    .download("JSON", sorted(keep.at(when.at).to(&data)))
    .download("Drawing (SVG)", sorted(keep.at(when.at).to(format_args!("{here}/bars.svg"))))
    .download("Link to this view", sorted(keep.at(when.at).to(&here)))
    .source(source(when));
    StackedBars {
        caption,
        row_heading: super::attention::capital(one),
        series: statuses.iter().map(|status| Series::new(status.label(), words::tone(*status))).collect(),
        rows: rows
            .iter()
            .take(BARS_MAX)
            .map(|row| {
                let counts: Vec<u32> = statuses.iter().map(|status| row.counts.of(*status)).collect();
                let page = keep.to(format_args!("/areas/{}", row.area.code));
                BarRow {
                    label: words::area_name(&asked, row.area),
                    href: keep.may_see_area(row.area.code).then(|| page.into()),
                    values: counts,
                }
            })
            .collect(),
        scale: BarScale::Share,
    }
}

/// From about a year before the day to the next deadline, or a quarter beyond the day.
pub(super) fn trend_days(when: &When) -> (Day, Day) {
    let least = when.at.plus_days(AFTER_DAYS);
    let deadline = when.board().calendar.next(when.at.plus_days(1)).map(|term| term.deadline);
    let to = deadline
        .filter(|deadline| when.at.days_until(*deadline) <= DEADLINE_WITHIN_DAYS)
        .map_or(least, |deadline| deadline.plus_days(BEYOND_DEADLINE_DAYS).max(least));
    (when.at.plus_days(-BEFORE_DAYS), to)
}

fn count(counts: &StatusCounts, status: Status) -> u32 {
    match status {
        Status::Met => counts.met,
        Status::PartlyMet => counts.partly_met,
        Status::NotMet => counts.not_met,
        Status::NoEvidence => counts.no_evidence,
        Status::NotApplicable => counts.not_applicable,
    }
}

/// The daily counts of an area as a drawing.
pub(super) fn trend(when: &When, keep: &Keep, area: &Area) -> Trend {
    let asked = when.asked();
    let (from, to) = trend_days(when);
    // The line of a body begins when it opened.
    let opened = area.listing.as_ref().and_then(|listing| listing.opened).filter(|opened| *opened <= when.at);
    let from = opened.map_or(from, |opened| from.max(opened));
    let answer = answers::trend(&asked, area, from, to);
    let days = answer.requirements.get(when.rule).map(|trend| trend.days.as_slice()).unwrap_or_default();
    let statuses: Vec<Status> = Status::ALL
        .into_iter()
        .filter(|status| {
            *status != Status::NotApplicable || days.iter().any(|day| day.counts.not_applicable > 0)
        })
        .collect();
    let series = statuses
        .iter()
        .map(|status| {
            let counts: Vec<u32> = days.iter().map(|day| count(&day.counts, *status)).collect();
            TrendSeries::new(status.label(), words::tone(*status), counts)
        })
        .collect();
    let data = format!("/api/v1/areas/{}/trend", area.code);
    let days_of = |format: &str| keep.to_days(&data).with("from", from).with("to", to).with("format", format);
    let here = format!("/areas/{}", area.code);
    let caption = Caption::new(
        "trend",
        format!(
            "{}: practices by status, {} to {}",
            requirement(when.rule).title,
            words::day(from),
            words::day(to)
        ),
        trend_sentence(when, &answer),
    )
    .download("CSV", days_of("csv"))
    .download("JSON", days_of("json"))
    .download("Drawing (SVG)", keep.at(when.at).to(format_args!("{here}/trend.svg")))
    .download("Link to this view", keep.at(when.at).to(&here))
    .source(source(when));
    let mut markers: Vec<Marker> = answer
        .deadlines
        .iter()
        .filter(|_| when.rule == DEFAULT_RULE)
        .map(|mark| {
            let expected = if mark.certain { "" } else { words::EXPECTED_SHORT };
            Marker::new(mark.day.date(), format!("Deadline {}{expected}", edition_name(mark.edition)))
        })
        .collect();
    if answer.deadlines.iter().all(|mark| mark.day != when.at) {
        markers.push(Marker::new(when.at.date(), "The day shown"));
    }
    markers.sort_by_key(|marker| marker.day);
    Trend {
        caption,
        first: from.date(),
        series,
        shape: TrendShape::Stacked,
        known_to: (to > asked.horizon()).then(|| asked.horizon().max(from).date()),
        markers,
    }
}

fn trend_sentence(when: &When, answer: &TrendAnswer) -> String {
    let horizon = when.asked().horizon();
    let days = answer.requirements.get(when.rule).map(|trend| trend.days.as_slice()).unwrap_or_default();
    let on = |day: Day| days.get(usize::try_from(answer.from.days_until(day)).unwrap_or(usize::MAX));
    let mut sentence = String::new();
    if let (Some(first), Some(shown)) = (days.first(), on(when.at)) {
        let move_word = match shown.counts.met.cmp(&first.counts.met) {
            std::cmp::Ordering::Greater => "rose",
            std::cmp::Ordering::Less => "fell",
            std::cmp::Ordering::Equal => "stayed",
        };
        sentence = format!(
            "The number that meets it {move_word} from {} on {} to {} on {}.",
            share(first.counts.met, first.of),
            words::day(first.day),
            share(shown.counts.met, shown.of),
            words::day(shown.day)
        );
        if move_word == "stayed" {
            sentence = format!(
                "The number that meets it is {} on {}, as it was on {}.",
                share(shown.counts.met, shown.of),
                words::day(shown.day),
                words::day(first.day)
            );
        }
    }
    if let Some(last) = days.last().filter(|last| last.day > horizon) {
        sentence.push_str(&format!(
            " After {}, if nothing changes, {} will meet it on {}.",
            words::day(horizon),
            share(last.counts.met, last.of),
            words::day(last.day)
        ));
    }
    sentence.push_str(&match when.footprint {
        crate::board::Footprint::Then => " Each day by its own members.".to_owned(),
        crate::board::Footprint::Now => " Every day by the members of today.".to_owned(),
    });
    sentence
}

/// Whether areas of a kind have areas below that are worth bars.
pub(super) fn has_bars(kind: AreaKind) -> bool {
    !kind.is_lowest()
}
