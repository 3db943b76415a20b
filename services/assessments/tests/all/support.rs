//! Words for the tests.

use std::sync::Arc;

use assessments::model::{Assessment, AssessmentCommand, Overseers};
use chassis::testing::{
    given,
    model::{Decided, Given},
};
use proto::{
    Day, EditionId, OdsCode, PersonId, RequirementId,
    assessments::{
        Answer, AssessmentEvent, AssessmentOpened, Evidence, GivenAnswer, ImprovementAction,
        RequirementAnswered,
    },
    standards::{Edition, OrganisationType, shipped},
};

pub const PRACTICE: &str = "A81001";
pub const IGT: &str = "igt-14.1";
pub const DSPT: &str = "dspt-2018-19";

pub fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub fn requirement(text: &str) -> RequirementId {
    text.parse().unwrap()
}

pub fn edition_id(text: &str) -> EditionId {
    text.parse().unwrap()
}

pub fn edition(text: &str) -> &'static Arc<Edition> {
    shipped().edition(edition_id(text)).unwrap()
}

pub fn person(number: u128) -> PersonId {
    PersonId(uuid::Uuid::from_u128(number))
}

pub fn overseers() -> Overseers {
    Overseers { ccg: Some(code("00K")), region: Some(code("Y54")), ..Overseers::default() }
}

/// Asking something of an assessment of the edition that it was opened for.
pub trait Asked {
    fn asked(self, command: AssessmentCommand) -> Decided<Assessment>;
}

impl Asked for Given<Assessment> {
    fn asked(self, command: AssessmentCommand) -> Decided<Assessment> {
        let of = self.state().opened.map_or(edition_id(IGT), |opened| opened.edition);
        self.when(command.on(shipped().edition(of).unwrap()))
    }
}

/// An answer with a comment.
pub fn answer(to: &str, answer: Answer) -> GivenAnswer {
    GivenAnswer {
        requirement: requirement(to),
        answer,
        comment: "see the folder".into(),
        evidence: None,
        target: None,
    }
}

pub fn level(to: &str, level: u8) -> GivenAnswer {
    answer(to, Answer::Level(level))
}

pub fn with_evidence(mut given: GivenAnswer, reference: &str) -> GivenAnswer {
    given.comment = String::new();
    given.evidence = Some(Evidence { reference: reference.into(), sha256: None });
    given
}

pub fn opened(edition: &str, carried_over: Vec<GivenAnswer>) -> AssessmentEvent {
    AssessmentEvent::AssessmentOpened(AssessmentOpened {
        organisation: code(PRACTICE),
        edition: edition_id(edition),
        carried_over,
    })
}

pub fn answered(edition: &str, given: GivenAnswer) -> AssessmentEvent {
    AssessmentEvent::RequirementAnswered(RequirementAnswered {
        organisation: code(PRACTICE),
        edition: edition_id(edition),
        given,
    })
}

/// An assessment of the IG Toolkit with every requirement at level 2, but for these.
pub fn igt_answered(others: &[(&str, u8)]) -> Given<Assessment> {
    let answers = edition(IGT).requirements_of(OrganisationType::GeneralPractice).map(|asked| {
        let number = asked.id.as_str();
        let attained = others.iter().find(|(other, _)| *other == number).map_or(2, |(_, level)| *level);
        answered(IGT, level(number, attained))
    });
    given([opened(IGT, Vec::new())].into_iter().chain(answers))
}

/// As [`igt_answered`], and published.
pub fn igt_published(others: &[(&str, u8)]) -> Given<Assessment> {
    igt_answered(others).asked(publish()).then_event(|event| {
        assert!(matches!(event, AssessmentEvent::AssessmentPublished(_)));
    })
}

pub fn publish() -> AssessmentCommand {
    AssessmentCommand::Publish { exempt: Vec::new() }
}

pub fn action(to: &str, due: &str) -> ImprovementAction {
    ImprovementAction {
        requirement: requirement(to),
        gap: "two locums were not trained".into(),
        action: "train them".into(),
        owner: person(7),
        due: day(due),
    }
}

pub fn plan_action(to: &str, due: &str) -> AssessmentCommand {
    AssessmentCommand::PlanAction { number: None, action: action(to, due), exempt: Vec::new() }
}

pub fn submit() -> AssessmentCommand {
    AssessmentCommand::SubmitPlan { exempt: Vec::new() }
}

pub fn agree(by: &str) -> AssessmentCommand {
    AssessmentCommand::AgreePlan { by: code(by), overseers: overseers() }
}

pub fn refuse(by: &str, reason: &str) -> AssessmentCommand {
    AssessmentCommand::RefusePlan { by: code(by), overseers: overseers(), reason: reason.into() }
}
