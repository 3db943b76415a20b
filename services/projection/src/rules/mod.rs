//! One file a requirement: an organisation's facts in, a timeline out. Pure and total.
//!
//! A requirement is added by adding its rule to [`RULES`]; everything after the rules (counts,
//! answers, pages) takes them from there.

use proto::{Day, Moment, Position, footprint::Stay};

use crate::{
    facts::{Facts, OrganisationFacts},
    timeline::{Judged, Timeline},
};

pub mod calendar;
pub mod conditions;
pub mod continuity;
pub mod declared;
pub mod onsite;
pub mod registers;
pub mod suppliers;
pub mod toolkit;

pub use calendar::Calendar;
pub use conditions::Condition;
pub use registers::Registers;

/// One of the ten requirements of 2017/18 (domain facts 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// Its number among the ten.
    pub number: u8,
    /// Its name in addresses and answers.
    pub slug: &'static str,
    /// Its name on pages.
    pub title: &'static str,
    /// What it asks, in a sentence.
    pub asks: &'static str,
    /// Its name as the object of “meet”.
    pub object: &'static str,
}

/// A requirement with its rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The requirement.
    pub requirement: Requirement,
    /// From what there is to judge a practice by to the timeline.
    pub timeline: fn(&Seen<'_>) -> Timeline,
    /// What holds at a moment, and what is unmet then: what the timeline is made of.
    pub judge: fn(&Seen<'_>, Moment) -> Judged,
    /// The national files that tell what practices have done; none where it is recorded in the platform itself.
    pub files: &'static [SupportingFile],
}

/// A kind of national file that figures rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupportingFile {
    /// The kind, as `oversight import` has it.
    pub kind: &'static str,
    /// What one such file is called.
    pub title: &'static str,
}

impl SupportingFile {
    /// Which practices there are: every requirement rests on it.
    pub const PRACTICES: SupportingFile = SupportingFile { kind: "practices", title: "practice file" };
    /// What practices have published.
    const RESULTS: SupportingFile =
        SupportingFile { kind: registers::RESULTS, title: "register of published results" };
}

/// What there is to judge a practice by.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What the events say of it.
    pub own: &'a OrganisationFacts,
    /// To whom it belonged, in order of day.
    pub stays: &'a [Stay],
    /// What is the same for all.
    pub common: &'a Common<'a>,
}

/// What is the same for all practices of one board.
#[derive(Debug)]
pub struct Common<'a> {
    /// What the events say of everyone else.
    pub facts: &'a Facts,
    /// The deadlines.
    pub calendar: &'a Calendar,
    /// The registers of toolkit results that were read.
    pub registers: &'a Registers,
    /// The last position that counts.
    pub upto: Position,
    /// The day that is running.
    pub today: Day,
    /// How services stand that are used.
    pub standings: suppliers::Standings,
}

impl<'a> Common<'a> {
    /// For a board up to a position, on a running day.
    pub fn new(
        facts: &'a Facts,
        calendar: &'a Calendar,
        registers: &'a Registers,
        upto: Position,
        today: Day,
    ) -> Self {
        Self { facts, calendar, registers, upto, today, standings: suppliers::Standings::default() }
    }
}

impl Seen<'_> {
    /// The services that it uses, or used.
    fn services(&self) -> Vec<suppliers::Service> {
        let Common { facts, upto, standings, .. } = self.common;
        let supplier = |id| facts.suppliers.get(&id).map(|facts| &**facts);
        suppliers::services(&self.own.purchases, |used| standings.of(used, *upto, supplier), *upto)
    }

    /// The timelines of all rules, in their order.
    pub fn timelines(&self) -> Vec<Timeline> {
        RULES.iter().map(|rule| (rule.timeline)(self)).collect()
    }
}

/// The requirements that have a rule, in the order of their numbers.
pub static RULES: [Rule; 4] = [
    Rule {
        requirement: Requirement {
            number: 2,
            slug: "toolkit",
            title: "Toolkit assessment",
            asks: "Complete the year's toolkit assessment to its standard (IG Toolkit level 2, DSP Toolkit Standards Met).",
            object: "the toolkit requirement",
        },
        timeline: |seen| toolkit::timeline(seen.own, seen.common),
        judge: |seen, moment| toolkit::judge(seen.own, seen.common, moment),
        files: &[SupportingFile::RESULTS],
    },
    Rule {
        requirement: Requirement {
            number: 6,
            slug: "continuity",
            title: "Continuity plan",
            asks: "Keep a continuity plan that covers data and cyber incidents, approved, and reviewed and exercised each year; the delivery partner likewise.",
            object: "the requirement of a continuity plan",
        },
        timeline: |seen| {
            continuity::Known::of(seen).map(|known| known.timeline(seen.common.today)).unwrap_or_default()
        },
        judge: |seen, moment| {
            continuity::Known::of(seen).map_or_else(continuity::nothing_known, |known| known.judge(moment))
        },
        files: &[],
    },
    Rule {
        requirement: Requirement {
            number: 9,
            slug: "onsite",
            title: "On-site assessment",
            asks: "If an on-site assessment is asked for, agree to it, share its outcome with the commissioner, and do what is agreed for its findings.",
            object: "the requirement of on-site assessments",
        },
        timeline: |seen| onsite::timeline(&seen.own.onsite, seen.common.upto, seen.common.today),
        judge: |seen, moment| onsite::judge(&seen.own.onsite, seen.common.upto, moment),
        files: &[],
    },
    Rule {
        requirement: Requirement {
            number: 10,
            slug: "suppliers",
            title: "Certified suppliers",
            asks: "Check each year that the supplier of every service in use is certified, and that the certificate covers that service.",
            object: "the requirement of certified suppliers",
        },
        timeline: |seen| suppliers::timeline(&seen.services(), seen.common.today),
        judge: |seen, moment| suppliers::judge(&seen.services(), moment),
        files: &[],
    },
];

/// The requirement that is asked about unless another is named: the toolkit assessment.
pub const DEFAULT_RULE: usize = 0;

/// The place in [`RULES`] of a requirement's name, as in `?requirement=`.
pub fn rule_of(slug: &str) -> Option<usize> {
    RULES.iter().position(|rule| rule.requirement.slug == slug)
}

/// The requirement of a rule.
pub fn requirement(rule: usize) -> &'static Requirement {
    let [first, ..] = &RULES;
    &RULES.get(rule).unwrap_or(first).requirement
}
