//! What assessors look at on site, and what an organisation says of itself on the same: data
//! (`proto/standards/onsite-topics.toml`).

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{
    codes::{RequirementId, TopicId},
    standards::{Certainty, StandardsError, shipped},
};

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// Its name.
    pub title: String,
    /// What is looked for, in plain words.
    pub help: String,
    /// Which of the ten requirements of 2017/18 it bears on.
    #[serde(default)]
    pub requirement: Option<u8>,
    /// The data security standard with which the DSP Toolkit asks for it.
    pub standard: RequirementId,
    /// The requirements of the IG Toolkit that ask for it, by their three digits.
    pub igt: Vec<String>,
    /// How sure we are.
    pub certainty: Certainty,
    /// Where it is from.
    pub source: String,
}

impl Topic {
    /// Whether a requirement of the IG Toolkit, such as `14-319`, asks for it.
    pub fn is_asked_by(&self, requirement: RequirementId) -> bool {
        let digits = requirement.as_str().rsplit('-').next().unwrap_or_default();
        self.igt.iter().any(|asked| asked == digits)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topics: Vec<Topic>,
}

/// The topics, in their order on pages. A test holds that they read without fault.
pub fn topics() -> &'static [Topic] {
    static BUILT_IN: LazyLock<Vec<Topic>> = LazyLock::new(|| built_in().unwrap_or_default());
    &BUILT_IN
}

/// The topic of an id.
pub fn topic(id: TopicId) -> Option<&'static Topic> {
    topics().iter().find(|topic| topic.id == id)
}

fn built_in() -> Result<Vec<Topic>, StandardsError> {
    const NAME: &str = "onsite-topics";
    let fail = |reason: String| StandardsError { file: NAME.to_owned(), reason };
    let file: File = toml::from_str(include_str!("../standards/onsite-topics.toml"))
        .map_err(|error| fail(error.to_string()))?;
    let known = |standard: RequirementId| {
        shipped()
            .editions()
            .iter()
            .any(|edition| edition.requirements().iter().any(|asked| asked.id == standard))
    };
    match file.topics.iter().find(|topic| !known(topic.standard)) {
        Some(topic) => Err(fail(format!("{} names no known standard", topic.id))),
        None => Ok(file.topics),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_read_and_bear_on_the_ten_requirements() {
        let topics = built_in().unwrap();
        assert_eq!(topics.len(), 14);
        assert!(topics.iter().all(|topic| topic.requirement.is_none_or(|number| (1..=10).contains(&number))));
        let igt = shipped().edition("igt-14.1".parse().unwrap()).unwrap();
        for digits in topics.iter().flat_map(|topic| &topic.igt) {
            assert!(
                igt.requirements().iter().any(|asked| asked.id.as_str() == format!("14-{digits}")),
                "{digits}"
            );
        }
    }

    #[test]
    fn a_topic_is_asked_for_by_the_last_three_digits() {
        let continuity = topic("continuity".parse().unwrap()).unwrap();
        assert!(continuity.is_asked_by("14-319".parse().unwrap()));
        assert!(!continuity.is_asked_by("14-320".parse().unwrap()));
    }
}
