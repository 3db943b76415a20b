//! What assessors found on site, beside what the organisation had said of itself.
//!
//! For each topic that was looked at: whether the organisation's last publication before the visit
//! declared it good, and what was found.
//!
//! - IG Toolkit: a topic's declared level is the lowest level of those of its requirements that were
//!   answered with one; it is declared good from [`GOOD_LEVEL`] on.
//! - DSP Toolkit, with its answers: as the topic's standard was answered.
//! - DSP Toolkit, as the national register shows it: Standards Met and Exceeded declare every standard
//!   met. Any other status does not say which standard falls short, and so declares nothing.
//!
//! The figure: of the topics that were declared, good or not, and assessed, how many were declared good
//! and not found satisfied. Partly satisfied is not satisfied.
//!
//! Sources: the topics' own file (`proto/standards/onsite-topics.toml`); domain facts 1.3 (level 2 is the
//! standard) and 3.5 (statuses).

use proto::{
    RequirementId, TopicId,
    assessments::{Answer, PublishedResult},
    onsite::{Outcome, TopicResult},
    topics::{Topic, topic},
};

/// From this attainment level on a requirement of the IG Toolkit is declared good.
pub const GOOD_LEVEL: u8 = 2;

/// What an organisation had last published of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published<'a> {
    /// Nothing.
    Nothing,
    /// Answers to the requirements of an edition of either toolkit.
    Answers(&'a [(RequirementId, Answer)]),
    /// A status in the national register.
    Status(PublishedResult),
}

/// One topic: what was declared, and what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredAndFound {
    /// The topic.
    pub topic: TopicId,
    /// Whether it was declared good; none where nothing was declared on it.
    pub declared: Option<bool>,
    /// What was found.
    pub found: Outcome,
}

impl DeclaredAndFound {
    /// Whether it was declared good and not found satisfied.
    pub fn is_good_by_word_alone(&self) -> bool {
        self.declared == Some(true) && self.found != Outcome::Satisfied
    }
}

/// How far what was declared and what was found lie apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gap {
    /// The topics that were assessed, in the order of the result.
    pub topics: Vec<DeclaredAndFound>,
}

impl Gap {
    /// How many topics were declared, good or not, and assessed.
    pub fn declared_and_assessed(&self) -> usize {
        self.topics.iter().filter(|topic| topic.declared.is_some()).count()
    }

    /// How many of them were declared good and not found satisfied.
    pub fn good_by_word_alone(&self) -> usize {
        self.topics.iter().filter(|topic| topic.is_good_by_word_alone()).count()
    }
}

/// What assessors found beside what the organisation had published.
pub fn gap(published: Published<'_>, results: &[TopicResult]) -> Gap {
    let beside = |result: &TopicResult| DeclaredAndFound {
        topic: result.topic,
        declared: topic(result.topic).and_then(|topic| declared(published, topic)),
        found: result.outcome,
    };
    Gap { topics: results.iter().map(beside).collect() }
}

/// Whether a topic was declared good.
fn declared(published: Published<'_>, topic: &Topic) -> Option<bool> {
    match published {
        Published::Nothing => None,
        Published::Status(
            PublishedResult::StandardsMet { .. } | PublishedResult::StandardsExceeded { .. },
        ) => Some(true),
        Published::Status(_) => None,
        Published::Answers(answers) => {
            let said = answers.iter().filter_map(|(requirement, answer)| match answer {
                Answer::Level(level) if topic.is_asked_by(*requirement) => Some(*level >= GOOD_LEVEL),
                Answer::Met if *requirement == topic.standard => Some(true),
                Answer::NotMet if *requirement == topic.standard => Some(false),
                _ => None,
            });
            said.reduce(|one, other| one && other)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::topics::topics;

    fn result(of: &str, outcome: Outcome) -> TopicResult {
        TopicResult { topic: of.parse().unwrap(), outcome, remark: String::new() }
    }

    fn answers(given: &[(&str, Answer)]) -> Vec<(RequirementId, Answer)> {
        given.iter().map(|(requirement, answer)| (requirement.parse().unwrap(), answer.clone())).collect()
    }

    fn level(of: &str, level: u8) -> (&str, Answer) {
        (of, Answer::Level(level))
    }

    #[track_caller]
    fn check(given: &[(&str, Answer)], of: &str, expected: Option<bool>) {
        let given = answers(given);
        let gap = gap(Published::Answers(&given), &[result(of, Outcome::Satisfied)]);
        assert_eq!(gap.topics[0].declared, expected);
    }

    #[test]
    fn the_lowest_level_of_a_topics_requirements_is_what_was_declared() {
        let lead = |one, two, three| [level("14-114", one), level("14-115", two), level("14-116", three)];
        check(&lead(2, 3, 2), "responsibilities", Some(true));
        check(&lead(3, 3, 1), "responsibilities", Some(false));
        check(&lead(3, 3, 3), "training", None);
        check(&[level("14-117", 2)], "training", Some(true));
        check(&[level("14-117", 1)], "training", Some(false));
    }

    #[test]
    fn what_is_not_relevant_or_not_asked_declares_nothing() {
        let not_relevant = || Answer::NotRelevant { reason: "no website".into() };
        check(&[("14-117", not_relevant())], "training", None);
        check(&[level("14-114", 2), ("14-115", not_relevant())], "responsibilities", Some(true));
        check(&[level("14-117", 3)], "firewalls", None);
    }

    #[test]
    fn the_dsp_toolkits_standard_speaks_for_its_topics() {
        check(&[("3", Answer::Met)], "training", Some(true));
        check(&[("3", Answer::NotMet)], "training", Some(false));
        check(&[("9", Answer::Met)], "training", None);
        check(&[("9", Answer::Met)], "firewalls", Some(true));
    }

    #[test]
    fn a_status_of_the_register_declares_all_or_nothing() {
        let edition = "dspt-2018-19".parse().unwrap();
        let all: Vec<TopicResult> =
            topics().iter().map(|topic| result(topic.id.as_str(), Outcome::PartlySatisfied)).collect();
        for (status, declared) in [
            (PublishedResult::StandardsMet { edition }, topics().len()),
            (PublishedResult::StandardsExceeded { edition }, topics().len()),
            (PublishedResult::StandardsNotMet { edition }, 0),
            (PublishedResult::EntryLevel { edition }, 0),
            (PublishedResult::NotPublished, 0),
        ] {
            let gap = gap(Published::Status(status), &all);
            assert_eq!(
                (gap.good_by_word_alone(), gap.declared_and_assessed()),
                (declared, declared),
                "{status:?}"
            );
        }
        assert_eq!(gap(Published::Nothing, &all).declared_and_assessed(), 0);
    }

    #[test]
    fn the_figure_counts_what_was_declared_good_and_found_otherwise() {
        let given =
            answers(&[level("14-117", 2), level("14-319", 3), level("14-320", 1), level("14-304", 2)]);
        let found = [
            result("training", Outcome::Satisfied),
            result("continuity", Outcome::PartlySatisfied),
            result("access-control", Outcome::NotSatisfied),
            result("incidents", Outcome::NotSatisfied),
            result("patching", Outcome::NotSatisfied),
        ];
        let gap = gap(Published::Answers(&given), &found);
        let short: Vec<&str> = gap
            .topics
            .iter()
            .filter(|topic| topic.is_good_by_word_alone())
            .map(|one| one.topic.as_str())
            .collect();
        assert_eq!(short, ["continuity", "access-control"]);
        assert_eq!(
            (gap.good_by_word_alone(), gap.declared_and_assessed()),
            (2, 4),
            "nothing was declared on patching"
        );
    }

    #[test]
    fn a_topic_that_is_no_longer_listed_declares_nothing() {
        let gap = gap(Published::Nothing, &[result("parking", Outcome::NotSatisfied)]);
        assert_eq!((gap.topics.len(), gap.declared_and_assessed()), (1, 0));
    }
}
