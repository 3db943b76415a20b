//! What may be said of a plan as far as it goes by itself: limits, and checks of what is sent.

use std::collections::BTreeSet;

use chassis::{
    Refusal,
    refusal::{needed, needed_line},
};
use proto::{
    Day,
    continuity::{Document, Lesson, PlannedSystem, Scenario},
};

/// The most versions of one plan.
pub const VERSIONS_MAX: usize = 200;

/// The most approvals of one plan: a version is approved anew only after a withdrawal.
pub const APPROVALS_MAX: usize = 500;

/// The most reviews of one plan.
pub const REVIEWS_MAX: usize = 500;

/// The most exercises and invocations of one organisation.
pub const RUNS_MAX: usize = 500;

/// The most times one organisation says that it leans on a plan.
pub const RELIANCES_MAX: usize = 100;

/// The most systems of a version.
pub const SYSTEMS_MAX: usize = 100;

/// The most lessons of an exercise or invocation.
pub const LESSONS_MAX: usize = 40;

/// The most characters of a system's name.
pub const SYSTEM_MAX_CHARS: usize = 100;

/// The most characters of a reference, a reason, a lesson, an action, and of what is leant on for.
pub const TEXT_MAX_CHARS: usize = 500;

/// The most characters of the account of an invocation.
pub const ACCOUNT_MAX_CHARS: usize = 2_000;

/// The most hours of a recovery target: a year.
pub const RECOVERY_MAX_HOURS: u16 = 366 * 24;

/// The most days from an approval or review to the next review: a plan is reviewed within twelve months
/// (domain facts 5.3, yearly review), and twelve months have up to so many days.
pub const REVIEW_MAX_DAYS: i32 = 366;

/// How many hexadecimal digits SHA-256 has.
const SHA256_DIGITS: usize = 64;

/// What a version says, checked: what it covers, its systems, its document.
pub(super) type Said = (Vec<Scenario>, Vec<PlannedSystem>, Option<Document>);

pub(super) fn checked(
    covers: Vec<Scenario>,
    systems: Vec<PlannedSystem>,
    document: Option<Document>,
) -> Result<Said, Refusal> {
    let covers: BTreeSet<Scenario> = covers.into_iter().collect();
    if covers.is_empty() {
        return Err(Refusal::at("covers", "say what the plan covers: at least one thing that may happen"));
    }
    if systems.len() > SYSTEMS_MAX {
        return Err(Refusal::at("systems", format!("a plan may name up to {SYSTEMS_MAX} systems")));
    }
    let mut names = BTreeSet::new();
    let systems = systems.into_iter().map(|system| {
        let name = needed_line("systems", "The name of a system", &system.name, SYSTEM_MAX_CHARS)?;
        if system.recovery_time_hours.max(system.recovery_point_hours) > RECOVERY_MAX_HOURS {
            let text = format!("a recovery target has up to {RECOVERY_MAX_HOURS} hours, which is a year");
            return Err(Refusal::at("systems", text));
        }
        if !names.insert(name.to_lowercase()) {
            return Err(Refusal::at("systems", format!("{name} is named twice")));
        }
        Ok(PlannedSystem { name, ..system })
    });
    let systems = systems.collect::<Result<_, Refusal>>()?;
    let document = document.map(|Document { reference, sha256 }| {
        let reference =
            needed_line("reference", "The reference of the document", &reference, TEXT_MAX_CHARS)?;
        let sha256 = sha256.trim().to_ascii_lowercase();
        if sha256.len() != SHA256_DIGITS || !sha256.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let text = format!("SHA-256 is written as {SHA256_DIGITS} hexadecimal digits");
            return Err(Refusal::at("sha256", text));
        }
        Ok(Document { reference, sha256 })
    });
    Ok((covers.into_iter().collect(), systems, document.transpose()?))
}

/// Lessons, checked and numbered from 1.
pub(super) fn learnt(lessons: Vec<Lesson>, on: Day) -> Result<Vec<(u16, Lesson)>, Refusal> {
    if lessons.len() > LESSONS_MAX {
        return Err(Refusal::at("lessons", format!("up to {LESSONS_MAX} lessons can be recorded")));
    }
    let lessons = lessons.into_iter().zip(1..).map(|(Lesson { lesson, action, due }, number)| {
        let lesson = needed("lessons", "What was learnt", &lesson, TEXT_MAX_CHARS)?;
        let action = needed("lessons", "What is to be done", &action, TEXT_MAX_CHARS)?;
        if due < on {
            let text = format!("what is to be done cannot be due before {}", on.long());
            return Err(Refusal::at("lessons", text));
        }
        Ok((number, Lesson { lesson, action, due }))
    });
    lessons.collect()
}

pub(super) fn room(count: usize, most: usize, what: &str) -> Result<(), Refusal> {
    if count < most {
        return Ok(());
    }
    Err(Refusal::as_things_stand(format!("there are {most} {what}, and no more can be recorded")))
}

pub(super) fn not_to_come(field: &'static str, day: Day, today: Day) -> Result<(), Refusal> {
    if day <= today {
        return Ok(());
    }
    Err(Refusal::at(field, format!("{} is still to come; today or an earlier day is accepted", day.long())))
}
