//! The codes of the field, each parsed once at the edge and trusted from there.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::text::{SHORT_MAX_BYTES, Short};

/// Why a text is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not {what}: {accepted}")]
pub struct CodeError {
    /// The text as received, cut at 40 characters.
    pub text: String,
    /// What it was taken for, with its article.
    pub what: &'static str,
    /// What would have been accepted.
    pub accepted: &'static str,
}

impl CodeError {
    pub(crate) fn new(text: &str, what: &'static str, accepted: &'static str) -> Self {
        Self { text: text.chars().take(40).collect(), what, accepted }
    }
}

/// A code that lives where it stands: shown, written and read as its text. Parsing is its own.
macro_rules! inline_code {
    ($( $(#[$about:meta])* $Code:ident; )*) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Code(Short);

        impl $Code {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl Serialize for $Code {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $Code {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read_code(deserializer)
            }
        }

        impl fmt::Display for $Code {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )* };
}

/// A code whose text is a [`slug`], and how it is refused where it is none.
macro_rules! slug_code {
    ($( $(#[$about:meta])* $Code:ident: $what:literal, $accepted:literal; )*) => { $(
        inline_code! { $(#[$about])* $Code; }

        impl FromStr for $Code {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, CodeError> {
                slug(text).map($Code).ok_or_else(|| CodeError::new(text, $what, $accepted))
            }
        }
    )* };
}

inline_code! {
    /// A code of the Organisation Data Service: practices, CCGs, local offices, regions, trusts and
    /// everyone else on the national registers.
    ///
    /// Upper case always; real files hold stray lower case and blanks (domain facts 6.3), so parsing
    /// trims and raises. Letters, digits and hyphens, at most 23 characters; the former government
    /// regions have one letter.
    OdsCode;
    /// A code of the Office for National Statistics: a letter and eight digits, such as E54000027. It changes with
    /// the boundary of an area; the ODS code is what identifies it.
    OnsCode;
}

impl FromStr for OnsCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let code = text.trim().to_ascii_uppercase();
        let fits = matches!(code.as_bytes(), [letter, digits @ ..]
            if letter.is_ascii_uppercase() && digits.len() == 8 && digits.iter().all(u8::is_ascii_digit));
        let reject = || {
            CodeError::new(
                text,
                "a code of the Office for National Statistics",
                "a letter and eight digits, such as E54000027",
            )
        };
        fits.then(|| Short::new(&code)).flatten().map(OnsCode).ok_or_else(reject)
    }
}

slug_code! {
    /// An edition of a requirement set, for example `igt-14.1` or `dspt-2018-19`.
    EditionId: "an edition", "an id such as igt-14.1 or dspt-2018-19";
    /// A requirement within an edition, for example `14-117` (IG Toolkit) or `3.2.1` (DSP Toolkit).
    RequirementId: "a requirement", "a number such as 14-117 or 3.2.1";
    /// A supplier of IT, wherever it was first heard of.
    SupplierId: "a supplier's id", "up to 23 lower-case letters, digits, dots and hyphens";
    /// A service that a supplier offers, unique with that supplier, for example `10000-001`.
    ServiceId: "the id of a supplier's service", "up to 23 lower-case letters, digits, dots and hyphens";
    /// A scheme of certification, for example `cyber-essentials-plus`.
    SchemeId: "a scheme", "an id such as cyber-essentials; GET /api/v1/certification lists them";
    /// What assessors look at on site, for example `patching`.
    TopicId: "a topic", "an id such as patching; GET /api/v1/onsite/topics lists them";
    /// A type of service, for example `clinical-system`.
    ServiceTypeId: "a type of service", "an id such as clinical-system; GET /api/v1/certification lists them";
}

impl OdsCode {
    /// England as a whole, an area like the others although no register lists it.
    pub const ENGLAND: &'static str = "ENG";

    /// Whether the code has the shape of an English general practice: one letter of A-H, J-N, P or
    /// Y and five digits (all 7,259 practice codes seen have it).
    pub fn is_practice_shaped(&self) -> bool {
        let bytes = self.as_str().as_bytes();
        matches!(bytes, [b'A'..=b'H' | b'J'..=b'N' | b'P' | b'Y', digits @ ..]
            if digits.len() == 5 && digits.iter().all(u8::is_ascii_digit))
    }

    /// Whether it has the shape of a body made since October 2020: letter, digit, letter, digit, letter, whatever
    /// the body is.
    pub fn is_of_five(&self) -> bool {
        matches!(self.as_str().as_bytes(), [a, b, c, d, e]
            if [a, c, e].iter().all(|at| at.is_ascii_alphabetic()) && [b, d].iter().all(|at| at.is_ascii_digit()))
    }

    /// Whether it is a code of Wales: a letter W with nothing but digits behind it (W00 the national body,
    /// W and five digits a practice), or one of the seven health boards, 7A1 to 7A7. English codes made
    /// since October 2020 may begin with a W, too, but have letters among their digits (W2U3Z).
    pub fn is_welsh(&self) -> bool {
        match self.as_str().as_bytes() {
            [b'W', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
            [b'7', b'A', board] => (b'1'..=b'7').contains(board),
            _ => false,
        }
    }
}

impl FromStr for OdsCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        const ACCEPTED: &str = "letters, digits and hyphens, 1 to 23 characters, for example A81001";
        let reject = || CodeError::new(text, "an ODS code", ACCEPTED);
        let trimmed = text.trim();
        let length_fits = (1..=SHORT_MAX_BYTES).contains(&trimmed.len());
        let spelt_right =
            trimmed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !trimmed.starts_with('-');
        // A spreadsheet turns codes such as APR6 into dates; 2006-04-01 is no code.
        if !length_fits || !spelt_right || looks_like_a_date(trimmed) {
            return Err(reject());
        }
        let code = if trimmed.bytes().any(|b| b.is_ascii_lowercase()) {
            Short::new(&trimmed.to_ascii_uppercase())
        } else {
            Short::new(trimmed)
        };
        code.map(OdsCode).ok_or_else(reject)
    }
}

fn looks_like_a_date(text: &str) -> bool {
    let mut parts = text.split('-');
    matches!((parts.next(), parts.next(), parts.next(), parts.next()), (Some(y), Some(m), Some(d), None)
        if [y, m, d].iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())))
}

/// Lower-case letters, digits, dots and hyphens.
fn slug(text: &str) -> Option<Short> {
    let fits = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
    fits.then(|| Short::new(text)).flatten()
}

/// A person in the directory. Events carry this id and never a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub Uuid);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PersonId {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        Uuid::parse_str(text.trim())
            .map(PersonId)
            .map_err(|_| CodeError::new(text, "a person's id", "a UUID from the directory"))
    }
}

/// Who gave a command: `system:<what>` for the platform itself, `person:<id>` for someone,
/// `key:<id>` for whoever holds an API key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// The mark of the generated England: events by this actor are not real.
    pub const SYNTHETIC: &'static str = "system:synthetic-england";

    /// A part of the platform acting by itself.
    pub fn system(what: &str) -> Self {
        Self(format!("system:{what}"))
    }

    /// The generator of the synthetic England.
    pub fn synthetic() -> Self {
        Self(Self::SYNTHETIC.to_owned())
    }

    /// A person of the directory.
    pub fn person(id: PersonId) -> Self {
        Self(format!("person:{id}"))
    }

    /// Whoever holds an API key.
    pub fn key(id: Uuid) -> Self {
        Self(format!("key:{id}"))
    }

    /// The actor as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The person, where it is one.
    pub fn person_id(&self) -> Option<PersonId> {
        self.0.strip_prefix("person:")?.parse().ok()
    }

    /// The API key, where it is the holder of one.
    pub fn key_id(&self) -> Option<Uuid> {
        Uuid::try_parse(self.0.strip_prefix("key:")?).ok()
    }
}

fn read_code<'de, C: FromStr<Err = CodeError>, D: Deserializer<'de>>(deserializer: D) -> Result<C, D::Error> {
    struct Text<'a>(Cow<'a, str>);
    impl<'de> Deserialize<'de> for Text<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> de::Visitor<'de> for Visitor {
                type Value = Text<'de>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a code")
                }
                fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                    Ok(Text(Cow::Borrowed(text)))
                }
                fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                    Ok(Text(Cow::Owned(text.to_owned())))
                }
            }
            deserializer.deserialize_str(Visitor)
        }
    }
    Text::deserialize(deserializer)?.0.parse().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_trimmed_and_raised() {
        assert_eq!("  a81001 ".parse::<OdsCode>().unwrap().as_str(), "A81001");
        assert_eq!("vq666555-abcde".parse::<OdsCode>().unwrap().as_str(), "VQ666555-ABCDE");
    }

    #[test]
    fn a_damaged_code_is_refused_with_what_is_accepted() {
        for damaged in ["", "-", "2006-04-01", "A81 001", "A81001!", "ABCDEFGHIJKLMNOPQRSTUVWX", "Ä81001"] {
            let error = damaged.parse::<OdsCode>().unwrap_err();
            assert!(error.to_string().contains("for example A81001"), "{error}");
        }
    }

    #[test]
    fn practice_shape_is_one_letter_and_five_digits() {
        let is = |code: &str| code.parse::<OdsCode>().unwrap().is_practice_shaped();
        assert!(is("A81001") && is("Y02490"));
        assert!(!is("W91050") && !is("15M") && !is("A8100X") && !is("I12345"));
    }

    #[test]
    fn codes_order_as_their_text_does() {
        let mut codes: Vec<OdsCode> =
            ["B1", "A81001", "A8", "15M"].iter().map(|c| c.parse().unwrap()).collect();
        codes.sort();
        assert_eq!(codes.iter().map(OdsCode::as_str).collect::<Vec<_>>(), ["15M", "A8", "A81001", "B1"]);
    }

    #[test]
    fn codes_travel_as_text() {
        let code: OdsCode = serde_json::from_str(r#""\u00410 1""#.replace(" ", "").as_str()).unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), r#""A01""#);
    }
}
