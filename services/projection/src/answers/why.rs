//! Why a status began, in words.
//!
//! The causes lie in records that not everyone sees who sees what holds: what assessors found, what a
//! practice uses, how a partner's plan fares. Who may not know the causes of an organisation is told in
//! general words, and of no event.

use proto::{
    Day, EditionId, OdsCode, Position,
    assessments::{Grade, PublishedResult},
    certification::table,
    suppliers::{SupplierEvent, Used},
};

use super::{ChangeAnswer, certificates, edition_name};
use crate::{
    board::{Board, Practice},
    facts::{
        Continuity, ContinuityFact, Onsite, OrganisationFacts, Purchase, PurchaseFact, SupplierFacts,
        Toolkit, ToolkitFact,
    },
    timeline::{Cause, Change, Passed, Status, Timeline},
};

/// What is said where the plan of another organisation is not up to date.
pub(super) const RELIES_ON_NONE: &str = "the plan of a delivery partner it relies on is not up to date";

/// What is said where nothing is recorded.
const fn nothing_recorded(status: Status) -> &'static str {
    match status {
        // The one requirement that applies only to those who were asked.
        Status::NotApplicable => "no on-site assessment has been requested",
        _ => "no records on or before this date",
    }
}

/// Whether causes that lie with an organisation may be told.
pub type MayKnow<'a> = &'a dyn Fn(OdsCode) -> bool;

/// A change with why it came, told to those who may know the causes of the organisations that `may_know` says
/// yes to. The event behind it is to be added by whoever can read the log.
pub(crate) fn change_answer(
    board: &Board,
    practice: &Practice,
    timeline: &Timeline,
    change: &Change,
    may_know: MayKnow<'_>,
) -> ChangeAnswer {
    // On a day to come, or at the end of the day that is running.
    let to_come = change.day > board.today || timeline.is_to_come(change);
    if !may_know(practice.code) {
        let why = in_general(practice, change);
        return ChangeAnswer {
            day: change.day,
            status: change.status,
            to_come,
            why,
            position: None,
            event: None,
        };
    }
    let told = Told { board, practice, status: change.status, day: change.day, may_know };
    let (why, position) = match change.cause {
        Cause::Nothing => (nothing_recorded(change.status).to_owned(), None),
        Cause::Event(position) => (told.event(position), Some(position)),
        Cause::Deadline(edition, None) => (
            format!(
                "the deadline of the {} passed with nothing published for it or a later edition",
                edition_name(edition)
            ),
            None,
        ),
        Cause::Deadline(edition, Some(position)) => {
            let is_listed = practice.facts.register.all().iter().any(|row| row.position == position);
            let what = if is_listed {
                "with nothing published for it; the register shows a later date"
            } else {
                "and its assessment was not published and signed"
            };
            (format!("the deadline of the {} passed {what}", edition_name(edition)), Some(position))
        }
        Cause::NotInRegister(edition, register, position) => (
            format!(
                "the register of {} shows nothing published for the {} or a later edition by its deadline",
                register.long(),
                edition_name(edition)
            ),
            Some(position),
        ),
        Cause::NoLongerInRegister(edition, register, position) => (
            format!(
                "the register of {} no longer shows the result published for the {}",
                register.long(),
                edition_name(edition)
            ),
            Some(position),
        ),
        Cause::NotKnown(edition) => (not_known(edition), None),
        Cause::PlanRanOut(position) => {
            ("the agreed improvement plan ended and nothing better was published".to_owned(), Some(position))
        }
        Cause::Passed(passed, position) => (told.passed(passed, position), Some(position)),
    };
    let position = position.filter(|position| told.may_name(*position));
    ChangeAnswer { day: change.day, status: change.status, to_come, why, position, event: None }
}

/// Why a change came, as far as that follows from what is published and from what holds.
fn in_general(practice: &Practice, change: &Change) -> String {
    let published = |position| {
        let fact = practice.facts.toolkit.iter().find(|fact| fact.position == position)?;
        matches!(fact.what, Toolkit::Published(..) | Toolkit::Listed(_))
            .then(|| toolkit_words(&practice.facts, fact))
    };
    match change.cause {
        Cause::Nothing => nothing_recorded(change.status).to_owned(),
        Cause::Deadline(edition, _) => {
            format!("the deadline of the {} passed, and it was not met", edition_name(edition))
        }
        Cause::NotInRegister(edition, register, _) | Cause::NoLongerInRegister(edition, register, _) => {
            let title = edition_name(edition);
            format!("the register of {} shows nothing published for the {title}", register.long())
        }
        Cause::NotKnown(edition) => not_known(edition),
        Cause::PlanRanOut(_) | Cause::Passed(..) => in_general_words(change.status),
        Cause::Event(position) => published(position).unwrap_or_else(|| in_general_words(change.status)),
    }
}

/// What is said to those who may not know the details.
pub(super) fn in_general_words(status: Status) -> String {
    format!("{} (details are not shown to your role)", status.label().to_lowercase())
}

fn not_known(edition: EditionId) -> String {
    format!(
        "the deadline of the {} came, and nothing read here shows whether it was met",
        edition_name(edition)
    )
}

/// What a change is told by.
pub(super) struct Told<'a> {
    pub(super) board: &'a Board,
    pub(super) practice: &'a Practice,
    /// What began with it: the same event is told differently where it sufficed and where it did not.
    pub(super) status: Status,
    /// The day it is told of.
    pub(super) day: Day,
    pub(super) may_know: MayKnow<'a>,
}

impl Told<'_> {
    /// Whether an event may be named: that of another organisation's plan to who may know its causes.
    pub(super) fn may_name(&self, position: Position) -> bool {
        self.continuity_of(position).is_none_or(|(of, _)| self.may_tell_of(of))
    }

    pub(super) fn may_tell_of(&self, organisation: OdsCode) -> bool {
        organisation == self.practice.code || (self.may_know)(organisation)
    }

    /// What the event at a position says, looked for among all that bears on the practice.
    fn event(&self, position: Position) -> String {
        let own = &self.practice.facts;
        let toolkit = own.toolkit.iter().find(|fact| fact.position == position);
        let onsite = own.onsite.iter().find(|fact| fact.position == position);
        let purchase = own.purchases.iter().find(|fact| fact.position == position);
        toolkit
            .map(|fact| toolkit_words(own, fact))
            .or_else(|| onsite.map(|fact| self.onsite_words(&fact.what).to_owned()))
            .or_else(|| purchase.map(|fact| self.purchase_words(fact)))
            .or_else(|| self.supplier_words(position))
            .or_else(|| self.continuity_words(position))
            .unwrap_or_else(|| "an event".to_owned())
    }

    /// What fell due, where that can be named better than in general.
    fn passed(&self, passed: Passed, position: Position) -> String {
        let used = self.practice.facts.purchases.iter().find(|fact| fact.position == position);
        let service = used.map(|fact| self.service(fact.used));
        match (passed, service) {
            (Passed::CheckDue, Some(service)) => {
                format!("the yearly check that {service} is certified was due")
            }
            (Passed::CertificateExpired, Some(service)) => {
                format!("a certificate that {service} needs ended, and no other replaces it")
            }
            (Passed::GapPlanEnded, Some(service)) => {
                format!("the plan for the time until {service} is certified again ended")
            }
            (Passed::PartnerPlanLapsed, _) => match self.continuity_of(position) {
                Some((partner, _)) if self.may_tell_of(partner) => {
                    format!("a review or test of the plan of {} was due", self.named(partner))
                }
                _ => RELIES_ON_NONE.to_owned(),
            },
            _ => passed.words().to_owned(),
        }
    }

    fn onsite_words(&self, what: &Onsite) -> &'static str {
        match (what, self.status) {
            (Onsite::Requested, _) => "an on-site assessment was requested",
            (Onsite::Agreed, _) => "the practice agreed to the on-site assessment",
            (Onsite::Refused, _) => "the practice declined the on-site assessment",
            (Onsite::Cancelled, _) => "the visit was cancelled",
            (Onsite::Held, _) => {
                "the on-site assessment was held; its outcome is not shared yet, or its findings have no agreed plan"
            }
            (Onsite::FindingRecorded { .. }, _) => "a finding was recorded that has no agreed plan",
            (Onsite::Disclosed, _) => {
                "the outcome of the on-site assessment was shared, with nothing left to do"
            }
            (Onsite::PlanProposed { .. }, _) => "a plan for the findings was proposed",
            (Onsite::PlanAgreed { .. }, _) => "a plan for the findings was agreed, and is in time",
            (Onsite::PlanReturned, _) => "the plan for the findings was sent back",
            (Onsite::ActionDone { .. }, Status::Met) => {
                "the last action of the plan for the findings was done"
            }
            (Onsite::ActionDone { .. }, _) => "an action of the plan for the findings was done",
            (Onsite::Retested { .. }, Status::Met) => "a re-test found every finding resolved",
            (Onsite::Retested { .. }, _) => {
                "a re-test found findings still open, and no plan is agreed for them"
            }
            (Onsite::Closed, _) => "the on-site assessment was closed",
        }
    }

    fn purchase_words(&self, fact: &PurchaseFact) -> String {
        let service = self.service(fact.used);
        match (fact.what, self.status) {
            (Purchase::Begun, _) => format!("{service} is used, and its certification not checked"),
            (Purchase::Ended, _) => format!("the use of {service} ended"),
            (Purchase::Checked, Status::Met) => {
                let certificates = certificates::in_words(self.board, fact.used, self.day);
                format!("{service} was checked, and is certified{certificates}")
            }
            (Purchase::Checked, Status::PartlyMet) => {
                format!("{service} was checked: the supplier is certified, this service is not shown to be")
            }
            (Purchase::Checked, _) => format!("{service} was checked, and is not certified"),
            (Purchase::GapPlanned(until), _) => {
                format!(
                    "a plan was agreed for the time until {service} is certified again, up to {}",
                    until.long()
                )
            }
        }
    }

    /// What the event at a position says of a supplier that the practice uses something of.
    fn supplier_words(&self, position: Position) -> Option<String> {
        let (name, event) = self.practice.facts.purchases.iter().find_map(|fact| {
            let supplier = self.supplier(fact.used)?;
            Some((supplier.legal_name(self.board.knowledge.upto)?, supplier.event_at(position)?))
        })?;
        Some(match event {
            SupplierEvent::CertificateRecorded(_) => format!("a certificate of {name} was recorded"),
            SupplierEvent::CertificateRenewed(_) => format!("a certificate of {name} was renewed"),
            SupplierEvent::CertificateSuspended(_) => format!("a certificate of {name} was suspended"),
            SupplierEvent::CertificateReinstated(_) => {
                format!("a suspended certificate of {name} counts again")
            }
            SupplierEvent::CertificateWithdrawn(_) => format!("a certificate of {name} was withdrawn"),
            SupplierEvent::CoverageStated(_) => {
                format!("it was said which service a certificate of {name} covers")
            }
            _ => format!("the record of {name} changed"),
        })
    }

    fn continuity_words(&self, position: Position) -> Option<String> {
        let (of, fact) = self.continuity_of(position)?;
        if !self.may_tell_of(of) {
            let stands = "its own plan is up to date, and so are those it relies on";
            return Some(if self.status == Status::Met { stands } else { RELIES_ON_NONE }.to_owned());
        }
        let plan = match of == self.practice.code {
            true => "the continuity plan".to_owned(),
            false => format!("the continuity plan of {}", self.named(of)),
        };
        Some(match (fact.what, self.status) {
            (Continuity::Written, _) => format!("{plan} is written, and not approved"),
            (Continuity::Approved { covers: false, .. }, _) => {
                format!("{plan} was approved, and does not cover both data and cyber incidents")
            }
            (Continuity::Approved { .. }, Status::NotMet) => {
                format!("{plan} was approved, and is not tested")
            }
            (Continuity::Approved { .. }, _) => format!("{plan} was approved"),
            (Continuity::Reviewed { .. }, Status::NotMet) => {
                format!(
                    "{plan} was reviewed, and is not tested or does not cover both data and cyber incidents"
                )
            }
            (Continuity::Reviewed { .. }, _) => format!("{plan} was reviewed"),
            (Continuity::Withdrawn, _) => format!("{plan} was withdrawn"),
            (Continuity::Exercised(_), Status::NotMet) => {
                format!("{plan} was tested, and is not approved")
            }
            (Continuity::Exercised(_), _) => format!("{plan} was tested"),
            (Continuity::RelianceStated(partner), Status::PartlyMet) => {
                format!("it now relies on the plan of {}, which is not up to date", self.named(partner))
            }
            (Continuity::RelianceStated(partner), _) => {
                format!("it now relies on the plan of {}", self.named(partner))
            }
            (Continuity::RelianceEnded(partner), _) => {
                format!("it no longer relies on the plan of {}", self.named(partner))
            }
        })
    }

    /// The fact at a position around the plan of the practice, of a CCG it belonged to, or of a partner
    /// that one of them relies on; and whose plan it is.
    fn continuity_of(&self, position: Position) -> Option<(OdsCode, ContinuityFact)> {
        let ccgs = self.practice.stays.iter().map(|stay| stay.commissioner);
        let bodies: Vec<OdsCode> = std::iter::once(self.practice.code).chain(ccgs).collect();
        let partners =
            bodies.iter().flat_map(|body| self.plans_of(*body)).filter_map(|fact| match fact.what {
                Continuity::RelianceStated(partner) => Some(partner),
                _ => None,
            });
        let all = bodies.iter().copied().chain(partners);
        all.into_iter().find_map(|body| {
            self.plans_of(body).iter().find(|fact| fact.position == position).map(|fact| (body, *fact))
        })
    }

    fn plans_of(&self, body: OdsCode) -> &[ContinuityFact] {
        let facts = self.board.facts.organisations.get(&body);
        facts.map(|facts| facts.continuity.as_slice()).unwrap_or_default()
    }

    pub(super) fn named(&self, body: OdsCode) -> String {
        let facts = self.board.facts.organisations.get(&body);
        let listed = facts.and_then(|facts| facts.organisation.last());
        listed.map_or_else(|| body.to_string(), |listed| ui::fmt::name(&listed.listing.name))
    }

    pub(super) fn supplier(&self, used: Used) -> Option<&SupplierFacts> {
        self.board.facts.suppliers.get(&used.supplier).map(|supplier| &**supplier)
    }

    /// A service by its product and supplier, as far as they are known.
    pub(super) fn service(&self, used: Used) -> String {
        let supplier = self.supplier(used);
        let product =
            supplier.and_then(|supplier| supplier.product(used.service?, self.board.knowledge.upto));
        let what =
            product.map_or_else(|| in_a_sentence(&table().type_title(used.service_type)), ToOwned::to_owned);
        let whose = supplier.and_then(|supplier| supplier.legal_name(self.board.knowledge.upto));
        format!("{what} of {}", whose.map_or_else(|| used.supplier.to_string(), ToOwned::to_owned))
    }
}

/// A title without its capital, where that is only the beginning of a sentence.
fn in_a_sentence(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}

fn toolkit_words(own: &OrganisationFacts, fact: &ToolkitFact) -> String {
    match fact.what {
        Toolkit::Opened(edition) => {
            format!("the assessment for the {} was opened", edition_name(edition))
        }
        Toolkit::Published(edition, grade) => {
            let grade = match grade {
                Grade::Satisfactory => "satisfactory",
                Grade::NotSatisfactory => "not satisfactory",
                Grade::SatisfactoryWithImprovementPlan => "satisfactory with an improvement plan",
            };
            format!("the assessment for the {} was published as {grade}", edition_name(edition))
        }
        Toolkit::StatementAccepted(edition) => {
            format!(
                "the assessment for the {} is published and its assurance statement accepted",
                edition_name(edition)
            )
        }
        Toolkit::PlanAgreed(edition, due) => {
            format!("an improvement plan for the {} was agreed, due by {}", edition_name(edition), due.long())
        }
        Toolkit::PlanRefused(edition) => {
            format!("the improvement plan for the {} was refused", edition_name(edition))
        }
        Toolkit::GradeReviewed(edition, _) => {
            format!("the grade for the {} was reviewed", edition_name(edition))
        }
        Toolkit::Listed(result) => match result.edition() {
            Some(edition) => {
                format!(
                    "the national register shows {} for the {}",
                    result_name(result),
                    edition_name(edition)
                )
            }
            None if result == PublishedResult::Unrecognised => {
                let words = own.words_at(fact.position).map(|words| format!("“{}”, which", words.text));
                let words = words.unwrap_or_else(|| "something that".to_owned());
                format!("the national register shows {words} is not understood")
            }
            None => "the national register shows nothing published".to_owned(),
        },
    }
}

pub(super) fn result_name(result: PublishedResult) -> &'static str {
    match result {
        PublishedResult::StandardsMet { .. } => "Standards Met",
        PublishedResult::StandardsExceeded { .. } => "Standards Exceeded",
        PublishedResult::ApproachingStandards { .. } => "Approaching Standards",
        PublishedResult::PlanAgreed { .. } => "an agreed plan",
        PublishedResult::StandardsNotMet { .. } => "Standards Not Met",
        PublishedResult::EntryLevel { .. } => "Entry Level",
        PublishedResult::NotPublished | PublishedResult::Unrecognised => "a result",
    }
}
