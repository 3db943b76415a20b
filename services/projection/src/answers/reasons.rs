//! What is unmet of a practice's requirements on the day asked about, in words.
//!
//! Who may not know the causes of an organisation is told of what is published, which everyone may know, and
//! of all else that it is so, without details and events.

use proto::{Day, EditionId, OdsCode, suppliers::Used};

use super::{
    Asked, ConditionAnswer, EXPECTED, MayKnow, certificates, edition_name,
    why::{Told, in_general_words},
};
use crate::{
    board::Practice,
    facts::{Toolkit, ToolkitFact},
    rules::conditions::{Condition, Conditions, OnsiteUnmet, PlanUnmet, ServiceUnmet, ToolkitUnmet, Unmet},
    timeline::Status,
};

/// The reasons for what holds on the day asked about. What practices have in common is worked out once for
/// all of them.
pub struct Reasons<'a> {
    asked: &'a Asked<'a>,
    may_know: MayKnow<'a>,
    conditions: Conditions<'a>,
}

impl<'a> Reasons<'a> {
    /// Told to those who may know the causes of the organisations that `may_know` says yes to.
    pub fn of(asked: &'a Asked<'a>, may_know: MayKnow<'a>) -> Self {
        Self { asked, may_know, conditions: Conditions::of(asked.board) }
    }

    /// What is asked.
    pub fn asked(&self) -> &'a Asked<'a> {
        self.asked
    }

    /// What a practice lacks of the requirement of a rule. The events are to be added by whoever can read the
    /// log.
    pub fn unmet(&self, practice: &Practice, rule: usize) -> Vec<ConditionAnswer> {
        let Asked { board, at, .. } = *self.asked;
        let status =
            practice.timelines.get(rule).map_or(Status::NoEvidence, |timeline| timeline.at(at).status);
        if matches!(status, Status::Met | Status::NotApplicable) {
            return Vec::new();
        }
        let told = Told { board, practice, status, day: at, may_know: self.may_know };
        let words = Words { told, at, today: board.today, may_know: (self.may_know)(practice.code) };
        let mut answers: Vec<ConditionAnswer> = Vec::new();
        for condition in self.conditions.unmet(practice, rule, at) {
            let answer = words.condition(&condition);
            // Told in general, several come to the same.
            if !answers.contains(&answer) {
                answers.push(answer);
            }
        }
        answers
    }
}

/// Several reasons as one text.
pub fn reason(conditions: &[ConditionAnswer]) -> String {
    let reasons: Vec<&str> = conditions.iter().map(|condition| condition.reason.as_str()).collect();
    reasons.join("; ")
}

struct Words<'a> {
    told: Told<'a>,
    at: Day,
    today: Day,
    may_know: bool,
}

impl Words<'_> {
    fn condition(&self, condition: &Condition) -> ConditionAnswer {
        if !self.may_know {
            let reason = match condition.unmet {
                Unmet::Toolkit(unmet) => self.published(unmet, condition),
                _ => None,
            };
            let reason = reason.unwrap_or_else(|| in_general_words(self.told.status));
            return ConditionAnswer { reason, position: None, event: None, link: None };
        }
        let practice = self.told.practice.code;
        let (reason, link) = match condition.unmet {
            Unmet::Toolkit(unmet) => (self.toolkit(unmet, condition), format!("/assessments/{practice}")),
            Unmet::OwnPlan(unmet) => (self.plan(unmet, None), format!("/continuity/{practice}")),
            Unmet::PartnerPlan(partner, unmet) if self.told.may_tell_of(partner) => {
                (self.plan(unmet, Some(partner)), format!("/continuity/{partner}"))
            }
            Unmet::PartnerPlan(..) => {
                (super::why::RELIES_ON_NONE.to_owned(), format!("/continuity/{practice}"))
            }
            Unmet::Onsite(number, unmet) => (self.onsite(unmet), format!("/onsite/{practice}/{number}")),
            Unmet::Service(used, unmet) => (self.service(used, unmet), format!("/purchases/{practice}")),
            Unmet::NoService => {
                ("no service in use is recorded".to_owned(), format!("/purchases/{practice}"))
            }
        };
        let position = condition.event.filter(|position| self.told.may_name(*position));
        ConditionAnswer { reason, position, event: None, link: Some(link) }
    }

    /// What is unmet as far as it follows from what is published; none where it does not.
    fn published(&self, unmet: ToolkitUnmet, condition: &Condition) -> Option<String> {
        match unmet {
            ToolkitUnmet::PlanOpen(..) | ToolkitUnmet::PlanEnded(..) => None,
            ToolkitUnmet::NotPublishedAndSigned(edition) => {
                Some(format!("nothing published for the {}", edition_name(edition)))
            }
            ToolkitUnmet::NothingPublished(..)
            | ToolkitUnmet::PublishedLater(..)
            | ToolkitUnmet::NotInRegister(..)
            | ToolkitUnmet::NoLongerInRegister(..)
            | ToolkitUnmet::NoRegister(..)
            | ToolkitUnmet::Hidden(..)
            | ToolkitUnmet::NotUnderstood(_)
            | ToolkitUnmet::OlderPublished(..)
            | ToolkitUnmet::BelowStandard(..)
            | ToolkitUnmet::NothingKnown(_) => Some(self.toolkit(unmet, condition)),
        }
    }

    fn toolkit(&self, unmet: ToolkitUnmet, condition: &Condition) -> String {
        match unmet {
            ToolkitUnmet::NothingPublished(edition, deadline) => {
                format!(
                    "nothing published for the {}, due {}",
                    edition_name(edition),
                    self.deadline(edition, deadline)
                )
            }
            ToolkitUnmet::PublishedLater(edition, deadline, on) => format!(
                "nothing published for the {}, due {}, by then: published on {}",
                edition_name(edition),
                self.deadline(edition, deadline),
                on.long()
            ),
            ToolkitUnmet::NotInRegister(edition, deadline, register) => format!(
                "nothing published for the {}, due {}: the register of {} shows none",
                edition_name(edition),
                self.deadline(edition, deadline),
                register.long()
            ),
            ToolkitUnmet::NoLongerInRegister(edition, register) => format!(
                "the register of {} no longer shows the result published for the {}",
                register.long(),
                edition_name(edition)
            ),
            ToolkitUnmet::NoRegister(edition, deadline) => format!(
                "no register of {} or later has been read, so whether the {} was published is not known",
                deadline.long(),
                edition_name(edition)
            ),
            ToolkitUnmet::Hidden(edition, later, register) => format!(
                "the register of {} shows the {}, which hides whether the {} was published",
                register.long(),
                edition_name(later),
                edition_name(edition)
            ),
            ToolkitUnmet::NotUnderstood(register) => {
                let words = condition.event.and_then(|position| self.told.practice.facts.words_at(position));
                match words {
                    Some(words) => format!(
                        "the register of {} shows “{}”, which is not understood",
                        register.long(),
                        words.text
                    ),
                    None => format!("the row in the register of {} could not be read", register.long()),
                }
            }
            ToolkitUnmet::OlderPublished(edition, on) => {
                let terms = self.told.board.calendar.terms();
                let deadline = terms.iter().find(|term| term.edition == edition).map(|term| term.deadline);
                let late = if deadline.is_some_and(|deadline| deadline < on) { " late," } else { "" };
                format!("published for the {}{late} on {}", edition_name(edition), on.long())
            }
            ToolkitUnmet::NotPublishedAndSigned(edition) => {
                format!(
                    "the assessment for the {} is begun, but not published and signed",
                    edition_name(edition)
                )
            }
            ToolkitUnmet::BelowStandard(edition, on) => {
                let facts = &self.told.practice.facts.toolkit;
                let fact = facts.iter().find(|fact| Some(fact.position) == condition.event);
                let grade = fact.and_then(grade_of).unwrap_or("below the standard");
                format!("the {} was published on {} as {grade}", edition_name(edition), on.long())
            }
            ToolkitUnmet::PlanOpen(edition, due) => {
                format!(
                    "the agreed improvement plan for the {} is open until {}",
                    edition_name(edition),
                    due.long()
                )
            }
            ToolkitUnmet::PlanEnded(edition, due) => format!(
                "the agreed improvement plan for the {} ended unfinished on {}",
                edition_name(edition),
                self.since(due)
            ),
            ToolkitUnmet::NothingKnown(Some((edition, deadline))) => {
                format!(
                    "nothing is known of the {}, due {}",
                    edition_name(edition),
                    self.deadline(edition, deadline)
                )
            }
            ToolkitUnmet::NothingKnown(None) => "nothing is published, and no deadline has passed".to_owned(),
        }
    }

    /// `30 June 2027 (expected, not confirmed)`.
    fn deadline(&self, edition: EditionId, deadline: Day) -> String {
        let is_sure = self.told.board.calendar.is_sure(edition);
        format!("{}{}", deadline.long(), if is_sure { "" } else { EXPECTED })
    }

    fn plan(&self, unmet: PlanUnmet, partner: Option<OdsCode>) -> String {
        let plan = match partner {
            None => "the continuity plan".to_owned(),
            Some(partner) => format!("the continuity plan of {}", self.told.named(partner)),
        };
        match unmet {
            PlanUnmet::NothingRecorded => format!("{plan} is not recorded"),
            PlanUnmet::NotApproved => format!("{plan} is not approved"),
            PlanUnmet::Withdrawn(on) => format!("{plan} was withdrawn on {}", self.since(on)),
            PlanUnmet::LeavesOut => format!("{plan} does not cover both loss of data and cyber incidents"),
            PlanUnmet::ReviewDue(due) => format!("the review of {plan} {}", self.due(due)),
            PlanUnmet::NeverTested => format!("{plan} has never been tested"),
            PlanUnmet::TestDue(last, due) => {
                format!("{plan} was last tested on {}; the next test {}", last.long(), self.due(due))
            }
        }
    }

    fn onsite(&self, unmet: OnsiteUnmet) -> String {
        match unmet {
            OnsiteUnmet::NotAnswered(by) => {
                format!("the request for an on-site assessment is not answered; an answer {}", self.due(by))
            }
            OnsiteUnmet::Declined => "the practice declined the on-site assessment".to_owned(),
            OnsiteUnmet::NotShared(by) => {
                format!(
                    "the outcome of the on-site assessment is not shared with the commissioner; it {}",
                    self.due(by)
                )
            }
            OnsiteUnmet::NoPlan(findings, by) => {
                let findings = ui::fmt::count(findings.into(), "finding has", "findings have");
                format!("{findings} no agreed plan; a plan {}", self.due(by))
            }
            OnsiteUnmet::ActionsOverdue(actions, first) => {
                let actions = ui::fmt::count(actions.into(), "action", "actions");
                let verb = if actions.starts_with("1 ") { "is" } else { "are" };
                format!(
                    "{actions} of the agreed plan for the findings {verb} overdue; the first {}",
                    self.due(first)
                )
            }
            OnsiteUnmet::ActionsOpen(actions, next) => {
                let actions = ui::fmt::count(actions.into(), "action", "actions");
                let verb = if actions.starts_with("1 ") { "is" } else { "are" };
                format!(
                    "{actions} of the agreed plan for the findings {verb} open; the next {}",
                    self.due(next)
                )
            }
            OnsiteUnmet::PlanUnfinished => "the agreed plan for the findings is not finished".to_owned(),
        }
    }

    fn service(&self, used: Used, unmet: ServiceUnmet) -> String {
        let service = self.told.service(used);
        match unmet {
            ServiceUnmet::NeverChecked => format!("{service} has never been checked"),
            ServiceUnmet::CheckDue(last, due) => {
                format!("{service} was last checked on {}; the next check {}", last.long(), self.due(due))
            }
            ServiceUnmet::NotCertified => format!("{service} is not certified{}", self.certificates(used)),
            ServiceUnmet::HolderOnly => format!(
                "the supplier of {service} is certified, but not shown to be for this service{}",
                self.certificates(used)
            ),
            ServiceUnmet::GapPlanned(until) => format!(
                "{service} is not certified{}; a plan is agreed until {}",
                self.certificates(used),
                until.long()
            ),
            ServiceUnmet::GapPlanEnded(until) => format!(
                "{service} is not certified{}; the plan for the gap ended on {}",
                self.certificates(used),
                self.since(until)
            ),
        }
    }

    fn certificates(&self, used: Used) -> String {
        certificates::in_words(self.told.board, used, self.at)
    }

    /// `was due on 3 May 2018, 12 days ago`, as seen from the day asked about.
    fn due(&self, due: Day) -> String {
        if due == self.today {
            return "is due today".to_owned();
        }
        let verb = if due < self.today && due <= self.at { "was" } else { "is" };
        format!("{verb} due on {}", self.since(due))
    }

    /// `3 May 2018, 12 days ago`, as seen from the day asked about.
    fn since(&self, day: Day) -> String {
        let days = day.days_until(self.at);
        if days <= 0 {
            return day.long();
        }
        let word = if self.at == self.today { "ago" } else { "earlier" };
        format!("{}, {} {word}", day.long(), ui::fmt::count(days.unsigned_abs().into(), "day", "days"))
    }
}

/// How a publication was graded, in the words of its scheme.
fn grade_of(fact: &ToolkitFact) -> Option<&'static str> {
    match fact.what {
        Toolkit::Published(_, grade) => Some(super::status::grade_words(grade)),
        Toolkit::Listed(result) => Some(super::why::result_name(result)),
        _ => None,
    }
}
