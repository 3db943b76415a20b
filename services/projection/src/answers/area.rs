//! An area on a day.

use std::collections::BTreeMap;

use proto::{Day, OdsCode, OnsCode};
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
    /// Its code of the Office for National Statistics on the day, where a list says so. The `code` is what
    /// identifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ons_code: Option<OnsCode>,
    /// How many lower areas with practices it has, by what they were called on the day: of England regions, local
    /// offices (later integrated care boards), CCGs (later sub-ICB locations) and primary care networks.
    pub areas: BTreeMap<&'static str, usize>,
    /// The members next below: of England regions, of a region integrated care boards, before July 2022 CCGs, of a
    /// local office or board CCGs or sub-ICB locations, of those and of a primary care network the practices that one may see today.
    pub members: Vec<Member>,
    /// The first day it existed, where a file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub opened: Option<Day>,
    /// The last day it existed, where a file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub closed: Option<Day>,
    /// The bodies that took its place, and from which day on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub succeeded_by: Vec<SuccessionAnswer>,
    /// The bodies whose place it took, and from which day on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formed_from: Vec<SuccessionAnswer>,
    /// Where the practices that once belonged to it are today, most first, where it has none left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<Successor>,
    /// What a reader should know about these figures.
    pub notes: Vec<String>,
}

/// A body took the place of another, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SuccessionAnswer {
    /// The other body.
    #[serde(flatten)]
    pub body: Named,
    /// The first day of the successor in that place.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
    /// Whether it was a part only: the body before was divided.
    pub part: bool,
}

/// Which of the bodies of a succession is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Those that took the place.
    After,
    /// Those whose place was taken.
    Before,
}

/// The bodies that took an area's place, and those whose place it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SuccessionsOf {
    pub succeeded_by: Vec<SuccessionAnswer>,
    pub formed_from: Vec<SuccessionAnswer>,
}

/// The successions an area takes part in.
pub(crate) fn successions_of(asked: &Asked<'_>, area: &Area) -> SuccessionsOf {
    SuccessionsOf {
        succeeded_by: succession(asked, area, Side::After),
        formed_from: succession(asked, area, Side::Before),
    }
}

/// The bodies that took an area's place, or whose place it took; each once, in order of day and code.
fn succession(asked: &Asked<'_>, area: &Area, side: Side) -> Vec<SuccessionAnswer> {
    let board = asked.board;
    let successions = board.places.successions();
    let mut found: Vec<SuccessionAnswer> = successions
        .of(area.code)
        .filter_map(|pair| {
            let (other, on) = match side {
                Side::After if pair.from == area.code => (pair.to, pair.on),
                Side::Before if pair.to == area.code => (pair.from, pair.on),
                _ => return None,
            };
            // Each as it was called while it stood.
            let of_day = match side {
                Side::After => on,
                Side::Before => on.plus_days(-1),
            };
            let part = successions.of(pair.from).any(|also| also.from == pair.from && also.to != pair.to);
            let body = board.area(other).map_or_else(
                || Named {
                    code: other,
                    name: successions
                        .begun()
                        .iter()
                        .find(|begun| begun.code == other)
                        .map_or_else(|| other.to_string(), |begun| begun.name.clone()),
                    kind: area.kind.word_of(other, of_day).slug,
                },
                |area| named(area, of_day),
            );
            Some(SuccessionAnswer { body, on, part })
        })
        .collect();
    found.dedup_by(|a, b| a.body.code == b.body.code && a.on == b.on);
    found
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
        AreaKind::Ccg | AreaKind::Network => {
            let seen = board.members(area, footprint, at).filter(|practice| may_see(practice.code));
            seen.map(|practice| practice_member(practice, at)).collect()
        }
        _ => board.children(area, footprint, at).map(|child| area_member(asked, child)).collect(),
    };
    let on = asked.day_of_areas();
    let mut areas: BTreeMap<&'static str, usize> = BTreeMap::new();
    match area.kind {
        AreaKind::England => areas.extend(
            AreaKind::ALL
                .into_iter()
                .filter(|kind| *kind != AreaKind::England)
                .map(|kind| (kind.word(on).slug, board.areas_standing(kind, footprint, at) as usize)),
        ),
        AreaKind::Region => {
            let ccgs = board.lying_in(area, AreaKind::Ccg, footprint, at).count();
            areas.insert(AreaKind::Ccg.word(on).slug, ccgs);
            if board.next_below(area, footprint, at) == AreaKind::LocalOffice {
                let boards = board.lying_in(area, AreaKind::LocalOffice, footprint, at).count();
                areas.insert(AreaKind::LocalOffice.word(on).slug, boards);
            }
        }
        AreaKind::LocalOffice => {
            areas.insert(AreaKind::Ccg.word(on).slug, members.len());
        }
        AreaKind::Ccg | AreaKind::Network => {}
    }
    if area.kind != AreaKind::England && area.kind != AreaKind::Network {
        let networks = board.lying_in(area, AreaKind::Network, footprint, at).count();
        areas.insert(AreaKind::Network.word(on).slug, networks);
    }
    AreaAnswer {
        body: asked.named(area),
        ons_code: area.ons_code_on(on),
        basis: asked.basis(),
        parents: board.parents(area, footprint, at).into_iter().map(|parent| asked.named(parent)).collect(),
        practices: total.practices(),
        placed_by_reaching_back: total.reaching_back(),
        requirements: asked.counts(area),
        areas,
        members,
        opened: area.opened,
        closed: area.closed,
        succeeded_by: succession(asked, area, Side::After),
        formed_from: succession(asked, area, Side::Before),
        successors: successors(asked, area),
        notes: notes(asked, total),
    }
}

/// A lower area as a member.
pub fn area_member(asked: &Asked<'_>, area: &Area) -> Member {
    Member {
        body: asked.named(area),
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
    Member { body: named_practice(practice, at), practices: 1, requirements }
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
            board.area(code).map(|area| Successor { body: asked.named(area), practices })
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
