//! Which role someone has, by what a sign-in provider says of them.
//!
//! A file of rules, the first that fits wins; whom none fits gets no role and is not let in:
//!
//! ```toml
//! [[rule]]
//! claim = "roles"             # or a way into an object: "realm_access.roles"
//! value = "ccg-officer"       # the claim is this text, or a list that has it
//! role = "ccg-officer"
//! organisation = { claim = "ods_code" }
//!
//! [[rule]]
//! claim = "groups"
//! value = "oversight-admins"
//! role = "administrator"
//! organisation = "X26"
//! ```

use std::path::Path;

use proto::{
    OdsCode, Role,
    bodies::{BodyKind, Misfit},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a provider says of someone.
pub type Claims = Map<String, Value>;

/// The most rules of a file.
const RULES_MAX: usize = 1000;

/// Why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The file cannot be read.
    #[error("the file of roles {path} cannot be read: {reason}")]
    File {
        /// Which file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// It is not as it should be.
    #[error("the file of roles is not as accepted: {0}")]
    Text(String),
    /// A rule gives a role at an organisation where it would open nothing.
    #[error("the file of roles has a rule that opens nothing: {0}")]
    Misfit(Misfit),
    /// It names no one.
    #[error("the file of roles has 1 to {RULES_MAX} rules, each beginning with [[rule]]")]
    Count,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
}

/// A rule: who has this claim is this, there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    claim: String,
    value: String,
    role: Role,
    organisation: Place,
}

impl Rule {
    /// What can be told before any file was read: of the organisation that the rule names, by its code alone. Who comes
    /// by a rule is looked at again, when more is known.
    fn check(&self) -> Result<(), Misfit> {
        let Place::Fixed(code) = self.organisation else { return Ok(()) };
        let kind = BodyKind::of_itself(code).or_else(|| BodyKind::by_shape(code));
        self.role.check_at(code, kind)
    }
}

/// Where a role is held.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "organisation is an ODS code, or { claim = \"name\" }")]
enum Place {
    Fixed(OdsCode),
    Claimed(Claimed),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claimed {
    claim: String,
}

/// Rules in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Reads a file of rules.
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let fail = |error: std::io::Error| RulesError::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        std::fs::read_to_string(path).map_err(fail)?.parse()
    }

    /// The role of someone and where they hold it, by the first rule that fits.
    pub fn role_of(&self, claims: &Claims) -> Option<(Role, OdsCode)> {
        self.0.iter().find_map(|rule| {
            let has = texts(find(claims, &rule.claim)?).any(|text| text == rule.value);
            let organisation = match &rule.organisation {
                Place::Fixed(code) => Some(*code),
                Place::Claimed(Claimed { claim }) => one_code(find(claims, claim)?),
            };
            Some((rule.role, organisation.filter(|_| has)?))
        })
    }
}

impl std::str::FromStr for Rules {
    type Err = RulesError;

    fn from_str(text: &str) -> Result<Self, RulesError> {
        let file: File = toml::from_str(text).map_err(|error| RulesError::Text(error.to_string()))?;
        if !(1..=RULES_MAX).contains(&file.rule.len()) {
            return Err(RulesError::Count);
        }
        for rule in &file.rule {
            rule.check().map_err(RulesError::Misfit)?;
        }
        Ok(Self(file.rule))
    }
}

/// A claim by its name, else by the way to it: names with dots are common, and so are objects.
fn find<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(claim) = claims.get(name) {
        return Some(claim);
    }
    let mut way = name.split('.');
    let first = claims.get(way.next()?)?;
    way.try_fold(first, |inner, name| inner.get(name))
}

/// The texts of a claim: one, or those of a list.
fn texts(claim: &Value) -> impl Iterator<Item = &str> {
    let list = match claim {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter().filter_map(Value::as_str)
}

/// The code of a claim that names one organisation. Of several there is none to choose.
fn one_code(claim: &Value) -> Option<OdsCode> {
    let mut codes = texts(claim);
    let code = codes.next()?.parse().ok()?;
    codes.next().is_none().then_some(code)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &str = r#"
        [[rule]]
        claim = "roles"
        value = "ccg-officer"
        role = "ccg-officer"
        organisation = { claim = "ods_code" }

        [[rule]]
        claim = "realm_access.roles"
        value = "admin"
        role = "administrator"
        organisation = "X26"

        [[rule]]
        claim = "https://example.org/role"
        value = "lead"
        role = "practice-lead"
        organisation = { claim = "org.code" }
    "#;

    fn role(claims: Value) -> Option<(&'static str, String)> {
        let rules: Rules = RULES.parse().unwrap();
        let Value::Object(claims) = claims else { panic!("no claims") };
        rules.role_of(&claims).map(|(role, organisation)| (role.name(), organisation.to_string()))
    }

    #[test]
    fn the_first_rule_that_fits_gives_role_and_organisation() {
        let at = |role: &'static str, code: &str| Some((role, code.to_owned()));
        let officer = at("ccg-officer", "15E");
        assert_eq!(role(json!({ "roles": "ccg-officer", "ods_code": "15E" })), officer);
        assert_eq!(role(json!({ "roles": ["a", "ccg-officer"], "ods_code": ["15E"] })), officer);
        let both =
            json!({ "roles": ["ccg-officer"], "ods_code": "15E", "realm_access": { "roles": ["admin"] } });
        assert_eq!(role(both), officer);
        assert_eq!(role(json!({ "realm_access": { "roles": ["admin"] } })), at("administrator", "X26"));
        let lead = json!({ "https://example.org/role": "lead", "org": { "code": "A81001" } });
        assert_eq!(role(lead), at("practice-lead", "A81001"));
    }

    #[test]
    fn whom_no_rule_fits_has_no_role() {
        for claims in [
            json!({}),
            json!({ "roles": "ccg-officer" }),
            json!({ "roles": "ccg-officer", "ods_code": "not a code" }),
            json!({ "roles": "ccg-officer", "ods_code": ["15E", "15F"] }),
            json!({ "roles": "CCG-officer", "ods_code": "15E" }),
            json!({ "roles": { "ccg-officer": true }, "ods_code": "15E" }),
            json!({ "realm_access": "admin" }),
        ] {
            assert_eq!(role(claims.clone()), None, "{claims}");
        }
    }

    #[test]
    fn a_file_that_is_not_understood_says_where() {
        assert_eq!("".parse::<Rules>(), Err(RulesError::Count));
        for (text, says) in [
            (RULES.replace("\"administrator\"", "\"boss\""), "boss"),
            (RULES.replace("\"X26\"", "26"), "organisation is an ODS code"),
            (RULES.replace("value = \"lead\"", "vlaue = \"lead\""), "vlaue"),
            (RULES.replace("{ claim = \"org.code\" }", "\"15E\""), "15E is a CCG or sub-ICB location"),
            (RULES.replace("{ claim = \"ods_code\" }", "\"ENG\""), "ENG is England as a whole"),
        ] {
            let error = text.parse::<Rules>().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
