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
    onsite::Outcome,
    topics::{Topic, topics},
};
use serde::{Deserialize, Serialize};

/// From this attainment level on a requirement of the IG Toolkit is declared good.
pub const GOOD_LEVEL: u8 = 2;

/// What a publication declared of the topics: of each whether it is good, as far as it says.
///
/// A bit a topic, in the topics' own order: every practice publishes every year, and all of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Declared {
    said: u32,
    good: u32,
}

impl Declared {
    /// By answers to the requirements of an edition of either toolkit.
    pub fn by_answers(answers: &[(RequirementId, Answer)]) -> Self {
        Self::by(|topic| answered(answers, topic))
    }

    /// By a status in the national register.
    pub fn by_status(status: PublishedResult) -> Self {
        use PublishedResult as P;
        let all_good = matches!(status, P::StandardsMet { .. } | P::StandardsExceeded { .. });
        Self::by(|_| all_good.then_some(true))
    }

    fn by(declared: impl Fn(&Topic) -> Option<bool>) -> Self {
        let mut all = Self::default();
        for (topic, bit) in topics().iter().zip(bits()) {
            if let Some(good) = declared(topic) {
                all.said |= bit;
                all.good |= if good { bit } else { 0 };
            }
        }
        all
    }

    /// Whether it declared a topic good; none where it says nothing of it.
    pub fn on(self, topic: TopicId) -> Option<bool> {
        let (_, bit) = topics().iter().zip(bits()).find(|(listed, _)| listed.id == topic)?;
        (self.said & bit != 0).then_some(self.good & bit != 0)
    }
}

fn bits() -> impl Iterator<Item = u32> {
    (0..u32::BITS).map(|place| 1 << place)
}

/// Whether the answers to a topic's requirements declare it good.
fn answered(answers: &[(RequirementId, Answer)], topic: &Topic) -> Option<bool> {
    let said = answers.iter().filter_map(|(requirement, answer)| match answer {
        Answer::Level(level) if topic.is_asked_by(*requirement) => Some(*level >= GOOD_LEVEL),
        Answer::Met if *requirement == topic.standard => Some(true),
        Answer::NotMet if *requirement == topic.standard => Some(false),
        _ => None,
    });
    said.reduce(|one, other| one && other)
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

/// What assessors found beside what the organisation had declared, in the order of the result.
pub fn gap(declared: Declared, found: &[(TopicId, Outcome)]) -> Vec<DeclaredAndFound> {
    let beside = |(topic, found): &(TopicId, Outcome)| DeclaredAndFound {
        topic: *topic,
        declared: declared.on(*topic),
        found: *found,
    };
    found.iter().map(beside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(of: &str, outcome: Outcome) -> (TopicId, Outcome) {
        (of.parse().unwrap(), outcome)
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
        assert_eq!(Declared::by_answers(&given).on(of.parse().unwrap()), expected);
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
        for (status, declared) in [
            (PublishedResult::StandardsMet { edition }, Some(true)),
            (PublishedResult::StandardsExceeded { edition }, Some(true)),
            (PublishedResult::StandardsNotMet { edition }, None),
            (PublishedResult::EntryLevel { edition }, None),
            (PublishedResult::NotPublished, None),
        ] {
            for topic in topics() {
                assert_eq!(Declared::by_status(status).on(topic.id), declared, "{status:?}");
            }
        }
    }

    #[test]
    fn what_was_declared_good_and_not_found_satisfied_is_good_by_word_alone() {
        let given =
            answers(&[level("14-117", 2), level("14-319", 3), level("14-320", 1), level("14-304", 2)]);
        let gap = gap(
            Declared::by_answers(&given),
            &[
                found("training", Outcome::Satisfied),
                found("continuity", Outcome::PartlySatisfied),
                found("access-control", Outcome::NotSatisfied),
                found("incidents", Outcome::NotSatisfied),
                found("patching", Outcome::NotSatisfied),
            ],
        );
        let short: Vec<&str> =
            gap.iter().filter(|topic| topic.is_good_by_word_alone()).map(|one| one.topic.as_str()).collect();
        assert_eq!(short, ["continuity", "access-control"]);
        let declared: Vec<Option<bool>> = gap.iter().map(|topic| topic.declared).collect();
        assert_eq!(declared, [Some(true), Some(true), Some(true), Some(false), None]);
    }

    #[test]
    fn every_topic_has_a_bit_of_its_own() {
        assert!(topics().len() <= u32::BITS as usize, "{} topics", topics().len());
        let only = topics().last().unwrap();
        let declared = Declared::by(|topic| Some(topic.id == only.id));
        for topic in topics() {
            assert_eq!(declared.on(topic.id), Some(topic.id == only.id), "{}", topic.id);
        }
    }

    /// Snapshots keep the bits: what one means may change only with the version of the fold.
    #[test]
    fn what_a_bit_means_stands_for_a_version_of_the_fold() {
        let meaning: String = topics()
            .iter()
            .map(|topic| format!("{} {} {}\n", topic.id, topic.standard, topic.igt.join(" ")))
            .collect();
        let meaning = proto::EventHash::of(meaning.as_bytes()).to_string();
        assert_eq!((crate::facts::FOLD_VERSION, &meaning[..12]), (9, "c797dd65aa93"));
    }

    #[test]
    fn a_topic_that_is_no_longer_listed_declares_nothing() {
        let edition = "dspt-2018-19".parse().unwrap();
        let all_good = Declared::by_status(PublishedResult::StandardsMet { edition });
        assert_eq!(all_good.on("parking".parse().unwrap()), None);
    }
}
