//! What is unmet of a toolkit assessment where it is not met, and which events say so.

use proto::EditionId;

use super::{Seen, last_publication, not_understood, plan_decided};
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
        Cause::Event(_) | Cause::PlanRanOut(_) | Cause::Passed(..) => below_standard(seen),
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
fn overdue(seen: &Seen<'_>, edition: EditionId, begun: Option<proto::Position>) -> Vec<Condition> {
    let older = newest_published(seen)
        .map(|(of, fact)| Condition::of(toolkit(ToolkitUnmet::OlderPublished(of, fact.day)), fact.position));
    let missing = match (begun, due(seen)) {
        (Some(begun), _) => Condition::of(toolkit(ToolkitUnmet::NotPublishedAndSigned(edition)), begun),
        (None, Some(term)) => {
            Condition::unrecorded(toolkit(ToolkitUnmet::NothingPublished(edition, term.deadline)))
        }
        (None, None) => Condition::unrecorded(toolkit(ToolkitUnmet::NothingKnown(None))),
    };
    older.into_iter().chain([missing]).collect()
}

/// What is published for the newest edition of all that count by then.
fn newest_published<'a>(seen: &Seen<'a>) -> Option<(EditionId, &'a ToolkitFact)> {
    let terms = seen.calendar.terms().iter().rev();
    terms.into_iter().find_map(|term| Some((term.edition, last_publication(term, seen)?.0)))
}

/// What was published is below the standard, with what became of a plan for it.
fn below_standard(seen: &Seen<'_>) -> Vec<Condition> {
    if let Some(words) = not_understood(seen) {
        return vec![Condition::of(toolkit(ToolkitUnmet::NotUnderstood(words.day)), words.position)];
    }
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
