//! One practice: what holds, since when and why, what comes next, and where it belonged.

use axum::{
    http::{HeaderMap, Uri},
    response::Response,
};
use chassis::{
    Problem,
    access::sees_records,
    http::{Path, Query},
    pages::keys_and_accounts_at,
};
use maud::{Markup, html};
use proto::{Day, footprint::Known, organisations::OdsStatus};
use ui::{
    chart::{Caption, Marker, Span, StripRow, TimelineStrip},
    components::{
        Cell, Column, Download, Row, SummaryList, Table, action_link, downloads, lede, tag, warning_callout,
    },
};

use super::{
    Desk, ahead,
    attention::capital,
    choose,
    frame::{self, Menu, basis},
    gap,
    kept::Body,
    link::Keep,
    words,
};
use crate::{
    answers::{ChangeAnswer, EventAnswer, PracticeAnswer, RequirementTimeline, Tense, edition_name, reason},
    api::{When, WhenQuery, practice_with_events},
    board::{Footprint, Practice},
    rules::RULES,
    timeline::Status,
};

/// How many requirements there are in all (domain facts 2.2).
const REQUIREMENTS: usize = 10;

/// How far a timeline is drawn beyond the day shown and today.
const AHEAD_DAYS: i32 = 400;

/// How far back a timeline is drawn at most; the tables go back to the beginning.
const DRAWN_BACK_DAYS: i32 = 3 * 366;

/// How much is drawn before the first change.
const BEFORE_DAYS: i32 = 120;

pub(super) async fn practice(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<WhenQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let when = When::read(&desk.shared, &query).await?;
        let answer = practice_with_events(&desk.shared, &desk.viewer, &when, &code).await?;
        let practice = when.practice(&code)?;
        Ok(Body::page(page(&desk, &when, &Keep::of(&query).seen_by(&desk.viewer), practice, &answer)))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

pub(super) async fn timeline_svg(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<WhenQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let when = When::read(&desk.shared, &query).await?;
        let practice = when.practice(&code)?;
        // The drawing says what held when, and not why.
        let answer = crate::answers::practice(&when.asked(), practice, &|_| false);
        Ok(Body::svg(strip(&when, &Keep::of(&query).seen_by(&desk.viewer), practice, &answer).svg_file()))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

fn page(desk: &Desk, when: &When, keep: &Keep, practice: &Practice, answer: &PracticeAnswer) -> Markup {
    let board = when.board();
    let mut page =
        frame::frame(desk, &when.served, keep, Menu::None, words::practice_name(practice, when.at))
            .caption(format!("Practice {}", practice.code));
    // One that is not counted on the day is still found below where it lay last.
    let (ccg, place) = board.whereabouts(practice, when.footprint, when.at).unwrap_or_else(|| {
        practice.now.map_or((None, Default::default()), |(ccg, place)| (Some(ccg), place))
    });
    let above: Vec<_> = [ccg, place.local_office, place.region]
        .into_iter()
        .flatten()
        .filter_map(|code| board.area(code))
        .chain(board.england())
        .collect();
    page = frame::crumbs(page, keep, &when.asked(), &above);
    let path = format!("/practices/{}", practice.code);
    let body = html! {
        (frame::beyond_files(when, keep, &path))
        (standings(when, answer))
        @if let Some(patients) = answer.patients { p { (words::number(patients)) " patients are registered here." } }
        @if !answer.operating { (not_operating(when, keep, practice)) }
        (belongs(when, keep, practice))
        (choose::form(when, keep, &path, &[]))
        h2.nhsuk-heading-m { "Over time" }
        (strip(when, keep, practice, answer).figure())
        @for (rule, requirement) in answer.requirements.iter().enumerate() {
            (section(desk, when, keep, practice, rule, requirement))
        }
        @if keep.may_know_what_was_found(practice.code) { (gap::practice(when, keep, practice)) }
        (frame::files(when))
        (downloads("this practice", &[
            Download::new("JSON", keep.at(when.at).to(format_args!("/api/v1{path}"))),
            Download::new("Link to this view", keep.at(when.at).to(&path)),
        ]))
        @if chassis::access::sees_history(&desk.viewer, practice.code) {
            (action_link(&format!("/history/{}", practice.code), "Activity history"))
            (action_link(&keys_and_accounts_at(practice.code), "Keys and accounts for this practice"))
        }
        h2.nhsuk-heading-m { "Memberships" }
        (memberships(when, keep, answer))
        h2.nhsuk-heading-m { "About the practice" }
        (about(when, practice, answer))
    };
    page.body(body).render()
}

/// The status by requirement, on top.
fn standings(when: &When, answer: &PracticeAnswer) -> Markup {
    let applying = answer.requirements.iter().filter(|of| of.status != Status::NotApplicable).count();
    let met = answer.requirements.iter().filter(|of| of.status == Status::Met).count();
    let row = |requirement: &RequirementTimeline| {
        Row::new([
            Cell::from(html! {
                a.nhsuk-link href=(format!("#{}", requirement.requirement)) { (requirement.title) }
            }),
            Cell::from(tag(words::tone(requirement.status), requirement.status.label())),
            Cell::text(requirement.since.map_or_else(|| "–".to_owned(), words::short_day)),
            Cell::text(capital(&why(when, requirement))),
        ])
    };
    html! {
        (lede(html! {
            (words::as_at(&when.asked())) "it " @if is_ahead(when) { "will meet " } @else { "meets " }
            strong { (met) } " of the " (ui::fmt::count(applying as u64, "requirement", "requirements"))
            " that apply (" (RULES.len()) " of " (REQUIREMENTS) " requirements are covered so far)."
        }))
        (Table::new("standings", "Status by requirement")
            .column(Column::text("Requirement"))
            .column(Column::text("Status"))
            .column(Column::text("Since"))
            .column(Column::text("Why"))
            .rows(answer.requirements.iter().map(row))
            .render())
    }
}

/// The change that holds on the day; none where nothing ever happened.
fn held<'a>(when: &When, requirement: &'a RequirementTimeline) -> Option<&'a ChangeAnswer> {
    let running = when.asked().tense() == Tense::Now;
    let has_come = |change: &&ChangeAnswer| change.day <= when.at && !(running && change.to_come);
    requirement.changes.iter().rev().filter(|change| change.day > Day::FIRST).find(has_come)
}

/// Why the status holds on the day: what is unmet, or where nothing is, how it came about.
fn why(when: &When, requirement: &RequirementTimeline) -> String {
    match (requirement.conditions.as_slice(), held(when, requirement)) {
        ([], Some(held)) => held.why.clone(),
        ([], None) => requirement.changes.first().map_or_else(String::new, |first| first.why.clone()),
        (conditions, _) => reason(conditions),
    }
}

fn is_ahead(when: &When) -> bool {
    when.at > when.asked().horizon()
}

/// A requirement: what holds, what comes next, what to do, and how it came to that.
fn section(
    desk: &Desk,
    when: &When,
    keep: &Keep,
    practice: &Practice,
    rule: usize,
    requirement: &RequirementTimeline,
) -> Markup {
    html! {
        h2.nhsuk-heading-m id=(requirement.requirement) { (requirement.title) }
        (standing(when, rule, requirement))
        (conditions(desk, keep, practice, requirement))
        (ahead::next(when, requirement))
        (ahead::what_to_do(when, requirement))
        (changes(when, keep, practice, requirement))
        @if let Some((href, label)) = ahead::record(&desk.viewer, practice.code, requirement.requirement) {
            (action_link(&href, label))
        }
    }
}

/// What holds and since when; and why, where no list of what is unmet on the day follows: that which began it may
/// have been dealt with since.
fn standing(when: &When, rule: usize, requirement: &RequirementTimeline) -> Markup {
    let ahead = is_ahead(when);
    html! {
        p {
            (words::as_at(&when.asked())) (crate::rules::requirement(rule).object) " "
            (match (requirement.status, ahead) {
                (Status::Met, false) => "is met",
                (Status::Met, true) => "will be met",
                (Status::PartlyMet, false) => "is partly met",
                (Status::PartlyMet, true) => "will be partly met",
                (Status::NotMet, false) => "is not met",
                (Status::NotMet, true) => "will not be met",
                (Status::NoEvidence, _) => "has no evidence either way",
                (Status::NotApplicable, _) => "does not apply",
            })
            @match (requirement.since, held(when, requirement)) {
                (Some(since), Some(held)) if requirement.conditions.is_empty() => { ", since " (words::day(since)) ": " (held.why) "." }
                (Some(since), _) => { ", since " (words::day(since)) "." }
                (None, _) => { ": no records on or before this date." }
            }
        }
    }
}

/// What is unmet on the day, each condition with the event behind it and the way to where it is dealt with.
fn conditions(desk: &Desk, keep: &Keep, practice: &Practice, requirement: &RequirementTimeline) -> Markup {
    if requirement.conditions.is_empty() {
        return html! {};
    }
    let with_links = sees_records(&desk.viewer, practice.code) && keep.may_know_causes(practice.code);
    html! {
        h3.nhsuk-heading-s { "What is not met" }
        ul.nhsuk-list.nhsuk-list--bullet {
            @for condition in &requirement.conditions {
                li {
                    @match condition.link.as_ref().filter(|_| with_links) {
                        Some(link) => { a.nhsuk-link href=(link) { (capital(&condition.reason)) } }
                        None => { (capital(&condition.reason)) }
                    }
                    @if let (Some(position), Some(event)) = (condition.position, &condition.event) {
                        " (" (happened(&event.kind)) ", recorded on " (words::instant(event.time))
                        ", event " (ui::fmt::thousands(position.0)) ")"
                    }
                }
            }
        }
    }
}

fn not_operating(when: &When, keep: &Keep, practice: &Practice) -> Markup {
    let listing = &practice.listing;
    let path = format!("/practices/{}", practice.code);
    let last = practice.placed.iter().rev().find(|placed| placed.span.to < when.at);
    let next = practice.placed.iter().find(|placed| placed.span.from > when.at);
    let heading = match (listing.status, last, next) {
        (_, None, Some(_)) => "Not open yet",
        (OdsStatus::Dormant, Some(_), _) => "Dormant",
        (_, Some(_), _) => "Closed",
        (_, None, None) => "Never counted as a practice",
    };
    warning_callout(
        heading,
        html! {
            p { "It was not open on " (words::day(when.at)) " and is not counted in any figure of that date." }
            @if let Some(last) = last {
                p { "Its last day was " a.nhsuk-link href=(keep.at(last.span.to).to(&path)) { (words::day(last.span.to)) } "." }
            }
            @if let Some(next) = next {
                p { "It operates from " a.nhsuk-link href=(keep.at(next.span.from).to(&path)) { (words::day(next.span.from)) } "." }
            }
        },
    )
}

/// “This practice is in A and B.”
fn belongs(when: &When, keep: &Keep, practice: &Practice) -> Markup {
    let board = when.board();
    let Some((ccg, place)) = board.whereabouts(practice, when.footprint, when.at) else { return html! {} };
    let network = board.network_of(practice, when.footprint, when.at);
    let areas: Vec<_> = [network, ccg, place.local_office, place.region]
        .into_iter()
        .flatten()
        .filter_map(|code| board.area(code))
        .collect();
    let asked = when.asked();
    let commissioner = words::commissioner(&asked);
    let is_then = when.footprint == Footprint::Then;
    let reaching_back =
        is_then && practice.placed_on(when.at).is_some_and(|placed| placed.known == Known::ReachingBack);
    let stay = practice.stays.iter().rfind(|stay| stay.from <= when.at);
    let is_assumed = stay.is_none_or(|stay| stay.known == Known::ReachingBack);
    html! {
        @if areas.is_empty() {
            p { "It is not known which " (commissioner) " this practice belongs to." }
        } @else {
            p {
                "This practice " @if when.footprint == Footprint::Then { "was in " } @else { "is today in " }
                @for (index, area) in areas.iter().enumerate() {
                    @if index > 0 { @if index + 1 == areas.len() { " and " } @else { ", " } }
                    (keep.area(area.code, words::area_name(&asked, area)))
                }
                @if when.footprint == Footprint::Then { " on that date" } "."
                @if reaching_back && is_assumed { " Its " (commissioner) " on that date is not recorded; the earliest known one is assumed." }
                @else if reaching_back { " Where its " (commissioner) " belonged on that date is not recorded; the earliest known place is assumed." }
            }
        }
    }
}

fn strip(when: &When, keep: &Keep, practice: &Practice, answer: &PracticeAnswer) -> TimelineStrip {
    let (horizon, today) = (when.asked().horizon(), when.board().today);
    let changes = answer.requirements.iter().flat_map(|of| &of.changes).map(|change| change.day);
    let first = changes.filter(|day| *day > Day::FIRST).min();
    let opened = practice.placed.first().map(|placed| placed.span.from);
    let from = first
        .unwrap_or(when.at)
        .min(when.at)
        .plus_days(-BEFORE_DAYS)
        .max(when.at.plus_days(-DRAWN_BACK_DAYS))
        .max(opened.unwrap_or(Day::FIRST))
        .min(when.at);
    let to = when.at.max(horizon.min(when.at.plus_days(AHEAD_DAYS))).plus_days(AHEAD_DAYS);
    let markers = when
        .board()
        .calendar
        .terms()
        .iter()
        .filter(|term| (from..=to).contains(&term.deadline))
        .map(|term| {
            let is_sure = when.board().calendar.is_sure(term.edition);
            let expected = if is_sure { "" } else { words::EXPECTED_SHORT };
            Marker::new(term.deadline.date(), format!("{}{expected}", edition_name(term.edition)))
        })
        .collect();
    let path = format!("/practices/{}", practice.code);
    let rows = answer
        .requirements
        .iter()
        .map(|requirement| {
            let mut spans =
                vec![Span::new(from.date(), Status::NoEvidence.label(), words::tone(Status::NoEvidence))];
            for change in &requirement.changes {
                let span =
                    |day: Day| Span::new(day.date(), change.status.label(), words::tone(change.status));
                // What the running day ends with is drawn from the next day on.
                let begins =
                    if change.to_come && change.day == today { today.plus_days(1) } else { change.day };
                if begins <= from {
                    spans = vec![span(from)];
                } else if begins <= to {
                    spans.push(span(begins));
                }
            }
            StripRow { label: requirement.title.to_owned(), spans }
        })
        .collect();
    TimelineStrip {
        caption: Caption::new(
            "timeline",
            format!("{} over time", words::practice_name(practice, when.at)),
            basis(when),
        )
        .download("JSON", keep.at(when.at).to(format_args!("/api/v1{path}")))
        .download("Drawing (SVG)", keep.at(when.at).to(format_args!("{path}/timeline.svg")))
        .source(basis(when)),
        row_heading: "Requirement".to_owned(),
        from: from.date(),
        to: to.date(),
        known_to: (to > horizon).then(|| horizon.max(from).date()),
        rows,
        markers,
    }
}

/// Every change, with the event behind it where the reader may know of it.
fn changes(when: &When, keep: &Keep, practice: &Practice, requirement: &RequirementTimeline) -> Markup {
    let horizon = when.asked().horizon();
    let with_events = keep.may_know_causes(practice.code);
    let row = |change: &ChangeAnswer| {
        let mut cells = vec![
            Cell::text(if change.day > Day::FIRST {
                words::short_day(change.day)
            } else {
                "Start of records".to_owned()
            }),
            Cell::from(tag(words::tone(change.status), change.status.label())),
            Cell::from(html! {
                (capital(&change.why))
                @if change.to_come || change.day > horizon { " (if nothing changes)" }
            }),
        ];
        if with_events {
            cells.extend(of_the_event(change));
        }
        Row::new(cells)
    };
    let title = format!("{}: status history", requirement.title);
    let mut table = Table::new(format!("changes-{}", requirement.requirement), title)
        .column(Column::text("From"))
        .column(Column::text("Status"))
        .column(Column::text("Why"));
    if with_events {
        table = table
            .column(Column::number("Event"))
            .column(Column::text("What happened"))
            .column(Column::text("Recorded"))
            .column(Column::text("In effect from"))
            .column(Column::text("By"));
    }
    table
        .rows(requirement.changes.iter().rev().map(row))
        .empty("The status has not changed: there are no records, and no deadline has passed.")
        .render()
}

/// Which event it was, what happened, when, from which day on and by whom.
fn of_the_event(change: &ChangeAnswer) -> [Cell; 5] {
    let of_event = |told: fn(&EventAnswer) -> String| {
        Cell::text(change.event.as_ref().map_or_else(|| "–".to_owned(), told))
    };
    let position = change.position.map_or_else(|| "–".to_owned(), |position| ui::fmt::thousands(position.0));
    [
        Cell::text(position),
        of_event(|event| happened(&event.kind)),
        of_event(|event| words::instant(event.time)),
        of_event(|event| words::short_day(event.effective)),
        of_event(|event| actor(&event.actor)),
    ]
}

/// `Assessment published` of `oversight.assessments.assessment-published.v1`.
fn happened(kind: &str) -> String {
    capital(&kind.rsplit('.').nth(1).unwrap_or(kind).replace('-', " "))
}

fn actor(actor: &str) -> String {
    match actor.split_once(':') {
        Some(("system", what)) => format!("System, {}", what.replace('-', " ")),
        Some(("person", id)) => format!("Person {}", id.chars().take(8).collect::<String>()),
        _ => actor.to_owned(),
    }
}

fn memberships(when: &When, keep: &Keep, answer: &PracticeAnswer) -> Markup {
    let commissioner = super::attention::capital(words::commissioner(&when.asked()));
    Table::new("memberships", format!("{commissioner} membership"))
        .column(Column::text(commissioner))
        .column(Column::text("Code"))
        .column(Column::text("From"))
        .column(Column::text("To"))
        .column(Column::number("Event"))
        .rows(answer.memberships.iter().map(|stay| {
            Row::new([
                Cell::from(keep.area(stay.body.code, ui::fmt::name(&stay.body.name))),
                Cell::text(stay.body.code),
                Cell::from(html! {
                    (words::day(stay.from))
                    @if stay.reaching_back { " (assumed for earlier dates)" }
                }),
                Cell::text(stay.to.map_or_else(|| "Now".to_owned(), words::day)),
                Cell::count(stay.position.0),
            ])
        }))
        .empty("No file shows which commissioner it belonged to.")
        .render()
}

fn about(when: &When, practice: &Practice, answer: &PracticeAnswer) -> Markup {
    let status = match practice.listing.status {
        OdsStatus::Active => "Active",
        OdsStatus::Closed => "Closed",
        OdsStatus::Dormant => "Dormant",
        OdsStatus::Proposed => "Proposed",
    };
    let mut address: Vec<String> = answer.address.iter().map(|line| ui::fmt::name(line)).collect();
    if !answer.postcode.is_empty() {
        address.push(answer.postcode.clone());
    }
    let mut list = SummaryList::new().text("Code", practice.code.to_string());
    if !address.is_empty() {
        list = list.row(
            "Address",
            html! { @for (index, line) in address.iter().enumerate() { @if index > 0 { br; } (line) } },
        );
    }
    if !answer.telephone.is_empty() {
        list = list.text("Telephone", answer.telephone.clone());
    }
    if let Some(patients) = answer.patients {
        list = list.text(
            "Registered patients",
            format!("{}, as published by {}", words::number(patients), words::day(when.at)),
        );
    }
    if let Some(opened) = answer.opened {
        list = list.text("Opened", words::day(opened));
    }
    if let Some(closed) = answer.closed {
        list = list.text("Closed", words::day(closed));
    }
    list.text("Status in the latest ODS file", status).render()
}
