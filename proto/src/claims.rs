//! What one holder alone may have, and which one has it: an ODS code, a company number, a certificate number, a user
//! name.
//!
//! Each such identifier is an aggregate of its own, named after its kind and a fingerprint of its value. Of all who claim
//! it at the same moment, from whichever process, the log takes one.
//!
//! Each service that needs this writes these under types of its own, on the subject of the claim; and says on the
//! subject of a holder whose claim another took over that it has been released.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{codes::CodeError, subject::AggregateId};

/// The first part of the aggregate id of a claim.
pub const CLAIM: &str = "claim";

/// The bytes of a fingerprint: two identifiers have the same one by a chance of 2^-160.
pub const FINGERPRINT_BYTES: usize = 20;

/// What sort of identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierKind {
    /// The ODS code of a supplier.
    OdsCode,
    /// The number of a supplier at Companies House.
    CompanyNumber,
    /// The scheme and number of a certificate.
    Certificate,
    /// What someone types to sign in.
    UserName,
}

impl IdentifierKind {
    /// All of them.
    pub const ALL: [IdentifierKind; 4] = [
        IdentifierKind::OdsCode,
        IdentifierKind::CompanyNumber,
        IdentifierKind::Certificate,
        IdentifierKind::UserName,
    ];

    /// The name, as in subjects and events.
    pub const fn name(self) -> &'static str {
        match self {
            IdentifierKind::OdsCode => "ods-code",
            IdentifierKind::CompanyNumber => "company-number",
            IdentifierKind::Certificate => "certificate",
            IdentifierKind::UserName => "user-name",
        }
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An identifier that one holder alone may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identifier {
    /// What sort.
    pub kind: IdentifierKind,
    /// What stands for its value: hexadecimal digits.
    pub fingerprint: String,
    /// The value itself, where the log may hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Identifier {
    /// An identifier that the log may hold as it is.
    pub fn open(kind: IdentifierKind, value: &str) -> Self {
        let digest = Sha256::digest(format!("{kind}\0{value}"));
        Self { kind, fingerprint: hexadecimal(&digest[..FINGERPRINT_BYTES]), value: Some(value.to_owned()) }
    }

    /// An identifier of which the log holds a fingerprint alone.
    pub fn hidden(kind: IdentifierKind, fingerprint: [u8; FINGERPRINT_BYTES]) -> Self {
        Self { kind, fingerprint: hexadecimal(&fingerprint), value: None }
    }

    /// The aggregate of its claim: its events stand on `oversight.<service>.claim_<kind>_<fingerprint>`.
    pub fn aggregate(&self) -> Result<AggregateId, CodeError> {
        AggregateId::of(&[CLAIM, self.kind.name(), &self.fingerprint])
    }

    /// Whether both are the same one.
    pub fn is(&self, other: &Identifier) -> bool {
        (self.kind, &self.fingerprint) == (other.kind, &other.fingerprint)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An identifier was claimed for a holder, which takes it with its next command: a claim that is not followed by that
/// command may be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifierClaimed {
    /// Which one.
    #[serde(flatten)]
    pub identifier: Identifier,
    /// For whom: the id of an aggregate of the same service.
    pub holder: String,
}

/// A claim came to nothing, or was taken over by another: its holder does not have the identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifierReleased {
    /// Which one.
    #[serde(flatten)]
    pub identifier: Identifier,
    /// Whose claim it was: the id of an aggregate of the same service.
    pub holder: String,
}

/// What an event says of a claim.
#[derive(Debug, Clone, Copy)]
pub enum OfClaim<'a> {
    /// Someone claimed an identifier.
    Claimed(&'a IdentifierClaimed),
    /// Someone released one.
    Released(&'a IdentifierReleased),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_an_aggregate_of_its_own_however_long_it_is() {
        let long = "x".repeat(1_000);
        let mut seen = std::collections::BTreeSet::new();
        for kind in IdentifierKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            for value in ["8AA01", "8AA02", long.as_str()] {
                let aggregate = Identifier::open(kind, value).aggregate().unwrap();
                assert!(seen.insert(aggregate.to_string()), "{aggregate}");
            }
        }
    }

    #[test]
    fn the_log_holds_the_value_only_where_it_may() {
        let hidden = Identifier::hidden(IdentifierKind::UserName, [0xab; FINGERPRINT_BYTES]);
        let text =
            serde_json::to_value(IdentifierClaimed { identifier: hidden, holder: "a".into() }).unwrap();
        let expected =
            serde_json::json!({ "kind": "user-name", "fingerprint": "ab".repeat(20), "holder": "a" });
        assert_eq!(text, expected);
        let open = Identifier::open(IdentifierKind::OdsCode, "8AA01");
        assert_eq!(open.value.as_deref(), Some("8AA01"));
        assert!(open.is(&Identifier { value: None, ..open.clone() }));
    }
}
