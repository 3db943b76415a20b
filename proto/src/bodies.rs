//! The kinds of organisation, and which role is held at which: the one place that says so.
//!
//! A role is held *at an organisation*, and what it may do follows from who that is: a CCG officer covers what stands
//! under the CCG. Held at an organisation of another kind it would cover what no one meant: a practice lead of a CCG, an
//! officer of England. So a role opens nothing at a kind of organisation that it is not held at.

use std::fmt;

use crate::{Role, areas::is_local_office, codes::OdsCode, organisations::OrganisationKind};

/// What an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BodyKind {
    /// A general practice of England, open or closed.
    Practice,
    /// A prescriber that is not a general practice.
    Prescriber,
    /// A primary care network.
    Network,
    /// What commissions practices: a CCG, since July 2022 a sub-ICB location, or a commissioning hub.
    Commissioner,
    /// What stands between a region and its commissioners since April 2020: an STP, since July 2022 an integrated care
    /// board.
    Board,
    /// A local office of NHS England, which there were until March 2020.
    LocalOffice,
    /// An NHS England region.
    Region,
    /// England as a whole.
    England,
    /// A national body.
    National,
    /// An NHS trust.
    Trust,
    /// Anything else that a file lists, such as a commissioning support unit.
    Other,
}

/// National bodies whose codes are known for certain (domain facts 6.3).
const NATIONAL: [&str; 1] = ["X26"];

impl BodyKind {
    /// All of them.
    pub const ALL: [BodyKind; 11] = [
        BodyKind::Practice,
        BodyKind::Prescriber,
        BodyKind::Network,
        BodyKind::Commissioner,
        BodyKind::Board,
        BodyKind::LocalOffice,
        BodyKind::Region,
        BodyKind::England,
        BodyKind::National,
        BodyKind::Trust,
        BodyKind::Other,
    ];

    /// One of them, within a sentence.
    pub const fn one(self) -> &'static str {
        match self {
            BodyKind::Practice => "a general practice",
            BodyKind::Prescriber => "a prescriber that is not a general practice",
            BodyKind::Network => "a primary care network",
            BodyKind::Commissioner => "a CCG or sub-ICB location",
            BodyKind::Board => "an integrated care board",
            BodyKind::LocalOffice => "a local office of NHS England",
            BodyKind::Region => "a region",
            BodyKind::England => "England as a whole",
            BodyKind::National => "a national body",
            BodyKind::Trust => "an NHS trust",
            BodyKind::Other => "a body of another kind",
        }
    }

    /// What a file lists a body as.
    pub fn listed(kind: OrganisationKind, code: OdsCode) -> Self {
        match kind {
            OrganisationKind::Ccg | OrganisationKind::CommissioningHub => BodyKind::Commissioner,
            OrganisationKind::Region => BodyKind::Region,
            OrganisationKind::LocalOffice => Self::between(code),
            OrganisationKind::Trust => BodyKind::Trust,
            OrganisationKind::Other => BodyKind::Other,
        }
    }

    /// What stands between a region and its commissioners under a code.
    pub fn between(code: OdsCode) -> Self {
        if is_local_office(code) { BodyKind::LocalOffice } else { BodyKind::Board }
    }

    /// What a body is of which no file need tell.
    pub fn of_itself(code: OdsCode) -> Option<Self> {
        match code.as_str() {
            OdsCode::ENGLAND => Some(BodyKind::England),
            national if NATIONAL.contains(&national) => Some(BodyKind::National),
            _ => None,
        }
    }

    /// What the shape of a code says of a body that no file has told of. Most shapes say nothing.
    pub fn by_shape(code: OdsCode) -> Option<Self> {
        match code.as_str().as_bytes() {
            _ if code.is_practice_shaped() => Some(BodyKind::Practice),
            _ if is_local_office(code) => Some(BodyKind::LocalOffice),
            [a, b, c] if a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_uppercase() => {
                Some(BodyKind::Commissioner)
            }
            _ => None,
        }
    }
}

/// A role at an organisation of a kind that it is not held at. There it opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the role “{}” is for {}; {code} is {}", .role.words(), Kinds(.role.held_at()), .kind.one())]
pub struct Misfit {
    /// The role.
    pub role: Role,
    /// The organisation.
    pub code: OdsCode,
    /// What that is.
    pub kind: BodyKind,
}

/// Kinds as a list within a sentence.
struct Kinds(&'static [BodyKind]);

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, kind) in self.0.iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}{}", kind.one())?;
        }
        Ok(())
    }
}

impl Role {
    /// The kinds of organisation at which it is held.
    ///
    /// A delivery partner may be a trust, a commissioner’s own team or a body that no file lists; suppliers are listed
    /// by none, but for the trusts that run an informatics service. A buyer may buy for any organisation, and an
    /// administrator may run an installation for any.
    pub const fn held_at(self) -> &'static [BodyKind] {
        use BodyKind::{
            Board, Commissioner, England, LocalOffice, National, Network, Other, Practice, Prescriber,
            Region, Trust,
        };
        match self {
            Role::PracticeLead => &[Practice],
            Role::CcgOfficer => &[Commissioner, Board, Network],
            Role::RegionalLead => &[Region, LocalOffice],
            Role::Assessor => &[Trust, Commissioner, Board, Other],
            Role::NhsDigital | Role::NhsImprovement => &[National, England, Other],
            Role::Buyer => &[
                Practice,
                Prescriber,
                Network,
                Commissioner,
                Board,
                LocalOffice,
                Region,
                National,
                Trust,
                Other,
            ],
            Role::Supplier => &[Trust, Other],
            Role::Administrator | Role::Monitor => &BodyKind::ALL,
        }
    }

    /// Whether it is held at an organisation, as far as is known what that is: unknown is not refused, since the first
    /// roles are given before the first file is read.
    pub fn check_at(self, code: OdsCode, kind: Option<BodyKind>) -> Result<(), Misfit> {
        match kind {
            Some(kind) if !self.held_at().contains(&kind) => Err(Misfit { role: self, code, kind }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each role, and the kinds at which it is held: `p`ractice, prescribe`r`, `n`etwork, `c`ommissioner, `b`oard,
    /// local `o`ffice, re`g`ion, `e`ngland, national bod`y`, `t`rust, other (`x`).
    const TABLE: [(Role, &str); 10] = [
        (Role::PracticeLead, "p"),
        (Role::CcgOfficer, "ncb"),
        (Role::RegionalLead, "og"),
        (Role::Assessor, "cbtx"),
        (Role::NhsDigital, "eyx"),
        (Role::NhsImprovement, "eyx"),
        (Role::Buyer, "prncbogytx"),
        (Role::Supplier, "tx"),
        (Role::Administrator, "prncbogeytx"),
        (Role::Monitor, "prncbogeytx"),
    ];

    #[test]
    fn every_role_is_held_at_the_kinds_of_the_table_and_at_no_other() {
        let code: OdsCode = "ZZ9".parse().unwrap();
        for (role, held_at) in TABLE {
            let letters = "prncbogeytx".chars().zip(BodyKind::ALL);
            let found: String = letters
                .filter(|(_, kind)| role.check_at(code, Some(*kind)).is_ok())
                .map(|(letter, _)| letter)
                .collect();
            assert_eq!(found, held_at, "{role}");
            assert_eq!(role.check_at(code, None), Ok(()), "{role} at what is not known");
        }
    }

    #[test]
    fn whoever_is_refused_hears_what_fits() {
        let code: OdsCode = "15E".parse().unwrap();
        let said = |role: Role, kind| role.check_at(code, Some(kind)).unwrap_err().to_string();
        assert_eq!(
            said(Role::PracticeLead, BodyKind::Commissioner),
            "the role “Practice lead” is for a general practice; 15E is a CCG or sub-ICB location"
        );
        assert_eq!(
            said(Role::CcgOfficer, BodyKind::Region),
            "the role “CCG officer” is for a CCG or sub-ICB location, an integrated care board or a primary care \
             network; 15E is a region"
        );
    }

    #[test]
    fn a_code_alone_tells_little() {
        let kind = |text: &str| {
            let code: OdsCode = text.parse().unwrap();
            BodyKind::of_itself(code).or_else(|| BodyKind::by_shape(code))
        };
        for (text, expected) in [
            ("ENG", Some(BodyKind::England)),
            ("X26", Some(BodyKind::National)),
            ("A81001", Some(BodyKind::Practice)),
            ("Y00001", Some(BodyKind::Practice)),
            ("15E", Some(BodyKind::Commissioner)),
            ("Q74", Some(BodyKind::LocalOffice)),
            ("QHL", None),
            ("D4U1Y", None),
            ("RXX", None),
            ("8HP68", None),
            ("ZZPARTNER", None),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}
