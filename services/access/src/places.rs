//! At which organisations someone may be given a role: those that are known.
//!
//! A wrong letter in a code would else give a key or an account at an organisation that does not exist, or at another
//! one than was meant. So the organisation is looked up, and its name is shown before anything is made.
//!
//! The role must be one that is held at organisations of its kind ([`proto::bodies`]); what is not known of an
//! organisation does not stand in the way.
//!
//! Three kinds of organisation are known: those that a file lists by name; those that a file names by code alone,
//! as the commissioner or region of a practice; and, for the roles that are held at bodies of which no file need tell,
//! those whose name the administrator enters. Where no file has the name, the administrator's word is needed.

use std::time::Duration;

use chassis::{Access, Problem};
use proto::{OdsCode, Role, bodies::Misfit, text::Line};

/// Bodies that no national file of practices or commissioners lists.
const NATIONAL: [(&str, &str); 2] = [("X26", "NHS Digital"), (OdsCode::ENGLAND, "England")];

/// The most characters of a name.
const NAME_MAX_CHARS: usize = 200;

/// How often, and how long apart, an organisation that is not known is looked for again: a file may have been read a
/// moment ago.
const LOOKS: u32 = 5;
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// An organisation at which a role is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its code.
    pub code: OdsCode,
    /// What it is called.
    pub name: String,
    /// Whether its name is the administrator's word, since no file lists it.
    pub is_by_word: bool,
}

impl Place {
    /// The name as the event keeps it: where nothing else does.
    pub fn recorded_name(&self) -> Option<String> {
        self.is_by_word.then(|| self.name.clone())
    }
}

/// Whether a role is held at organisations that the national files list. Delivery partners, suppliers and national
/// bodies need not stand in any file.
fn is_listed(role: Role) -> bool {
    matches!(role, Role::PracticeLead | Role::CcgOfficer | Role::RegionalLead | Role::Buyer)
}

/// Whether a role may be held there on the administrator's word for what it is called.
fn may_be_named_by_word(access: &Access, role: Role, code: OdsCode) -> bool {
    !is_listed(role) || access.hierarchy().knows(code)
}

/// The organisation of a code, for a role; `word` is what the administrator says it is called.
pub async fn place(access: &Access, role: Role, code: OdsCode, word: Option<&str>) -> Result<Place, Problem> {
    let word = word.map(str::trim).filter(|word| !word.is_empty());
    for look in 0..LOOKS {
        access.check_role(role, code).map_err(|misfit| does_not_fit(&misfit))?;
        if let Some(name) = known_name(access, code) {
            return match word.filter(|word| !word.eq_ignore_ascii_case(&name)) {
                None => Ok(Place { code, name, is_by_word: false }),
                Some(_) => Err(refused(
                    "organisation_name",
                    format!("{code} is {name}: leave the name out, or check the code"),
                )),
            };
        }
        if word.is_some() && may_be_named_by_word(access, role, code) {
            break;
        }
        if look + 1 < LOOKS {
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }
    match word {
        _ if !may_be_named_by_word(access, role, code) => Err(refused(
            "organisation",
            format!(
                "no organisation {code} is known: check the code, or first import the file that lists it"
            ),
        )),
        Some(name) if name.chars().count() > NAME_MAX_CHARS => {
            Err(refused("organisation_name", format!("a name has up to {NAME_MAX_CHARS} characters")))
        }
        Some(name) => match Line::of(name) {
            Ok(name) => Ok(Place { code, name: name.as_str().to_owned(), is_by_word: true }),
            Err(fault) => Err(refused("organisation_name", format!("the name {fault}"))),
        },
        None => Err(refused(
            "organisation_name",
            format!(
                "no file lists an organisation {code}: check the code, or enter the name of the organisation"
            ),
        )),
    }
}

/// The role is not held at such an organisation.
fn does_not_fit(misfit: &Misfit) -> Problem {
    refused("organisation", format!("{misfit}: choose another role, or check the code"))
}

fn known_name(access: &Access, code: OdsCode) -> Option<String> {
    let national =
        NATIONAL.into_iter().find(|(known, _)| *known == code.as_str()).map(|(_, name)| name.to_owned());
    national.or_else(|| access.hierarchy().name(code).map(ui::fmt::name))
}

fn refused(at: &str, detail: String) -> Problem {
    Problem::bad_input(detail.clone()).at(at, detail)
}
