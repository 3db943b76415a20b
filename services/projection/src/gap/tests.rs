use proto::{
    EditionId,
    assessments::{Answer, Grade, PublishedResult},
    onsite::Outcome::{self, NotSatisfied, PartlySatisfied, Satisfied},
};

use super::*;
use crate::facts::RegisterRow;
use proto::imports::Row;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn edition(text: &str) -> EditionId {
    text.parse().unwrap()
}

fn topic(text: &str) -> TopicId {
    text.parse().unwrap()
}

/// Facts as they come, each at the next position.
#[derive(Default)]
struct Told {
    facts: OrganisationFacts,
    withdrawn: Withdrawn,
    position: u64,
}

impl Told {
    fn next(&mut self) -> Position {
        self.position += 1;
        Position(self.position)
    }

    fn toolkit(mut self, on: &str, what: Toolkit) -> Self {
        let position = self.next();
        self.facts.toolkit.push(ToolkitFact { position, day: day(on), what });
        self
    }

    /// Publishes training at a level.
    fn published(mut self, on: &str, training: u8) -> Self {
        self = self.toolkit(on, Toolkit::Published(edition("igt-14.1"), Grade::Satisfactory));
        let declared = Declared::by_answers(&[("14-117".parse().unwrap(), Answer::Level(training))]);
        self.facts.declared.push((Position(self.position), declared));
        self
    }

    fn listed(self, on: &str, result: PublishedResult) -> Self {
        self.toolkit(on, Toolkit::Listed(result))
    }

    /// The same entry of the register, with an import that is then withdrawn.
    fn listed_and_withdrawn(mut self, on: &str, result: PublishedResult) -> Self {
        self = self.listed(on, result);
        let (position, import) = (Position(self.position), uuid::Uuid::from_u128(1));
        let value = RegisterRow { result, published: Some(day(on)) };
        let (as_of, import_of) = (day(on), Some(import));
        self.facts.register.note(Row { as_of, position, import: import_of, value, confirmed: false });
        let withdrawal = self.next();
        self.withdrawn.note(import, withdrawal);
        self
    }

    /// Assesses training.
    fn visited(mut self, number: u16, on: &str, found: Outcome) -> Self {
        let position = self.next();
        let found = Box::new([(topic("training"), found)]);
        self.facts.visits.push(Visit { position, number, on: day(on), found });
        self
    }

    /// What was declared of training and found on a day, as known at a position.
    fn known_at(&self, position: u64, on: &str) -> Option<(Option<bool>, Outcome)> {
        let compared = compared_on(&self.facts, &self.withdrawn, Position(position), day(on))?;
        compared.topics.first().map(|topic| (topic.declared, topic.found))
    }

    fn on(&self, on: &str) -> Option<(Option<bool>, Outcome)> {
        self.known_at(u64::MAX, on)
    }
}

#[test]
fn an_assessment_counts_from_the_end_of_its_day_until_the_next_one() {
    let told = Told::default().visited(1, "2018-04-10", NotSatisfied).published("2018-05-01", 2).visited(
        2,
        "2018-06-10",
        Satisfied,
    );
    assert_eq!(told.on("2018-04-09"), None);
    assert_eq!(told.on("2018-04-10"), Some((None, NotSatisfied)));
    assert_eq!(
        told.on("2018-06-09"),
        Some((None, NotSatisfied)),
        "what is published after a visit is not beside it"
    );
    assert_eq!(told.on("2018-06-10"), Some((Some(true), Satisfied)));
}

#[test]
fn the_last_word_on_an_assessment_counts_and_not_before_it_was_said() {
    let told =
        Told::default().visited(1, "2018-04-10", NotSatisfied).visited(1, "2018-04-12", PartlySatisfied);
    assert_eq!(told.on("2018-04-11"), None, "it was held on the twelfth");
    assert_eq!(told.on("2018-04-12"), Some((None, PartlySatisfied)));
    assert_eq!(told.known_at(1, "2018-04-11"), Some((None, NotSatisfied)));
    assert_eq!(told.known_at(0, "2018-04-11"), None);
}

#[test]
fn a_publication_on_the_day_of_the_visit_comes_too_late() {
    for (published, declared) in [("2018-04-09", Some(true)), ("2018-04-10", None)] {
        let told = Told::default().published(published, 3).visited(1, "2018-04-10", NotSatisfied);
        assert_eq!(told.on("2018-04-10"), Some((declared, NotSatisfied)), "{published}");
    }
}

#[test]
fn the_last_publication_counts_whenever_it_came_to_be_known() {
    let told = Told::default()
        .published("2018-03-20", 2)
        .visited(1, "2018-04-10", NotSatisfied)
        .published("2018-03-10", 1);
    assert_eq!(told.on("2018-04-10"), Some((Some(true), NotSatisfied)));
    let told = Told::default().visited(1, "2018-04-10", NotSatisfied).published("2018-03-20", 2);
    assert_eq!(told.known_at(1, "2018-04-10"), Some((None, NotSatisfied)));
    assert_eq!(told.on("2018-04-10"), Some((Some(true), NotSatisfied)));
}

#[test]
fn of_one_day_what_was_published_here_says_more_than_the_register() {
    let met = PublishedResult::StandardsMet { edition: edition("dspt-2018-19") };
    let told = |register: &str| {
        Told::default().published("2019-03-20", 1).listed(register, met).visited(
            1,
            "2019-04-10",
            NotSatisfied,
        )
    };
    assert_eq!(told("2019-03-20").on("2019-04-10"), Some((Some(false), NotSatisfied)));
    assert_eq!(told("2019-03-21").on("2019-04-10"), Some((Some(true), NotSatisfied)));
}

#[test]
fn an_entry_that_shows_nothing_published_is_no_publication() {
    for entry in [PublishedResult::NotPublished, PublishedResult::Unrecognised] {
        let told = Told::default().published("2018-03-20", 2).listed("2018-04-01", entry).visited(
            1,
            "2018-04-10",
            NotSatisfied,
        );
        assert_eq!(told.on("2018-04-10"), Some((Some(true), NotSatisfied)), "{entry:?}");
    }
    let short = PublishedResult::StandardsNotMet { edition: edition("dspt-2018-19") };
    let told = Told::default().published("2018-03-20", 2).listed("2019-03-31", short).visited(
        1,
        "2019-04-10",
        NotSatisfied,
    );
    assert_eq!(told.on("2019-04-10"), Some((None, NotSatisfied)), "which standard falls short is not said");
}

#[test]
fn practices_roll_up_by_topic_requirement_and_standard() {
    let topics = |outcomes: &[(&str, Option<bool>, Outcome)]| -> Vec<DeclaredAndFound> {
        let each = |(of, declared, found): &(&str, Option<bool>, Outcome)| DeclaredAndFound {
            topic: topic(of),
            declared: *declared,
            found: *found,
        };
        outcomes.iter().map(each).collect()
    };
    let mut rolled_up = RollUp::default();
    rolled_up.note(None);
    rolled_up.note(Some(&topics(&[
        ("patching", Some(true), NotSatisfied),
        ("malware-protection", Some(true), Satisfied),
        ("suppliers", Some(true), PartlySatisfied),
        ("parking", None, NotSatisfied),
    ])));
    rolled_up.note(Some(&topics(&[("patching", Some(false), NotSatisfied), ("firewalls", None, Satisfied)])));
    let counts = |assessed, declared, declared_good, self_assessed_met_not_confirmed| GapCounts {
        assessed,
        declared,
        declared_good,
        self_assessed_met_not_confirmed,
    };
    assert_eq!((rolled_up.practices, rolled_up.assessed), (3, 2));
    assert_eq!(rolled_up.total(), counts(6, 4, 3, 2));
    assert_eq!(
        rolled_up.by_topic(),
        [
            (topic("firewalls"), counts(1, 0, 0, 0)),
            (topic("malware-protection"), counts(1, 1, 1, 0)),
            (topic("patching"), counts(2, 2, 1, 1)),
            (topic("suppliers"), counts(1, 1, 1, 1)),
            (topic("parking"), counts(1, 0, 0, 0)),
        ]
    );
    assert_eq!(rolled_up.by_requirement(), [(5, counts(3, 3, 2, 1)), (10, counts(1, 1, 1, 1))]);
    let standard = |text: &str| text.parse::<RequirementId>().unwrap();
    assert_eq!(
        rolled_up.by_standard(),
        [
            (standard("8"), counts(2, 2, 1, 1)),
            (standard("9"), counts(2, 1, 1, 0)),
            (standard("10"), counts(1, 1, 1, 1)),
        ]
    );
}

#[test]
fn an_entry_of_a_withdrawn_import_is_no_publication() {
    let met = PublishedResult::StandardsMet { edition: edition("dspt-2018-19") };
    let told = Told::default().published("2018-03-20", 1).listed_and_withdrawn("2018-04-01", met).visited(
        1,
        "2018-04-10",
        NotSatisfied,
    );
    assert_eq!(told.on("2018-04-10"), Some((Some(false), NotSatisfied)));
}
