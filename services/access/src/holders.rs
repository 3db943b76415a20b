//! Who can read what an organisation wrote: the keys and accounts that were made for it, those of the bodies above
//! it, and every emergency access. For the organisation itself, so that nothing of it is hidden from those it is about.

use axum::{
    Json as AxumJson,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Giver, Problem, Routes, Viewer,
    access::{
        Known, Told,
        keys::{Account, Issued},
        sees_history,
    },
    http::{Form as FormBody, Path},
    pages::{KeyOnly, form_of, keys_and_accounts_at, moment},
};
use jiff::Timestamp;
use maud::{Markup, html};
use proto::{Actor, Day, OdsCode, PersonId, Role};
use serde::Serialize;
use ui::{
    Tone,
    components::{Button, ButtonKind, Cell, Column, Row, Table, lede, tag},
};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::{
    Desk, Shared,
    actions::{MANAGE_ACCOUNTS, MANAGE_KEYS, REVOKE_OWN_KEY, VIEW_HOLDERS},
    pages::{page, respond},
};

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(of_organisation))]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    Routes::new()
        .get("/api/v1/access/organisations/{code}", VIEW_HOLDERS.of("code"), of_organisation)
        .get("/access/organisations/{code}", VIEW_HOLDERS.of("code"), show)
        .post("/access/organisations/{code}/keys/{id}/revoke", REVOKE_OWN_KEY.of("code"), revoke)
}

/// What lets someone in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// An API key, for a program.
    Key,
    /// An account, for a person.
    Account,
}

/// A key or an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HolderView {
    /// Which of the two.
    kind: Kind,
    /// Its id: of an account its holder's, as events name them.
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    /// In which role its holder acts.
    #[schema(value_type = String)]
    role: Role,
    /// For which organisation.
    #[schema(value_type = String)]
    organisation: OdsCode,
    /// What a key is for, and what the holder of an account is called: for those at the organisation, until it is deleted.
    name: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    made: Timestamp,
    /// By whom.
    by: Option<String>,
    /// In which role they were.
    #[schema(value_type = Option<String>)]
    by_role: Option<Role>,
    /// Until when a key is good.
    #[schema(value_type = Option<String>, format = "date-time")]
    expires: Option<Timestamp>,
    /// Whether it lets anyone in now.
    good: bool,
    /// When it was last recorded as used: of a person their last sign-in, view or download on record.
    #[schema(value_type = Option<String>, format = "date-time")]
    last_used: Option<Timestamp>,
}

/// An emergency access.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmergencyView {
    /// When it began.
    #[schema(value_type = String, format = "date-time")]
    from: Timestamp,
    /// When it ended at the latest.
    #[schema(value_type = String, format = "date-time")]
    until: Timestamp,
    /// Who had it.
    by: String,
    /// Why, in their words.
    reason: String,
}

/// Who can read what an organisation wrote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldersAnswer {
    /// The organisation.
    #[schema(value_type = String)]
    organisation: OdsCode,
    /// Every key and account that was ever made for it, the oldest first.
    own: Vec<HolderView>,
    /// The keys and accounts of bodies above it that are good now and read its records: of its CCG and region, and of
    /// NHS Digital. They stand here without names.
    above: Vec<HolderView>,
    /// Every emergency access to it, the oldest first.
    emergencies: Vec<EmergencyView>,
}

impl Desk {
    /// Who can read what an organisation wrote. What people are called is for those at the organisation, and for who
    /// keeps the accounts.
    fn holders_of(&self, viewer: &Viewer, organisation: OdsCode) -> Result<HoldersAnswer, Problem> {
        if !self.access.knows(organisation) {
            return Err(Problem::not_found(format!("no organisation {organisation} is known here")));
        }
        let now = self.clock.machine_now();
        let hierarchy = self.access.hierarchy();
        let is_above = |role: Role, at: OdsCode| match role {
            Role::NhsDigital => at != organisation,
            Role::CcgOfficer | Role::RegionalLead => {
                at != organisation && hierarchy.is_under(organisation, at)
            }
            _ => false,
        };
        let known = self.access.known();
        let (mut own, mut above) = (Vec::new(), Vec::new());
        let mut sort_in = |view: HolderView| {
            if view.organisation == organisation {
                own.push(view);
            } else if view.good && is_above(view.role, view.organisation) {
                above.push(view);
            }
        };
        for issued in known.keys() {
            sort_in(of_key(&known, &issued, now));
        }
        for (person, account) in known.accounts() {
            sort_in(of_account(&known, person, &account));
        }
        let emergencies = known.notices().of(organisation).iter().filter_map(|notice| match &notice.told {
            Told::Emergency { until, reason } => Some(EmergencyView {
                from: notice.at,
                until: *until,
                by: notice.by.as_str().to_owned(),
                reason: reason.clone(),
            }),
            _ => None,
        });
        let emergencies = emergencies.collect();
        // The store of names is not asked while what is known is held.
        drop(known);
        let sees_names = viewer.speaks_for(organisation) || viewer.may_here(MANAGE_ACCOUNTS);
        for holder in own.iter_mut().filter(|holder| sees_names && holder.kind == Kind::Account) {
            holder.name = self.people.name_of(PersonId(holder.id))?;
        }
        own.sort_by_key(|holder| (holder.made, holder.id));
        above.sort_by_key(|holder| (holder.made, holder.id));
        Ok(HoldersAnswer { organisation, own, above, emergencies })
    }
}

fn of_key(known: &Known, issued: &Issued, now: Timestamp) -> HolderView {
    let made = known.notices().made(&issued.actor, issued.key.organisation);
    HolderView {
        kind: Kind::Key,
        id: issued.key.key,
        role: issued.key.role,
        organisation: issued.key.organisation,
        name: Some(issued.key.purpose.clone()),
        made: issued.at,
        by: Some(issued.by.as_str().to_owned()),
        by_role: made.and_then(|notice| notice.by_role),
        expires: issued.key.expires,
        good: issued.is_good(now),
        last_used: known.notices().last_used(&issued.actor),
    }
}

fn of_account(known: &Known, person: PersonId, account: &Account) -> HolderView {
    let actor = Actor::person(person);
    let made = known.notices().made(&actor, account.organisation);
    HolderView {
        kind: Kind::Account,
        id: person.0,
        role: account.role,
        organisation: account.organisation,
        name: None,
        made: account.at,
        by: made.map(|notice| notice.by.as_str().to_owned()),
        by_role: made.and_then(|notice| notice.by_role),
        expires: None,
        good: !account.disabled,
        last_used: known.notices().last_used(&actor),
    }
}

/// Who can read what an organisation wrote: its keys and accounts with who made them, those of the bodies above it, and
/// every emergency access.
///
/// Who may call it: everyone at the organisation, who stands above it, NHS Digital, and administrators.
#[utoipa::path(get, path = "/api/v1/access/organisations/{code}", tag = "access",
    params(("code" = String, Path, description = "the ODS code")),
    responses((status = 200, body = HoldersAnswer), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn of_organisation(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<AxumJson<HoldersAnswer>, Problem> {
    Ok(AxumJson(desk.holders_of(&viewer, code_of(&code)?)?))
}

fn code_of(text: &str) -> Result<OdsCode, Problem> {
    text.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input("the address is wrong").at("code", error.to_string())
    })
}

/// Revokes a key that was made for the organisation, by someone who leads it.
async fn revoke(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, id)): Path<(String, Uuid)>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let organisation = code_of(&code)?;
    let is_own = desk.access.known().key(id).is_some_and(|issued| issued.key.organisation == organisation);
    if !is_own {
        return Err(Problem::not_found(format!("no key {id} was made for {organisation}")));
    }
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.revoke(&giver, id, "revoked by the organisation it was made for".to_owned()).await?;
    Ok(Redirect::to(&keys_and_accounts_at(organisation)).into_response())
}

async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let organisation = code_of(&code)?;
    let answer = desk.holders_of(&viewer, organisation)?;
    let hierarchy = desk.access.hierarchy();
    let name = hierarchy.name(organisation).map_or_else(|| organisation.to_string(), ui::fmt::name);
    let body = html! {
        (lede(html! { "Everyone who can see what this organisation has recorded, and who gave them access." }))
        (holders_table("own", "Keys and accounts for this organisation", &viewer, &answer.own))
        @if !answer.above.is_empty() {
            h2.nhsuk-heading-m { "Other organisations" }
            p { "CCGs, regions and NHS Digital can see the records of the practices they oversee. What they view is in the activity history." }
            (holders_table("above", "Keys and accounts of organisations that oversee this one", &viewer, &answer.above))
        }
        h2.nhsuk-heading-m { "Emergency access" }
        (emergencies_table(&answer.emergencies))
        @if sees_history(&viewer, organisation) {
            p { a.nhsuk-link href=(format!("/history/{organisation}")) { "Activity history" } }
        }
    };
    let page = page(&viewer, "", "Keys and accounts").caption(format!("{name} ({organisation})")).body(body);
    Ok(respond(StatusCode::OK, page))
}

fn holders_table(id: &str, caption: &str, viewer: &Viewer, holders: &[HolderView]) -> Markup {
    let day = |time: Timestamp| Day::in_london(time).long();
    let row = |holder: &HolderView| {
        let kind = match holder.kind {
            Kind::Key => "API key",
            Kind::Account => "Account",
        };
        let by = match holder.by_role {
            Some(Role::Administrator) => "an administrator",
            Some(role) => role.words(),
            None => "the platform",
        };
        Row::new([
            Cell::from(html! {
                (kind)
                @if let Some(name) = &holder.name { ": " (name) }
            }),
            Cell::text(format!("{}, {}", holder.role.words(), holder.organisation)),
            Cell::text(format!("{}, by {by}", day(holder.made))),
            Cell::text(holder.last_used.map_or_else(|| "No use recorded".to_owned(), moment)),
            Cell::from(html! {
                @if holder.good { (tag(Tone::Good, "Active")) } @else { (tag(Tone::Neutral, "Ended")) }
                @if let Some(when) = holder.expires.filter(|_| holder.good) { " until " (day(when)) }
                @if let Some(action) = revoke_at(viewer, holder) {
                    (form_of(viewer, action).body(html! {
                        (Button::new("Revoke").kind(ButtonKind::Secondary)
                            .about(format!("the key for {}", holder.name.as_deref().unwrap_or_default())))
                    }))
                }
            }),
        ])
    };
    Table::new(id, caption)
        .column(Column::text("What"))
        .column(Column::text("Role"))
        .column(Column::text("Made"))
        .column(Column::text("Last used"))
        .column(Column::text("State"))
        .rows(holders.iter().map(row))
        .empty("None has been made.")
        .render()
}

/// Where someone revokes a key, if they may.
fn revoke_at(viewer: &Viewer, holder: &HolderView) -> Option<String> {
    let HolderView { kind: Kind::Key, good: true, id, organisation, .. } = holder else { return None };
    if viewer.may_here(MANAGE_KEYS) {
        return Some(format!("/access/keys/{id}/revoke"));
    }
    let own = viewer.may(REVOKE_OWN_KEY, *organisation);
    own.then(|| format!("{}/keys/{id}/revoke", keys_and_accounts_at(*organisation)))
}

fn emergencies_table(emergencies: &[EmergencyView]) -> Markup {
    let row = |emergency: &EmergencyView| {
        Row::new([
            Cell::text(moment(emergency.from)),
            Cell::text(moment(emergency.until)),
            Cell::text(&emergency.by),
            Cell::text(&emergency.reason),
        ])
    };
    Table::new("emergencies", "Emergency access by administrators")
        .column(Column::text("From"))
        .column(Column::text("Until, at the latest"))
        .column(Column::text("Under which id"))
        .column(Column::text("Reason"))
        .rows(emergencies.iter().map(row))
        .empty("No one has had emergency access.")
        .render()
}
