//! What assessors found on site beside what was declared, of an area and of a practice.

use std::{cell::OnceCell, collections::BTreeSet};

use proto::{Day, EditionId, OdsCode, Position, RequirementId, TopicId, onsite::Outcome, topics};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, Basis, Named, edition_name, named_practice, why::result_name};
use crate::{
    board::{Area, AreaKind, Practice},
    facts::{Toolkit, ToolkitFact},
    few::{self, Telling},
    gap::{Compared, GapCounts, RollUp, compared},
    rules::declared::DeclaredAndFound,
};

/// What was found beside what was declared, of the practices of a body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapRow {
    /// The body.
    #[serde(flatten)]
    pub body: Named,
    /// How many practices operated on the day.
    pub practices: u32,
    /// How many of them had been assessed on site by its end.
    pub assessed_practices: u32,
    /// All topics together.
    pub total: GapCounts,
    /// By topic, those that were assessed.
    pub topics: Vec<GapOfTopic>,
    /// How many topics are in none of these counts: fewer than 5 practices were assessed on each, here or in
    /// another region, and what was found at each practice is not for one to know.
    pub topics_withheld: u32,
}

/// Counts of a topic.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapOfTopic {
    /// The topic.
    #[serde(flatten)]
    pub topic: TopicNamed,
    /// The counts.
    #[serde(flatten)]
    pub counts: GapCounts,
}

/// A topic with what it bears on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TopicNamed {
    /// Its id.
    #[schema(value_type = String)]
    pub topic: TopicId,
    /// Its name.
    pub title: String,
    /// The requirement of 2017/18 it bears on, 1 to 10, if any.
    pub requirement: Option<u8>,
    /// The data security standard it belongs to; none of a topic that is no longer listed.
    #[schema(value_type = Option<String>)]
    pub standard: Option<RequirementId>,
}

impl TopicNamed {
    fn of(id: TopicId) -> Self {
        let listed = topics::topic(id);
        Self {
            topic: id,
            title: listed.map_or_else(|| id.to_string(), |topic| topic.title.clone()),
            requirement: listed.and_then(|topic| topic.requirement),
            standard: listed.map(|topic| topic.standard),
        }
    }
}

/// Counts of the topics that bear on a requirement of 2017/18.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapOfRequirement {
    /// Its number, 1 to 10.
    pub requirement: u8,
    /// The counts.
    #[serde(flatten)]
    pub counts: GapCounts,
}

/// Counts of the topics that belong to a data security standard.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapOfStandard {
    /// Its number.
    #[schema(value_type = String)]
    pub standard: RequirementId,
    /// The counts.
    #[serde(flatten)]
    pub counts: GapCounts,
}

/// What was found beside what was declared, of an area and of its members.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AreaGapAnswer {
    /// The area.
    #[serde(flatten)]
    pub area: GapRow,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// By requirement of 2017/18; a topic that bears on none is in none of them.
    pub requirements: Vec<GapOfRequirement>,
    /// By data security standard.
    pub standards: Vec<GapOfStandard>,
    /// The members next below: of England regions, of a region integrated care boards, before July 2022 CCGs, of a
    /// local office or board CCGs or sub-ICB locations, of those the
    /// practices that had been assessed; below regions those of which one may know what was found.
    pub members: Vec<GapRow>,
}

/// What was found beside what was declared, of an area and of its members, told to those who may know what was
/// found at the organisations that `may_know_of` says yes to: of practices of those alone, of areas as [`few`]
/// says. None where nothing of the area is told.
pub fn area_gap(
    asked: &Asked<'_>,
    area: &Area,
    may_know_of: impl Fn(OdsCode) -> bool,
) -> Option<AreaGapAnswer> {
    let Asked { board, at, footprint, .. } = *asked;
    let told = Told { asked, may_know_of: &may_know_of, given_away: OnceCell::new() };
    let (rolled_up, withheld) = told.of(area)?;
    let members = match area.kind {
        AreaKind::Ccg | AreaKind::Network => {
            let known = board.members(area, footprint, at).filter(|practice| may_know_of(practice.code));
            let each =
                known.map(|practice| row(named_practice(practice, at), &RollUp::of(asked, [&**practice]), 0));
            each.filter(|row| row.assessed_practices > 0).collect()
        }
        _ => board
            .children(area, footprint, at)
            .filter_map(|child| {
                told.of(child).map(|(of_child, left_out)| row(asked.named(child), &of_child, left_out))
            })
            .collect(),
    };
    let requirements = rolled_up.by_requirement().into_iter();
    let standards = rolled_up.by_standard().into_iter();
    Some(AreaGapAnswer {
        area: row(asked.named(area), &rolled_up, withheld),
        basis: asked.basis(),
        requirements: requirements
            .map(|(requirement, counts)| GapOfRequirement { requirement, counts })
            .collect(),
        standards: standards.map(|(standard, counts)| GapOfStandard { standard, counts }).collect(),
        members,
    })
}

/// What someone is told of areas.
struct Told<'a> {
    asked: &'a Asked<'a>,
    may_know_of: &'a dyn Fn(OdsCode) -> bool,
    /// The topics that are told of no region, worked out where they are wanted.
    given_away: OnceCell<BTreeSet<TopicId>>,
}

impl Told<'_> {
    /// An area, and how many topics are left out of it; none where nothing of it is told.
    fn of(&self, area: &Area) -> Option<(RollUp, u32)> {
        let telling = Telling::of(area, self.may_know_of);
        if telling == Telling::Nothing {
            return None;
        }
        let mut rolled_up = roll_up(self.asked, area);
        let withheld = match telling {
            Telling::OfMany => rolled_up.leave_out(|topic, practices| {
                few::is_few(practices)
                    || (area.kind == AreaKind::Region && self.given_away().contains(&topic))
            }),
            _ => 0,
        };
        Some((rolled_up, withheld))
    }

    /// The topics of which England and the regions that are told would tell what is withheld of the others.
    fn given_away(&self) -> &BTreeSet<TopicId> {
        self.given_away.get_or_init(|| {
            let Asked { board, at, footprint, .. } = *self.asked;
            let Some(england) = board.england() else { return BTreeSet::new() };
            let regions: Vec<RollUp> =
                board.children(england, footprint, at).map(|region| roll_up(self.asked, region)).collect();
            let england = roll_up(self.asked, england);
            let gives_away = |topic: &TopicId| {
                few::gives_away(
                    england.assessed_on(*topic),
                    regions.iter().map(|region| region.assessed_on(*topic)),
                )
            };
            england.assessed_topics().filter(gives_away).collect()
        })
    }
}

fn roll_up(asked: &Asked<'_>, area: &Area) -> RollUp {
    let members = asked.board.members(area, asked.footprint, asked.at);
    RollUp::of(asked, members.map(|practice| &**practice))
}

fn row(body: Named, rolled_up: &RollUp, topics_withheld: u32) -> GapRow {
    let topics = rolled_up.by_topic().into_iter();
    GapRow {
        body,
        practices: rolled_up.practices,
        assessed_practices: rolled_up.assessed,
        total: rolled_up.total(),
        topics: topics.map(|(topic, counts)| GapOfTopic { topic: TopicNamed::of(topic), counts }).collect(),
        topics_withheld,
    }
}

/// What was found at a practice beside what it had declared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeGapAnswer {
    /// The practice.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// The latest assessment held by the end of the day; none where none was.
    pub assessment: Option<GapAssessment>,
    /// What had last been published before it; none where nothing was.
    pub published: Option<GapPublication>,
    /// All topics together.
    pub total: GapCounts,
    /// The topics that were assessed, in the order of the result.
    pub topics: Vec<TopicCompared>,
}

/// An assessment held.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapAssessment {
    /// Its number among the practice's.
    pub number: u16,
    /// The day of the visit.
    #[schema(value_type = String, format = Date)]
    pub held: Day,
    /// The event that says what was found.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// A publication.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapPublication {
    /// The edition.
    #[schema(value_type = String)]
    pub edition: EditionId,
    /// What was published, in words.
    pub what: String,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The event that says so.
    #[schema(value_type = u64)]
    pub position: Position,
}

impl GapPublication {
    fn of(fact: &ToolkitFact) -> Option<Self> {
        let (edition, what) = match fact.what {
            Toolkit::Published(edition, _) => {
                (edition, format!("its answers to the {}", edition_name(edition)))
            }
            Toolkit::Listed(result) => {
                let edition = result.edition()?;
                (edition, format!("{} for the {}", result_name(result), edition_name(edition)))
            }
            _ => return None,
        };
        Some(Self { edition, what, day: fact.day, position: fact.position })
    }
}

/// One topic: what was declared, and what was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TopicCompared {
    /// The topic.
    #[serde(flatten)]
    pub topic: TopicNamed,
    /// Whether it was declared good; none where nothing was declared on it.
    pub declared_good: Option<bool>,
    /// `satisfied`, `partly-satisfied` or `not-satisfied`.
    #[schema(value_type = String)]
    pub found: Outcome,
    /// Whether it was declared good and not found satisfied.
    pub self_assessed_met_not_confirmed: bool,
}

impl TopicCompared {
    fn of(topic: &DeclaredAndFound) -> Self {
        Self {
            topic: TopicNamed::of(topic.topic),
            declared_good: topic.declared,
            found: topic.found,
            self_assessed_met_not_confirmed: topic.is_good_by_word_alone(),
        }
    }
}

/// What was found at a practice beside what it had declared.
pub fn practice_gap(asked: &Asked<'_>, practice: &Practice) -> PracticeGapAnswer {
    let found = compared(asked, practice);
    let assessment = |compared: &Compared<'_>| {
        let visit = compared.visit;
        GapAssessment { number: visit.number, held: visit.on, position: visit.position }
    };
    let topics = found.iter().flat_map(|compared| &compared.topics);
    PracticeGapAnswer {
        body: named_practice(practice, asked.at),
        basis: asked.basis(),
        assessment: found.as_ref().map(assessment),
        published: found.as_ref().and_then(|compared| compared.published).and_then(GapPublication::of),
        total: RollUp::of(asked, [practice]).total(),
        topics: topics.map(TopicCompared::of).collect(),
    }
}
