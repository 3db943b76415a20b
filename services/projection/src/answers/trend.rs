//! The daily counts of an area.

use proto::{Day, EditionId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, Basis, Named, StatusCounts};
use crate::{board::Area, rules::RULES};

/// The most days of one trend: ten years and a bit.
pub const TREND_MAX_DAYS: i32 = 3_700;

/// Daily counts of an area.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrendAnswer {
    /// The area.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of; `at` is the last day.
    #[serde(flatten)]
    pub basis: Basis,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub to: Day,
    /// From this day on the figures look ahead, if nothing changes; none if all days are past.
    #[schema(value_type = Option<String>, format = Date)]
    pub look_ahead_from: Option<Day>,
    /// Deadlines within the days.
    pub deadlines: Vec<DeadlineMark>,
    /// One entry a requirement.
    pub requirements: Vec<RequirementTrend>,
}

/// The deadline of an edition.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeadlineMark {
    /// The edition.
    #[schema(value_type = String)]
    pub edition: EditionId,
    /// The last day in time.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// Whether it is certain: announced, or decided here. If not, it is expected.
    pub certain: bool,
}

/// The daily counts of a requirement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RequirementTrend {
    /// The requirement.
    pub requirement: &'static str,
    /// Every day in order.
    pub days: Vec<DayCounts>,
}

/// The counts of a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DayCounts {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// Practices by status.
    #[serde(flatten)]
    pub counts: StatusCounts,
    /// The denominator.
    pub of: u32,
}

/// The daily counts of an area from one day to another, both included.
pub fn trend(asked: &Asked<'_>, area: &Area, from: Day, to: Day) -> TrendAnswer {
    let board = asked.board;
    let requirements = RULES
        .iter()
        .enumerate()
        .map(|(rule, of)| {
            let mut days = Vec::with_capacity(usize::try_from(from.days_until(to)).unwrap_or(0) + 1);
            let mut counts = area.counts(rule, asked.footprint, from);
            let mut steps = area
                .steps(rule, asked.footprint)
                .into_iter()
                .flat_map(|steps| steps.between(from, to))
                .peekable();
            // By number: behind the last of days there is no other to end at.
            for day in (from.number()..=to.number()).map(Day::from_number) {
                if let Some((_, next)) = steps.next_if(|(at, _)| *at == day) {
                    counts = next;
                }
                days.push(DayCounts { day, counts: counts.into(), of: counts.practices() });
            }
            RequirementTrend { requirement: of.requirement.slug, days }
        })
        .collect();
    let deadlines = board
        .calendar
        .terms()
        .iter()
        .filter(|term| (from..=to).contains(&term.deadline))
        .map(|term| DeadlineMark {
            edition: term.edition,
            day: term.deadline,
            certain: board.calendar.is_sure(term.edition),
        })
        .collect();
    TrendAnswer {
        body: asked.named(area),
        basis: asked.basis(),
        from,
        to,
        look_ahead_from: (to > asked.horizon()).then(|| from.max(asked.horizon().plus_days(1))),
        deadlines,
        requirements,
    }
}
