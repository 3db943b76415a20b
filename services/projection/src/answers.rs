//! What is asked of a board, and the shapes of the answers.

use jiff::Timestamp;
use proto::{
    Day, EditionId, OdsCode, Position,
    assessments::{Grade, PublishedResult},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::{
    board::{Area, AreaKind, Board, Footprint, Practice},
    facts::Toolkit,
    footprint::Known,
    rollup::Counts,
    rules::RULES,
    search::Target,
    timeline::{Cause, Status},
};

/// The most days of one trend: ten years and a bit.
pub const TREND_MAX_DAYS: i32 = 3_700;

/// Rows of a page of practices, unless asked otherwise.
pub const PAGE_ROWS: usize = 50;

/// The most rows of a page of practices. A CSV has them all.
pub const PAGE_ROWS_MAX: usize = 500;

/// The most things a search finds.
pub const SEARCH_MAX: usize = 50;

/// How a figure came about: on which day, by which membership, as known when, and how far the log
/// had been read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Basis {
    /// The day: the figures hold at its end, London time. In the future: if nobody acts.
    #[schema(value_type = String, format = Date)]
    pub at: Day,
    /// `then` or `now`.
    pub footprint: &'static str,
    /// The moment whose knowledge the figures are of; none: all that is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub known: Option<Timestamp>,
    /// The last position of the log that counts.
    #[schema(value_type = u64)]
    pub position: Position,
    /// When the event at that position was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_to: Option<Timestamp>,
    /// Whether events of the synthetic England are among them.
    pub synthetic: bool,
}

/// A body by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    /// Its code.
    #[schema(value_type = String)]
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// `england`, `region`, `local-office`, `ccg` or `practice`.
    pub kind: &'static str,
}

/// How many practices hold which status of a requirement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RequirementCounts {
    /// The requirement.
    pub requirement: &'static str,
    /// Practices by status.
    pub counts: StatusCounts,
    /// The denominator: the practices that operated in the area on the day.
    pub of: u32,
}

/// Practices by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StatusCounts {
    /// The requirement is met.
    pub met: u32,
    /// Short of it, with an agreed plan in time.
    pub partly_met: u32,
    /// Not met.
    pub not_met: u32,
    /// Nothing is known.
    pub no_evidence: u32,
    /// Does not apply.
    pub not_applicable: u32,
}

impl From<Counts> for StatusCounts {
    fn from(counts: Counts) -> Self {
        Self {
            met: counts.of(Status::Met),
            partly_met: counts.of(Status::PartlyMet),
            not_met: counts.of(Status::NotMet),
            no_evidence: counts.of(Status::NoEvidence),
            not_applicable: counts.of(Status::NotApplicable),
        }
    }
}

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
    /// The members next below: of England regions, of a region or local office CCGs, of a CCG
    /// practices.
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

/// What is asked: which board, which day, by which membership.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The board.
    pub board: &'a Board,
    /// The day.
    pub at: Day,
    /// The membership.
    pub footprint: Footprint,
    /// The moment whose knowledge the board is of.
    pub known: Option<Timestamp>,
}

impl Asked<'_> {
    /// The last day that what is recorded can speak of; what is shown of later days holds if nobody
    /// acts. Today, but of synthetic data the last day it reaches, and of earlier knowledge its day.
    pub fn horizon(&self) -> Day {
        let reached = self.board.facts.synthetic_to.unwrap_or(Day::LAST);
        let known = self.known.map_or(Day::LAST, Day::in_london);
        self.board.today.min(reached).min(known)
    }

    /// What the figures are of.
    pub fn basis(&self) -> Basis {
        let read = self.board.facts.read_to;
        let position = read.map_or(Position::START, |read| read.position);
        Basis {
            at: self.at,
            footprint: self.footprint.slug(),
            known: self.known,
            position: position.min(self.board.knowledge.upto),
            read_to: read.map(|read| read.time),
            synthetic: self.board.facts.synthetic_events > 0,
        }
    }

    fn counts(&self, area: &Area) -> Vec<RequirementCounts> {
        RULES
            .iter()
            .enumerate()
            .map(|(rule, of)| {
                requirement_counts(of.requirement.slug, area.counts(rule, self.footprint, self.at))
            })
            .collect()
    }
}

fn requirement_counts(requirement: &'static str, counts: Counts) -> RequirementCounts {
    RequirementCounts { requirement, counts: counts.into(), of: counts.practices() }
}

/// An area by name.
pub fn named(area: &Area) -> Named {
    Named { code: area.code, name: area.name.to_string(), kind: area.kind.slug() }
}

fn named_practice(practice: &Practice) -> Named {
    Named { code: practice.code, name: practice.listing.name.clone(), kind: "practice" }
}

/// An area on a day.
pub fn area(asked: &Asked<'_>, area: &Area) -> AreaAnswer {
    let Asked { board, at, footprint, .. } = *asked;
    let total = area.counts(0, footprint, at);
    let members = match area.kind {
        AreaKind::Ccg => {
            board.members(area, footprint, at).map(|practice| practice_member(practice, at)).collect()
        }
        _ => board.children(area, footprint, at).map(|child| area_member(asked, child)).collect(),
    };
    let mut areas: BTreeMap<&'static str, usize> = BTreeMap::new();
    if area.kind == AreaKind::England {
        for lower in board.areas.iter().skip(1) {
            let there = usize::from(lower.counts(0, footprint, at).practices() > 0);
            *areas.entry(lower.kind.slug()).or_default() += there;
        }
    } else if area.kind != AreaKind::Ccg {
        areas.insert(AreaKind::Ccg.slug(), board.children(area, footprint, at).count());
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
    let mut notes = Vec::new();
    if at > board.today {
        notes.push(format!("{} is in the future: this is what will hold if nobody acts.", at.long()));
    } else if at > asked.horizon() {
        notes.push(format!(
            "Nothing is recorded here after {}: this is what will hold on {} if nobody acts.",
            asked.horizon().long(),
            at.long()
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

/// A row of the list of practices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeRow {
    /// Its code.
    #[schema(value_type = String)]
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its CCG on the day.
    #[schema(value_type = Option<String>)]
    pub ccg: Option<OdsCode>,
    /// The CCG's name.
    pub ccg_name: Option<String>,
    /// Registered patients, as last published by the day.
    pub patients: Option<u32>,
    /// Its statuses, by requirement.
    pub requirements: Vec<RowStatus>,
}

/// A practice's status of a requirement on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowStatus {
    /// The requirement.
    pub requirement: &'static str,
    /// The status.
    #[schema(value_type = String)]
    pub status: Status,
    /// Since when; none: as long as anything is known.
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Day>,
    /// The next change by itself.
    pub next: Option<NextChange>,
}

/// What will hold, and from when, if nobody acts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NextChange {
    /// From when.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// What.
    #[schema(value_type = String)]
    pub status: Status,
}

/// In which order practices are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Not met first, then no evidence, partly met, met; within these the most patients first.
    #[default]
    Attention,
    /// By code.
    Code,
    /// By name.
    Name,
    /// By registered patients, most first.
    Patients,
    /// By the day of the last change, latest first.
    Since,
    /// By CCG, then name.
    Ccg,
}

impl Sort {
    /// All orders with their names.
    pub const ALL: [(&'static str, Sort); 6] = [
        ("attention", Sort::Attention),
        ("code", Sort::Code),
        ("name", Sort::Name),
        ("patients", Sort::Patients),
        ("since", Sort::Since),
        ("ccg", Sort::Ccg),
    ];
}

/// The practices of an area on a day, filtered and sorted.
pub fn practices<'a>(
    asked: &Asked<'a>,
    area: &'a Area,
    only: Option<Status>,
    sort: Sort,
) -> Vec<&'a Practice> {
    let Asked { board, at, footprint, .. } = *asked;
    let status =
        |practice: &Practice| practice.timelines.first().map_or(Status::NoEvidence, |t| t.at(at).status);
    let mut rows: Vec<&Practice> = board
        .members(area, footprint, at)
        .map(|practice| &**practice)
        .filter(|practice| only.is_none_or(|only| status(practice) == only))
        .collect();
    let patients = |practice: &Practice| std::cmp::Reverse(practice.patients(at).unwrap_or(0));
    // Members come in order of code, and the sort is stable: ties stay in that order.
    match sort {
        Sort::Code => {}
        Sort::Attention => {
            rows.sort_by_cached_key(|practice| (status(practice).attention(), patients(practice)))
        }
        Sort::Name => rows.sort_by(|a, b| a.listing.name.cmp(&b.listing.name)),
        Sort::Patients => rows.sort_by_cached_key(|practice| patients(practice)),
        Sort::Since => rows.sort_by_cached_key(|practice| {
            std::cmp::Reverse(practice.timelines.first().map_or(Day::FIRST, |timeline| timeline.at(at).day))
        }),
        Sort::Ccg => rows.sort_by_cached_key(|practice| {
            let ccg = board.whereabouts(practice, footprint, at).and_then(|(ccg, _)| ccg);
            (ccg, practice.listing.name.clone())
        }),
    }
    rows
}

/// A practice as a row of a list.
pub fn practice_row(asked: &Asked<'_>, practice: &Practice) -> PracticeRow {
    let Asked { board, at, footprint, .. } = *asked;
    let ccg = board.whereabouts(practice, footprint, at).and_then(|(ccg, _)| ccg);
    let requirements = RULES
        .iter()
        .zip(&practice.timelines)
        .map(|(rule, timeline)| {
            let change = timeline.at(at);
            RowStatus {
                requirement: rule.requirement.slug,
                status: change.status,
                since: (change.day > Day::FIRST).then_some(change.day),
                next: timeline.next_after(at).map(|next| NextChange { day: next.day, status: next.status }),
            }
        })
        .collect();
    PracticeRow {
        code: practice.code,
        name: practice.listing.name.clone(),
        ccg,
        ccg_name: ccg.map(|ccg| board.name_of(ccg).to_string()),
        patients: practice.patients(at),
        requirements,
    }
}

/// A page of practices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticesAnswer {
    /// The area.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// How many practices there are with this filter.
    pub total: usize,
    /// This page of them.
    pub practices: Vec<PracticeRow>,
    /// To be given as `cursor` for the next page; none on the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<OdsCode>,
}

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
    /// From this day on the figures look ahead, as if nobody acts; none if all days are past.
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
        .map(|term| DeadlineMark { edition: term.edition, day: term.deadline })
        .collect();
    TrendAnswer {
        body: named(area),
        basis: asked.basis(),
        from,
        to,
        look_ahead_from: (to > asked.horizon()).then(|| from.max(asked.horizon().plus_days(1))),
        deadlines,
        requirements,
    }
}

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
    /// The local office.
    #[schema(value_type = Option<String>)]
    pub local_office: Option<OdsCode>,
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
    /// What will hold next if nobody acts.
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
    /// Why, in words.
    pub why: String,
    /// The position of the event that caused it; none where a date did, with nothing recorded.
    #[schema(value_type = Option<u64>)]
    pub position: Option<Position>,
    /// That event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventAnswer>,
}

/// An event as a cause.
#[derive(Debug, Clone, Serialize, ToSchema)]
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

/// Everything about one practice. The events behind the changes are to be added by whoever can
/// read the log.
pub fn practice(asked: &Asked<'_>, practice: &Practice) -> PracticeAnswer {
    let Asked { board, at, footprint, .. } = *asked;
    let (ccg, place) = board.whereabouts(practice, footprint, at).unwrap_or_default();
    let parents = [ccg, place.local_office, place.region]
        .into_iter()
        .flatten()
        .filter_map(|code| board.area(code))
        .chain(ccg.and(board.england()))
        .map(|area| named(area))
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
            body: board.area(stay.commissioner).map_or_else(
                || Named {
                    code: stay.commissioner,
                    name: stay.commissioner.to_string(),
                    kind: AreaKind::Ccg.slug(),
                },
                |area| named(area),
            ),
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
            region: placed.place.region,
            reaching_back: placed.known == Known::ReachingBack,
        })
        .collect();
    let requirements = RULES
        .iter()
        .zip(&practice.timelines)
        .map(|(rule, timeline)| RequirementTimeline {
            requirement: rule.requirement.slug,
            title: rule.requirement.title,
            status: timeline.at(at).status,
            next: timeline.next_after(at).map(|change| change_answer(practice, change)),
            changes: timeline.changes().iter().map(|change| change_answer(practice, change)).collect(),
        })
        .collect();
    PracticeAnswer {
        body: named_practice(practice),
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

pub(crate) fn change_answer(practice: &Practice, change: &crate::timeline::Change) -> ChangeAnswer {
    let (why, position) = match change.cause {
        Cause::Nothing => ("nothing is recorded".to_owned(), None),
        Cause::Event(position) => (said_by(practice, position), Some(position)),
        Cause::Deadline(edition, None) => (
            format!(
                "the deadline of the {} came and nothing is published for it or a later edition",
                edition_name(edition)
            ),
            None,
        ),
        Cause::Deadline(edition, Some(position)) => (
            format!(
                "the deadline of the {} came and its assessment, though begun, is not published and signed",
                edition_name(edition)
            ),
            Some(position),
        ),
        Cause::PlanRanOut(position) => {
            ("the agreed improvement plan ran out and nothing better is published".to_owned(), Some(position))
        }
    };
    ChangeAnswer { day: change.day, status: change.status, why, position, event: None }
}

fn said_by(practice: &Practice, position: Position) -> String {
    let fact = practice.facts.toolkit.iter().find(|fact| fact.position == position);
    match fact.map(|fact| fact.what) {
        Some(Toolkit::Opened(edition)) => {
            format!("the assessment for the {} was opened", edition_name(edition))
        }
        Some(Toolkit::Published(edition, grade)) => {
            let grade = match grade {
                Grade::Satisfactory => "satisfactory",
                Grade::NotSatisfactory => "not satisfactory",
                Grade::SatisfactoryWithImprovementPlan => "satisfactory with an improvement plan",
            };
            format!("the assessment for the {} was published as {grade}", edition_name(edition))
        }
        Some(Toolkit::StatementAccepted(edition)) => {
            format!(
                "the assessment for the {} is published and its assurance statement accepted",
                edition_name(edition)
            )
        }
        Some(Toolkit::PlanAgreed(edition, due)) => {
            format!("an improvement plan for the {} was agreed, due by {}", edition_name(edition), due.long())
        }
        Some(Toolkit::PlanRefused(edition)) => {
            format!("the improvement plan for the {} was refused", edition_name(edition))
        }
        Some(Toolkit::GradeReviewed(edition, _)) => {
            format!("the grade for the {} was reviewed", edition_name(edition))
        }
        Some(Toolkit::Listed(result)) => match result.edition() {
            Some(edition) => {
                format!(
                    "the national register shows {} for the {}",
                    result_name(result),
                    edition_name(edition)
                )
            }
            None => "the national register shows nothing published".to_owned(),
        },
        None => "an event".to_owned(),
    }
}

fn result_name(result: PublishedResult) -> &'static str {
    match result {
        PublishedResult::StandardsMet { .. } => "Standards Met",
        PublishedResult::StandardsExceeded { .. } => "Standards Exceeded",
        PublishedResult::ApproachingStandards { .. } => "Approaching Standards",
        PublishedResult::PlanAgreed { .. } => "an agreed plan",
        PublishedResult::StandardsNotMet { .. } => "Standards Not Met",
        PublishedResult::EntryLevel { .. } => "Entry Level",
        PublishedResult::NotPublished | PublishedResult::Unrecognised => "a result",
    }
}

/// An edition by its title.
pub fn edition_name(edition: EditionId) -> String {
    let known = proto::standards::catalogue().edition(edition);
    known.map_or_else(|| edition.to_string(), |edition| edition.title.clone())
}

/// What a search found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchAnswer {
    /// The question.
    pub q: String,
    /// The finds, best first.
    pub results: Vec<Found>,
}

/// A find.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Found {
    /// The body.
    #[serde(flatten)]
    pub body: Named,
    /// Its postcode.
    pub postcode: String,
    /// Its CCG today, or its last one.
    #[schema(value_type = Option<String>)]
    pub ccg: Option<OdsCode>,
    /// Whether it is open today.
    pub live: bool,
}

/// Finds bodies.
pub fn search(board: &Board, question: &str) -> SearchAnswer {
    let results = board
        .search()
        .find(question, SEARCH_MAX)
        .into_iter()
        .filter_map(|entry| match entry.target {
            Target::Area(number) => board.areas.get(number).map(|area| Found {
                body: named(area),
                postcode: area.listing.as_ref().map(|listing| listing.postcode.clone()).unwrap_or_default(),
                ccg: None,
                live: area.counts(0, Footprint::Then, board.today).practices() > 0,
            }),
            Target::Practice(number) => board.practices.get(number).map(|practice| Found {
                body: named_practice(practice),
                postcode: practice.listing.postcode.clone(),
                ccg: practice.placed.last().and_then(|placed| placed.commissioner),
                live: practice.placed_on(board.today).is_some(),
            }),
        })
        .collect();
    SearchAnswer { q: question.to_owned(), results }
}

/// How the view stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ViewAnswer {
    /// How often the log was folded from its beginning in this process.
    pub generation: u64,
    /// How far the log is read.
    #[schema(value_type = u64)]
    pub position: Position,
    /// The last position of the log, as far as known.
    #[schema(value_type = u64)]
    pub head: Position,
    /// The event at `position`.
    #[schema(value_type = Option<String>)]
    pub event: Option<uuid::Uuid>,
    /// When it was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// The view's fingerprint.
    #[schema(value_type = String)]
    pub digest: proto::EventHash,
    /// Bodies known.
    pub organisations: usize,
    /// Practices among them.
    pub practices: usize,
    /// Events that could not be understood.
    pub set_aside: u64,
    /// How far a fold anew has come, while one is under way.
    #[schema(value_type = Option<u64>)]
    pub rebuilding: Option<Position>,
}
