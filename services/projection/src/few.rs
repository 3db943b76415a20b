//! Small counts of what assessors found, and what is withheld of them.
//!
//! Who may not know what was found at each practice may hear how much was found in all. Where few practices
//! were assessed the one is the other, and so these readers are told
//!
//! - nothing of an area below a region;
//! - nothing of what fewer than [`FEW`] practices of a region, or of England, were assessed on;
//! - nothing of it in any region, where the regions in which it is withheld have fewer than [`FEW`] such
//!   practices between them: theirs is what England has beyond the others.
//!
//! How many practices were assessed is no secret, as it is none of each that it was. Nor is the difference of
//! two days withheld, each of which is of enough practices.

use proto::OdsCode;

use crate::board::{Area, AreaKind};

/// So many practices are enough for their counts to be told: our reading.
pub const FEW: u32 = 5;

/// What is said on pages and in answers where counts are withheld.
pub const WITHHELD: &str = "fewer than 5 practices were assessed, here or in another region";

/// How much of what assessors found is told of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// All of it.
    Everything,
    /// What enough practices were assessed on.
    OfMany,
    /// Nothing.
    Nothing,
}

impl Telling {
    /// Of an area, to those who may know what was found at the organisations that `may_know_of` says yes to.
    pub fn of(area: &Area, may_know_of: impl Fn(OdsCode) -> bool) -> Self {
        match area.kind {
            _ if may_know_of(area.code) => Telling::Everything,
            AreaKind::England | AreaKind::Region => Telling::OfMany,
            AreaKind::LocalOffice | AreaKind::Ccg | AreaKind::Network => Telling::Nothing,
        }
    }
}

/// Whether a count is of so few practices that it is withheld. What is of none gives no one away.
pub fn is_few(practices: u32) -> bool {
    (1..FEW).contains(&practices)
}

/// Whether a whole and those of its parts that are not few tell of few practices what the others are of.
pub fn gives_away(whole: u32, parts: impl IntoIterator<Item = u32>) -> bool {
    let told: u32 = parts.into_iter().filter(|part| !is_few(*part)).sum();
    is_few(whole.saturating_sub(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_four_practices_on_down_to_one_counts_are_withheld() {
        assert_eq!([0, 1, 4, 5, 6].map(is_few), [false, true, true, false, false]);
        assert!(WITHHELD.contains(&FEW.to_string()));
    }

    #[test]
    fn what_a_whole_has_beyond_the_parts_that_are_told_is_of_nobody_or_of_many() {
        for (whole, parts, gives) in [
            (20, vec![10, 10], false),
            (20, vec![10, 7, 3], true),
            (20, vec![10, 5, 3, 2], false),
            (20, vec![10, 6, 3, 1], true),
            // Practices that lie in no part are among the rest.
            (20, vec![10, 6], true),
            (20, vec![10, 3], false),
            (3, vec![3], true),
            (0, vec![0, 0], false),
        ] {
            assert_eq!(gives_away(whole, parts.clone()), gives, "{whole} {parts:?}");
        }
    }
}
