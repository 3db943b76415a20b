//! Who answers, and how sure a row of the data is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::codes::CodeError;

/// The type of an organisation, as far as requirement sets tell organisations apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = EditionOrganisationType)]
pub enum OrganisationType {
    /// A general practice.
    GeneralPractice,
    /// A clinical commissioning group, since July 2022 an integrated care board.
    Ccg,
    /// An NHS trust or foundation trust.
    NhsTrust,
    /// A commissioning support unit.
    CommissioningSupportUnit,
    /// An arm's length body of the department.
    ArmsLengthBody,
    /// A local authority.
    LocalAuthority,
    /// A community pharmacy.
    Pharmacy,
    /// A dental practice.
    DentalPractice,
    /// An optician.
    Optician,
    /// A provider of social care.
    SocialCare,
    /// A company.
    Company,
    /// Anyone else.
    Other,
}

impl OrganisationType {
    /// Every type.
    pub const ALL: [OrganisationType; 12] = [
        OrganisationType::GeneralPractice,
        OrganisationType::Ccg,
        OrganisationType::NhsTrust,
        OrganisationType::CommissioningSupportUnit,
        OrganisationType::ArmsLengthBody,
        OrganisationType::LocalAuthority,
        OrganisationType::Pharmacy,
        OrganisationType::DentalPractice,
        OrganisationType::Optician,
        OrganisationType::SocialCare,
        OrganisationType::Company,
        OrganisationType::Other,
    ];

    /// The name in data, events and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            OrganisationType::GeneralPractice => "general-practice",
            OrganisationType::Ccg => "ccg",
            OrganisationType::NhsTrust => "nhs-trust",
            OrganisationType::CommissioningSupportUnit => "commissioning-support-unit",
            OrganisationType::ArmsLengthBody => "arms-length-body",
            OrganisationType::LocalAuthority => "local-authority",
            OrganisationType::Pharmacy => "pharmacy",
            OrganisationType::DentalPractice => "dental-practice",
            OrganisationType::Optician => "optician",
            OrganisationType::SocialCare => "social-care",
            OrganisationType::Company => "company",
            OrganisationType::Other => "other",
        }
    }
}

impl fmt::Display for OrganisationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for OrganisationType {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        OrganisationType::ALL.into_iter().find(|kind| kind.name() == text.trim()).ok_or_else(|| {
            CodeError::new(
                text,
                "a type of organisation",
                "general-practice, ccg, nhs-trust, commissioning-support-unit, arms-length-body, \
                 local-authority, pharmacy, dental-practice, optician, social-care, company or other",
            )
        })
    }
}

/// How sure a row of the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = EditionCertainty)]
pub enum Certainty {
    /// Read in public material that `source` names.
    #[serde(rename = "found")]
    Found,
    /// Follows from rows that were found.
    #[serde(rename = "derived")]
    Derived,
    /// Recalled without a source, and most likely right.
    #[serde(rename = "from memory, high")]
    MemoryHigh,
    /// Recalled, and likely right.
    #[serde(rename = "from memory, medium-high")]
    MemoryMediumHigh,
    /// Recalled, and more likely right than wrong.
    #[serde(rename = "from memory, medium")]
    MemoryMedium,
    /// Recalled, and as likely wrong as right.
    #[serde(rename = "from memory, low")]
    MemoryLow,
}

impl Certainty {
    /// Whether a reader need not be warned.
    pub fn is_sure(self) -> bool {
        matches!(self, Certainty::Found | Certainty::Derived | Certainty::MemoryHigh)
    }

    /// The mark in words.
    pub const fn words(self) -> &'static str {
        match self {
            Certainty::Found => "found",
            Certainty::Derived => "derived",
            Certainty::MemoryHigh => "from memory, high",
            Certainty::MemoryMediumHigh => "from memory, medium-high",
            Certainty::MemoryMedium => "from memory, medium",
            Certainty::MemoryLow => "from memory, low",
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_survives_its_name() {
        for kind in OrganisationType::ALL {
            assert_eq!(kind.to_string().parse::<OrganisationType>().unwrap(), kind);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        let error = "gp".parse::<OrganisationType>().unwrap_err();
        assert!(error.to_string().contains("general-practice"), "{error}");
    }
}
