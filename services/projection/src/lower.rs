//! The areas below an area, with their counts, in an order.

use std::{cmp::Reverse, sync::Arc};

use proto::OdsCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answers::{self, Asked, Basis, Member, Named},
    board::{Area, AreaKind},
    rollup::Counts,
    timeline::Status,
};

/// In which order areas are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LowerSort {
    /// By the share of practices that meet the requirement, lowest first.
    #[default]
    Share,
    /// By name.
    Name,
    /// By local office, then name.
    LocalOffice,
    /// By number of practices, most first.
    Practices,
    /// By the number with a status, most first.
    Status(Status),
}

impl LowerSort {
    /// All orders with their names.
    pub const ALL: [(&'static str, LowerSort); 9] = [
        ("share", LowerSort::Share),
        ("name", LowerSort::Name),
        ("local-office", LowerSort::LocalOffice),
        ("practices", LowerSort::Practices),
        ("met", LowerSort::Status(Status::Met)),
        ("partly-met", LowerSort::Status(Status::PartlyMet)),
        ("not-met", LowerSort::Status(Status::NotMet)),
        ("no-evidence", LowerSort::Status(Status::NoEvidence)),
        ("not-applicable", LowerSort::Status(Status::NotApplicable)),
    ];

    /// The name in addresses.
    pub fn slug(self) -> &'static str {
        LowerSort::ALL.iter().find(|(_, sort)| *sort == self).map_or("share", |(name, _)| name)
    }

    /// The order of a name, as in `?sort=`.
    pub fn from_slug(slug: &str) -> Option<Self> {
        LowerSort::ALL.iter().find(|(name, _)| *name == slug).map(|(_, sort)| *sort)
    }
}

/// An area below another one.
#[derive(Debug, Clone)]
pub struct Lower<'a> {
    /// The area.
    pub area: &'a Arc<Area>,
    /// Its counts on the day.
    pub counts: Counts,
    /// Its commissioner, of a primary care network.
    pub commissioner: Option<OdsCode>,
    /// Its local office, of a CCG or network.
    pub local_office: Option<OdsCode>,
    /// Its region, of a CCG or network.
    pub region: Option<OdsCode>,
}

/// Practices that do not meet the requirement and have no plan: what wants attention.
pub fn short(counts: &Counts) -> u32 {
    counts.of(Status::NotMet) + counts.of(Status::NoEvidence)
}

/// The areas of a kind below an area that had practices on the day. Where boards are asked for, sub-ICB locations
/// are among them of which it is not known which board they lie in.
pub fn lower<'a>(
    asked: &Asked<'a>,
    rule: usize,
    area: &'a Area,
    kind: AreaKind,
    sort: LowerSort,
) -> Vec<Lower<'a>> {
    let Asked { board, at, footprint, .. } = *asked;
    let below: Box<dyn Iterator<Item = &'a Arc<Area>> + 'a> = if board.next_below(area, footprint, at) == kind
    {
        Box::new(board.children(area, footprint, at))
    } else {
        Box::new(board.lying_in(area, kind, footprint, at))
    };
    let mut found: Vec<Lower<'a>> = below
        .map(|area| {
            let commissioner = match area.kind {
                AreaKind::Network => board.commissioner_of(area, footprint, at),
                _ => None,
            };
            let place = match (area.kind, commissioner) {
                (AreaKind::Ccg, _) => board.place_of(area.code, footprint, at),
                (_, Some(commissioner)) => board.place_of(commissioner, footprint, at),
                _ => Default::default(),
            };
            Lower {
                area,
                counts: area.counts(rule, footprint, at),
                commissioner,
                local_office: place.local_office,
                region: place.region,
            }
        })
        .filter(|lower| lower.counts.practices() > 0)
        .collect();
    let share = |lower: &Lower<'_>| {
        // Met per million: whole numbers sort the same everywhere.
        u64::from(lower.counts.of(Status::Met)) * 1_000_000 / u64::from(lower.counts.practices().max(1))
    };
    let on = asked.day_of_areas();
    found.sort_by_cached_key(|lower| (lower.area.name_on(on), lower.area.code));
    match sort {
        LowerSort::Name => {}
        LowerSort::Share => found.sort_by_key(|lower| (share(lower), Reverse(short(&lower.counts)))),
        LowerSort::LocalOffice => {
            found.sort_by_cached_key(|lower| lower.local_office.map(|code| board.name_of(code, on)));
        }
        LowerSort::Practices => found.sort_by_key(|lower| Reverse(lower.counts.practices())),
        LowerSort::Status(status) => found.sort_by_key(|lower| Reverse(lower.counts.of(status))),
    }
    found
}

/// The areas of one kind below an area.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LowerAnswer {
    /// The area.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// What they were called on the day: `region`, `local-office`, `stp-ics`, `integrated-care-board`, `ccg`,
    /// `sub-icb-location` or `primary-care-network`.
    pub of: &'static str,
    /// The areas in the order asked for.
    pub areas: Vec<LowerRow>,
}

/// An area below another one, with its counts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LowerRow {
    /// The area and its counts.
    #[serde(flatten)]
    pub member: Member,
    /// The CCG, later the sub-ICB location, of most of its practices on the day, of a primary care network.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ccg: Option<OdsCode>,
    /// The local office, later the integrated care board, it lay in on the day, of a CCG, sub-ICB location or network.
    #[schema(value_type = Option<String>)]
    pub local_office: Option<OdsCode>,
    /// The region it lay in on the day, of a CCG, sub-ICB location or network.
    #[schema(value_type = Option<String>)]
    pub region: Option<OdsCode>,
}

/// The areas of a kind below an area, as an answer.
pub fn answer(asked: &Asked<'_>, area: &Area, kind: AreaKind, sort: LowerSort) -> LowerAnswer {
    let rows = lower(asked, asked.rule, area, kind, sort);
    LowerAnswer {
        body: asked.named(area),
        basis: asked.basis(),
        of: kind.word(asked.day_of_areas()).slug,
        areas: rows
            .into_iter()
            .map(|lower| LowerRow {
                member: answers::area_member(asked, lower.area),
                ccg: lower.commissioner,
                local_office: lower.local_office,
                region: lower.region,
            })
            .collect(),
    }
}
