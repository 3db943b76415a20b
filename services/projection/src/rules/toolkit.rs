//! Requirement 2: the toolkit assessment.
//!
//! The rule. On a day, the edition that counts is the newest one with something published by then,
//! if its deadline is not before that of the edition due last; what was published for it says:
//!
//! - DSP Toolkit: Standards Met or Exceeded is `Met`; Approaching Standards or an agreed plan is
//!   `PartlyMet`; Standards Not Met and Entry Level are `NotMet`. Of several publications for an
//!   edition the latest counts.
//! - IG Toolkit: published, statement accepted and every applicable requirement at level 2 or more
//!   is `Met`; published below that is `PartlyMet` while an agreed plan is in time, else `NotMet`.
//!   Published without the statement counts as not yet published. A requirement exempted centrally
//!   is no gap from the day of the exemption on, in what is already published too.
//!
//! So before an edition's deadline, with nothing published for it, last edition's result holds.
//! From the end of the deadline day on, nothing published for that edition or a later one is
//! `NotMet` where something that was read bears witness to it, and `NoEvidence` where nothing does.
//! A witness is
//!
//! - an assessment of the edition kept in the platform itself, which then is not published and signed;
//! - a register dated on or after the deadline whose row for the practice shows an older edition or
//!   nothing, or shows this edition with a later day of publication;
//! - a register dated on or after the deadline that lists most practices of its day, and not this one.
//!
//! A register that shows a later edition hides what was published for this one: it is no witness, unless
//! on its date no later edition had been due, since the later one then came instead of this one and late
//! (two practices of the register of 17 June 2019 show 2019/20 so). Neither is one that was withdrawn,
//! nor a row whose words are not understood. Results of the IG Toolkit never were in a register that
//! could be read here, so of that only the first is a witness.
//! Of a deadline that is still to come no witness is asked for: it will not be met if nothing changes.
//! With no edition due and nothing published it is `NoEvidence`.
//!
//! A result that a later register no longer shows (it shows an older edition, or nothing) counts up to
//! the day before that register.
//!
//! Sources: domain facts 1.4-1.6 (grade, publication, statement), 3.5 (statuses), 3.6 (late and
//! repeated publication), 3.14.

use proto::{
    Day, EditionId, Moment, Position, RequirementId,
    assessments::{Grade, PublishedResult},
    imports::Row,
};

use super::{
    Common,
    calendar::{Calendar, Scheme, Term},
    registers::Register,
};
use crate::{
    facts::{OrganisationFacts, RegisterRow, Toolkit, ToolkitFact},
    timeline::{Cause, Judged, Status, Timeline},
};

mod conditions;

/// The timeline of the toolkit requirement.
pub fn timeline(own: &OrganisationFacts, common: &Common<'_>) -> Timeline {
    let known = Known::of(own, common);
    let calendar = common.calendar;
    let deadlines = calendar.terms().iter().map(|term| term.deadline);
    let ran_out = known.facts.iter().filter_map(|fact| match fact.what {
        Toolkit::PlanAgreed(_, due) => Some(due.plus_days(1)),
        _ => None,
    });
    let exempted = calendar.exempt().iter().map(|exempt| exempt.day).filter(|_| !own.gaps.is_empty());
    let registers = known.rows.iter().map(|row| row.as_of);
    let happened = known.facts.iter().map(|fact| fact.day);
    let days = happened.chain(deadlines).chain(ran_out).chain(exempted).chain(registers).collect();
    Timeline::of_days(days, common.today, |moment| known.judge(moment))
}

/// What holds at a moment, and what is unmet.
pub fn judge(own: &OrganisationFacts, common: &Common<'_>, moment: Moment) -> Judged {
    Known::of(own, common).judge(moment)
}

/// What is known of one practice.
struct Known<'a> {
    own: &'a OrganisationFacts,
    /// What happened, in order of day.
    facts: Vec<ToolkitFact>,
    /// What registers showed of it, in order of their date.
    rows: Vec<&'a Row<RegisterRow>>,
    /// The registers that list most practices, and not this one.
    without: Vec<Register>,
    calendar: &'a Calendar,
    today: Day,
}

impl<'a> Known<'a> {
    fn of(own: &'a OrganisationFacts, common: &Common<'a>) -> Self {
        let Common { upto, calendar, today, .. } = *common;
        let withdrawn = &common.facts.files.withdrawn;
        let mut rows: Vec<&Row<RegisterRow>> = own.register.standing(withdrawn, upto).collect();
        // Stable: of rows of one date the later recorded one is the later one.
        rows.sort_by_key(|row| row.as_of);
        let lists =
            |register: &Register| own.register.all().iter().any(|row| row.import == Some(register.import));
        let without = common.registers.whole().iter().filter(|register| !lists(register)).copied().collect();
        let until = own.toolkit.partition_point(|fact| fact.position <= upto);
        let counts = |fact: &&ToolkitFact| match fact.what {
            Toolkit::Listed(_) => is_first_to_say(&rows, fact.position),
            _ => true,
        };
        let mut facts: Vec<ToolkitFact> =
            own.toolkit.get(..until).unwrap_or_default().iter().filter(counts).copied().collect();
        // Stable: of facts of one day the later recorded one is the later one.
        facts.sort_by_key(|fact| fact.day);
        Self { own, facts, rows, without, calendar, today }
    }

    fn judge(&self, moment: Moment) -> Judged {
        let day = moment.day();
        let until = self.facts.partition_point(|fact| fact.day <= day);
        let facts = self.facts.get(..until).unwrap_or_default();
        let seen = Seen { known: self, moment, day, facts, gaps: &self.own.gaps, calendar: self.calendar };
        let (status, cause) = holds_on(&seen);
        let unmet = if status == Status::Met { Vec::new() } else { conditions::unmet(&seen, cause) };
        Judged { status, cause, unmet }
    }
}

/// Whether the row of a register at a position counts, and no row before it says the same: what a later register only
/// confirms does not begin with it.
fn is_first_to_say(rows: &[&Row<RegisterRow>], position: Position) -> bool {
    let Some(at) = rows.iter().position(|row| row.position == position) else { return false };
    let Some((row, before)) = rows.get(..=at).and_then(<[_]>::split_last) else { return false };
    !row.confirmed || before.last().is_none_or(|before| before.value != row.value)
}

/// What there is to judge by at a moment.
struct Seen<'a> {
    known: &'a Known<'a>,
    moment: Moment,
    day: Day,
    /// The facts up to the day, in order of day.
    facts: &'a [ToolkitFact],
    /// What fell short in which publication.
    gaps: &'a [(Position, Vec<RequirementId>)],
    calendar: &'a Calendar,
}

impl Seen<'_> {
    /// Whether every gap of a publication has been exempted by the day.
    fn all_gaps_exempt(&self, published: Position, edition: EditionId) -> bool {
        let gaps = self.gaps.iter().find(|(position, _)| *position == published).map(|(_, gaps)| gaps);
        gaps.is_some_and(|gaps| {
            gaps.iter().all(|gap| {
                self.calendar.exempt().iter().any(|exempt| {
                    exempt.day <= self.day && exempt.edition == edition && exempt.requirement == *gap
                })
            })
        })
    }
}

/// What a row of a register says of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Nothing is published, or something older.
    NotPublished,
    /// It is published, on this day.
    Published(Day),
    /// A later edition is, which hides it.
    Hides(EditionId),
    /// The words are not understood.
    NotUnderstood,
}

fn says(row: &Row<RegisterRow>, of: &Term, calendar: &Calendar) -> Says {
    let order = |edition: EditionId| calendar.terms().iter().position(|term| term.edition == edition);
    match (row.value.result, row.value.result.edition()) {
        (PublishedResult::NotPublished, _) => Says::NotPublished,
        (_, Some(edition)) if edition == of.edition => {
            Says::Published(row.value.published.unwrap_or(row.as_of))
        }
        (_, Some(edition)) => match (order(edition), order(of.edition)) {
            (Some(shown), Some(asked)) if shown < asked => Says::NotPublished,
            (Some(_), Some(_)) => Says::Hides(edition),
            _ => Says::NotUnderstood,
        },
        (_, None) => Says::NotUnderstood,
    }
}

/// What holds at a moment.
fn holds_on(seen: &Seen<'_>) -> (Status, Cause) {
    let Seen { moment, calendar, .. } = *seen;
    let due = calendar.terms().iter().rposition(|term| moment.is_over(term.deadline));
    let eligible = calendar.terms().get(due.unwrap_or(0)..).unwrap_or_default();
    for term in eligible.iter().rev() {
        if let Some(found) = result(term, seen) {
            return found;
        }
    }
    match due.and_then(|index| calendar.terms().get(index)) {
        Some(due) => missing(due, seen),
        None => (Status::NoEvidence, Cause::Nothing),
    }
}

/// What holds where nothing is published for the edition due last, or for a later one.
fn missing(due: &Term, seen: &Seen<'_>) -> (Status, Cause) {
    let kept_here = |fact: &&ToolkitFact| !matches!(fact.what, Toolkit::Listed(_));
    let begun = seen.facts.iter().filter(kept_here).rfind(|fact| edition_of(&fact.what) == Some(due.edition));
    match (due.scheme, begun) {
        (_, Some(begun)) => (Status::NotMet, Cause::Deadline(due.edition, Some(begun.position))),
        (Scheme::IgToolkit, None) => (Status::NoEvidence, Cause::Nothing),
        (Scheme::DspToolkit, None) => {
            if let Some(row) = no_longer_shown(due, seen) {
                let cause = Cause::NoLongerInRegister(due.edition, row.as_of, row.position);
                return (Status::NotMet, cause);
            }
            match witness(due, seen) {
                Some(Witness::Missing(as_of, position)) => {
                    (Status::NotMet, Cause::NotInRegister(due.edition, as_of, position))
                }
                Some(Witness::PublishedLater) => (Status::NotMet, Cause::Deadline(due.edition, None)),
                None if due.deadline >= seen.known.today => {
                    (Status::NotMet, Cause::Deadline(due.edition, None))
                }
                None => (Status::NoEvidence, Cause::NotKnown(due.edition)),
            }
        }
    }
}

/// What shows that an edition was not published by a day.
enum Witness {
    /// The register of this day shows nothing, or something older: by this event.
    Missing(Day, Position),
    /// It was published later than that.
    PublishedLater,
}

/// The first register, of the deadline or later, that shows that an edition was not published by the day.
fn witness(due: &Term, seen: &Seen<'_>) -> Option<Witness> {
    let Known { rows, without, .. } = seen.known;
    let of_row = rows.iter().filter(|row| row.as_of >= due.deadline).find_map(|row| {
        match says(row, due, seen.calendar) {
            Says::NotPublished => Some(Witness::Missing(row.as_of, row.position)),
            Says::Published(on) if on > seen.day => Some(Witness::PublishedLater),
            // Published for the next year while this one was still the last due: it came instead, and late.
            Says::Hides(_) if is_last_due(due, row.as_of, seen.calendar) => Some(Witness::PublishedLater),
            Says::Published(_) | Says::Hides(_) | Says::NotUnderstood => None,
        }
    });
    let without = without.iter().find(|register| register.as_of >= due.deadline);
    of_row.or(without.map(|register| Witness::Missing(register.as_of, register.position)))
}

/// Whether on the date of a register no later edition had been due.
fn is_last_due(term: &Term, register: Day, calendar: &Calendar) -> bool {
    !calendar.terms().iter().any(|other| term.deadline < other.deadline && other.deadline <= register)
}

/// The row of the register that no longer shows the result of an edition that an earlier one showed.
fn no_longer_shown<'a>(term: &Term, seen: &Seen<'a>) -> Option<&'a Row<RegisterRow>> {
    let shown = seen.facts.iter().rfind(|fact| match fact.what {
        Toolkit::Listed(result) => result.edition() == Some(term.edition),
        _ => false,
    })?;
    withdrawn_by(term, shown, seen)
}

/// The last row up to the day, of a register after the one that showed a result, if that does not show it any more.
fn withdrawn_by<'a>(term: &Term, shown: &ToolkitFact, seen: &Seen<'a>) -> Option<&'a Row<RegisterRow>> {
    let rows: &'a [&'a Row<RegisterRow>] = &seen.known.rows;
    let at = rows.iter().position(|row| row.position == shown.position)?;
    let later = rows.get(at + 1..)?.iter().filter(|row| row.as_of <= seen.day);
    let last = later.rev().find(|row| says(row, term, seen.calendar) != Says::NotUnderstood)?;
    (says(last, term, seen.calendar) == Says::NotPublished).then_some(*last)
}

/// What the publications for an edition say on a day, if there are any by then.
fn result(term: &Term, seen: &Seen<'_>) -> Option<(Status, Cause)> {
    let (published, level) = last_publication(term, seen)?;
    let event = Cause::Event(published.position);
    match level {
        Level::Met => Some((Status::Met, event)),
        Level::PlanAgreed => Some((Status::PartlyMet, event)),
        Level::NotMet => Some(plan(term.edition, seen).unwrap_or((Status::NotMet, event))),
    }
}

enum Level {
    Met,
    PlanAgreed,
    NotMet,
}

fn last_publication<'a>(term: &Term, seen: &Seen<'a>) -> Option<(&'a ToolkitFact, Level)> {
    let mut last = None;
    let mut signed: Option<&ToolkitFact> = None;
    for fact in seen.facts {
        match fact.what {
            Toolkit::Published(edition, grade) if edition == term.edition => {
                let level = match grade {
                    Grade::Satisfactory => Level::Met,
                    _ if seen.all_gaps_exempt(fact.position, edition) => Level::Met,
                    Grade::NotSatisfactory | Grade::SatisfactoryWithImprovementPlan => Level::NotMet,
                };
                last = Some((fact, level));
            }
            Toolkit::StatementAccepted(edition) if edition == term.edition => signed = Some(fact),
            Toolkit::Listed(result) if result.edition() == Some(term.edition) => {
                // What a later register no longer shows does not count any more.
                last = level_of(result)
                    .filter(|_| withdrawn_by(term, fact, seen).is_none())
                    .map(|level| (fact, level));
            }
            _ => {}
        }
    }
    match (term.scheme, signed, last) {
        (Scheme::IgToolkit, None, _) => None,
        // The later of the two acts is what made the result count.
        (Scheme::IgToolkit, Some(signed), Some((published, level))) => {
            let later = if signed.day > published.day { signed } else { published };
            Some((later, level))
        }
        (_, _, last) => last,
    }
}

fn level_of(result: PublishedResult) -> Option<Level> {
    match result {
        PublishedResult::StandardsMet { .. } | PublishedResult::StandardsExceeded { .. } => Some(Level::Met),
        PublishedResult::ApproachingStandards { .. } | PublishedResult::PlanAgreed { .. } => {
            Some(Level::PlanAgreed)
        }
        PublishedResult::StandardsNotMet { .. } | PublishedResult::EntryLevel { .. } => Some(Level::NotMet),
        PublishedResult::NotPublished | PublishedResult::Unrecognised => None,
    }
}

/// What an agreed improvement plan makes of a result below the standard.
fn plan(edition: EditionId, seen: &Seen<'_>) -> Option<(Status, Cause)> {
    let decided = plan_decided(edition, seen)?;
    match decided.what {
        Toolkit::PlanAgreed(_, due) if seen.day <= due => {
            Some((Status::PartlyMet, Cause::Event(decided.position)))
        }
        Toolkit::PlanAgreed(..) => Some((Status::NotMet, Cause::PlanRanOut(decided.position))),
        _ => None,
    }
}

/// The last decision on an improvement plan for an edition.
fn plan_decided<'a>(edition: EditionId, seen: &Seen<'a>) -> Option<&'a ToolkitFact> {
    seen.facts.iter().rev().find(
        |fact| matches!(fact.what, Toolkit::PlanAgreed(of, _) | Toolkit::PlanRefused(of) if of == edition),
    )
}

fn edition_of(what: &Toolkit) -> Option<EditionId> {
    match what {
        Toolkit::Opened(edition)
        | Toolkit::Published(edition, _)
        | Toolkit::StatementAccepted(edition)
        | Toolkit::PlanAgreed(edition, _)
        | Toolkit::PlanRefused(edition)
        | Toolkit::GradeReviewed(edition, _) => Some(*edition),
        Toolkit::Listed(result) => result.edition(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::Facts,
        rules::{
            Registers,
            conditions::{ToolkitUnmet, Unmet},
        },
    };
    use proptest::prelude::*;

    const IGT: &str = "igt-14.1";
    const Y18: &str = "dspt-2018-19";
    const Y19: &str = "dspt-2019-20";

    fn edition(id: &str) -> EditionId {
        id.parse().unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn calendar() -> Calendar {
        let term =
            |id: &str, scheme, deadline: &str| Term { edition: edition(id), scheme, deadline: day(deadline) };
        Calendar::new(vec![
            term(IGT, Scheme::IgToolkit, "2018-03-31"),
            term(Y18, Scheme::DspToolkit, "2019-03-31"),
            term(Y19, Scheme::DspToolkit, "2020-09-30"),
        ])
    }

    fn met(id: &str) -> Toolkit {
        Toolkit::Listed(PublishedResult::StandardsMet { edition: edition(id) })
    }

    /// What happened, in the order in which it was recorded; a result of the register with a row of its day.
    fn recorded(happened: impl IntoIterator<Item = (Day, Toolkit)>) -> OrganisationFacts {
        let mut facts = OrganisationFacts::default();
        for (index, (day, what)) in happened.into_iter().enumerate() {
            let position = Position(index as u64 + 1);
            facts.toolkit.push(ToolkitFact { position, day, what });
            if let Toolkit::Listed(result) = what {
                let value = RegisterRow { result, published: result.edition().map(|_| day) };
                facts.register.note(Row { as_of: day, position, import: None, value, confirmed: false });
            }
        }
        facts
    }

    fn facts(happened: &[(&str, Toolkit)]) -> OrganisationFacts {
        recorded(happened.iter().map(|(on, what)| (day(on), *what)))
    }

    /// The position of the register that lists most practices, and not the one that is judged.
    const WITHOUT: Position = Position(1_000);

    /// A register of a day after all deadlines, which lists most practices.
    fn registers() -> Registers {
        Registers::with([Register {
            as_of: day("2030-01-01"),
            import: uuid::Uuid::from_u128(9),
            position: WITHOUT,
        }])
    }

    fn timeline_on(own: &OrganisationFacts, registers: &Registers, today: Day) -> Timeline {
        let (facts, calendar) = (Facts::default(), calendar());
        timeline(own, &Common::new(&facts, &calendar, registers, Position(u64::MAX), today))
    }

    fn judged(own: &OrganisationFacts, registers: &Registers, moment: Moment, today: Day) -> Judged {
        let (facts, calendar) = (Facts::default(), calendar());
        judge(own, &Common::new(&facts, &calendar, registers, Position(u64::MAX), today), moment)
    }

    #[track_caller]
    fn assert_changes(timeline: &Timeline, expected: &[(&str, Status)]) {
        let shown: Vec<(Day, Status)> =
            timeline.changes().iter().map(|change| (change.day, change.status)).collect();
        let expected: Vec<(Day, Status)> = expected.iter().map(|(on, status)| (day(on), *status)).collect();
        assert_eq!(shown, expected);
    }

    #[track_caller]
    fn check(happened: &[(&str, Toolkit)], expected: &[(&str, Status)]) {
        assert_changes(&timeline_on(&facts(happened), &registers(), Day::LAST), expected);
    }

    /// The same where no register was read that lists most practices.
    #[track_caller]
    fn check_alone(happened: &[(&str, Toolkit)], expected: &[(&str, Status)]) {
        assert_changes(&timeline_on(&facts(happened), &Registers::default(), Day::LAST), expected);
    }

    #[test]
    fn without_a_register_of_the_deadline_or_later_nothing_is_known() {
        check_alone(&[], &[]);
        check_alone(
            &[("2019-03-21", met(Y18))],
            &[("2019-03-21", Status::Met), ("2020-09-30", Status::NoEvidence)],
        );
        let unmet = judged(
            &facts(&[("2019-03-21", met(Y18))]),
            &Registers::default(),
            Moment::EndOf(day("2020-10-31")),
            Day::LAST,
        )
        .unmet;
        assert_eq!(
            unmet.iter().map(|of| of.unmet).collect::<Vec<_>>(),
            [Unmet::Toolkit(ToolkitUnmet::NoRegister(edition(Y19), day("2020-09-30")))]
        );
    }

    #[test]
    fn a_row_without_a_result_after_the_deadline_is_a_witness() {
        check_alone(
            &[("2019-06-17", Toolkit::Listed(PublishedResult::NotPublished))],
            &[("2019-03-31", Status::NotMet), ("2020-09-30", Status::NoEvidence)],
        );
        // One of before the deadline is none.
        check_alone(&[("2019-03-01", Toolkit::Listed(PublishedResult::NotPublished))], &[]);
    }

    #[test]
    fn a_later_edition_hides_what_was_published_for_the_one_before() {
        let own = facts(&[("2020-11-02", met(Y19))]);
        let status = |on: &str| judged(&own, &Registers::default(), Moment::EndOf(day(on)), Day::LAST);
        assert_eq!(status("2019-04-30").status, Status::NoEvidence);
        let hidden = ToolkitUnmet::Hidden(edition(Y18), edition(Y19), day("2020-11-02"));
        assert_eq!(status("2019-04-30").unmet.first().map(|of| of.unmet), Some(Unmet::Toolkit(hidden)));
        // The edition itself, published late, is a witness for the days before.
        assert_eq!(status("2020-10-31").status, Status::NotMet);
        assert_eq!(status("2020-11-02").status, Status::Met);
    }

    #[test]
    fn a_later_edition_published_while_this_one_was_the_last_due_came_late() {
        let own = facts(&[("2019-06-13", met(Y19))]);
        let status = |on: &str| judged(&own, &Registers::default(), Moment::EndOf(day(on)), Day::LAST).status;
        assert_eq!(status("2019-03-30"), Status::NoEvidence);
        assert_eq!(status("2019-03-31"), Status::NotMet);
        assert_eq!(status("2019-06-12"), Status::NotMet);
        assert_eq!(status("2019-06-13"), Status::Met);
    }

    #[test]
    fn an_extract_says_nothing_of_those_whom_it_leaves_out() {
        let own = facts(&[("2019-03-21", met(Y18))]);
        let on = Moment::EndOf(day("2020-10-31"));
        assert_eq!(judged(&own, &Registers::default(), on, Day::LAST).status, Status::NoEvidence);
        assert_eq!(judged(&own, &registers(), on, Day::LAST).status, Status::NotMet);
    }

    #[test]
    fn of_a_deadline_to_come_no_witness_is_asked_for() {
        let own = facts(&[("2019-03-21", met(Y18))]);
        let ahead = timeline_on(&own, &Registers::default(), day("2020-01-01"));
        assert_changes(&ahead, &[("2019-03-21", Status::Met), ("2020-09-30", Status::NotMet)]);
    }

    #[test]
    fn a_register_that_shows_an_older_edition_again_withdraws_the_newer() {
        let mut own = facts(&[("2020-09-01", met(Y19))]);
        let value = RegisterRow {
            result: PublishedResult::StandardsMet { edition: edition(Y18) },
            published: Some(day("2019-03-21")),
        };
        let (as_of, position) = (day("2020-12-01"), Position(2));
        own.register.note(Row { as_of, position, import: None, value, confirmed: false });
        let what = Toolkit::Listed(value.result);
        own.toolkit.push(ToolkitFact { position, day: day("2019-03-21"), what });
        assert_changes(
            &timeline_on(&own, &Registers::default(), Day::LAST),
            &[("2019-03-21", Status::Met), ("2020-12-01", Status::NotMet)],
        );
        let judged = judged(&own, &Registers::default(), Moment::EndOf(as_of), Day::LAST);
        assert_eq!(judged.cause, Cause::NoLongerInRegister(edition(Y19), as_of, position));
    }

    #[test]
    fn a_row_that_is_not_understood_is_no_witness() {
        let own = facts(&[("2019-06-17", Toolkit::Listed(PublishedResult::Unrecognised))]);
        let judged = judged(&own, &Registers::default(), Moment::EndOf(day("2019-06-17")), Day::LAST);
        assert_eq!(judged.status, Status::NoEvidence);
        let unmet = Unmet::Toolkit(ToolkitUnmet::NotUnderstood(day("2019-06-17")));
        assert_eq!(judged.unmet.first().map(|of| of.unmet), Some(unmet));
    }

    #[test]
    fn what_came_with_a_withdrawn_import_counts_for_nothing() {
        let import = Some(uuid::Uuid::from_u128(1));
        let value = RegisterRow {
            result: PublishedResult::StandardsMet { edition: edition(Y18) },
            published: Some(day("2019-03-21")),
        };
        let mut own = OrganisationFacts::default();
        let (as_of, position) = (day("2019-06-17"), Position(1));
        own.register.note(Row { as_of, position, import, value, confirmed: false });
        own.toolkit.push(ToolkitFact {
            position,
            day: day("2019-03-21"),
            what: Toolkit::Listed(value.result),
        });
        let mut all = Facts::default();
        all.files.withdrawn.note(uuid::Uuid::from_u128(1), Position(5));
        let (calendar, registers) = (calendar(), Registers::default());
        let status = |upto: u64| {
            let common = Common::new(&all, &calendar, &registers, Position(upto), Day::LAST);
            judge(&own, &common, Moment::EndOf(as_of)).status
        };
        assert_eq!(status(4), Status::Met, "as known before");
        assert_eq!(status(5), Status::NoEvidence);
    }

    #[test]
    fn nothing_ever_published_is_no_evidence_until_the_first_register_deadline() {
        check(&[], &[("2019-03-31", Status::NotMet)]);
    }

    #[test]
    fn published_in_time_holds_until_the_end_of_the_day_before_the_next_deadline() {
        check(&[("2019-03-21", met(Y18))], &[("2019-03-21", Status::Met), ("2020-09-30", Status::NotMet)]);
    }

    #[test]
    fn published_on_the_deadline_day_is_in_time() {
        check(&[("2019-03-31", met(Y18))], &[("2019-03-31", Status::Met), ("2020-09-30", Status::NotMet)]);
    }

    #[test]
    fn a_deadline_is_missed_at_the_end_of_its_day_and_not_while_it_runs() {
        let facts = facts(&[("2019-03-21", met(Y18))]);
        let status = |today: &str, on: &str| timeline_on(&facts, &registers(), day(today)).at(day(on)).status;
        assert_eq!(status("2020-09-29", "2020-09-30"), Status::NotMet, "the end of a day to come");
        assert_eq!(status("2020-09-30", "2020-09-30"), Status::Met, "the deadline day is running");
        assert_eq!(status("2020-09-30", "2020-10-01"), Status::NotMet);
        assert_eq!(status("2020-10-01", "2020-09-30"), Status::NotMet, "it is over");
    }

    #[test]
    fn what_is_unmet_is_told_of_the_day_asked_about() {
        let facts = facts(&[("2019-05-02", met(Y18))]);
        let unmet = |on: &str| {
            let judged = judged(&facts, &registers(), Moment::EndOf(day(on)), Day::LAST);
            judged.unmet.iter().map(|of| (of.unmet, of.event)).collect::<Vec<_>>()
        };
        let toolkit = crate::rules::conditions::Unmet::Toolkit;
        use crate::rules::conditions::ToolkitUnmet::{NotInRegister, NothingPublished, OlderPublished};
        assert_eq!(unmet("2019-03-31"), [(toolkit(NothingPublished(edition(Y18), day("2019-03-31"))), None)]);
        assert_eq!(unmet("2019-05-02"), []);
        assert_eq!(
            unmet("2020-10-20"),
            [
                (toolkit(OlderPublished(edition(Y18), day("2019-05-02"))), Some(Position(1))),
                (toolkit(NotInRegister(edition(Y19), day("2020-09-30"), day("2030-01-01"))), Some(WITHOUT)),
            ]
        );
    }

    #[test]
    fn late_publication_counts_from_its_day() {
        check(
            &[("2019-05-02", met(Y18))],
            &[("2019-03-31", Status::NotMet), ("2019-05-02", Status::Met), ("2020-09-30", Status::NotMet)],
        );
    }

    #[test]
    fn a_later_edition_covers_an_earlier_one_left_out() {
        check(&[("2019-06-13", met(Y19))], &[("2019-03-31", Status::NotMet), ("2019-06-13", Status::Met)]);
    }

    #[test]
    fn exceeded_is_met_and_an_agreed_plan_or_approaching_is_partly_met() {
        let listed = |result: fn(EditionId) -> PublishedResult| Toolkit::Listed(result(edition(Y18)));
        for (what, status) in [
            (listed(|edition| PublishedResult::StandardsExceeded { edition }), Status::Met),
            (listed(|edition| PublishedResult::PlanAgreed { edition }), Status::PartlyMet),
            (listed(|edition| PublishedResult::ApproachingStandards { edition }), Status::PartlyMet),
        ] {
            check(&[("2019-03-01", what)], &[("2019-03-01", status), ("2020-09-30", Status::NotMet)]);
        }
    }

    #[test]
    fn standards_not_met_and_entry_level_are_not_met_from_the_day_of_publication() {
        let listed = |result: fn(EditionId) -> PublishedResult| Toolkit::Listed(result(edition(Y18)));
        for what in [
            listed(|edition| PublishedResult::StandardsNotMet { edition }),
            listed(|edition| PublishedResult::EntryLevel { edition }),
        ] {
            check(&[("2019-03-01", what)], &[("2019-03-01", Status::NotMet)]);
        }
    }

    #[test]
    fn of_two_publications_for_an_edition_the_later_counts() {
        let not_met = Toolkit::Listed(PublishedResult::StandardsNotMet { edition: edition(Y18) });
        check(
            &[("2019-03-01", not_met), ("2019-04-11", met(Y18))],
            &[("2019-03-01", Status::NotMet), ("2019-04-11", Status::Met), ("2020-09-30", Status::NotMet)],
        );
    }

    #[test]
    fn an_unknown_status_text_counts_for_nothing() {
        check(
            &[("2019-03-01", Toolkit::Listed(PublishedResult::Unrecognised))],
            &[("2019-03-31", Status::NotMet)],
        );
    }

    #[test]
    fn a_result_that_leaves_the_register_no_longer_counts() {
        check(
            &[("2019-03-01", met(Y18)), ("2019-06-17", Toolkit::Listed(PublishedResult::NotPublished))],
            &[("2019-03-01", Status::Met), ("2019-06-17", Status::NotMet)],
        );
    }

    #[test]
    fn the_ig_toolkit_counts_once_published_and_signed() {
        let igt = edition(IGT);
        check(
            &[
                ("2017-11-01", Toolkit::Opened(igt)),
                ("2018-03-20", Toolkit::Published(igt, Grade::Satisfactory)),
                ("2018-03-22", Toolkit::StatementAccepted(igt)),
            ],
            &[("2018-03-22", Status::Met), ("2019-03-31", Status::NotMet)],
        );
    }

    #[test]
    fn an_unsigned_or_unpublished_ig_toolkit_is_not_met_from_its_deadline() {
        let igt = edition(IGT);
        check(&[("2017-11-01", Toolkit::Opened(igt))], &[("2018-03-31", Status::NotMet)]);
        check(
            &[("2018-03-20", Toolkit::Published(igt, Grade::Satisfactory))],
            &[("2018-03-31", Status::NotMet)],
        );
    }

    #[test]
    fn below_level_2_is_partly_met_while_the_agreed_plan_is_in_time() {
        let igt = edition(IGT);
        check(
            &[
                ("2018-03-20", Toolkit::Published(igt, Grade::NotSatisfactory)),
                ("2018-03-20", Toolkit::StatementAccepted(igt)),
                ("2018-04-10", Toolkit::PlanAgreed(igt, day("2018-09-30"))),
            ],
            &[
                ("2018-03-20", Status::NotMet),
                ("2018-04-10", Status::PartlyMet),
                ("2018-10-01", Status::NotMet),
            ],
        );
    }

    #[test]
    fn a_central_exemption_mends_what_is_already_published() {
        let igt = edition(IGT);
        let mut facts = facts(&[
            ("2018-03-20", Toolkit::Published(igt, Grade::NotSatisfactory)),
            ("2018-03-20", Toolkit::StatementAccepted(igt)),
        ]);
        let gap = |id: &str| id.parse::<RequirementId>().unwrap();
        facts.gaps.push((Position(1), vec![gap("14-319")]));
        let exempt = |id: &str| {
            calendar().with_exempt(vec![super::super::calendar::Exempt {
                day: day("2018-04-05"),
                edition: igt,
                requirement: gap(id),
            }])
        };
        let status = |calendar: &Calendar, on: &str| {
            let (all, registers) = (Facts::default(), registers());
            let common = Common::new(&all, calendar, &registers, Position(9), Day::LAST);
            timeline(&facts, &common).at(day(on)).status
        };
        assert_eq!(status(&exempt("14-319"), "2018-04-04"), Status::NotMet);
        assert_eq!(status(&exempt("14-319"), "2018-04-05"), Status::Met);
        assert_eq!(status(&exempt("14-117"), "2018-04-05"), Status::NotMet);
    }

    #[test]
    fn a_refused_plan_changes_nothing() {
        let igt = edition(IGT);
        check(
            &[
                ("2018-03-20", Toolkit::Published(igt, Grade::NotSatisfactory)),
                ("2018-03-20", Toolkit::StatementAccepted(igt)),
                ("2018-04-10", Toolkit::PlanRefused(igt)),
            ],
            &[("2018-03-20", Status::NotMet)],
        );
    }

    #[test]
    fn last_editions_result_holds_across_the_change_of_scheme() {
        let igt = edition(IGT);
        check(
            &[
                ("2018-03-20", Toolkit::Published(igt, Grade::Satisfactory)),
                ("2018-03-20", Toolkit::StatementAccepted(igt)),
                ("2019-03-29", met(Y18)),
            ],
            &[("2018-03-20", Status::Met), ("2020-09-30", Status::NotMet)],
        );
    }

    #[test]
    fn what_was_recorded_later_was_not_known_earlier() {
        let facts = facts(&[("2019-03-21", met(Y18)), ("2019-03-25", met(Y19))]);
        let (all, calendar, registers) = (Facts::default(), calendar(), registers());
        let status = |upto: u64, on: &str| {
            let common = Common::new(&all, &calendar, &registers, Position(upto), Day::LAST);
            timeline(&facts, &common).at(day(on)).status
        };
        assert_eq!(status(0, "2019-03-28"), Status::NoEvidence);
        assert_eq!(status(1, "2020-10-01"), Status::NotMet);
        assert_eq!(status(2, "2020-10-01"), Status::Met);
    }

    #[test]
    fn the_cause_is_the_event_or_the_deadline() {
        let timeline = timeline_on(&facts(&[("2019-05-02", met(Y18))]), &registers(), Day::LAST);
        let causes: Vec<Cause> = timeline.changes().iter().map(|change| change.cause).collect();
        assert_eq!(
            causes,
            [
                Cause::Deadline(edition(Y18), None),
                Cause::Event(Position(1)),
                Cause::NotInRegister(edition(Y19), day("2030-01-01"), WITHOUT)
            ]
        );
    }

    fn any_fact() -> impl Strategy<Value = (i32, Toolkit)> {
        let editions = prop::sample::select(vec![IGT, Y18, Y19]).prop_map(edition);
        let what = (editions, 0..9usize, 0..400i32).prop_map(|(edition, sort, due)| match sort {
            0 => Toolkit::Opened(edition),
            1 => Toolkit::Published(edition, Grade::Satisfactory),
            2 => Toolkit::Published(edition, Grade::NotSatisfactory),
            3 => Toolkit::StatementAccepted(edition),
            4 => Toolkit::PlanAgreed(edition, day("2018-01-01").plus_days(due * 3)),
            5 => Toolkit::PlanRefused(edition),
            6 => Toolkit::Listed(PublishedResult::StandardsMet { edition }),
            7 => Toolkit::Listed(PublishedResult::StandardsNotMet { edition }),
            _ => Toolkit::Listed(PublishedResult::NotPublished),
        });
        (0..1200i32, what)
    }

    proptest! {
        /// The slow, obvious way: ask the rule on every single day.
        #[test]
        fn no_change_is_missed_between_the_days_looked_at(
            happened in prop::collection::vec(any_fact(), 0..10), today in 0..1200i32,
        ) {
            let start = day("2017-12-01");
            let own = recorded(happened.iter().map(|(offset, what)| (start.plus_days(*offset), *what)));
            let today = start.plus_days(today);
            let registers = registers();
            let timeline = timeline_on(&own, &registers, today);
            let events: Vec<Position> = own.toolkit.iter().map(|fact| fact.position).chain([WITHOUT]).collect();
            for offset in -30..1500 {
                let day = start.plus_days(offset);
                let judged = judged(&own, &registers, Moment::of(day, today), today);
                prop_assert_eq!(judged.status, timeline.at(day).status);
                prop_assert_eq!(judged.unmet.is_empty(), judged.status == Status::Met, "on {}", day);
                for condition in judged.unmet {
                    let known = condition.event.is_none_or(|event| events.contains(&event));
                    prop_assert!(known, "{:?} on {}", condition, day);
                }
            }
        }
    }
}
