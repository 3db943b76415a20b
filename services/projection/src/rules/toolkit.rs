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
//! - an assessment of the edition kept in the platform itself, begun by the day or later, which by the day
//!   is not published and signed;
//! - a register dated on or after the deadline whose row for the practice shows an older edition or
//!   nothing, or shows this edition with a later day of publication;
//! - a register dated on or after the deadline that lists most practices of its day, and not this one.
//!
//! A register that shows a later edition hides what was published for this one: it is no witness. The one
//! exception is the register's first year ([`came_instead`]). Neither is a row without a day of publication
//! for the days before the register, nor one that was withdrawn, nor one whose words are not understood.
//! Results of the IG Toolkit never were in a register that could be read here, so of that only the first is
//! a witness.
//! Of a deadline that is still to come no witness is asked for: it will not be met if nothing changes. The
//! same holds of generated data, which come from no file: what they do not tell did not happen.
//! With no edition due and nothing published it is `NoEvidence`.
//!
//! A result that a later register no longer shows (it shows an older edition, or nothing) counts up to
//! the day before that register.
//!
//! Words of the register that are not understood, by no edition and no explanation given here
//! ([`crate::facts::NotUnderstood`]), say nothing either way. They are a publication for the edition that
//! their year or their day names: the latest one for it counts, and so does one for a later edition, but for
//! a result that is met, which holds until the next deadline whatever they mean. Where nothing else says what
//! holds and the row in force has such words, of whatever edition, it is `NoEvidence`, too.
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
    /// Whether the data are generated, and come from no register.
    generated: bool,
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
        // Of facts of one day that of the later register is the later one; stable: else the later recorded one.
        let register = |fact: &ToolkitFact| rows.iter().find(|row| row.position == fact.position);
        facts.sort_by_key(|fact| (fact.day, register(fact).map_or(fact.day, |row| row.as_of)));
        let generated = common.facts.synthetic_events > 0 && common.registers.newest().is_none();
        Self { own, facts, rows, without, calendar, today, generated }
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
    /// It is published, on this day where one is told.
    Published(Option<Day>),
    /// A later edition is, which hides it.
    Hides(EditionId),
    /// The words are not understood.
    NotUnderstood,
}

fn says(row: &Row<RegisterRow>, of: &Term, calendar: &Calendar) -> Says {
    let order = |edition: EditionId| calendar.terms().iter().position(|term| term.edition == edition);
    match (row.value.result, row.value.result.edition()) {
        (PublishedResult::NotPublished, _) => Says::NotPublished,
        (_, Some(edition)) if edition == of.edition => Says::Published(row.value.published),
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
    let mut words = None;
    for term in eligible.iter().rev() {
        match result(term, seen) {
            Some(not_understood @ (Status::NoEvidence, _)) => words = words.or(Some(not_understood)),
            // Only a result that is met stays what it is whatever a later edition's words mean.
            Some(met @ (Status::Met, _)) => return met,
            Some(below) => return words.unwrap_or(below),
            None => {}
        }
    }
    let in_force = || words_in_force(seen).map(|row| (Status::NoEvidence, Cause::Event(row.position)));
    if let Some(not_understood) = words.or_else(in_force) {
        return not_understood;
    }
    match due.and_then(|index| calendar.terms().get(index)) {
        Some(due) => missing(due, seen),
        None => (Status::NoEvidence, Cause::Nothing),
    }
}

/// The row of the register in force on the day, if its words are not understood: it may say anything.
fn words_in_force<'a>(seen: &Seen<'a>) -> Option<&'a Row<RegisterRow>> {
    let rows: &'a [&'a Row<RegisterRow>] = &seen.known.rows;
    for row in rows.iter().rev() {
        let has_words = seen.known.own.words_at(row.position).is_some();
        if has_words && row.value.published.unwrap_or(row.as_of) <= seen.day {
            return Some(row);
        }
        if row.as_of <= seen.day && row.value.result != PublishedResult::Unrecognised {
            return None;
        }
    }
    None
}

/// What holds where nothing is published for the edition due last, or for a later one.
fn missing(due: &Term, seen: &Seen<'_>) -> (Status, Cause) {
    let kept_here = |fact: &&ToolkitFact| {
        !matches!(fact.what, Toolkit::Listed(_)) && edition_of(&fact.what) == Some(due.edition)
    };
    let by_then = seen.facts.iter().rfind(kept_here);
    let begun = by_then.or_else(|| seen.known.facts.iter().find(kept_here));
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
                Some(Witness::PublishedLater(position)) => {
                    (Status::NotMet, Cause::Deadline(due.edition, Some(position)))
                }
                None if due.deadline >= seen.known.today || seen.known.generated => {
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
    /// It was published later than that: by this event.
    PublishedLater(Position),
}

/// The first register, of the deadline or later, that shows that an edition was not published by the day.
fn witness(due: &Term, seen: &Seen<'_>) -> Option<Witness> {
    let Known { rows, without, .. } = seen.known;
    let of_row = rows.iter().filter(|row| row.as_of >= due.deadline).find_map(|row| {
        match says(row, due, seen.calendar) {
            Says::NotPublished => Some(Witness::Missing(row.as_of, row.position)),
            Says::Published(Some(on)) if on > seen.day => Some(Witness::PublishedLater(row.position)),
            Says::Hides(_) if came_instead(row.as_of) => Some(Witness::PublishedLater(row.position)),
            Says::Published(_) | Says::Hides(_) | Says::NotUnderstood => None,
        }
    });
    let without = without.iter().find(|register| register.as_of >= due.deadline);
    of_row.or(without.map(|register| Witness::Missing(register.as_of, register.position)))
}

/// Whether what a register shows for a later edition came instead of the one due, and late: in the register's first
/// year, when two practices of 17 June 2019 show 2019/20 (our reading; no source says it). From July 2019 on a later
/// edition may have followed one that was published in time.
fn came_instead(register: Day) -> bool {
    Day::from_ymd(2019, 7, 1).is_some_and(|first_year_ends| register < first_year_ends)
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
        Level::NotUnderstood => Some((Status::NoEvidence, event)),
    }
}

enum Level {
    Met,
    PlanAgreed,
    NotMet,
    /// The register shows words that are not understood.
    NotUnderstood,
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
            Toolkit::Listed(result) if listed_edition(fact, result, seen) == Some(term.edition) => {
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

/// The edition that a row of the register is of, also where its words are not understood.
fn listed_edition(fact: &ToolkitFact, result: PublishedResult, seen: &Seen<'_>) -> Option<EditionId> {
    let by_words = || seen.known.own.words_at(fact.position)?.edition(seen.calendar.catalogue());
    result.edition().or_else(by_words)
}

fn level_of(result: PublishedResult) -> Option<Level> {
    match result {
        PublishedResult::StandardsMet { .. } | PublishedResult::StandardsExceeded { .. } => Some(Level::Met),
        PublishedResult::ApproachingStandards { .. } | PublishedResult::PlanAgreed { .. } => {
            Some(Level::PlanAgreed)
        }
        PublishedResult::StandardsNotMet { .. } | PublishedResult::EntryLevel { .. } => Some(Level::NotMet),
        PublishedResult::Unrecognised => Some(Level::NotUnderstood),
        PublishedResult::NotPublished => None,
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
mod tests;
