//! Choosing the day, the knowledge and the membership.

use maud::{Markup, html};
use proto::Day;
use ui::components::{Choice, DateForm, Field, InputKind, details};

use super::{
    link::{Address, Keep},
    words,
};
use crate::{
    answers::edition_name,
    api::When,
    board::{AreaKind, Footprint},
};

/// The form that asks for another day, and links to days often wanted. `path` is the page's own;
/// `extra` are its other parameters.
pub(super) fn form(when: &When, keep: &Keep, path: &str, extra: &[(&str, String)]) -> Markup {
    form_with_links(when, keep, path, extra, extra, html! {})
}

/// As [`form`], where `more` are fields of the form for parameters that the links beside it keep.
pub(super) fn form_with_links(
    when: &When,
    keep: &Keep,
    path: &str,
    extra: &[(&str, String)],
    in_links: &[(&str, String)],
    more: Markup,
) -> Markup {
    let board = when.board();
    let to = |keep: Keep| -> String { with(keep.to(path), in_links).into() };
    let mut form = DateForm::new(path, when.at.date())
        .hint("Any date. Figures are for the end of that day; for today, as they are now.");
    for (name, value) in extra {
        form = form.keep(*name, value.clone());
    }
    for (step, forward) in [(-1, false), (1, true)] {
        let day = when.at.plus_days(step);
        if day == when.at {
            continue;
        }
        let (label, href) = (words::day(day), to(keep.at(day)));
        form = if forward { form.next(label, href) } else { form.previous(label, href) };
    }
    let mut offered: Vec<(Day, String)> = Vec::new();
    let mut offer = |day: Day, label: String| {
        if day != when.at && offered.iter().all(|(other, _)| *other != day) {
            offered.push((day, label));
        }
    };
    offer(board.today, format!("{}, today", words::day(board.today)));
    let deadlines: Vec<Day> = board.calendar.terms().iter().map(|term| term.deadline).collect();
    let last = deadlines.iter().rev().find(|day| **day <= when.at);
    let next = deadlines.iter().find(|day| **day > when.at);
    for (deadline, word) in [(last, "the last deadline"), (next, "the next deadline")] {
        let Some(deadline) = deadline else { continue };
        offer(deadline.plus_days(-1), format!("{}, before {word}", words::day(deadline.plus_days(-1))));
        offer(*deadline, format!("{}, {word}", words::day(*deadline)));
    }
    for (day, label) in offered {
        let keep = if day == board.today { keep.any_day() } else { keep.at(day) };
        form = form.quick(label, to(keep));
    }
    let known_day = keep.known().and_then(|known| known.parse::<Day>().ok());
    let members = match when.footprint {
        Footprint::Then => "then",
        Footprint::Now => "now",
    };
    let kept_instant = keep.known().filter(|_| known_day.is_none());
    let fields = html! {
        (more)
        (Field::new("footprint", "Group practices by").value(members).select(&[
            Choice::new("then", format!("their {} on that date", AreaKind::Ccg.word(when.at).one)),
            Choice::new("now", format!("their {} today", AreaKind::Ccg.word(board.today).one)),
        ]))
        @if let Some(instant) = kept_instant {
            input type="hidden" name="known" value=(instant);
        } @else {
            (Field::new("known", "Using information recorded by (optional)")
                .value(known_day.map(|day| day.to_string()).unwrap_or_default()).input(InputKind::Date))
        }
    };
    let form = match keep.requirement() {
        Some(requirement) => form.keep("requirement", requirement),
        None => form,
    };
    let form = form.more(fields).render();
    html! {
        (form)
        @if keep.known().is_some() {
            p { a.nhsuk-link href=(to(keep.all_known())) { "Show with everything recorded since" } }
        }
        (details("All deadlines", html! {
            ul.nhsuk-list {
                @for term in board.calendar.terms() {
                    li {
                        a.nhsuk-link href=(to(keep.at(term.deadline))) { (words::day(term.deadline)) }
                        @if !board.calendar.is_sure(term.edition) { (words::EXPECTED) }
                        ", " (edition_name(term.edition)) " ("
                        a.nhsuk-link href=(to(keep.at(term.deadline.plus_days(-1)))) {
                            "the day before" span.nhsuk-u-visually-hidden { " the deadline of the " (edition_name(term.edition)) }
                        } ")"
                    }
                }
            }
        }))
    }
}

fn with(mut address: Address, extra: &[(&str, String)]) -> Address {
    for (name, value) in extra {
        address = address.with(name, value);
    }
    address
}
