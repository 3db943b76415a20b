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

use proto::{
    OdsCode, Role,
    areas::Successions,
    bodies::{BodyKind, Misfit},
};
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
    kinds: FxHashMap<OdsCode, BodyKind>,
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

    /// What an organisation is, as far as that is known: by what it is called in itself, by what files say of it, and
    /// where none speaks of it by the shape of its code.
    pub fn kind(&self, code: OdsCode) -> Option<BodyKind> {
        let told = || self.kinds.get(&code).copied();
        BodyKind::of_itself(code).or_else(told).or_else(|| BodyKind::by_shape(code))
    }

    /// Whether a role is held at an organisation: what does not fit opens nothing, whoever gave it and whenever.
    pub fn check(&self, role: Role, code: OdsCode) -> Result<(), Misfit> {
        role.check_at(code, self.kind(code))
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

#[cfg(test)]
mod tests {
    use proto::{
        Position, Service,
        organisations::{
            NetworkListed, NetworkListing, OrganisationEvent, OrganisationKind, PrescribingSetting,
        },
    };

    use super::*;
    use crate::testing::land::{Told, body, practice, recorded};

    fn code(text: &str) -> OdsCode {
        text.parse().unwrap()
    }

    fn after(told: impl IntoIterator<Item = Told>) -> Hierarchy {
        let mut register = Register::default();
        for (number, told) in (1..).zip(told) {
            register.note(Position(number), &recorded(&told).1);
        }
        register.on("2018-06-01".parse().unwrap())
    }

    /// A prescriber of a file of practices that is not a general practice.
    fn prescriber(of: &str) -> Told {
        let mut told = practice(of, "A WALK-IN CENTRE");
        if let proto::Event::Organisation(OrganisationEvent::PracticeListed(listed)) = &mut told.2 {
            listed.listing.setting = PrescribingSetting::OTHER;
        }
        told
    }

    #[test]
    fn what_an_organisation_is_is_told_by_files_else_by_those_under_it_else_by_its_code() {
        let listing = NetworkListing { name: "N".into(), commissioner: None, opened: None, closed: None };
        let network = NetworkListed { as_of: "2018-03-01".parse().unwrap(), listing };
        let hierarchy = after([
            practice("A81001", "THE DENSHAM SURGERY"),
            prescriber("Y00001"),
            body("Y54", "NORTH", OrganisationKind::Region),
            body("15E", "A CCG", OrganisationKind::Ccg),
            body("13Q", "A HUB", OrganisationKind::CommissioningHub),
            body("Q74", "AN OFFICE", OrganisationKind::LocalOffice),
            body("QHL", "A BOARD", OrganisationKind::LocalOffice),
            body("RXX", "A TRUST", OrganisationKind::Trust),
            body("0AC", "A SUPPORT UNIT", OrganisationKind::Other),
            (Service::Organisations, "U99001".to_owned(), OrganisationEvent::NetworkListed(network).into()),
        ]);
        for (text, kind) in [
            ("A81001", Some(BodyKind::Practice)),
            ("Y00001", Some(BodyKind::Prescriber)),
            ("Y54", Some(BodyKind::Region)),
            ("15E", Some(BodyKind::Commissioner)),
            ("13Q", Some(BodyKind::Commissioner)),
            ("Q74", Some(BodyKind::LocalOffice)),
            ("QHL", Some(BodyKind::Board)),
            ("RXX", Some(BodyKind::Trust)),
            ("0AC", Some(BodyKind::Other)),
            ("U99001", Some(BodyKind::Network)),
            // No file lists it; a practice names it.
            ("00K", Some(BodyKind::Commissioner)),
            ("ENG", Some(BodyKind::England)),
            ("X26", Some(BodyKind::National)),
            ("A99999", Some(BodyKind::Practice)),
            ("ZZ9", None),
        ] {
            assert_eq!(hierarchy.kind(code(text)), kind, "{text}");
        }
        assert!(hierarchy.check(Role::PracticeLead, code("15E")).is_err());
        assert!(hierarchy.check(Role::CcgOfficer, code("Y54")).is_err());
        assert_eq!(hierarchy.check(Role::CcgOfficer, code("15E")), Ok(()));
        assert_eq!(hierarchy.check(Role::CcgOfficer, code("ZZ9")), Ok(()), "not known, and so not refused");
    }

    #[test]
    fn where_no_file_was_read_the_first_roles_can_be_given() {
        let nothing = Hierarchy::default();
        for (role, at) in [
            (Role::Administrator, "X26"),
            (Role::NhsDigital, "X26"),
            (Role::PracticeLead, "A81001"),
            (Role::CcgOfficer, "15E"),
            (Role::CcgOfficer, "QHL"),
            (Role::RegionalLead, "Y54"),
            (Role::Assessor, "ZZPARTNER"),
            (Role::Supplier, "8HP68"),
        ] {
            assert_eq!(nothing.check(role, code(at)), Ok(()), "{role} at {at}");
        }
    }
}
