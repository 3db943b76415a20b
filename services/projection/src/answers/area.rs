//! An area on a day.

use std::collections::BTreeMap;

use proto::{Day, OdsCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, Basis, Named, RequirementCounts, named, named_practice, requirement_counts};
use crate::{
    board::{Area, AreaKind, Footprint, Practice},
    rollup::Counts,
    rules::RULES,
};

/// A member of an area: a lower area with its counts, or a practice with its statuses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    /// The body.
    #[serde(flatten)]
    pub body: Named,
    /// How many practices it has.
    pub practices: u32,
    /// Their statuses, by requirement.
    pub requirements: Vec<RequirementCounts>,
}

/// An area on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AreaAnswer {
    /// The area.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// The areas above, nearest first.
    pub parents: Vec<Named>,
    /// How many practices operated in it.
    pub practices: u32,
    /// How many of those are placed by a link that reaches back over days before it was known.
    pub placed_by_reaching_back: u32,
    /// Their statuses, by requirement.
    pub requirements: Vec<RequirementCounts>,
    /// How many lower areas it has: of England regions, local offices and CCGs with practices.
    pub areas: BTreeMap<&'static str, usize>,
    /// The members next below: of England regions, of a region or local office CCGs, of a CCG those
    /// practices that one may see today.
    pub members: Vec<Member>,
    /// The first day it existed, where a file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub opened: Option<Day>,
    /// The last day it existed, where a file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub closed: Option<Day>,
    /// Where the practices that once belonged to it are today, most first, where it has none left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<Successor>,
    /// What a reader should know about these figures.
    pub notes: Vec<String>,
}

/// Where former members of a body are today.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Successor {
    /// The body.
    #[serde(flatten)]
    pub body: Named,
    /// How many of the former members.
    pub practices: u32,
}

/// An area on a day. It counts all its practices, and names those alone that `may_see` says yes to.
pub fn area(asked: &Asked<'_>, area: &Area, may_see: impl Fn(OdsCode) -> bool) -> AreaAnswer {
    let Asked { board, at, footprint, .. } = *asked;
    let total = area.counts(0, footprint, at);
    let members: Vec<Member> = match area.kind {
        AreaKind::Ccg => {
            let seen = board.members(area, footprint, at).filter(|practice| may_see(practice.code));
            seen.map(|practice| practice_member(practice, at)).collect()
        }
        _ => board.children(area, footprint, at).map(|child| area_member(asked, child)).collect(),
    };
    let mut areas: BTreeMap<&'static str, usize> = BTreeMap::new();
    match area.kind {
        AreaKind::England => areas.extend(
            AreaKind::ALL
                .into_iter()
                .skip(1)
                .map(|kind| (kind.slug(), board.areas_standing(kind, footprint, at) as usize)),
        ),
        AreaKind::Region | AreaKind::LocalOffice => {
            areas.insert(AreaKind::Ccg.slug(), members.len());
        }
        AreaKind::Ccg => {}
    }
    AreaAnswer {
        body: named(area),
        basis: asked.basis(),
        parents: board.parents(area, footprint, at).into_iter().map(|parent| named(parent)).collect(),
        practices: total.practices(),
        placed_by_reaching_back: total.reaching_back(),
        requirements: asked.counts(area),
        areas,
        members,
        opened: area.listing.as_ref().and_then(|listing| listing.opened),
        closed: area.listing.as_ref().and_then(|listing| listing.closed),
        successors: successors(asked, area),
        notes: notes(asked, total),
    }
}

/// A lower area as a member.
pub fn area_member(asked: &Asked<'_>, area: &Area) -> Member {
    Member {
        body: named(area),
        practices: area.counts(0, asked.footprint, asked.at).practices(),
        requirements: asked.counts(area),
    }
}

fn practice_member(practice: &Practice, at: Day) -> Member {
    let requirements = RULES
        .iter()
        .zip(&practice.timelines)
        .map(|(rule, timeline)| {
            let mut counts = Counts::default();
            counts.count(timeline.at(at).status);
            requirement_counts(rule.requirement.slug, counts)
        })
        .collect();
    Member { body: named_practice(practice), practices: 1, requirements }
}

/// Where the former members of a CCG without practices are on the day.
pub(crate) fn successors(asked: &Asked<'_>, area: &Area) -> Vec<Successor> {
    let Asked { board, at, .. } = *asked;
    if area.kind != AreaKind::Ccg || area.counts(0, asked.footprint, at).practices() > 0 {
        return Vec::new();
    }
    let mut heirs: BTreeMap<OdsCode, u32> = BTreeMap::new();
    for practice in area.practices.iter().filter_map(|number| board.practices.get(*number as usize)) {
        let began = practice.stays.iter().find(|stay| stay.commissioner == area.code).map(|stay| stay.from);
        let heir = practice.placed_on(at).and_then(|placed| placed.commissioner);
        if let (Some(began), Some(heir)) = (began, heir)
            && began <= at
            && heir != area.code
        {
            *heirs.entry(heir).or_default() += 1;
        }
    }
    let mut heirs: Vec<Successor> = heirs
        .into_iter()
        .filter_map(|(code, practices)| {
            board.area(code).map(|area| Successor { body: named(area), practices })
        })
        .collect();
    heirs.sort_by_key(|heir| std::cmp::Reverse(heir.practices));
    heirs
}

pub(crate) fn notes(asked: &Asked<'_>, total: Counts) -> Vec<String> {
    let Asked { board, at, .. } = *asked;
    let mut notes: Vec<String> = asked.beyond_files().into_iter().collect();
    if at > board.today {
        notes.push(format!("{} is in the future: figures are for that date if nothing changes.", at.long()));
    } else if at > asked.horizon() {
        notes.push(format!(
            "Nothing is recorded after {}: figures for {} are if nothing changes.",
            asked.horizon().long(),
            at.long()
        ));
    }
    if let Some(first) = board.first_practice_file.filter(|first| at < *first) {
        notes.push(format!(
            "The first practice file is of {}. Figures for earlier dates rest on what it and later files say: \
             the dates on which each practice opened and closed, and its earliest known membership.",
            first.long()
        ));
    }
    if asked.footprint == Footprint::Now {
        notes.push(format!(
            "Members are those of today, {}, on whatever day is asked about.",
            board.today.long()
        ));
    }
    let reaching_back = total.reaching_back();
    if reaching_back > 0 && asked.footprint == Footprint::Then {
        notes.push(format!(
            "Where {reaching_back} of {} practices belonged on this day is not known; the earliest known membership is taken.",
            total.practices()
        ));
    }
    if board.facts.synthetic_events > 0 {
        notes.push("The data is synthetic: made up by a generator, of no real practice.".to_owned());
    }
    notes
}
