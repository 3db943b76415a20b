//! What someone has to look at: which company an entry of a list is, and whose a certificate is that two suppliers
//! have.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Outcome, Problem, Viewer,
    http::{Form as FormBody, Query},
    pages::{after, form_of, page_response},
};
use maud::{Markup, html};
use proto::{
    SupplierId,
    certification::table,
    suppliers::{Certificate, CertificateHeldForReview, List, Listing, ListingHeld, SupplierDetails},
};
use serde::Deserialize;
use ui::components::{Button, Choice, Field, FieldError, InputKind, expander, lede};

use super::{Done, page, purchases::supplier_id};
use crate::{
    desk::{Desk, Failure, Shared},
    model::ReviewFinding,
};

/// The most of each kind shown at a time; settled ones make room for others.
const SHOWN_MAX: usize = 50;
/// Says that an entry is a supplier no one knew.
const NEW: &str = "new";
/// Says that an entry names no supplier.
const NONE: &str = "none";
/// Says that a certificate is of the supplier that showed it.
const OWN: &str = "own";
/// Says that it is not.
const NOT_OWN: &str = "not-own";

/// What the form of an entry sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SettleForm {
    #[serde(default)]
    list: String,
    #[serde(default)]
    entry: String,
    #[serde(default)]
    supplier: String,
    /// The id typed for another supplier than those offered.
    #[serde(default)]
    other: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// What the form of a certificate sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CertificateForm {
    #[serde(default)]
    supplier: String,
    #[serde(default)]
    review: String,
    #[serde(default)]
    finding: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// A form that was not taken: which of the page, and why.
#[derive(Debug, Default)]
struct Refused {
    form: String,
    errors: Vec<FieldError>,
}

impl Refused {
    /// The errors at the fields of one form, whose ids end in its own.
    fn new(form: String, errors: Vec<FieldError>) -> Self {
        let at = |field: &str| if field.is_empty() { String::new() } else { format!("{field}-{form}") };
        let errors =
            errors.into_iter().map(|error| FieldError::new(at(&error.field), error.message)).collect();
        Self { form, errors }
    }

    fn field(&self, form: &str, name: &str, label: &str) -> Field {
        let id = format!("{name}-{form}");
        let error = FieldError::of(&self.errors, &id);
        Field::new(name, label).error(error).id(id)
    }
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    Ok(render(&desk, &viewer, StatusCode::OK, &Refused::default(), &done))
}

fn render(desk: &Desk, viewer: &Viewer, status: StatusCode, refused: &Refused, done: &Done) -> Response {
    let (held, total, rejected, certificates, certificates_total) = {
        let known = desk.register.known();
        let held: Vec<_> = known.held().take(SHOWN_MAX).cloned().collect();
        let rejected: Vec<_> = known.rejected().take(SHOWN_MAX).cloned().collect();
        let certificates: Vec<_> = known.in_review().take(SHOWN_MAX).cloned().collect();
        (held, known.held().count(), rejected, certificates, known.in_review().count())
    };
    let was_rejected = rejected.iter().any(|entry| entry_form(&entry.listing) == refused.form);
    let body = html! {
        (done.banner())
        @if total == 0 {
            (lede(html! { "No entry of a list waits for a decision." }))
        } @else {
            (lede(html! { strong { (total) } " " @if total == 1 { "entry resembles" } @else { "entries resemble" }
                " a known supplier without being surely the same. Nothing is merged until someone decides." }))
        }
        @for entry in &held { (entry_settled(desk, viewer, refused, entry)) }
        @if total > held.len() { p { "The first " (held.len()) " are shown." } }
        @if !certificates.is_empty() {
            h2.nhsuk-heading-l #certificates { "Certificates that two suppliers have" }
            p { "Each has a number that another supplier has on record, and counts for nothing until someone decides whose it is." }
            @for held in &certificates { (certificate_reviewed(desk, viewer, refused, held)) }
            @if certificates_total > certificates.len() { p { "The first " (certificates.len()) " are shown." } }
        }
        @if !rejected.is_empty() {
            h2.nhsuk-heading-l { "Entries that name no supplier" }
            @let forms = html! { @for entry in &rejected { (entry_settled(desk, viewer, refused, entry)) } };
            @if was_rejected { (forms) } @else { (expander("Show them, to decide anew", forms)) }
        }
    };
    page_response(
        status,
        page(desk, viewer, "Supplier matches to review").errors(refused.errors.clone()).body(body),
    )
}

/// The id of the form of an entry.
fn entry_form(listing: &Listing) -> String {
    let entry = listing.entry.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    format!("{}-{}", listing.list.slug(), entry.collect::<String>())
}

fn entry_settled(desk: &Desk, viewer: &Viewer, refused: &Refused, entry: &ListingHeld) -> Markup {
    let ListingHeld { listing, details, resembles } = entry;
    let form = entry_form(listing);
    let named = |id: &SupplierId| Choice::new(id.as_str(), name_and_number(desk, *id));
    let mut choices: Vec<Choice> = resembles.iter().map(named).collect();
    choices.push(Choice::new(NEW, "None of these: a new supplier"));
    choices.push(Choice::new(NONE, "No supplier: leave its rows out"));
    let field = |name: &str, label: &str| refused.field(&form, name, label);
    html! {
        h3.nhsuk-heading-m { (details.legal_name) }
        p { "Entry " (listing.entry) " of " (listing.list.words()) "."
            @if let Some(code) = details.ods_code { " ODS code " (code) "." } }
        (form_of(viewer, "/suppliers/review").hidden("list", listing.list.slug()).hidden("entry", &listing.entry).body(html! {
            (field("supplier", "Which supplier is it?").radios(&choices))
            (field("reason", "Reason, where it is no supplier").input(InputKind::Text))
            (expander("Another known supplier", html! {
                (field("other", "Name or number of the supplier").hint("Or the address of its page").input(InputKind::Text))
            }))
            (Button::new("Settle").about(&details.legal_name))
        }))
    }
}

fn certificate_form(supplier: SupplierId, review: u16) -> String {
    format!("certificate-{supplier}-{review}")
}

fn certificate_reviewed(
    desk: &Desk,
    viewer: &Viewer,
    refused: &Refused,
    held: &CertificateHeldForReview,
) -> Markup {
    let form = certificate_form(held.supplier, held.review);
    let (own, other) = (name_and_number(desk, held.supplier), name_and_number(desk, held.also_of));
    let choices = [
        Choice::new(OWN, format!("Yes: record it for {own}")),
        Choice::new(NOT_OWN, "No: leave it out, with the reason"),
    ];
    let field = |name: &str, label: &str| refused.field(&form, name, label);
    let Certificate { scheme, number, holder, issuer, issued, .. } = &held.printed;
    html! {
        h3.nhsuk-heading-m { (table().scheme_title(*scheme)) " " (number) }
        p {
            "Shown by " a.nhsuk-link href={ "/suppliers/" (held.supplier) } { (own) }
            ", and on record for " a.nhsuk-link href={ "/suppliers/" (held.also_of) } { (other) }
            ". It names " (holder) " and was issued by " (issuer) " on " (issued.long()) "."
        }
        (form_of(viewer, "/suppliers/review/certificates").hidden("supplier", held.supplier.to_string()).hidden("review", held.review.to_string()).body(html! {
            (field("finding", "Is it a certificate of the supplier that showed it?").radios(&choices))
            (field("reason", "Reason, where it is not").input(InputKind::Text))
            (Button::new("Decide").about(format!("{} {number}", table().scheme_title(*scheme))))
        }))
    }
}

fn name_and_number(desk: &Desk, id: SupplierId) -> String {
    let known = desk.register.known();
    let Some(supplier) = known.supplier(id) else { return id.to_string() };
    let SupplierDetails { legal_name, company_number, .. } = &supplier.dossier.details;
    match company_number {
        Some(number) => format!("{legal_name} ({number})"),
        None => legal_name.clone(),
    }
}

/// On to the page again, or the page with what was wrong at the form.
fn respond(
    desk: &Desk,
    viewer: &Viewer,
    outcome: Result<Outcome, Failure>,
    done: &str,
    form: String,
) -> Response {
    match after(outcome, format!("/suppliers/review?done={done}")) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(desk, viewer, status, &Refused::new(form, errors), &Done::default()),
    }
}

pub(super) async fn settle(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<SettleForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let list = List::ALL.into_iter().find(|list| list.slug() == form.list);
    let unknown = || Problem::not_found("no such entry waits for someone to look");
    let listing = list.map(|list| Listing { list, entry: form.entry.clone() }).ok_or_else(unknown)?;
    let named = form.supplier.trim().parse().ok();
    if let Some(outcome) = desk.decided_before(&giver, &listing, named).await? {
        let done = if form.supplier.trim() == NONE { "rejected" } else { "settled" };
        return Ok(respond(&desk, &viewer, Ok(outcome), done, entry_form(&listing)));
    }
    let held = desk.register.known().to_settle(&listing).cloned().ok_or_else(unknown)?;
    let shown = entry_form(&held.listing);
    let chosen = if form.other.trim().is_empty() { form.supplier.trim() } else { form.other.trim() };
    if chosen == NONE {
        let outcome = desk.reject(&giver, &held.listing, form.reason).await;
        return Ok(respond(&desk, &viewer, outcome, "rejected", shown));
    }
    let given = async {
        let supplier = if chosen == NEW {
            None
        } else {
            Some(known_supplier(&desk, &form.supplier, &form.other).await?)
        };
        desk.settle(&giver, held, supplier).await
    };
    Ok(respond(&desk, &viewer, given.await, "settled", shown))
}

/// The supplier that was typed, by id, address, name or number; else the one that was chosen.
async fn known_supplier(desk: &Desk, chosen: &str, typed: &str) -> Result<SupplierId, Problem> {
    let typed = typed.trim();
    let known = if typed.is_empty() {
        let detail = "choose the supplier, or say that it is a new one or none";
        desk.supplier(chosen.trim()).await.map_err(|_| Problem::bad_input(detail).at("supplier", detail))?
    } else {
        let last = typed.trim_end_matches('/').rsplit('/').next().unwrap_or(typed);
        let id = supplier_id(desk, last).await.map_err(|problem| {
            let detail = problem.detail;
            Problem::bad_input(detail.clone()).at("other", detail)
        })?;
        desk.supplier(&id).await?
    };
    known.id.ok_or_else(Problem::internal)
}

pub(super) async fn certificate(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<CertificateForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let unknown = || Problem::not_found("no such certificate waits for someone to look");
    let review: u16 = form.review.parse().map_err(|_| unknown())?;
    let supplier = desk.supplier(&form.supplier).await.map_err(|_| unknown())?.id.ok_or_else(unknown)?;
    let given = async {
        let finding = match form.finding.as_str() {
            OWN => ReviewFinding::Own,
            NOT_OWN => ReviewFinding::NotOwn { reason: form.reason },
            _ => {
                let detail = "choose whether it is a certificate of the supplier that showed it";
                return Err(Problem::bad_input(detail).at("finding", detail).into());
            }
        };
        desk.review(&giver, supplier, review, finding).await
    };
    Ok(respond(&desk, &viewer, given.await, "reviewed", certificate_form(supplier, review)))
}
