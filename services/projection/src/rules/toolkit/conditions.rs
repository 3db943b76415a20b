//! What is unmet of a toolkit assessment where it is not met, and which events say so.

use proto::{Day, EditionId, Position};

use super::{Level, Says, Seen, last_publication, plan_decided, says};
use crate::{
    facts::{Toolkit, ToolkitFact},
    rules::{
        calendar::Term,
        conditions::{Condition, ToolkitUnmet, Unmet},
    },
    timeline::Cause,
};

/// What is unmet at the moment, given why the status began.
pub(super) fn unmet(seen: &Seen<'_>, cause: Cause) -> Vec<Condition> {
    match cause {
        Cause::Nothing => vec![Condition::unrecorded(toolkit(ToolkitUnmet::NothingKnown(
            due(seen).map(|term| (term.edition, term.deadline)),
        )))],
        Cause::Deadline(edition, begun) => overdue(seen, edition, begun),
        Cause::NotInRegister(edition, register, position) => {
            let deadline = due(seen).map_or(register, |term| term.deadline);
            with_older(
                seen,
                Condition::of(toolkit(ToolkitUnmet::NotInRegister(edition, deadline, register)), position),
            )
        }
        Cause::NoLongerInRegister(edition, register, position) => with_older(
            seen,
            Condition::of(toolkit(ToolkitUnmet::NoLongerInRegister(edition, register)), position),
        ),
        Cause::NotKnown(edition) => vec![not_known(seen, edition)],
        Cause::Event(position) => {
            not_understood(seen, position).map_or_else(|| below_standard(seen), |words| vec![words])
        }
        Cause::PlanRanOut(_) | Cause::Passed(..) => below_standard(seen),
    }
}

const fn toolkit(unmet: ToolkitUnmet) -> Unmet {
    Unmet::Toolkit(unmet)
}

/// The edition due last.
fn due<'a>(seen: &Seen<'a>) -> Option<&'a Term> {
    seen.calendar.terms().iter().rfind(|term| seen.moment.is_over(term.deadline))
}

/// Nothing that counts was published by the deadline of an edition: what there is instead.
fn overdue(seen: &Seen<'_>, edition: EditionId, begun: Option<Position>) -> Vec<Condition> {
    let later = begun.and_then(|position| published_later(seen, edition, position));
    let missing = match (begun, due(seen)) {
        (Some(position), Some(term)) if later.is_some() => {
            let on = later.unwrap_or(term.deadline);
            Condition::of(toolkit(ToolkitUnmet::PublishedLater(edition, term.deadline, on)), position)
        }
        (Some(begun), _) => Condition::of(toolkit(ToolkitUnmet::NotPublishedAndSigned(edition)), begun),
        (None, Some(term)) => {
            Condition::unrecorded(toolkit(ToolkitUnmet::NothingPublished(edition, term.deadline)))
        }
        (None, None) => Condition::unrecorded(toolkit(ToolkitUnmet::NothingKnown(None))),
    };
    with_older(seen, missing)
}

/// The day after the one asked about on which an edition, or one that came instead of it, was published by an event.
fn published_later(seen: &Seen<'_>, edition: EditionId, position: Position) -> Option<Day> {
    let in_register = seen.known.rows.iter().find(|row| row.position == position);
    let here = || {
        let fact = seen.known.facts.iter().find(|fact| fact.position == position)?;
        matches!(fact.what, Toolkit::Published(of, _) if of == edition).then_some(fact.day)
    };
    let on = in_register.map(|row| row.value.published.unwrap_or(row.as_of)).or_else(here);
    on.filter(|on| *on > seen.day)
}

/// What is missing, behind what older result there is.
fn with_older(seen: &Seen<'_>, missing: Condition) -> Vec<Condition> {
    let older = newest_published(seen)
        .map(|(of, fact)| Condition::of(toolkit(ToolkitUnmet::OlderPublished(of, fact.day)), fact.position));
    older.into_iter().chain([missing]).collect()
}

/// That words are not understood which the register shows, if it is they that stand at a position.
fn not_understood(seen: &Seen<'_>, position: Position) -> Option<Condition> {
    let row = seen.known.rows.iter().find(|row| row.position == position)?;
    let unmet = toolkit(ToolkitUnmet::NotUnderstood(row.as_of));
    seen.known.own.words_at(position).map(|_| Condition::of(unmet, position))
}

/// Why nothing is known of an edition that was due.
fn not_known(seen: &Seen<'_>, edition: EditionId) -> Condition {
    let Some(due) = due(seen) else {
        return Condition::unrecorded(toolkit(ToolkitUnmet::NothingKnown(None)));
    };
    let rows = seen.known.rows.iter().filter(|row| row.as_of >= due.deadline);
    let found = rows.filter_map(|row| {
        let unmet = match says(row, due, seen.calendar) {
            Says::Hides(later) => ToolkitUnmet::Hidden(edition, later, row.as_of),
            Says::NotUnderstood => ToolkitUnmet::NotUnderstood(row.as_of),
            Says::NotPublished | Says::Published(_) => return None,
        };
        Some(Condition::of(toolkit(unmet), row.position))
    });
    let missing = || Condition::unrecorded(toolkit(ToolkitUnmet::NoRegister(edition, due.deadline)));
    found.into_iter().next().unwrap_or_else(missing)
}

/// What is published for the newest edition of all that count by then.
fn newest_published<'a>(seen: &Seen<'a>) -> Option<(EditionId, &'a ToolkitFact)> {
    let terms = seen.calendar.terms().iter().rev();
    terms.into_iter().find_map(|term| match last_publication(term, seen)? {
        (_, Level::NotUnderstood) => None,
        (fact, _) => Some((term.edition, fact)),
    })
}

/// What was published is below the standard, with what became of a plan for it.
fn below_standard(seen: &Seen<'_>) -> Vec<Condition> {
    let Some((edition, published)) = newest_published(seen) else {
        return vec![Condition::unrecorded(toolkit(ToolkitUnmet::NothingKnown(None)))];
    };
    let below =
        Condition::of(toolkit(ToolkitUnmet::BelowStandard(edition, published.day)), published.position);
    let plan = plan_decided(edition, seen).and_then(|decided| match decided.what {
        Toolkit::PlanAgreed(_, due) if seen.day <= due => {
            Some(Condition::of(toolkit(ToolkitUnmet::PlanOpen(edition, due)), decided.position))
        }
        Toolkit::PlanAgreed(_, due) => {
            Some(Condition::of(toolkit(ToolkitUnmet::PlanEnded(edition, due)), decided.position))
        }
        _ => None,
    });
    std::iter::once(below).chain(plan).collect()
}
