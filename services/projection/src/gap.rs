//! What assessors found on site beside what the practice had declared, on a day: of one practice, and
//! rolled up by area.
//!
//! - On a day counts the latest assessment held by its end. Of an assessment whose result was entered more
//!   than once, the last word counts.
//! - Beside it stands the last publication from before the day of the visit; one of that very day may
//!   already answer to it. Of several of one day the one made here counts before the register's entry,
//!   which says less. An entry that shows nothing published, or that came with an import that was withdrawn, is no
//!   publication.
//! - An area counts the practices that operated in it on the day, by the footprint asked for.
//!
//! What is declared good, and what the figure is, stands with the rule ([`crate::rules::declared`]).

use std::collections::BTreeMap;

use proto::{Day, Position, RequirementId, TopicId, imports::Withdrawn, topics::topics};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answers::Asked,
    board::Practice,
    facts::{OrganisationFacts, Toolkit, ToolkitFact, Visit},
    rules::declared::{Declared, DeclaredAndFound, gap},
};

/// An assessment beside what was declared before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared<'a> {
    /// The visit.
    pub visit: &'a Visit,
    /// What had last been published before it, if anything.
    pub published: Option<&'a ToolkitFact>,
    /// The topics that were assessed, in the order of the result.
    pub topics: Vec<DeclaredAndFound>,
}

/// What stands beside each other of a practice on the day asked about; none where no assessment was held
/// by then.
pub fn compared<'a>(asked: &Asked<'_>, practice: &'a Practice) -> Option<Compared<'a>> {
    let board = &asked.board;
    compared_on(&practice.facts, &board.facts.files.withdrawn, board.knowledge.upto, asked.at)
}

fn compared_on<'a>(
    facts: &'a OrganisationFacts,
    withdrawn: &Withdrawn,
    upto: Position,
    day: Day,
) -> Option<Compared<'a>> {
    let visit = last_visit(&facts.visits, upto, day)?;
    let published = last_publication(facts, withdrawn, upto, visit.on);
    let declared = published.map(|(_, declared)| declared).unwrap_or_default();
    Some(Compared { visit, published: published.map(|(fact, _)| fact), topics: gap(declared, &visit.found) })
}

/// The latest visit by a day, of each assessment only the last word.
fn last_visit(visits: &[Visit], upto: Position, day: Day) -> Option<&Visit> {
    let mut last_words: BTreeMap<u16, &Visit> = BTreeMap::new();
    for visit in visits.iter().take_while(|visit| visit.position <= upto) {
        last_words.insert(visit.number, visit);
    }
    last_words.into_values().filter(|visit| visit.on <= day).max_by_key(|visit| (visit.on, visit.number))
}

fn last_publication<'a>(
    facts: &'a OrganisationFacts,
    withdrawn: &Withdrawn,
    upto: Position,
    before: Day,
) -> Option<(&'a ToolkitFact, Declared)> {
    let stands = |fact: &ToolkitFact| {
        let row = facts.register.all().iter().find(|row| row.position == fact.position);
        row.is_none_or(|row| withdrawn.stands(row.import, upto))
    };
    let known = facts.toolkit.iter().filter(|fact| fact.position <= upto && fact.day < before);
    let known = known.filter(|fact| stands(fact));
    let published = known.filter_map(|fact| {
        let (made_here, declared) = publication(facts, fact)?;
        Some(((fact.day, made_here, fact.position), (fact, declared)))
    });
    published.max_by_key(|(order, _)| *order).map(|(_, published)| published)
}

/// Whether a fact is a publication, made here or shown by the register, and what it declared.
fn publication(facts: &OrganisationFacts, fact: &ToolkitFact) -> Option<(bool, Declared)> {
    match fact.what {
        Toolkit::Published(..) => {
            let at = facts.declared.binary_search_by_key(&fact.position, |(position, _)| *position).ok()?;
            facts.declared.get(at).map(|(_, declared)| (true, *declared))
        }
        Toolkit::Listed(status) => status.edition().map(|_| (false, Declared::by_status(status))),
        _ => None,
    }
}

/// Counts of topics, each counted once for every practice where it was assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct GapCounts {
    /// Assessed.
    pub assessed: u32,
    /// Of those: declared, good or not. The figure is `self_assessed_met_not_confirmed` of so many.
    pub declared: u32,
    /// Of those: declared good.
    pub declared_good: u32,
    /// Of those: not found satisfied.
    pub self_assessed_met_not_confirmed: u32,
}

impl GapCounts {
    fn note(&mut self, topic: &DeclaredAndFound) {
        self.assessed += 1;
        self.declared += u32::from(topic.declared.is_some());
        self.declared_good += u32::from(topic.declared == Some(true));
        self.self_assessed_met_not_confirmed += u32::from(topic.is_good_by_word_alone());
    }
}

impl std::ops::Add for GapCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            assessed: self.assessed + other.assessed,
            declared: self.declared + other.declared,
            declared_good: self.declared_good + other.declared_good,
            self_assessed_met_not_confirmed: self.self_assessed_met_not_confirmed
                + other.self_assessed_met_not_confirmed,
        }
    }
}

impl std::iter::Sum for GapCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |one, other| one + other)
    }
}

/// What was found beside what was declared, of many practices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RollUp {
    /// How many practices there are.
    pub practices: u32,
    /// How many of them had been assessed.
    pub assessed: u32,
    /// By topic.
    counts: BTreeMap<TopicId, GapCounts>,
}

impl RollUp {
    /// Of practices on the day asked about.
    pub fn of<'a>(asked: &Asked<'_>, practices: impl IntoIterator<Item = &'a Practice>) -> Self {
        let mut rolled_up = Self::default();
        for practice in practices {
            rolled_up.note(compared(asked, practice).map(|compared| compared.topics).as_deref());
        }
        rolled_up
    }

    /// Counts a practice with the topics assessed there, if it was.
    fn note(&mut self, topics: Option<&[DeclaredAndFound]>) {
        self.practices += 1;
        self.assessed += u32::from(topics.is_some());
        for topic in topics.into_iter().flatten() {
            self.counts.entry(topic.topic).or_default().note(topic);
        }
    }

    /// How many practices were assessed on a topic.
    pub fn assessed_on(&self, topic: TopicId) -> u32 {
        self.counts.get(&topic).map_or(0, |counts| counts.assessed)
    }

    /// The topics that were assessed, in order of id.
    pub fn assessed_topics(&self) -> impl Iterator<Item = TopicId> + '_ {
        self.counts.keys().copied()
    }

    /// Leaves out the topics that are withheld, by how many practices were assessed on each, and says how many
    /// topics these are.
    pub fn leave_out(&mut self, is_withheld: impl Fn(TopicId, u32) -> bool) -> u32 {
        let all = self.counts.len();
        self.counts.retain(|topic, counts| !is_withheld(*topic, counts.assessed));
        u32::try_from(all - self.counts.len()).unwrap_or(u32::MAX)
    }

    /// All topics together.
    pub fn total(&self) -> GapCounts {
        self.counts.values().copied().sum()
    }

    /// By topic, in the order of the topics; last those that are no longer listed.
    pub fn by_topic(&self) -> Vec<(TopicId, GapCounts)> {
        let mut all: Vec<_> = self.counts.iter().map(|(topic, counts)| (*topic, *counts)).collect();
        // Stable, and the order of a place that is none is that of the ids.
        all.sort_by_key(|(topic, _)| place(*topic).unwrap_or(usize::MAX));
        all
    }

    /// By requirement of 2017/18, in the order of their numbers; topics that bear on none are left out.
    pub fn by_requirement(&self) -> Vec<(u8, GapCounts)> {
        self.grouped(|topic| topic.requirement)
    }

    /// By data security standard, in the order of their numbers.
    pub fn by_standard(&self) -> Vec<(RequirementId, GapCounts)> {
        let mut all = self.grouped(|topic| Some(topic.standard));
        all.sort_by_key(|(standard, _)| (standard.as_str().len(), *standard));
        all
    }

    fn grouped<K: Ord>(&self, group: impl Fn(&proto::topics::Topic) -> Option<K>) -> Vec<(K, GapCounts)> {
        let mut groups: BTreeMap<K, GapCounts> = BTreeMap::new();
        for (topic, counts) in &self.counts {
            if let Some(group) = proto::topics::topic(*topic).and_then(&group) {
                let sum = groups.entry(group).or_default();
                *sum = *sum + *counts;
            }
        }
        groups.into_iter().collect()
    }
}

fn place(topic: TopicId) -> Option<usize> {
    topics().iter().position(|listed| listed.id == topic)
}

#[cfg(test)]
mod tests;
