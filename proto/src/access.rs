//! Events of `access`: who may come in, who came, and what was refused or taken away.
//!
//! They stand in a stream of their own beside the event log, the access log ([`Stream::Access`]): it
//! is about the people who use the platform and not about the practices, may be kept for another
//! time, and is read by fewer. Every service writes there what it refused and what it handed out.
//!
//! No name, no password and no secret ever stands here: people are ids, and of an API key's secret
//! there is the hash. Of a user name there is a fingerprint that takes long to work out.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    claims,
    codes::{Actor, CodeError, OdsCode, PersonId},
    day::Day,
    envelope::{EventHash, Position},
};

/// What someone is to the platform. Held *at* an organisation: a CCG officer of 15E.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Leads data security in a practice, and does its work here.
    PracticeLead,
    /// Oversees the practices of a CCG.
    CcgOfficer,
    /// Oversees the CCGs and practices of an NHS England region or local office.
    RegionalLead,
    /// Assesses practices on site for a delivery partner.
    Assessor,
    /// NHS Digital: keeps the requirement sets and the national register.
    NhsDigital,
    /// NHS Improvement: takes the year-end confirmations.
    NhsImprovement,
    /// Buys IT for an organisation.
    Buyer,
    /// Supplies IT.
    Supplier,
    /// Runs an installation: keys, accounts, imports.
    Administrator,
    /// A program that watches an installation: it reads the metrics of the processes, and nothing else.
    Monitor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 10] = [
        Role::PracticeLead,
        Role::CcgOfficer,
        Role::RegionalLead,
        Role::Assessor,
        Role::NhsDigital,
        Role::NhsImprovement,
        Role::Buyer,
        Role::Supplier,
        Role::Administrator,
        Role::Monitor,
    ];

    /// Whether it is for programs alone: they have keys, and no accounts.
    pub const fn is_for_programs(self) -> bool {
        matches!(self, Role::Monitor)
    }

    /// The name, as in events, policies, flags and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Role::PracticeLead => "practice-lead",
            Role::CcgOfficer => "ccg-officer",
            Role::RegionalLead => "regional-lead",
            Role::Assessor => "assessor",
            Role::NhsDigital => "nhs-digital",
            Role::NhsImprovement => "nhs-improvement",
            Role::Buyer => "buyer",
            Role::Supplier => "supplier",
            Role::Administrator => "administrator",
            Role::Monitor => "monitor",
        }
    }

    /// The role in words.
    pub const fn words(self) -> &'static str {
        match self {
            Role::PracticeLead => "Practice lead",
            Role::CcgOfficer => "CCG officer",
            Role::RegionalLead => "Regional lead",
            Role::Assessor => "Delivery partner assessor",
            Role::NhsDigital => "NHS Digital",
            Role::NhsImprovement => "NHS Improvement",
            Role::Buyer => "Buyer",
            Role::Supplier => "Supplier",
            Role::Administrator => "Administrator",
            Role::Monitor => "Monitoring program",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        Role::ALL.into_iter().find(|role| role.name() == text.trim()).ok_or_else(|| {
            CodeError::new(
                text,
                "a role",
                "practice-lead, ccg-officer, regional-lead, assessor, nhs-digital, nhs-improvement, buyer, \
                 supplier, administrator or monitor",
            )
        })
    }
}

events! {
    /// Access log of the platform. Its data is written as it stands.
    pub enum AccessEvent of Access on Access {
        /// An API key was issued.
        KeyIssued = "oversight.access.key-issued.v1",
        /// An API key was taken back.
        KeyRevoked = "oversight.access.key-revoked.v1",
        /// Someone was given an account.
        AccountOpened = "oversight.access.account-opened.v1",
        /// Someone's account was closed for the time being.
        AccountDisabled = "oversight.access.account-disabled.v1",
        /// Someone's account was opened again.
        AccountEnabled = "oversight.access.account-enabled.v1",
        /// Someone was put out of wherever they were signed in.
        SessionsEnded = "oversight.access.sessions-ended.v1",
        /// Someone's password was set, by them or for them.
        PasswordSet = "oversight.access.password-set.v1",
        /// Someone signed in.
        SignedIn = "oversight.access.signed-in.v1",
        /// Someone tried to sign in and could not.
        SignInRefused = "oversight.access.sign-in-refused.v1",
        /// Someone signed out.
        SignedOut = "oversight.access.signed-out.v1",
        /// Someone asked for what they may not see or do.
        Refused = "oversight.access.refused.v1",
        /// Data was taken away in bulk.
        Exported = "oversight.access.exported.v1",
        /// Someone read what is not for everyone to read.
        SensitiveRead = "oversight.access.sensitive-read.v1",
        /// Someone broke the glass: opened in an emergency what is closed to them.
        GlassBroken = "oversight.access.glass-broken.v1",
        /// Someone ended their emergency access before its time.
        GlassClosed = "oversight.access.glass-closed.v1",
        /// Someone at an organisation has seen who else was let in to what it wrote.
        GlassSeen = "oversight.access.glass-seen.v1",
        /// A private address was made by which a calendar program reads what its holder may see.
        CalendarOpened = "oversight.access.calendar-opened.v1",
        /// A private address of a calendar was taken back.
        CalendarRevoked = "oversight.access.calendar-revoked.v1",
        /// What the directory says of someone was corrected.
        PersonCorrected = "oversight.access.person-corrected.v1",
        /// Someone's name was deleted from the directory, for good.
        PersonRemoved = "oversight.access.person-removed.v1",
        /// The date at which a demonstration stands was moved on.
        DemonstrationDateSet = "oversight.access.demonstration-date-set.v1",
        /// A user name was claimed for an account.
        IdentifierClaimed = "oversight.access.identifier-claimed.v1",
        /// A claim to a user name came to nothing, or was taken over, or its account was removed.
        IdentifierReleased = "oversight.access.identifier-released.v1",
    }
}

/// What every service records of those who ask it, on a subject of its own.
pub const RECORDS: [&str; 3] = [Refused::TYPE, Exported::TYPE, SensitiveRead::TYPE];

/// What stands in a record of several that differ: their action, or why someone was not let in.
pub const SEVERAL: &str = "several";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An API key was issued. The aggregate is the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyIssued {
    /// The key's id, which is its public part.
    pub key: Uuid,
    /// In which role its holder acts.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// What it is for, in words: `nightly import`.
    pub purpose: String,
    /// SHA-256 of its secret, which has 256 bits of chance and so needs no slow hash.
    pub secret: EventHash,
    /// Until when it opens anything; none: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What the organisation is called, where no file lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_name: Option<String>,
}

/// An API key was taken back. The aggregate is the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// Which one.
    pub key: Uuid,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Someone was given an account. The aggregate is the account; the name stands in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOpened {
    /// Whose it is.
    pub person: PersonId,
    /// In which role they act.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// What the organisation is called, where no file lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_name: Option<String>,
    /// What stands for its user name in the claim to it. The name itself stands in the store of accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// Someone's account was closed for the time being: no one gets in by it, and who is in is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDisabled {
    /// Whose.
    pub person: PersonId,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Someone's account was opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEnabled {
    /// Whose.
    pub person: PersonId,
}

/// Someone was put out of wherever they were signed in, whether or not they have an account here. Who
/// may still sign in comes back in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionsEnded {
    /// Who.
    pub person: PersonId,
}

/// Someone's password was set. Who was signed in before is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordSet {
    /// Whose.
    pub person: PersonId,
    /// Whether it is a first one that they have to change.
    pub to_be_changed: bool,
}

/// How someone signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInWay {
    /// With a password of an account here.
    Password,
    /// At an OpenID Connect provider.
    Provider,
    /// As a made-up person of the synthetic England.
    Persona,
}

/// Someone signed in. The envelope says who, in which role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The session that began.
    pub session: Uuid,
    /// How.
    pub way: SignInWay,
}

/// Someone tried to sign in and could not. What was typed is not kept: people type passwords into
/// the field for the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRefused {
    /// How they tried.
    pub way: SignInWay,
    /// Whose account was tried, where there is such an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Why not: `wrong-password`, `locked`, `disabled`, `unknown`, `made-up`, `role-does-not-fit`, `no-role`, `provider`.
    pub reason: String,
    /// Of so many more of the same minute this tells that are not recorded one by one: it is of none by itself then,
    /// and says of them what they have in common.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// Someone signed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOut {
    /// The session that ended.
    pub session: Uuid,
}

/// Someone asked for what they may not see or do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What they wanted to do: `assessments/agree-plan`.
    pub action: String,
    /// About which organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<OdsCode>,
    /// What they were told: 401, 403 or 404.
    pub status: u16,
    /// Of so many more of the same minute this tells that are not recorded one by one: it is of none by itself then,
    /// and says of them what they have in common.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// Data was taken away in bulk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// What they did: `projection/export-practices`.
    pub action: String,
    /// About which organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<OdsCode>,
    /// The address with its parameters, from which the same can be asked again.
    pub address: String,
    /// Of so many more of the same minute this tells that are not recorded one by one: it is of none by itself then,
    /// and says of them what they have in common.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// Someone read what is not for everyone to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensitiveRead {
    /// What they did: `assessments/view-work`.
    pub action: String,
    /// About which organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<OdsCode>,
    /// Of so many more of the same minute this tells that are not recorded one by one: it is of none by itself then,
    /// and says of them what they have in common.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// Someone broke the glass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassBroken {
    /// What was opened.
    pub organisation: OdsCode,
    /// Why, in their words.
    pub reason: String,
    /// Until when it stays open to them.
    pub until: Timestamp,
}

/// Someone ended their emergency access before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassClosed {
    /// What was open.
    pub organisation: OdsCode,
    /// The session it was open to.
    pub session: Uuid,
    /// When it would have ended by itself.
    pub until: Timestamp,
}

/// Someone at an organisation has seen which emergency accesses to it there were, and which keys and accounts
/// were made for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassSeen {
    /// Which organisation.
    pub organisation: OdsCode,
    /// All that began up to this moment.
    pub upto: Timestamp,
    /// The last event of the access log that they were shown. Before there was this field only emergency
    /// accesses were shown, and one person saw them for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// A private address was made by which a calendar program reads what its holder may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarOpened {
    /// The address's id, which is its public part.
    pub calendar: Uuid,
    /// Whose it is: it shows what they may see, for as long as they may come in.
    pub holder: Actor,
    /// In which role.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// SHA-256 of its secret, which has 256 bits of chance and so needs no slow hash.
    pub secret: EventHash,
}

/// A private address of a calendar was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarRevoked {
    /// Which one.
    pub calendar: Uuid,
}

/// What the directory says of someone was corrected. The aggregate is the person; what it says stands in the directory
/// alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonCorrected {
    /// Of whom.
    pub person: PersonId,
}

/// Someone's name was deleted from the directory, for good. The aggregate is the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRemoved {
    /// Whose.
    pub person: PersonId,
}

/// The date at which a demonstration stands was moved on. Only ever forward, and only where all practices
/// are generated: an installation with real practices ignores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemonstrationDateSet {
    /// From which date.
    pub from: Day,
    /// To which date.
    pub to: Day,
}

/// A user name was claimed for an account. The aggregate is the claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentifierClaimed(pub claims::IdentifierClaimed);

/// A claim to a user name came to nothing, or its account was removed; or, on the subject of an account, another took
/// the claim over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentifierReleased(pub claims::IdentifierReleased);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_from_before_they_were_counted_read_as_of_one() {
        let one = r#"{"action":"assessments/view-work","about":"A81001"}"#;
        let read: SensitiveRead = serde_json::from_str(one).unwrap();
        assert_eq!((read.more, serde_json::to_string(&read).unwrap().as_str()), (0, one));
        let many = SensitiveRead { more: 4_312, ..read };
        assert!(serde_json::to_string(&many).unwrap().contains(r#""more":4312"#));
    }

    #[test]
    fn a_role_is_written_as_its_name() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
            assert_eq!(role.name().parse(), Ok(role));
        }
        let error = "boss".parse::<Role>().unwrap_err().to_string();
        assert!(error.contains("ccg-officer"), "{error}");
    }
}
