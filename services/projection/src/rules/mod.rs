//! One file a requirement: an organisation's facts in, a timeline out. Pure and total.
//!
//! A requirement is added by adding its rule to [`RULES`]; everything after the rules (counts,
//! answers, pages) takes them from there.

use proto::Position;

use crate::{facts::OrganisationFacts, timeline::Timeline};

pub mod calendar;
pub mod toolkit;

pub use calendar::Calendar;

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
}

/// A requirement with its rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The requirement.
    pub requirement: Requirement,
    /// From the facts up to a position, and the deadlines known by then, to the timeline.
    pub timeline: fn(&OrganisationFacts, &Calendar, Position) -> Timeline,
}

/// The requirements that have a rule, in the order of their numbers.
pub const RULES: [Rule; 1] = [Rule {
    requirement: Requirement {
        number: 2,
        slug: "toolkit",
        title: "Toolkit assessment",
        asks: "Complete the year's toolkit assessment to its standard (IG Toolkit level 2, DSP Toolkit Standards Met).",
    },
    timeline: toolkit::timeline,
}];
