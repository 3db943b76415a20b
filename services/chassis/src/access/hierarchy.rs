//! Who stands under whom today, learnt from the events of `organisations`.
//!
//! A practice stands under its CCG (since July 2022 its sub-ICB location), its local office (since then its integrated
//! care board), its region and England; a CCG under its local office, its region and England; a local office under
//! the region of most of its practices. A practice stands under its primary care network, too, and that under its
//! commissioner and what is above it. Nothing stands under a board any more from the day on which others took its
//! place: an administrator gives its people roles at a successor, which may cover more than the board before. The rules
//! are those of [`proto::footprint`], by which the views count, too: an officer may look at just the
//! practices that stand in the officer's figures. A test of the whole system holds the two together.

mod register;

use std::sync::Arc;

use proto::{OdsCode, areas::Successions};
use rustc_hash::{FxHashMap, FxHashSet};

pub use register::Register;

/// The code that stands for England.
pub fn england() -> OdsCode {
    static CODE: std::sync::LazyLock<OdsCode> = std::sync::LazyLock::new(|| {
        // Three capital letters are a code.
        #[expect(clippy::expect_used, reason = "a constant that a test of codes covers")]
        OdsCode::ENGLAND.parse().expect("ENG is a code")
    });
    *CODE
}

/// What stands directly above an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Above {
    /// Its CCG or other commissioner; of a CCG none.
    pub commissioner: Option<OdsCode>,
    /// Its local office.
    pub local_office: Option<OdsCode>,
    /// Its region.
    pub region: Option<OdsCode>,
    /// Its primary care network, of a practice.
    pub network: Option<OdsCode>,
}

impl Above {
    /// The codes, nearest first.
    pub fn codes(&self) -> impl Iterator<Item = OdsCode> + use<> {
        [self.commissioner, self.network, self.local_office, self.region].into_iter().flatten()
    }
}

/// Who stands under whom on one day. Never changes; a new one takes its place.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    above: FxHashMap<OdsCode, Above>,
    practices: FxHashSet<OdsCode>,
    names: Arc<FxHashMap<OdsCode, Arc<str>>>,
    version: u64,
}

impl Hierarchy {
    /// What stands above an organisation, nearest first, England left out.
    pub fn above(&self, code: OdsCode) -> Above {
        self.above.get(&code).copied().unwrap_or_default()
    }

    /// Whether anything is known of an organisation, be it only that others stand or stood under it. Goes through
    /// all of them.
    pub fn knows(&self, code: OdsCode) -> bool {
        self.above.contains_key(&code)
            || self.name(code).is_some()
            || self.above.values().any(|above| above.codes().any(|above| above == code))
    }

    /// Whether it is a general practice.
    pub fn is_practice(&self, code: OdsCode) -> bool {
        self.practices.contains(&code)
    }

    /// Every organisation, in no order.
    pub fn organisations(&self) -> impl Iterator<Item = OdsCode> + '_ {
        self.above.keys().copied()
    }

    /// Whether `code` is `top` or stands under it.
    pub fn is_under(&self, code: OdsCode, top: OdsCode) -> bool {
        code == top || top.as_str() == OdsCode::ENGLAND || self.above(code).codes().any(|above| above == top)
    }

    /// The name of an organisation as its file has it; of one that began with a succession that is shipped, its
    /// first.
    pub fn name(&self, code: OdsCode) -> Option<&str> {
        let of_file = self.names.get(&code).map(AsRef::as_ref);
        of_file.or_else(|| Successions::shipped().name_of_begun(code))
    }

    /// Another number for every other state of things.
    pub fn version(&self) -> u64 {
        self.version
    }
}
