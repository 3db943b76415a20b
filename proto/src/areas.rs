//! The areas between England and a practice: what a body of each level is called on a day, and by which name.
//!
//! Below the regions there were local offices of NHS England until 31 March 2020, sustainability and transformation
//! partnerships (integrated care systems) until 30 June 2022, and there are integrated care boards (ICBs) since; below
//! those clinical commissioning groups until 30 June 2022, and sub-ICB locations since (domain facts 6.1). This is
//! the one place that says which word holds on which day. Pure.

mod names;
mod successions;

use jiff::civil;

use crate::{Day, OdsCode};

pub use names::{NameShown, Names};
pub use successions::{Begun, Succession, Successions, SuccessionsError};

/// The level of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AreaKind {
    /// All of it.
    England,
    /// An NHS England region.
    Region,
    /// Between region and commissioner: a local office of NHS England, later an STP, now an integrated care board.
    LocalOffice,
    /// A clinical commissioning group, now a sub-ICB location; or another commissioner of practices.
    Ccg,
    /// A primary care network (PCN): practices that work together. It stands beside the levels above, not between them.
    Network,
}

/// What bodies of a level are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The name in addresses and answers.
    pub slug: &'static str,
    /// One of them, within a sentence.
    pub one: &'static str,
    /// Several of them.
    pub many: &'static str,
}

const ENGLAND: Word = Word { slug: "england", one: "country", many: "countries" };
const REGION: Word = Word { slug: "region", one: "region", many: "regions" };
const LOCAL_OFFICE: Word = Word { slug: "local-office", one: "local office", many: "local offices" };
const STP: Word = Word { slug: "stp-ics", one: "STP/ICS", many: "STPs and ICSs" };
const ICB: Word =
    Word { slug: "integrated-care-board", one: "integrated care board", many: "integrated care boards" };
const CCG: Word = Word { slug: "ccg", one: "CCG", many: "CCGs" };
const SUB_ICB: Word = Word { slug: "sub-icb-location", one: "sub-ICB location", many: "sub-ICB locations" };
const NETWORK: Word =
    Word { slug: "primary-care-network", one: "primary care network", many: "primary care networks" };

/// The first day of partnerships in the place of local offices.
const STPS_FROM: civil::Date = civil::Date::constant(2020, 4, 1);
/// The first day of integrated care boards and sub-ICB locations (Health and Care Act 2022).
const ICBS_FROM: civil::Date = civil::Date::constant(2022, 7, 1);

fn day(date: civil::Date) -> Day {
    Day::from_date(date).unwrap_or(Day::FIRST)
}

/// The first day of partnerships in the place of local offices: 1 April 2020.
pub fn stps_from() -> Day {
    day(STPS_FROM)
}

/// The first day of integrated care boards: 1 July 2022.
pub fn icbs_from() -> Day {
    day(ICBS_FROM)
}

impl Word {
    /// The name at the head of a column of a file: `sub_icb_location`.
    pub fn column(&self) -> String {
        self.slug.replace('-', "_")
    }

    /// The word at the beginning of a sentence or alone.
    pub fn capital(&self) -> String {
        capital(self.one)
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl AreaKind {
    /// All of them, from the top down.
    pub const ALL: [AreaKind; 5] =
        [AreaKind::England, AreaKind::Region, AreaKind::LocalOffice, AreaKind::Ccg, AreaKind::Network];

    /// Whether practices are what is next below.
    pub fn is_lowest(self) -> bool {
        matches!(self, AreaKind::Ccg | AreaKind::Network)
    }

    /// What bodies of the level are called on a day.
    pub fn word(self, on: Day) -> Word {
        match self {
            AreaKind::England => ENGLAND,
            AreaKind::Region => REGION,
            AreaKind::LocalOffice if on < day(STPS_FROM) => LOCAL_OFFICE,
            AreaKind::LocalOffice if on < icbs_from() => STP,
            AreaKind::LocalOffice => ICB,
            AreaKind::Ccg if on < icbs_from() => CCG,
            AreaKind::Ccg => SUB_ICB,
            AreaKind::Network => NETWORK,
        }
    }

    /// What the body of a code is called on a day. A local office of NHS England, of Q and two digits, never became
    /// anything else.
    pub fn word_of(self, code: OdsCode, on: Day) -> Word {
        match self {
            AreaKind::LocalOffice if is_local_office(code) => LOCAL_OFFICE,
            _ => self.word(on),
        }
    }

    /// The level of a word as it stands in answers, whatever the day.
    pub fn from_slug(slug: &str) -> Option<Self> {
        match slug {
            "england" => Some(AreaKind::England),
            "region" => Some(AreaKind::Region),
            "local-office" | "stp-ics" | "integrated-care-board" | "icb" => Some(AreaKind::LocalOffice),
            "ccg" | "sub-icb-location" => Some(AreaKind::Ccg),
            "primary-care-network" | "pcn" => Some(AreaKind::Network),
            _ => None,
        }
    }

    /// The level next below on a day: since there are integrated care boards a region is divided into them, and
    /// before that into what commissioned; local offices stood beside.
    pub fn next_below(self, on: Day) -> Self {
        match self {
            AreaKind::England => AreaKind::Region,
            AreaKind::Region if on >= icbs_from() => AreaKind::LocalOffice,
            AreaKind::Region | AreaKind::LocalOffice | AreaKind::Ccg => AreaKind::Ccg,
            AreaKind::Network => AreaKind::Network,
        }
    }

    /// The first days on which bodies of the level were called something else than before.
    fn beginnings(self, code: OdsCode) -> Vec<Day> {
        match self {
            AreaKind::LocalOffice if is_local_office(code) => vec![Day::FIRST],
            AreaKind::LocalOffice => vec![Day::FIRST, day(STPS_FROM), icbs_from()],
            AreaKind::Ccg => vec![Day::FIRST, icbs_from()],
            AreaKind::England | AreaKind::Region | AreaKind::Network => vec![Day::FIRST],
        }
    }

    /// What a body is called that no file has named: the word and the code. A code of two digits and a letter, or
    /// one of five characters, is a CCG's; others were commissioners of the time before (domain facts 6.3).
    pub fn unnamed(self, code: OdsCode, on: Day) -> String {
        let word = self.word_of(code, on);
        match self {
            AreaKind::England => "England".to_owned(),
            AreaKind::Ccg if !is_ccg_shaped(code) => format!("Commissioner {code}"),
            _ => format!("{} {code}", word.capital()),
        }
    }
}

/// Whether a code is that of a local office of NHS England: Q and two digits. No partnership or board has one.
pub fn is_local_office(code: OdsCode) -> bool {
    matches!(code.as_str().as_bytes(), [b'Q', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
}

/// Whether what stands between a region and its commissioners on a day can have this code: local offices of NHS England
/// ended in March 2020, and what a file of before then says of them tells nothing of the partnerships and boards after.
pub fn may_stand_between(code: OdsCode, on: Day) -> bool {
    !is_local_office(code) || on < stps_from()
}

fn is_ccg_shaped(code: OdsCode) -> bool {
    match code.as_str().as_bytes() {
        [a, b, c] => a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_uppercase(),
        _ => code.is_of_five(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> OdsCode {
        text.parse().unwrap()
    }

    #[test]
    fn the_word_for_a_level_is_that_of_the_day() {
        let word = |kind: AreaKind, day: &str| kind.word(day.parse().unwrap()).one;
        for (day, office, ccg) in [
            ("2018-03-31", "local office", "CCG"),
            ("2020-03-31", "local office", "CCG"),
            ("2020-04-01", "STP/ICS", "CCG"),
            ("2022-06-30", "STP/ICS", "CCG"),
            ("2022-07-01", "integrated care board", "sub-ICB location"),
            ("2026-04-01", "integrated care board", "sub-ICB location"),
        ] {
            assert_eq!((word(AreaKind::LocalOffice, day), word(AreaKind::Ccg, day)), (office, ccg), "{day}");
        }
    }

    #[test]
    fn a_local_office_never_became_a_board() {
        let on = "2026-01-01".parse().unwrap();
        assert_eq!(AreaKind::LocalOffice.word_of(code("Q74"), on).slug, "local-office");
        assert_eq!(AreaKind::LocalOffice.word_of(code("QE1"), on).slug, "integrated-care-board");
    }

    #[test]
    fn every_word_of_a_level_names_the_level() {
        for kind in AreaKind::ALL {
            for day in ["2018-03-31", "2021-01-01", "2026-01-01"] {
                let slug = kind.word(day.parse().unwrap()).slug;
                assert_eq!(AreaKind::from_slug(slug), Some(kind), "{slug}");
            }
        }
    }

    #[test]
    fn a_region_is_divided_into_boards_since_there_are_any() {
        let below = |kind: AreaKind, day: &str| kind.next_below(day.parse().unwrap());
        assert_eq!(below(AreaKind::Region, "2022-06-30"), AreaKind::Ccg);
        assert_eq!(below(AreaKind::Region, "2022-07-01"), AreaKind::LocalOffice);
        assert_eq!(below(AreaKind::LocalOffice, "2022-07-01"), AreaKind::Ccg);
    }
}
