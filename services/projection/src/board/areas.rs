//! The areas of a board: which there are, and the counts of their practices by day.

use std::sync::Arc;

use proto::{
    Day, OdsCode, Position,
    areas::{NameShown, Names, Successions},
    footprint::{Known, Placed},
    organisations::OrganisationKind,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    Area, AreaKind, Footprint, Practice,
    making::{Body, bodies, listings},
};
use crate::{
    facts::Facts,
    rollup::{REACHING_BACK, StepsBuilder},
    rules::RULES,
};

/// Names of the regions, where no file was read that has them (domain facts 6.4).
const REGION_NAMES: [(&str, &str); 10] = [
    ("Y54", "North of England"),
    ("Y55", "Midlands and East of England"),
    ("Y56", "London"),
    ("Y57", "South of England"),
    ("Y58", "South West"),
    ("Y59", "South East"),
    ("Y60", "Midlands"),
    ("Y61", "East of England"),
    ("Y62", "North West"),
    ("Y63", "North East and Yorkshire"),
];

fn england() -> Option<OdsCode> {
    OdsCode::ENGLAND.parse().ok()
}

/// The areas a practice counts in while it operates in a place, one of each of [`AreaKind::ALL`].
pub(super) fn areas_of(practice: &Practice, placed: &Placed, footprint: Footprint) -> [Option<OdsCode>; 5] {
    match (footprint, practice.now) {
        (Footprint::Then, _) => {
            [england(), placed.place.region, placed.place.local_office, placed.commissioner, placed.network]
        }
        (Footprint::Now, Some((code, place))) => {
            [england(), place.region, place.local_office, Some(code), practice.network_now]
        }
        (Footprint::Now, None) => [england(), None, None, None, practice.network_now],
    }
}

/// Shows every stretch of days of one column that a practice adds while it operates in a place:
/// rule, first day, last day, column.
pub(super) fn stretches(practice: &Practice, placed: &Placed, mut show: impl FnMut(usize, Day, Day, usize)) {
    let (from, to) = (placed.span.from, placed.span.to);
    for (rule, timeline) in practice.timelines.iter().enumerate() {
        for (from, to, status) in timeline.stretches(from, to) {
            show(rule, from, to, status.index());
        }
        if placed.known == Known::ReachingBack {
            show(rule, from, to, REACHING_BACK);
        }
    }
}

struct Building {
    kind: AreaKind,
    code: OdsCode,
    then: Vec<StepsBuilder>,
    now: Vec<StepsBuilder>,
    practices: Vec<u32>,
}

/// The areas being built, by kind and code.
#[derive(Default)]
struct Buildings {
    numbers: FxHashMap<(AreaKind, OdsCode), usize>,
    all: Vec<Building>,
}

impl Buildings {
    fn number(&mut self, kind: AreaKind, code: OdsCode) -> usize {
        *self.numbers.entry((kind, code)).or_insert_with(|| {
            let begin = || RULES.iter().map(|_| StepsBuilder::default()).collect();
            self.all.push(Building { kind, code, then: begin(), now: begin(), practices: Vec::new() });
            self.all.len() - 1
        })
    }

    /// Adds what was counted of other practices, all of higher numbers.
    fn add(&mut self, others: Buildings) {
        for Building { kind, code, then, now, practices } in others.all {
            let index = self.number(kind, code);
            let Some(building) = self.all.get_mut(index) else { continue };
            for (steps, more) in building.then.iter_mut().zip(then).chain(building.now.iter_mut().zip(now)) {
                steps.add_all(more);
            }
            building.practices.extend(practices);
        }
    }

    fn count(&mut self, number: u32, practice: &Practice) {
        for stay in practice.stays.iter() {
            self.number(AreaKind::Ccg, stay.commissioner);
        }
        for placed in practice.placed.iter() {
            for footprint in [Footprint::Then, Footprint::Now] {
                for (kind, code) in AreaKind::ALL.into_iter().zip(areas_of(practice, placed, footprint)) {
                    let Some(code) = code else { continue };
                    let index = self.number(kind, code);
                    let Some(building) = self.all.get_mut(index) else { continue };
                    if building.practices.last() != Some(&number) {
                        building.practices.push(number);
                    }
                    let rules = match footprint {
                        Footprint::Then => &mut building.then,
                        Footprint::Now => &mut building.now,
                    };
                    stretches(practice, placed, |rule, from, to, column| {
                        if let Some(steps) = rules.get_mut(rule) {
                            steps.add(from, to, column);
                        }
                    });
                }
            }
        }
    }
}

pub(super) fn areas(
    facts: &Facts,
    practices: &[Arc<Practice>],
    successions: &Successions,
    upto: Position,
) -> Vec<Area> {
    let mut buildings = Buildings::default();
    // Every body that a file lists has a page, whether a practice belongs to it or not.
    if let Some(code) = england() {
        buildings.number(AreaKind::England, code);
    }
    for (code, organisation) in &facts.organisations {
        if !listings(&organisation.network, facts, upto).is_empty() {
            buildings.number(AreaKind::Network, *code);
        }
        let kind = match bodies(organisation, facts, upto).last().map(Body::kind) {
            Some(OrganisationKind::Region) => AreaKind::Region,
            Some(OrganisationKind::LocalOffice) => AreaKind::LocalOffice,
            Some(OrganisationKind::Ccg | OrganisationKind::CommissioningHub) => AreaKind::Ccg,
            Some(OrganisationKind::Trust | OrganisationKind::Other) | None => continue,
        };
        buildings.number(kind, *code);
    }
    let at_once = practices.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts = practices.par_chunks(at_once).enumerate().map(|(part, practices)| {
        let mut buildings = Buildings::default();
        for (number, practice) in practices.iter().enumerate() {
            buildings.count(u32::try_from(part * at_once + number).unwrap_or(u32::MAX), practice);
        }
        buildings
    });
    for part in parts.collect::<Vec<_>>() {
        buildings.add(part);
    }
    buildings.all.sort_unstable_by_key(|building| (building.kind, building.code));
    buildings
        .all
        .into_iter()
        .map(|building| {
            let Building { kind, code, .. } = building;
            let body = facts.organisations.get(&code);
            let bodies = body.map(|body| bodies(body, facts, upto)).unwrap_or_default();
            let listing = body.and_then(|organisation| {
                listings(&organisation.organisation, facts, upto).last().map(|last| last.listing.clone())
            });
            let networks = body.map(|body| listings(&body.network, facts, upto)).unwrap_or_default();
            let network = networks.last().map(|last| last.listing.clone());
            let begun = successions.begun().iter().find(|begun| begun.code == code);
            let ons_codes = bodies.iter().filter_map(|body| Some((body.as_of, body.ons_code()?)));
            Area {
                code,
                kind,
                names: match kind {
                    AreaKind::Network => {
                        Names::of_practice(networks.iter().map(|of| (of.as_of, of.listing.name.as_str())))
                    }
                    _ => names(kind, code, &bodies, successions),
                },
                commissioner: network.as_ref().and_then(|network| network.commissioner),
                ons_codes: begun
                    .map(|begun| (begun.on, begun.ons_code))
                    .into_iter()
                    .chain(ons_codes)
                    .collect(),
                opened: bodies
                    .iter()
                    .rev()
                    .find_map(Body::opened)
                    .or(network.as_ref().and_then(|of| of.opened))
                    .or(begun.map(|begun| begun.on)),
                closed: bodies
                    .iter()
                    .rev()
                    .find_map(Body::closed)
                    .or(network.as_ref().and_then(|of| of.closed))
                    .or(successions.last_day(code)),
                listing,
                then: building.then.into_iter().map(StepsBuilder::build).collect(),
                now: building.now.into_iter().map(StepsBuilder::build).collect(),
                practices: building.practices.into(),
            }
        })
        .collect()
}

/// How many areas of each kind had practices, by day: the step function of each kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    then: [Vec<(Day, u32)>; AreaKind::ALL.len()],
    now: [Vec<(Day, u32)>; AreaKind::ALL.len()],
}

impl Standing {
    pub(super) fn of(areas: &[Area]) -> Self {
        Self {
            then: AreaKind::ALL.map(|kind| standing(areas, kind, Footprint::Then)),
            now: AreaKind::ALL.map(|kind| standing(areas, kind, Footprint::Now)),
        }
    }

    /// How many of a kind had practices on a day.
    pub(super) fn on(&self, kind: AreaKind, footprint: Footprint, day: Day) -> u32 {
        let kinds = match footprint {
            Footprint::Then => &self.then,
            Footprint::Now => &self.now,
        };
        let steps = kinds.get(kind as usize).map(Vec::as_slice).unwrap_or_default();
        let after = steps.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).and_then(|last| steps.get(last)).map_or(0, |(_, areas)| *areas)
    }
}

fn standing(areas: &[Area], kind: AreaKind, footprint: Footprint) -> Vec<(Day, u32)> {
    let mut changes: Vec<(Day, bool)> = Vec::new();
    for area in areas.iter().filter(|area| area.kind == kind) {
        let mut stood = false;
        for (day, counts) in
            area.steps(0, footprint).into_iter().flat_map(|steps| steps.between(Day::FIRST, Day::LAST))
        {
            if (counts.practices() > 0) != stood {
                stood = !stood;
                changes.push((day, stood));
            }
        }
    }
    changes.sort_unstable();
    let mut steps: Vec<(Day, u32)> = Vec::new();
    let mut running = 0u32;
    for (day, stands) in changes {
        running = if stands { running + 1 } else { running.saturating_sub(1) };
        match steps.last_mut() {
            Some((last, areas)) if *last == day => *areas = running,
            _ => steps.push((day, running)),
        }
    }
    steps
}

/// The names of an area by what files and lists showed of it, and the successions that are shipped.
fn names(kind: AreaKind, code: OdsCode, bodies: &[Body], successions: &Successions) -> Names {
    if kind == AreaKind::England {
        return Names::of_practice([(Day::FIRST, "England")]);
    }
    let begun = successions.begun().iter().filter(|begun| begun.code == code);
    let begun = begun.map(|begun| NameShown {
        as_of: begun.on,
        opened: Some(begun.on),
        closed: None,
        name: &begun.name,
    });
    let shown = bodies.iter().map(|body| NameShown {
        as_of: body.as_of,
        opened: body.opened(),
        closed: body.closed(),
        name: body.name(),
    });
    let mut shown: Vec<NameShown<'_>> = begun.chain(shown).collect();
    if shown.is_empty()
        && let Some((_, name)) = REGION_NAMES.iter().find(|(region, _)| *region == code.as_str())
    {
        shown.push(NameShown { as_of: Day::FIRST, opened: None, closed: None, name });
    }
    Names::of_area(kind, code, &shown)
}
