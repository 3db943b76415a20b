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
//! `NotMet`. There is one exception: results of the IG Toolkit never were in a register that could
//! be read here, so for an organisation about whose assessment nothing at all is recorded the
//! missing result is `NoEvidence`. With no edition due and nothing published it is `NoEvidence`.
//!
//! Words of the register that are not understood (an [`PublishedResult::Unrecognised`] that no edition
//! added and no explanation given since has read) say nothing either way: where the last row has such
//! words and nothing else says what holds, it is `NoEvidence`.
//!
//! Sources: domain facts 1.4-1.6 (grade, publication, statement), 3.5 (statuses), 3.6 (late and
//! repeated publication), 3.14.

use proto::{
    Day, EditionId, Moment, Position, RequirementId,
    assessments::{Grade, PublishedResult},
};

use super::calendar::{Calendar, Scheme, Term};
use crate::{
    facts::{OrganisationFacts, Toolkit, ToolkitFact},
    timeline::{Cause, Judged, Status, Timeline},
};

mod conditions;

/// The timeline of the toolkit requirement, from the facts up to a position.
pub fn timeline(facts: &OrganisationFacts, calendar: &Calendar, upto: Position, today: Day) -> Timeline {
    let known = in_order(facts, upto);
    let deadlines = calendar.terms().iter().map(|term| term.deadline);
    let ran_out = known.iter().filter_map(|fact| match fact.what {
        Toolkit::PlanAgreed(_, due) => Some(due.plus_days(1)),
        _ => None,
    });
    let exempted = calendar.exempt().iter().map(|exempt| exempt.day).filter(|_| !facts.gaps.is_empty());
    let days = known.iter().map(|fact| fact.day).chain(deadlines).chain(ran_out).chain(exempted).collect();
    Timeline::of_days(days, today, |moment| judge_known(&known, facts, calendar, moment))
}

/// What holds at a moment, and what is unmet.
pub fn judge(facts: &OrganisationFacts, calendar: &Calendar, upto: Position, moment: Moment) -> Judged {
    judge_known(&in_order(facts, upto), facts, calendar, moment)
}

fn judge_known(
    known: &[ToolkitFact],
    facts: &OrganisationFacts,
    calendar: &Calendar,
    moment: Moment,
) -> Judged {
    let day = moment.day();
    let until = known.partition_point(|fact| fact.day <= day);
    let seen =
        Seen { moment, day, facts: known.get(..until).unwrap_or_default(), gaps: &facts.gaps, calendar };
    let (status, cause) = holds_on(&seen);
    let unmet = if status == Status::Met { Vec::new() } else { conditions::unmet(&seen, cause) };
    Judged { status, cause, unmet }
}

/// The facts up to a position in order of day.
fn in_order(facts: &OrganisationFacts, upto: Position) -> Vec<ToolkitFact> {
    let known = facts.toolkit.partition_point(|fact| fact.position <= upto);
    let mut known: Vec<ToolkitFact> = facts.toolkit.get(..known).unwrap_or_default().to_vec();
    // Stable: of facts of one day the later recorded one is the later one.
    known.sort_by_key(|fact| fact.day);
    known
}

/// What there is to judge by at a moment.
struct Seen<'a> {
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

/// What holds at a moment.
fn holds_on(seen: &Seen<'_>) -> (Status, Cause) {
    let Seen { moment, facts, calendar, .. } = *seen;
    let due = calendar.terms().iter().rposition(|term| moment.is_over(term.deadline));
    let eligible = calendar.terms().get(due.unwrap_or(0)..).unwrap_or_default();
    for term in eligible.iter().rev() {
        if let Some(found) = result(term, seen) {
            return found;
        }
    }
    let Some(due) = due.and_then(|index| calendar.terms().get(index)) else {
        return (Status::NoEvidence, Cause::Nothing);
    };
    if let Some(words) = not_understood(seen) {
        return (Status::NoEvidence, Cause::Event(words.position));
    }
    let begun = facts.iter().rev().find(|fact| edition_of(&fact.what) == Some(due.edition));
    match (due.scheme, begun) {
        (Scheme::IgToolkit, None) => (Status::NoEvidence, Cause::Nothing),
        (_, begun) => (Status::NotMet, Cause::Deadline(due.edition, begun.map(|fact| fact.position))),
    }
}

/// The last row of the register, if its words are not understood: it may say anything.
fn not_understood<'a>(seen: &Seen<'a>) -> Option<&'a ToolkitFact> {
    let last = seen.facts.iter().rev().find(|fact| matches!(fact.what, Toolkit::Listed(_)))?;
    (last.what == Toolkit::Listed(PublishedResult::Unrecognised)).then_some(last)
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
    let mut listed = false;
    let mut signed: Option<&ToolkitFact> = None;
    for fact in seen.facts {
        match fact.what {
            Toolkit::Published(edition, grade) if edition == term.edition => {
                let level = match grade {
                    Grade::Satisfactory => Level::Met,
                    _ if seen.all_gaps_exempt(fact.position, edition) => Level::Met,
                    Grade::NotSatisfactory | Grade::SatisfactoryWithImprovementPlan => Level::NotMet,
                };
                (last, listed) = (Some((fact, level)), false);
            }
            Toolkit::StatementAccepted(edition) if edition == term.edition => signed = Some(fact),
            Toolkit::Listed(result) if result.edition() == Some(term.edition) => {
                (last, listed) = (level_of(result).map(|level| (fact, level)), true);
            }
            // The register no longer shows what it showed before.
            Toolkit::Listed(PublishedResult::NotPublished) if listed => (last, listed) = (None, false),
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

    fn facts(happened: &[(&str, Toolkit)]) -> OrganisationFacts {
        let toolkit = happened
            .iter()
            .enumerate()
            .map(|(index, (on, what))| ToolkitFact {
                position: Position(index as u64 + 1),
                day: day(on),
                what: *what,
            })
            .collect();
        OrganisationFacts { toolkit, ..OrganisationFacts::default() }
    }

    #[track_caller]
    fn check(happened: &[(&str, Toolkit)], expected: &[(&str, Status)]) {
        let timeline = timeline(&facts(happened), &calendar(), Position(u64::MAX), Day::LAST);
        let shown: Vec<(Day, Status)> =
            timeline.changes().iter().map(|change| (change.day, change.status)).collect();
        let expected: Vec<(Day, Status)> = expected.iter().map(|(on, status)| (day(on), *status)).collect();
        assert_eq!(shown, expected);
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
        let status =
            |today: &str, on: &str| timeline(&facts, &calendar(), Position(9), day(today)).at(day(on)).status;
        assert_eq!(status("2020-09-29", "2020-09-30"), Status::NotMet, "the end of a day to come");
        assert_eq!(status("2020-09-30", "2020-09-30"), Status::Met, "the deadline day is running");
        assert_eq!(status("2020-09-30", "2020-10-01"), Status::NotMet);
        assert_eq!(status("2020-10-01", "2020-09-30"), Status::NotMet, "it is over");
    }

    #[test]
    fn what_is_unmet_is_told_of_the_day_asked_about() {
        let facts = facts(&[("2019-05-02", met(Y18))]);
        let unmet = |on: &str| {
            let judged = judge(&facts, &calendar(), Position(9), Moment::EndOf(day(on)));
            judged.unmet.iter().map(|of| (of.unmet, of.event)).collect::<Vec<_>>()
        };
        let toolkit = crate::rules::conditions::Unmet::Toolkit;
        use crate::rules::conditions::ToolkitUnmet::{NothingPublished, OlderPublished};
        assert_eq!(unmet("2019-03-31"), [(toolkit(NothingPublished(edition(Y18), day("2019-03-31"))), None)]);
        assert_eq!(unmet("2019-05-02"), []);
        assert_eq!(
            unmet("2020-10-20"),
            [
                (toolkit(OlderPublished(edition(Y18), day("2019-05-02"))), Some(Position(1))),
                (toolkit(NothingPublished(edition(Y19), day("2020-09-30"))), None),
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
    fn words_not_understood_are_neither_met_nor_not_met() {
        let words = Toolkit::Listed(PublishedResult::Unrecognised);
        let timeline = timeline(&facts(&[("2019-03-01", words)]), &calendar(), Position(9), Day::LAST);
        for on in ["2019-03-01", "2019-03-31", "2020-10-01"] {
            assert_eq!(timeline.at(day(on)).status, Status::NoEvidence, "{on}");
        }
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
            timeline(&facts, calendar, Position(9), Day::LAST).at(day(on)).status
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
        let known = timeline(&facts, &calendar(), Position(0), Day::LAST);
        assert_eq!(known.at(day("2019-03-28")).status, Status::NoEvidence);
        assert_eq!(
            timeline(&facts, &calendar(), Position(1), Day::LAST).at(day("2020-10-01")).status,
            Status::NotMet
        );
        assert_eq!(
            timeline(&facts, &calendar(), Position(2), Day::LAST).at(day("2020-10-01")).status,
            Status::Met
        );
    }

    #[test]
    fn the_cause_is_the_event_or_the_deadline() {
        let timeline = timeline(&facts(&[("2019-05-02", met(Y18))]), &calendar(), Position(9), Day::LAST);
        let causes: Vec<Cause> = timeline.changes().iter().map(|change| change.cause).collect();
        assert_eq!(
            causes,
            [
                Cause::Deadline(edition(Y18), None),
                Cause::Event(Position(1)),
                Cause::Deadline(edition(Y19), None)
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
            let toolkit: Vec<ToolkitFact> = happened
                .iter()
                .enumerate()
                .map(|(index, (offset, what))| ToolkitFact {
                    position: Position(index as u64 + 1), day: start.plus_days(*offset), what: *what,
                })
                .collect();
            let facts = OrganisationFacts { toolkit: toolkit.clone(), ..OrganisationFacts::default() };
            let today = start.plus_days(today);
            let timeline = timeline(&facts, &calendar(), Position(u64::MAX), today);
            let mut sorted = toolkit;
            sorted.sort_by_key(|fact| fact.day);
            for offset in -30..1500 {
                let day = start.plus_days(offset);
                let until: Vec<ToolkitFact> = sorted.iter().copied().filter(|fact| fact.day <= day).collect();
                let calendar = calendar();
                let moment = Moment::of(day, today);
                let seen = Seen { moment, day, facts: &until, gaps: &[], calendar: &calendar };
                prop_assert_eq!(timeline.at(day).status, holds_on(&seen).0, "on {}", day);
                let judged = judge(&facts, &calendar, Position(u64::MAX), moment);
                prop_assert_eq!(judged.status, timeline.at(day).status);
                prop_assert_eq!(judged.unmet.is_empty(), judged.status == Status::Met, "on {}", day);
                for condition in judged.unmet {
                    let known = condition.event.is_none_or(|event| until.iter().any(|fact| fact.position == event));
                    prop_assert!(known, "{:?} on {}", condition, day);
                }
            }
        }
    }
}
