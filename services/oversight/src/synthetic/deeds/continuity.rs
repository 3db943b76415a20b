//! Continuity plans with their exercises, and the delivery partners by whose plans CCGs stand.

use proto::{
    Day, OdsCode,
    continuity::{
        Against, ContinuityEvent, Document, ExerciseHeld, ExerciseKind, Impact, Lesson, PlanApproved,
        PlanReviewed, PlanWritten, PlannedSystem, RelianceStated, Scenario,
    },
};

use super::{Place, Told, Writer, code};
use crate::synthetic::{
    calendar::{day, office_hours, working_day_by},
    chance::happens,
    england::office_holder,
    geography::{Ccg, Geography},
};

/// The delivery partners, by whose plans CCGs stand; one region each.
const PARTNERS: [(&str, &str); 4] = [
    ("ZZPARTNER", "North"),
    ("ZZPARTNER-2", "Midlands"),
    ("ZZPARTNER-3", "London"),
    ("ZZPARTNER-4", "South"),
];

/// Something that is done around continuity plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// A version of a continuity plan is written.
    Write(Planner),
    /// It is approved.
    Approve(Planner),
    /// It is reviewed.
    Review(Planner),
    /// It is exercised.
    Exercise(Planner),
    /// A CCG leans on the plan of its partner.
    Lean(u16),
}

/// Who has a continuity plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Planner {
    /// A practice, by its place.
    Practice(u32),
    /// A delivery partner, by its place.
    Partner(u8),
}

impl Writer<'_> {
    pub(super) fn partners(&mut self) {
        for partner in 0..PARTNERS.len() as u8 {
            let planner = Planner::Partner(partner);
            self.on(day(2017, 6, 6), Keep::Write(planner), None);
            let approved = day(2017, 6, 12).plus_days(7 * i32::from(partner));
            self.on(approved, Keep::Approve(planner), None);
            self.on(approved.plus_days(20), Keep::Exercise(planner), None);
            // The last one forgets its review.
            if usize::from(partner) + 1 < PARTNERS.len() {
                self.on(day(2018, 4, 16).plus_days(i32::from(partner)), Keep::Review(planner), None);
            }
        }
    }

    /// Every CCG leans on the plan of its partner.
    pub(super) fn leanings(&mut self, ccgs: usize) {
        for ccg in 0..ccgs as u16 {
            let seconds = office_hours(self.rng);
            let time = self.clocks.at(day(2017, 6, 7), seconds);
            self.deeds.push((time, Keep::Lean(ccg).into(), Some(day(2017, 4, 1))));
        }
    }

    pub(super) fn continuity(&mut self, ccg: &Ccg, number: u32, first: Day, last: Day) {
        let planner = Planner::Practice(number);
        let trouble = (-0.6 * ccg.care).exp();
        if happens(self.rng, (0.03 * trouble).min(0.25)) {
            return;
        }
        let written = first.plus_days(self.rng.i32(1..60));
        let approved = written.plus_days(self.rng.i32(2..30));
        let exercised = approved.plus_days(self.rng.i32(10..200));
        if approved > last {
            return;
        }
        self.on(written, Keep::Write(planner), None);
        self.on(approved, Keep::Approve(planner), None);
        if happens(self.rng, (1.0 - 0.06 * trouble).clamp(0.6, 0.97)) && exercised <= last {
            self.on(working_day_by(exercised).max(approved.plus_days(1)), Keep::Exercise(planner), None);
        }
        let reviewed = approved.plus_days(self.rng.i32(240..350));
        if happens(self.rng, 0.55) && reviewed <= last {
            self.on(working_day_by(reviewed).max(approved.plus_days(1)), Keep::Review(planner), None);
        }
    }
}

/// A deed of a day as an event.
pub(super) fn tell(land: &Geography, deed: Keep, on: Day) -> Told {
    let (organisation, event): (OdsCode, ContinuityEvent) = match deed {
        Keep::Write(planner) => {
            let organisation = planner_code(land, planner);
            let systems = [("Clinical system", Impact::High, 4, 1), ("Telephones", Impact::High, 8, 24)];
            let systems = systems.map(|(name, impact, recovery_time_hours, recovery_point_hours)| {
                PlannedSystem { name: name.to_owned(), impact, recovery_time_hours, recovery_point_hours }
            });
            let event = PlanWritten {
                organisation,
                version: 1,
                owner: office_holder(),
                covers: Scenario::ALL.to_vec(),
                systems: systems.into(),
                document: Some(Document {
                    reference: "Continuity plan, shared folder".to_owned(),
                    sha256: "5a".repeat(32),
                }),
            };
            (organisation, event.into())
        }
        Keep::Approve(planner) => {
            let organisation = planner_code(land, planner);
            let next_review = on.plus_days(match planner {
                Planner::Practice(_) => 364,
                Planner::Partner(_) => 330,
            });
            let covers = Scenario::ALL.to_vec();
            let event =
                PlanApproved { organisation, version: 1, by: office_holder(), on, covers, next_review };
            (organisation, event.into())
        }
        Keep::Review(planner) => {
            let organisation = planner_code(land, planner);
            let next_review = on.plus_days(364);
            let event = PlanReviewed { organisation, version: 1, by: office_holder(), on, next_review };
            (organisation, event.into())
        }
        Keep::Exercise(planner) => {
            let organisation = planner_code(land, planner);
            let turn = on.number().unsigned_abs() as usize + organisation.as_str().len();
            let outcome = Against::ALL[[0, 0, 0, 1, 0, 1, 0, 2][turn % 8]];
            let lesson = Lesson {
                lesson: "Not everyone knew where the paper forms are.".to_owned(),
                action: "Put a box into each room and show it to all staff.".to_owned(),
                due: on.plus_days(60),
            };
            let event = ExerciseHeld {
                organisation,
                version: 1,
                number: 1,
                kind: ExerciseKind::ALL[usize::from(turn.is_multiple_of(5))],
                scenario: if turn.is_multiple_of(3) { Scenario::Power } else { Scenario::CyberIncident },
                on,
                board: Some(office_holder()),
                outcome,
                lessons: if outcome == Against::TargetsKept { vec![] } else { vec![(1, lesson)] },
            };
            (organisation, event.into())
        }
        Keep::Lean(ccg) => {
            let ccg = &land.ccgs[usize::from(ccg)];
            let event = RelianceStated {
                organisation: ccg.code,
                partner: partner_of(land, ccg),
                services: "desktops, servers and network".to_owned(),
            };
            (ccg.code, event.into())
        }
    };
    (Place::Plan(organisation), event.into())
}

/// The delivery partner of a CCG.
pub fn partner_of(land: &Geography, ccg: &Ccg) -> OdsCode {
    code(PARTNERS[land.office_of(ccg).region % PARTNERS.len()].0)
}

fn planner_code(land: &Geography, planner: Planner) -> OdsCode {
    match planner {
        Planner::Practice(number) => land.practices[number as usize].code,
        Planner::Partner(number) => code(PARTNERS[usize::from(number)].0),
    }
}
