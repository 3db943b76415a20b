//! Made-up people for a first look: on this machine alone, and over synthetic data alone.

use chassis::{Access, access::made_up_person};
use proto::{OdsCode, PersonId, Role};

/// Whether this process lets anyone be a made-up person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Personas {
    /// Never: it listens beyond this machine, or is in production.
    #[default]
    Never,
    /// While all data is synthetic.
    WhileSynthetic,
}

/// A made-up person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// What they are.
    pub role: Role,
    /// Where.
    pub organisation: OdsCode,
}

impl Persona {
    /// Their id: the same one always.
    pub fn person(&self) -> PersonId {
        made_up_person(self.role)
    }

    /// What they come here for, as a sentence.
    pub fn words(&self) -> &'static str {
        match self.role {
            Role::PracticeLead => "does one practice’s work on all its requirements, and sees its position",
            Role::CcgOfficer => {
                "oversees the practices of one CCG, sub-ICB location or integrated care board and agrees their plans"
            }
            Role::RegionalLead => "oversees the commissioners and practices of one region",
            Role::Assessor => "assesses practices on site for a delivery partner",
            Role::NhsDigital => "keeps the toolkit: sees England, moves deadlines, loads registers",
            Role::NhsImprovement => "sees England and takes the year-end confirmations",
            Role::Buyer => "checks that a supplier and its service are certified before buying",
            Role::Supplier => "keeps the record of its services and certificates",
            Role::Administrator => "runs this installation: keys, accounts and imports",
            Role::Monitor => "watches the processes of this installation",
        }
    }
}

impl Personas {
    /// The people one may be now; none where that is refused.
    pub fn offered(self, access: &Access) -> Vec<Persona> {
        if self == Personas::Never || !access.only_synthetic() {
            return Vec::new();
        }
        let hierarchy = access.hierarchy();
        // The first practice that stands in a CCG and a region, and these.
        let whole = |code: &OdsCode| {
            let above = hierarchy.above(*code);
            hierarchy.is_practice(*code) && above.commissioner.is_some() && above.region.is_some()
        };
        let Some(practice) = hierarchy.organisations().filter(whole).min() else { return Vec::new() };
        let above = hierarchy.above(practice);
        let body = |code: &str| code.parse::<OdsCode>().ok();
        let places = [
            (Role::PracticeLead, Some(practice)),
            (Role::CcgOfficer, above.commissioner),
            (Role::RegionalLead, above.region),
            (Role::Assessor, body("ZZPARTNER")),
            // NHS Digital's own ODS code; of the other bodies no code is sure, so they are invented.
            (Role::NhsDigital, body("X26")),
            (Role::NhsImprovement, body("ZZIMPROVEMENT")),
            (Role::Buyer, above.commissioner),
            (Role::Supplier, body("ZZSUPPLIER")),
            (Role::Administrator, body("X26")),
        ];
        places
            .into_iter()
            .filter_map(|(role, organisation)| Some(Persona { role, organisation: organisation? }))
            .collect()
    }
}
