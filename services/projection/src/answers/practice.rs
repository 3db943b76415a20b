//! Everything about one practice, and why.

use jiff::Timestamp;
use proto::{Day, OdsCode, Position, footprint::Known};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, Basis, MayKnow, Named, Reasons, change_answer, named, named_practice};
use crate::{
    board::{AreaKind, Practice},
    rules::RULES,
    timeline::{Change, Status, Timeline},
};

/// Everything about one practice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeAnswer {
    /// The practice.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// Whether it operated on the day.
    pub operating: bool,
    /// Its address lines.
    pub address: Vec<String>,
    /// Its postcode.
    pub postcode: String,
    /// Its telephone number.
    pub telephone: String,
    /// The first day it was open.
    #[schema(value_type = Option<String>, format = Date)]
    pub opened: Option<Day>,
    /// The last day it was open.
    #[schema(value_type = Option<String>, format = Date)]
    pub closed: Option<Day>,
    /// Registered patients, as last published by the day.
    pub patients: Option<u32>,
    /// The areas it counted in on the day, nearest first.
    pub parents: Vec<Named>,
    /// To whom it belonged over time.
    pub memberships: Vec<Membership>,
    /// When and where it operated.
    pub operated: Vec<Operated>,
    /// Its timelines, one a requirement.
    pub requirements: Vec<RequirementTimeline>,
}

/// A stretch of belonging to a commissioner.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Membership {
    /// The commissioner.
    #[serde(flatten)]
    pub body: Named,
    /// The first day, as far as is known.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// Whether it is taken for the days before `from` too, nothing else being known of them.
    pub reaching_back: bool,
    /// The last day; none while it lasts.
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<Day>,
    /// The event that says so.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// A stretch of operating in one place.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Operated {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// The last day; none while it lasts.
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<Day>,
    /// The CCG.
    #[schema(value_type = Option<String>)]
    pub ccg: Option<OdsCode>,
    /// The local office, since July 2022 the integrated care board.
    #[schema(value_type = Option<String>)]
    pub local_office: Option<OdsCode>,
    /// The primary care network.
    #[schema(value_type = Option<String>)]
    pub network: Option<OdsCode>,
    /// The region.
    #[schema(value_type = Option<String>)]
    pub region: Option<OdsCode>,
    /// Whether the place is only that of the earliest known link, reaching back.
    pub reaching_back: bool,
}

/// The timeline of a requirement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RequirementTimeline {
    /// The requirement.
    pub requirement: &'static str,
    /// Its name.
    pub title: &'static str,
    /// What holds on the day.
    #[schema(value_type = String)]
    pub status: Status,
    /// The first day of the spell in which it holds; none: as long as anything is known.
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Day>,
    /// What is unmet on the day, all of it; nothing where the requirement is met or does not apply.
    pub conditions: Vec<ConditionAnswer>,
    /// What will hold next if nothing changes.
    pub next: Option<ChangeAnswer>,
    /// Every change, past and future.
    pub changes: Vec<ChangeAnswer>,
}

/// A change of status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeAnswer {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The status from then on.
    #[schema(value_type = String)]
    pub status: Status,
    /// Whether it is still to come: today's deadlines, reviews and the like lie at the end of the day.
    pub to_come: bool,
    /// Why, in words; in general ones where the cause is not for one to know.
    pub why: String,
    /// The position of the event that caused it; none where a date did, with nothing recorded, and where the
    /// event is not for one to know.
    #[schema(value_type = Option<u64>)]
    pub position: Option<Position>,
    /// That event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventAnswer>,
}

/// A condition that is unmet on the day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConditionAnswer {
    /// What is unmet, in words; in general ones where the details are not for one to know.
    pub reason: String,
    /// The position of the event behind it; none where nothing is recorded, and where the event is not for one
    /// to know.
    #[schema(value_type = Option<u64>)]
    pub position: Option<Position>,
    /// That event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventAnswer>,
    /// Where it is dealt with, as a path of this site.
    pub link: Option<String>,
}

/// An event as a cause.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventAnswer {
    /// Its id.
    #[schema(value_type = String)]
    pub id: uuid::Uuid,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The day it took effect.
    #[schema(value_type = String, format = Date)]
    pub effective: Day,
    /// Who did it.
    pub actor: String,
}

/// Everything about one practice, told to those who may know the causes of the organisations that `may_know`
/// says yes to. The events behind the changes are to be added by whoever can read the log.
pub fn practice(asked: &Asked<'_>, practice: &Practice, may_know: MayKnow<'_>) -> PracticeAnswer {
    let Asked { board, at, footprint, .. } = *asked;
    let (ccg, place) = board.whereabouts(practice, footprint, at).unwrap_or_default();
    let network = board.network_of(practice, footprint, at);
    let parents = [network, ccg, place.local_office, place.region]
        .into_iter()
        .flatten()
        .filter_map(|code| board.area(code))
        .chain(ccg.and(board.england()))
        .map(|area| asked.named(area))
        .collect();
    let until = |next: Option<Day>| next.map(|day| day.plus_days(-1));
    // The stay that reaches back belongs to the dated one behind it.
    let reaching_back =
        usize::from(practice.stays.first().is_some_and(|stay| stay.known == Known::ReachingBack));
    let memberships = practice
        .stays
        .iter()
        .enumerate()
        .skip(reaching_back)
        .map(|(index, stay)| Membership {
            body: {
                // As it was called on the day asked about, if that lies within the stay; else at its end, or today.
                let next = practice.stays.get(index + 1);
                let last = next.map_or(board.today, |next| next.from.plus_days(-1)).min(board.today);
                let asked_on = asked.day_of_areas();
                let on =
                    if stay.from <= asked_on && asked_on <= last { asked_on } else { last.max(stay.from) };
                board.area(stay.commissioner).map_or_else(
                    || Named {
                        code: stay.commissioner,
                        name: stay.commissioner.to_string(),
                        kind: AreaKind::Ccg.word(on).slug,
                    },
                    |area| named(area, on),
                )
            },
            from: stay.from,
            reaching_back: index == reaching_back && reaching_back > 0,
            to: until(practice.stays.get(index + 1).map(|next| next.from)),
            position: stay.position,
        })
        .collect();
    let operated = practice
        .placed
        .iter()
        .map(|placed| Operated {
            from: placed.span.from,
            to: (placed.span.to < Day::LAST).then_some(placed.span.to),
            ccg: placed.commissioner,
            local_office: placed.place.local_office,
            network: placed.network,
            region: placed.place.region,
            reaching_back: placed.known == Known::ReachingBack,
        })
        .collect();
    let told =
        |timeline: &Timeline, change: &Change| change_answer(board, practice, timeline, change, may_know);
    let reasons = Reasons::of(asked, may_know);
    let requirements = RULES
        .iter()
        .zip(&practice.timelines)
        .enumerate()
        .map(|(number, (rule, timeline))| RequirementTimeline {
            requirement: rule.requirement.slug,
            title: rule.requirement.title,
            status: timeline.at(at).status,
            since: Some(timeline.at(at).day).filter(|day| *day > Day::FIRST),
            conditions: reasons.unmet(practice, number),
            next: timeline.next_after(at).map(|next| told(timeline, next)),
            changes: timeline.changes().iter().map(|change| told(timeline, change)).collect(),
        })
        .collect();
    PracticeAnswer {
        body: named_practice(practice, at),
        basis: asked.basis(),
        operating: practice.placed_on(at).is_some(),
        address: practice.listing.address.clone(),
        postcode: practice.listing.postcode.clone(),
        telephone: practice.listing.telephone.clone(),
        opened: practice.listing.opened,
        closed: practice.listing.closed,
        patients: practice.patients(at),
        parents,
        memberships,
        operated,
        requirements,
    }
}
