//! What needs attention in an area, by name, before any figure.

use maud::{Markup, html};
use proto::Moment;
use ui::components::{Attention, AttentionItem, lede};

use super::{
    link::Keep,
    words::{self, number, practices},
};
use crate::{
    answers::{self, Asked, Reasons, Sort, Tense, edition_name},
    api::When,
    board::{Area, AreaKind, Practice},
    lower::{Lower, LowerSort, lower, short},
    rollup::Counts,
    rules::{DEFAULT_RULE, requirement},
    timeline::Status,
};

/// How many entries the list has at most.
const ENTRIES_MAX: usize = 6;

/// The first sentence of an area's page, and the list under it.
pub(super) fn attention(when: &When, keep: &Keep, area: &Area) -> Markup {
    let asked = when.asked();
    let counts = area.counts(when.rule, when.footprint, when.at);
    let worst = Worst::of(&asked, keep, area);
    html! {
        (lede(html! { (sentence(&asked, &counts)) (worst.sentence(&asked, keep)) (deadline(&asked, &counts)) }))
        (end_of_today(&asked, area, &counts))
        (worst.list(&asked, keep, area, &counts))
    }
}

/// Whether the verb looks ahead.
fn verb(asked: &Asked<'_>, now: &str, ahead: &str) -> String {
    if asked.tense() == Tense::Ahead { ahead.to_owned() } else { now.to_owned() }
}

fn sentence(asked: &Asked<'_>, counts: &Counts) -> Markup {
    let all = counts.practices();
    let not_met = counts.of(Status::NotMet);
    let no_evidence = counts.of(Status::NoEvidence);
    let partly = counts.of(Status::PartlyMet);
    html! {
        (words::as_at(asked))
        @if not_met > 0 {
            strong { (number(not_met)) } " of " (practices(all)) " (" (words::percent(not_met, all)) ") "
            @if not_met == 1 { (verb(asked, "does not meet ", "will not meet ")) } @else { (verb(asked, "do not meet ", "will not meet ")) }
            (requirement(asked.rule).object)
            @if no_evidence > 0 { ", and there is no evidence for a further " (number(no_evidence)) }
            "."
        } @else if no_evidence > 0 {
            "there " (verb(asked, "is", "will be")) " no evidence for " strong { (number(no_evidence)) } " of " (practices(all))
            " (" (words::percent(no_evidence, all)) ")."
        } @else if partly > 0 {
            strong { (number(partly)) } " of " (practices(all)) " (" (words::percent(partly, all)) ") "
            (verb(asked, "meet ", "will meet ")) (requirement(asked.rule).object) " only in part; all others meet it."
        } @else if all == 1 {
            "the only practice " (verb(asked, "meets ", "will meet ")) (requirement(asked.rule).object) "."
        } @else {
            "all " (practices(all)) " " (verb(asked, "meet ", "will meet ")) (requirement(asked.rule).object) "."
        }
    }
}

/// What the running day ends with, where that is not what holds now.
fn end_of_today(asked: &Asked<'_>, area: &Area, now: &Counts) -> Markup {
    if asked.tense() != Tense::Now {
        return html! {};
    }
    let ends = asked.board.end_of_today(area, asked.rule, asked.footprint);
    html! {
        @if Status::ALL.iter().any(|status| ends.of(*status) != now.of(*status)) {
            p {
                strong { "End of today, if nothing changes: " }
                (words::of(ends.of(Status::Met), ends.practices())) " will meet it, "
                (number(ends.of(Status::NotMet))) " will not"
                @if ends.of(Status::NoEvidence) > 0 { ", and there will be no evidence for " (number(ends.of(Status::NoEvidence))) }
                "."
            }
        }
    }
}

fn deadline(asked: &Asked<'_>, counts: &Counts) -> Markup {
    // Only the toolkit has days by which all must be done.
    let has_deadlines = asked.rule == DEFAULT_RULE && short(counts) > 0;
    let moment = Moment::of(asked.at, asked.board.today);
    let mut terms = asked.board.calendar.terms().iter();
    let next = terms.find(|term| !moment.is_over(term.deadline)).filter(|_| has_deadlines);
    html! {
        @if let Some(term) = next {
            " The next deadline, for the " (edition_name(term.edition)) ", "
            @if term.deadline == asked.board.today && asked.tense() == Tense::Now { "is today." }
            @else { "is " (words::day(term.deadline)) @if !asked.board.calendar.is_sure(term.edition) { (words::EXPECTED) } ", " (words::away(asked, term.deadline)) "." }
        }
    }
}

/// Who wants attention most.
enum Worst<'a> {
    Areas(Vec<Lower<'a>>),
    Practices(Vec<&'a Practice>),
}

impl<'a> Worst<'a> {
    /// Of those that the reader may see.
    fn of(asked: &'a Asked<'a>, keep: &Keep, area: &'a Area) -> Self {
        if area.kind.is_lowest() {
            let wanting = |practice: &&Practice| {
                practice.timelines.get(asked.rule).is_some_and(|timeline| {
                    matches!(timeline.at(asked.at).status, Status::NotMet | Status::NoEvidence)
                })
            };
            let mut found = answers::practices(asked, area, None, Sort::Attention, keep.seen_practices());
            found.retain(wanting);
            return Worst::Practices(found);
        }
        let mut found = lower(asked, asked.rule, area, AreaKind::Ccg, LowerSort::Share);
        found.retain(|lower| short(&lower.counts) > 0 && keep.may_see_area(lower.area.code));
        found.sort_by_key(|lower| std::cmp::Reverse((lower.counts.of(Status::NotMet), short(&lower.counts))));
        Worst::Areas(found)
    }

    /// The sentence that names the first of them.
    fn sentence(&self, asked: &Asked<'_>, keep: &Keep) -> Markup {
        html! {
            @match self {
                Worst::Areas(areas) => @if let Some(first) = areas.first() {
                    " " (keep.area(first.area.code, words::area_name(asked, first.area)))
                    @let part = if first.counts.of(Status::NotMet) > 0 { first.counts.of(Status::NotMet) } else { short(&first.counts) };
                    " has the most: " (words::of(part, first.counts.practices())) "."
                },
                Worst::Practices(practices) => @if let Some(first) = practices.first() {
                    " " (keep.practice(first.code, words::practice_name(first, asked.at)))
                    @if practices.len() > 1 { " is the largest of them" } @else { " is the one" }
                    @if let Some(patients) = first.patients(asked.at) { ", with " (number(patients)) " patients" }
                    "."
                },
            }
        }
    }

    /// How many practices with a status a list of them names, where that is known here.
    fn named_with(&self, asked: &Asked<'_>, status: Status) -> Option<u32> {
        let Worst::Practices(practices) = self else { return None };
        let held = |practice: &&&Practice| {
            practice.timelines.get(asked.rule).is_some_and(|timeline| timeline.at(asked.at).status == status)
        };
        u32::try_from(practices.iter().filter(held).count()).ok()
    }

    fn list(&self, asked: &Asked<'_>, keep: &Keep, area: &Area, counts: &Counts) -> Markup {
        let nothing = match short(counts) {
            0 => "Every practice meets the requirement on this date.",
            _ => "You do not have access to the practices that do not meet it on this date.",
        };
        let mut list = Attention::new("attention").all_well(nothing);
        let mut left = 0;
        match self {
            Worst::Areas(areas) => {
                for lower in areas.iter().take(ENTRIES_MAX) {
                    list = list.item(area_item(asked, lower, keep));
                }
            }
            Worst::Practices(practices) => {
                let may_know = |of| keep.may_know_causes(of);
                let reasons = Reasons::of(asked, &may_know);
                for practice in practices.iter().take(ENTRIES_MAX) {
                    list = list.item(practice_item(&reasons, practice, keep));
                }
                left = practices.len().saturating_sub(ENTRIES_MAX);
            }
        }
        let not_met = counts.of(Status::NotMet);
        let status = if not_met > 0 { Status::NotMet } else { Status::NoEvidence };
        let number_there = self.named_with(asked, status).unwrap_or_else(|| counts.of(status));
        let worth = number_there > 0 && (!area.kind.is_lowest() || left > 0);
        if worth {
            let label =
                format!("All {} with the status “{}”, by name", practices(number_there), status.label());
            let href = keep.to(format_args!("/areas/{}/practices", area.code)).with("status", status.slug());
            list = list.more(label, href);
        }
        list.render()
    }
}

fn area_item(asked: &Asked<'_>, lower: &Lower<'_>, keep: &Keep) -> AttentionItem {
    let all = lower.counts.practices();
    let (not_met, no_evidence) = (lower.counts.of(Status::NotMet), lower.counts.of(Status::NoEvidence));
    let status = if not_met > 0 { Status::NotMet } else { Status::NoEvidence };
    let mut detail = match status {
        Status::NotMet => {
            format!(
                "{} of {} ({}) do not meet it",
                number(not_met),
                practices(all),
                words::percent(not_met, all)
            )
        }
        _ => format!(
            "No evidence for {} of {} ({})",
            number(no_evidence),
            practices(all),
            words::percent(no_evidence, all)
        ),
    };
    if not_met > 0 && no_evidence > 0 {
        detail.push_str(&format!("; no evidence for a further {}", number(no_evidence)));
    }
    detail.push('.');
    AttentionItem {
        tone: words::tone(status),
        label: format!("{} {}", number(lower.counts.of(status)), status.label().to_lowercase()),
        title: words::area_name(asked, lower.area),
        href: keep.to(format_args!("/areas/{}", lower.area.code)).into(),
        detail,
    }
}

fn practice_item(reasons: &Reasons<'_>, practice: &Practice, keep: &Keep) -> AttentionItem {
    let asked = reasons.asked();
    let change = practice.timelines.get(asked.rule).map(|timeline| *timeline.at(asked.at));
    let status = change.map_or(Status::NoEvidence, |change| change.status);
    let mut detail = match practice.patients(asked.at) {
        Some(patients) => format!("{} patients. ", number(patients)),
        None => String::new(),
    };
    if let Some(change) = change {
        let why = answers::reason(&reasons.unmet(practice, asked.rule));
        let since = match change.day > proto::Day::FIRST {
            true => format!("Since {}. What is not met: {why}.", words::day(change.day)),
            false => format!("{}.", capital(&why)),
        };
        detail.push_str(&since);
    }
    AttentionItem {
        tone: words::tone(status),
        label: status.label().to_owned(),
        title: words::practice_name(practice, asked.at),
        href: keep.to(format_args!("/practices/{}", practice.code)).into(),
        detail,
    }
}

/// With a capital letter first.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
