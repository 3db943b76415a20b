//! On-site assessments: who asks for them and why, what assessors find, and what becomes of it.
//!
//! Some six practices of a hundred are asked in the year. Most agree and are visited; what is found follows
//! the care their CCG takes, and agrees with what they publish of themselves no better than it does in life.
//! A story ends where the year or the practice does: some are under way on the last day, and of some only
//! the visit is set.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use proto::{
    Day,
    onsite::{Outcome, Severity},
    topics::topics,
};

use super::{
    calendar::{Clocks, day, is_working_day, office_hours},
    chance::{happens, weighted},
    geography::{Geography, Practice},
    story::working_time,
};

mod tell;
mod words;

use words::WEAKNESSES;

/// The share of practices that are asked in a year.
const ASKED: f64 = 0.06;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    NhsDigital,
    Commissioner,
    Region,
}

/// Something that is done around an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Request,
    Agree,
    Refuse,
    /// A visit is set, for the day with this index.
    Schedule(u8),
    Cancel,
    /// The result is entered with a slip of the pen.
    HoldWithSlip,
    Hold,
    /// The finding with this index is recorded, or answered.
    Find(u8),
    Answer(u8),
    Disclose,
    /// The outcome is disclosed to the region, too.
    DiscloseAbove,
    /// The plan with this index is proposed.
    Propose(u8),
    Return,
    AgreePlan,
    /// The action for the finding with this index is done.
    Done(u8),
    /// The re-test with this index is held.
    Retest(u8),
    Close,
}

/// A finding to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    /// Which of the [`WEAKNESSES`].
    weakness: u8,
    severity: Severity,
}

/// One assessment, from the request as far as it comes.
#[derive(Debug, Clone)]
pub struct Assessment {
    practice: u32,
    /// Its number among the practice's, from 1.
    pub number: u16,
    by: Asker,
    /// Tells one assessment from another where words are chosen.
    turn: usize,
    /// The days that were set for the visit; it is held on the last.
    visits: Vec<Day>,
    /// The outcome of each topic that is looked at, by the topic's place.
    results: Vec<(u8, Outcome)>,
    findings: Vec<Found>,
    /// Of each plan proposed, when the action for each finding is due.
    plans: Vec<Vec<Day>>,
    /// Of each re-test, the findings mended.
    retests: Vec<Vec<u16>>,
    steps: Vec<(Timestamp, Step)>,
}

impl Assessment {
    /// When what happens.
    pub fn times(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.steps.iter().map(|(time, _)| *time)
    }

    /// Whose it is.
    pub fn practice<'a>(&self, land: &'a Geography) -> &'a Practice {
        &land.practices[self.practice as usize]
    }
}

/// Writes down the assessments of the year. `gaps`: how many requirements each practice falls short of.
pub fn plan(rng: &mut Rng, land: &Geography, gaps: &[usize], clocks: &Clocks) -> Vec<Assessment> {
    let mut assessments = Vec::new();
    for ((practice, gaps), number) in land.practices.iter().zip(gaps).zip(0u32..) {
        let (from, until) = working_time(practice);
        if until < from || !happens(rng, ASKED) {
            continue;
        }
        let circumstances = Circumstances {
            trouble: (-0.4 * land.ccgs[practice.ccg].care).exp() * (1.0 + 0.4 * *gaps as f64),
            until,
            is_under_its_region: land.merger.from.contains(&practice.ccg),
        };
        let asked = asking_day(rng).max(from);
        let mut writer = Writer::new(rng, clocks, (number, 1), circumstances);
        let refused = writer.write(asked);
        assessments.extend(writer.finished());
        // Who refused is sometimes asked again, by NHS Digital, and then agrees.
        if let Some(refused) = refused.filter(|_| happens(rng, 0.4)) {
            let asked = refused.plus_days(rng.i32(28..60));
            let mut writer = Writer::new(rng, clocks, (number, 2), circumstances);
            writer.assessment.by = Asker::NhsDigital;
            writer.write_agreed(asked);
            assessments.extend(writer.finished());
        }
    }
    assessments
}

/// Most are asked in winter, when the year's assessment is near.
fn asking_day(rng: &mut Rng) -> Day {
    match happens(rng, 0.45) {
        true => day(2017, 12, 11).plus_days(rng.i32(0..95)),
        false => day(2017, 6, 12).plus_days(rng.i32(0..290)),
    }
}

/// What bears on the assessments of one practice.
#[derive(Debug, Clone, Copy)]
struct Circumstances {
    /// How much is amiss; 1 is ordinary.
    trouble: f64,
    /// Its last day.
    until: Day,
    /// Its CCG is merged away this year, and the region decides.
    is_under_its_region: bool,
}

/// Writes one assessment, step by step, until a day is past the practice's last.
struct Writer<'a> {
    rng: &'a mut Rng,
    clocks: &'a Clocks,
    assessment: Assessment,
    circumstances: Circumstances,
    now: Timestamp,
}

impl<'a> Writer<'a> {
    fn new(
        rng: &'a mut Rng,
        clocks: &'a Clocks,
        (practice, number): (u32, u16),
        circumstances: Circumstances,
    ) -> Self {
        let askers = [Asker::NhsDigital, Asker::Commissioner, Asker::Region];
        let assessment = Assessment {
            practice,
            number,
            by: askers[weighted(rng, &[0.5, 0.35, 0.15])],
            turn: rng.usize(0..1_000),
            visits: Vec::new(),
            results: Vec::new(),
            findings: Vec::new(),
            plans: Vec::new(),
            retests: Vec::new(),
            steps: Vec::new(),
        };
        Self { rng, clocks, assessment, circumstances, now: Timestamp::UNIX_EPOCH }
    }

    /// The assessment, if it came as far as the request.
    fn finished(self) -> Option<Assessment> {
        Some(self.assessment).filter(|assessment| !assessment.steps.is_empty())
    }

    /// The whole story. The day it was refused, if it was.
    fn write(&mut self, asked: Day) -> Option<Day> {
        match self.rng.u8(0..100) {
            0..8 => {
                self.on(asked, Step::Request)?;
                self.later(3, 26, Step::Refuse)?;
                return Some(Day::in_london(self.now));
            }
            8..13 => self.on(asked, Step::Request),
            _ => self.write_agreed(asked),
        };
        None
    }

    /// The story of one that is agreed to; none where it breaks off.
    fn write_agreed(&mut self, asked: Day) -> Option<()> {
        self.on(asked, Step::Request)?;
        self.later(1, 24, Step::Agree)?;
        self.visit()?;
        self.held()?;
        self.disclosed()?;
        if !self.assessment.findings.is_empty() {
            self.plan()?;
            self.act()?;
            self.retest()?;
        }
        if happens(self.rng, 0.85) { self.later(2, 16, Step::Close) } else { None }
    }

    /// A day is set, and sometimes another one.
    fn visit(&mut self) -> Option<()> {
        self.set_visit()?;
        if happens(self.rng, 0.1) {
            self.later(2, 10, Step::Cancel)?;
            self.set_visit()?;
        }
        Some(())
    }

    fn set_visit(&mut self) -> Option<()> {
        self.later(2, 15, Step::Schedule(self.assessment.visits.len() as u8))?;
        let on = working_day_from(Day::in_london(self.now).plus_days(self.rng.i32(14..50)));
        self.assessment.visits.push(on);
        Some(())
    }

    /// The visit, its result, and what was found.
    fn held(&mut self) -> Option<()> {
        let on = *self.assessment.visits.last()?;
        self.draw_results();
        self.draw_findings();
        let entered = on.plus_days(self.rng.i32(0..3));
        if happens(self.rng, 0.05) {
            self.on(entered, Step::HoldWithSlip)?;
            self.later(1, 3, Step::Hold)?;
        } else {
            self.on(entered, Step::Hold)?;
        }
        for finding in 0..self.assessment.findings.len() as u8 {
            self.minutes_later(Step::Find(finding));
        }
        Some(())
    }

    fn draw_results(&mut self) {
        let all = happens(self.rng, 0.6);
        for (topic, place) in topics().iter().zip(0u8..) {
            if !all && happens(self.rng, 0.35) {
                continue;
            }
            // The commonest failing.
            let hard = if topic.id.as_str() == "patching" { 2.0 } else { 1.0 };
            let amiss = self.circumstances.trouble * hard;
            let weights = [3.0, 0.8 * amiss, 0.4 * amiss];
            let outcome = Outcome::ALL[weighted(self.rng, &weights)];
            self.assessment.results.push((place, outcome));
        }
        if self.assessment.results.is_empty() {
            self.assessment.results.push((0, Outcome::Satisfied));
        }
    }

    fn draw_findings(&mut self) {
        for (topic, outcome) in self.assessment.results.clone() {
            let of_topic = (0u8..).zip(&WEAKNESSES).filter(|(_, weakness)| weakness.is_of(topic));
            let mut weaknesses: Vec<u8> = of_topic.map(|(weakness, _)| weakness).collect();
            self.rng.shuffle(&mut weaknesses);
            let (how_many, severities) = match outcome {
                Outcome::Satisfied => (usize::from(happens(self.rng, 0.04)), [0.0, 0.0, 0.0, 1.0]),
                Outcome::PartlySatisfied => (1, [0.0, 0.1, 0.5, 0.4]),
                Outcome::NotSatisfied => (1 + usize::from(happens(self.rng, 0.5)), [0.1, 0.5, 0.4, 0.0]),
            };
            for weakness in weaknesses.into_iter().take(how_many) {
                let severity = Severity::ALL[weighted(self.rng, &severities)];
                self.assessment.findings.push(Found { weakness, severity });
            }
        }
    }

    /// The practice answers most of the findings, and discloses the outcome; some are slow, some never do.
    fn disclosed(&mut self) -> Option<()> {
        for finding in 0..self.assessment.findings.len() as u8 {
            if happens(self.rng, 0.7) {
                match finding {
                    0 => self.later(1, 6, Step::Answer(finding))?,
                    _ => self.minutes_later(Step::Answer(finding)),
                }
            }
        }
        match self.rng.u8(0..100) {
            0..6 => return None,
            6..18 => self.later(25, 50, Step::Disclose)?,
            _ => self.later(1, 14, Step::Disclose)?,
        }
        if !self.circumstances.is_under_its_region && happens(self.rng, 0.15) {
            self.minutes_later(Step::DiscloseAbove);
        }
        Some(())
    }

    /// A plan, sometimes sent back once; some practices leave it at that.
    fn plan(&mut self) -> Option<()> {
        if happens(self.rng, 0.06) {
            return None;
        }
        self.propose(60, 150)?;
        if happens(self.rng, 0.15) {
            self.later(2, 12, Step::Return)?;
            self.propose(25, 80)?;
        }
        self.later(1, 14, Step::AgreePlan)
    }

    fn propose(&mut self, least: i32, most: i32) -> Option<()> {
        self.later(2, 16, Step::Propose(self.assessment.plans.len() as u8))?;
        let today = Day::in_london(self.now);
        let each = (0..self.assessment.findings.len()).map(|_| today.plus_days(self.rng.i32(least..most)));
        let plan = each.collect();
        self.assessment.plans.push(plan);
        Some(())
    }

    /// The actions are done: most in time, some late, some not at all.
    fn act(&mut self) -> Option<()> {
        let dues = self.assessment.plans.last()?.clone();
        let mut done: Vec<(Day, u8)> = Vec::new();
        let mut all = true;
        let agreed = Day::in_london(self.now);
        for (due, finding) in dues.into_iter().zip(0u8..) {
            let span = agreed.days_until(due).max(2);
            match self.rng.u8(0..100) {
                0..5 => all = false,
                5..20 => done.push((due.plus_days(self.rng.i32(2..30)), finding)),
                _ => done.push((agreed.plus_days(self.rng.i32(1..span)), finding)),
            }
        }
        done.sort_unstable();
        for (on, finding) in done {
            self.on(on, Step::Done(finding))?;
        }
        all.then_some(())
    }

    /// The assessors look again: mostly all is mended, else they come once more.
    fn retest(&mut self) -> Option<()> {
        let findings: Vec<u16> = (1..=self.assessment.findings.len() as u16).collect();
        if happens(self.rng, 0.2) {
            let mended = findings.iter().copied().filter(|_| happens(self.rng, 0.6)).collect();
            self.look_again(mended)?;
        }
        self.look_again(findings)
    }

    fn look_again(&mut self, mended: Vec<u16>) -> Option<()> {
        self.later(10, 40, Step::Retest(self.assessment.retests.len() as u8))?;
        self.assessment.retests.push(mended);
        Some(())
    }

    /// In the office hours of the first working day from a day on, and not before what happened last; none
    /// past the last day.
    fn on(&mut self, from: Day, step: Step) -> Option<()> {
        let on = working_day_from(from);
        let time = self.clocks.at(on, office_hours(self.rng)).max(self.minutes_on());
        if on > self.circumstances.until {
            return None;
        }
        self.now = time;
        self.assessment.steps.push((time, step));
        Some(())
    }

    fn later(&mut self, least: i32, most: i32, step: Step) -> Option<()> {
        let days = self.rng.i32(least..most);
        self.on(Day::in_london(self.now).plus_days(days), step)
    }

    fn minutes_later(&mut self, step: Step) {
        self.now = self.minutes_on();
        self.assessment.steps.push((self.now, step));
    }

    fn minutes_on(&mut self) -> Timestamp {
        let seconds = SignedDuration::from_secs(self.rng.i64(60..400));
        self.now.saturating_add(seconds).unwrap_or(self.now)
    }
}

fn working_day_from(day: Day) -> Day {
    (0..14).map(|days| day.plus_days(days)).find(|day| is_working_day(*day)).unwrap_or(day)
}
