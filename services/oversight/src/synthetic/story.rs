//! The year of one practice on the IG Toolkit: what it does, and when.
//!
//! Practices differ by themselves and by their CCG: one that is well looked after starts earlier,
//! publishes in time and falls short less often. Most of them publish in the last week; in 2018
//! that was Holy Week, so the rush came on Wednesday and Thursday and went on until Saturday night.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use proto::{Day, LONDON};

use super::{
    calendar::{self, Clocks, day, is_working_day, office_hours, working_day_by},
    chance::{happens, weighted},
    geography::{Ccg, Fate, Practice},
};

/// How many requirements general practices answer.
pub const REQUIREMENTS: usize = 13;

/// Something a practice or its CCG does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Opens the assessment.
    Open,
    /// Answers the requirement with this index.
    Answer(u8),
    /// Looks at last year's answer again and lets it stand.
    Review(u8),
    /// Publishes.
    Publish,
    /// Accepts the assurance statement.
    AcceptStatement,
    /// Plans the action for the gap with this index.
    PlanAction(u8),
    /// Hands the plan in.
    SubmitPlan,
    /// The plan is agreed.
    AgreePlan,
    /// The plan is refused.
    RefusePlan,
    /// The action for the gap with this index is done.
    CompleteAction(u8),
    /// The requirement of the gap with this index is answered anew, now up to the standard.
    AnswerAgain(u8),
    /// Publishes again.
    PublishAgain,
    /// The region looks at it and sets a grade of its own.
    ReviewGrade,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Level 0 to 3.
    Level(u8),
    /// Does not apply.
    NotRelevant,
}

/// The year of one practice.
#[derive(Debug, Clone)]
pub struct Story {
    /// What it answered last year, if it did.
    pub carried: Option<[Choice; REQUIREMENTS]>,
    /// What it answers this year.
    pub given: [Choice; REQUIREMENTS],
    /// The requirements below level 2 at first publication, by index.
    pub gaps: Vec<u8>,
    /// The day by which the actions of its plan are due.
    pub plan_due: Day,
    /// What happens, in order of time.
    pub steps: Vec<(Timestamp, Step)>,
}

/// The level that the edition asks for.
const STANDARD: u8 = 2;

/// What becomes of the assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    InTime,
    Late,
    Unfinished,
    NotBegun,
}

/// Writes the year of a practice.
pub fn write(rng: &mut Rng, practice: &Practice, ccg: &Ccg, may_not_apply: &[u8], clocks: &Clocks) -> Story {
    let given = answers(rng, ccg, may_not_apply);
    let mut story = Story {
        carried: last_year(rng, practice, &given),
        given,
        gaps: (0..REQUIREMENTS as u8)
            .filter(|&at| matches!(given[usize::from(at)], Choice::Level(level) if level < STANDARD))
            .collect(),
        plan_due: day(2018, 6, 30).plus_days([0, 31, 92, 183][rng.usize(0..4)]),
        steps: Vec::with_capacity(REQUIREMENTS + 4),
    };
    let (from, until) = working_time(practice);
    if until < from {
        return story;
    }
    let ending = ending(rng, practice, ccg);
    let goal = match ending {
        Ending::NotBegun => return story,
        Ending::InTime => day_in_time(rng, ccg),
        Ending::Late => working_day_by(day(2018, 4, 3).plus_days(rng.i32(0..27))),
        Ending::Unfinished => day(2017, 9, 1).plus_days(rng.i32(0..211)),
    };
    // Who closes early publishes before, or not at all.
    let goal = goal.max(from.plus_days(14));
    let mut writer = Writer { rng, clocks, steps: &mut story.steps };
    let done = writer.assessment(story.carried.as_ref(), &given, from, goal, ending);
    if ending != Ending::Unfinished && done <= until {
        writer.statement();
        if !story.gaps.is_empty() {
            writer.plan(story.gaps.len());
        }
        if happens(writer.rng, 0.003) {
            let reviewed = day(2018, 3, 12).plus_days(writer.rng.i32(0..12));
            writer.on_day(reviewed, Step::ReviewGrade);
        }
    }
    let last = clocks.at(until, 86_399);
    story.steps.retain(|(time, _)| *time <= last);
    story
}

/// The days on which a practice can do anything.
pub(super) fn working_time(practice: &Practice) -> (Day, Day) {
    let start = calendar::first_day().plus_days(4);
    let end = calendar::last_day();
    match practice.fate {
        Fate::Open => (start, end),
        // It registers once a file lists it.
        Fate::Opens => (start.max(practice.opened.plus_days(100)), end),
        Fate::Closes(last) => (start, last),
        Fate::FallsDormant => (start, day(2017, 11, 15)),
        Fate::LongClosed(_) | Fate::LongDormant => (end, start),
    }
}

fn ending(rng: &mut Rng, practice: &Practice, ccg: &Ccg) -> Ending {
    if practice.fate == Fate::FallsDormant {
        return Ending::Unfinished;
    }
    let trouble = (-0.7 * ccg.care).exp();
    let late = (0.032 * trouble).min(0.25);
    let unfinished = (0.022 * trouble).min(0.2);
    let not_begun = (0.014 * trouble).min(0.12);
    let in_time = 1.0 - late - unfinished - not_begun;
    match weighted(rng, &[in_time, late, unfinished, not_begun]) {
        0 => Ending::InTime,
        1 => Ending::Late,
        2 => Ending::Unfinished,
        _ => Ending::NotBegun,
    }
}

/// The day of a publication in time.
fn day_in_time(rng: &mut Rng, ccg: &Ccg) -> Day {
    let push = ccg.push;
    let spans = [
        // (first day, days, weight)
        (day(2017, 9, 4), 119, 0.03 + 0.07 * push),
        (day(2018, 1, 2), 59, 0.05 + 0.09 * push),
        (day(2018, 3, 1), 16, 0.08 + 0.07 * push),
        (day(2018, 3, 17), 9, 0.14),
    ];
    let early: f64 = spans.iter().map(|(_, _, weight)| weight).sum();
    let mut weights: Vec<f64> = spans.iter().map(|(_, _, weight)| *weight).collect();
    weights.push(1.0 - early);
    match spans.get(weighted(rng, &weights)) {
        Some((first, days, _)) => {
            let drawn = first.plus_days(rng.i32(0..*days));
            // A few work at weekends.
            if happens(rng, 0.06) { drawn } else { working_day_by(drawn).max(*first) }
        }
        None => {
            // Monday 26 to Saturday 31 March; Friday was Good Friday.
            let holy_week = [0.12, 0.16, 0.22, 0.29, 0.07, 0.14];
            day(2018, 3, 26).plus_days(weighted(rng, &holy_week) as i32)
        }
    }
}

fn answers(rng: &mut Rng, ccg: &Ccg, may_not_apply: &[u8]) -> [Choice; REQUIREMENTS] {
    let keen = 0.30 + 0.08 * ccg.care;
    let mut answers = [Choice::Level(STANDARD); REQUIREMENTS];
    for (at, answer) in answers.iter_mut().enumerate() {
        if may_not_apply.contains(&(at as u8)) && happens(rng, 0.03) {
            *answer = Choice::NotRelevant;
        } else if happens(rng, keen.clamp(0.1, 0.6)) {
            *answer = Choice::Level(3);
        }
    }
    let falls_short = (0.055 * (-0.6 * ccg.care).exp()).min(0.3);
    if happens(rng, falls_short) {
        for _ in 0..rng.u8(1..=3) {
            // Training (3) and the asset register (8) are the commonest gaps.
            let at = match rng.u8(0..10) {
                0..3 => 3,
                3..5 => 8,
                _ => rng.usize(0..REQUIREMENTS),
            };
            answers[at] = Choice::Level(u8::from(happens(rng, 0.85)));
        }
    }
    answers
}

/// Last year's answers: mostly the same, some a level lower.
fn last_year(
    rng: &mut Rng,
    practice: &Practice,
    given: &[Choice; REQUIREMENTS],
) -> Option<[Choice; REQUIREMENTS]> {
    if practice.opened > day(2017, 3, 31) || happens(rng, 0.04) {
        return None;
    }
    let mut carried = *given;
    for answer in &mut carried {
        if let Choice::Level(level) = answer {
            let change = rng.u8(0..100);
            *level = match change {
                0..22 => level.saturating_sub(1),
                22..25 => (*level + 1).min(3),
                _ => *level,
            };
        }
    }
    Some(carried)
}

struct Writer<'a> {
    rng: &'a mut Rng,
    clocks: &'a Clocks,
    steps: &'a mut Vec<(Timestamp, Step)>,
}

impl Writer<'_> {
    /// Opens, answers and publishes; the day of publication, or of giving up.
    fn assessment(
        &mut self,
        carried: Option<&[Choice; REQUIREMENTS]>,
        given: &[Choice; REQUIREMENTS],
        from: Day,
        goal: Day,
        ending: Ending,
    ) -> Day {
        let lead = match self.rng.u8(0..100) {
            // Some begin on the last day.
            0..18 => self.rng.i32(0..3),
            18..55 => self.rng.i32(3..40),
            _ => self.rng.i32(40..240),
        };
        let opens = goal.plus_days(-lead).max(from);
        let mut order: Vec<u8> = (0..REQUIREMENTS as u8).collect();
        if happens(self.rng, 0.3) {
            self.rng.shuffle(&mut order);
        }
        if ending == Ending::Unfinished {
            order.truncate(self.rng.usize(0..REQUIREMENTS));
        }
        let sittings = self.sittings(opens, goal);
        let share = order.len().div_ceil(sittings.len()).max(1);
        let mut chunks = order.chunks(share);
        for (number, sitting) in sittings.iter().enumerate() {
            let latest = if *sitting == goal && !is_working_day(goal) { 79_200 } else { 59_400 };
            let mut now = self.clocks.at(*sitting, self.rng.u32(30_600..latest));
            if let Some((before, _)) = self.steps.last() {
                now = now.max(before.saturating_add(SignedDuration::from_secs(60)).unwrap_or(now));
            }
            if number == 0 {
                self.steps.push((now, Step::Open));
            }
            for &at in chunks.next().unwrap_or_default() {
                now = self.later(now, 120, 700);
                let index = usize::from(at);
                let stands =
                    carried.is_some_and(|carried| carried[index] == given[index]) && happens(self.rng, 0.8);
                self.steps.push((now, if stands { Step::Review(at) } else { Step::Answer(at) }));
            }
        }
        if ending != Ending::Unfinished {
            let now = self.now();
            let publishes = self.later(now, 180, 2_400);
            self.steps.push((publishes, Step::Publish));
        }
        Day::in_london(self.now())
    }

    /// The days on which work is done, in order; the last one is the day of publication.
    fn sittings(&mut self, opens: Day, goal: Day) -> Vec<Day> {
        let span = opens.days_until(goal);
        let count = if span < 2 { 1 } else { self.rng.usize(1..=5) };
        let mut days: Vec<Day> =
            (1..count).map(|_| working_day_by(opens.plus_days(self.rng.i32(0..=span))).max(opens)).collect();
        days.push(goal);
        days.sort_unstable();
        days.dedup();
        days
    }

    fn statement(&mut self) {
        if happens(self.rng, 0.015) {
            return;
        }
        let now = self.now();
        let accepted =
            if happens(self.rng, 0.04) { self.days_later(1, 12) } else { self.later(now, 60, 900) };
        self.steps.push((accepted, Step::AcceptStatement));
    }

    fn plan(&mut self, gaps: usize) {
        if happens(self.rng, 0.12) {
            return;
        }
        let mut now = self.days_later(2, 18);
        for gap in 0..gaps {
            self.steps.push((now, Step::PlanAction(gap as u8)));
            now = self.later(now, 180, 900);
        }
        self.steps.push((now, Step::SubmitPlan));
        match self.rng.u8(0..100) {
            0..72 => self.on_later_day(3, 20, Step::AgreePlan),
            72..85 => {
                self.on_later_day(3, 20, Step::RefusePlan);
                if happens(self.rng, 0.4) {
                    self.on_later_day(4, 12, Step::SubmitPlan);
                    self.on_later_day(2, 9, Step::AgreePlan);
                } else {
                    return;
                }
            }
            _ => return,
        }
        if happens(self.rng, 0.45) {
            for gap in 0..gaps {
                self.on_later_day(2, 9, Step::CompleteAction(gap as u8));
                let now = self.now();
                let answered = self.later(now, 120, 900);
                self.steps.push((answered, Step::AnswerAgain(gap as u8)));
            }
            let now = self.now();
            let published = self.later(now, 180, 1_800);
            self.steps.push((published, Step::PublishAgain));
        }
    }

    fn now(&self) -> Timestamp {
        self.steps.last().map_or(Timestamp::UNIX_EPOCH, |(time, _)| *time)
    }

    fn later(&mut self, time: Timestamp, least: i64, most: i64) -> Timestamp {
        let seconds = SignedDuration::from_secs(self.rng.i64(least..most));
        let moved = time.saturating_add(seconds).unwrap_or(time);
        // No one works past midnight; a publication of the last evening is still of that day.
        let midnight = Day::in_london(time).end_in_london();
        if moved < midnight {
            return moved;
        }
        let left = midnight.duration_since(time).as_secs().max(2);
        time.saturating_add(SignedDuration::from_secs(1 + left / 40)).unwrap_or(time)
    }

    /// A working hour so many days after the last step.
    fn days_later(&mut self, least: i32, most: i32) -> Timestamp {
        let today = Day::in_london(self.now());
        let mut then = today.plus_days(self.rng.i32(least..most));
        while !is_working_day(then) {
            then = then.plus_days(1);
        }
        // The clock ends with the year; later steps fall away.
        let seconds = office_hours(self.rng);
        if then >= calendar::last_day() {
            return then
                .date()
                .to_zoned(LONDON.clone())
                .map_or(Timestamp::MAX, |start| start.timestamp())
                .saturating_add(SignedDuration::from_secs(i64::from(seconds)))
                .unwrap_or(Timestamp::MAX);
        }
        self.clocks.at(then, seconds)
    }

    fn on_later_day(&mut self, least: i32, most: i32, step: Step) {
        let then = self.days_later(least, most);
        self.steps.push((then, step));
    }

    fn on_day(&mut self, then: Day, step: Step) {
        let seconds = office_hours(self.rng);
        let time = self.clocks.at(then, seconds);
        if time > self.now() {
            self.steps.push((time, step));
        }
    }
}
