//! Keeping the record of a supplier: the forms on its page, for whoever may.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    http::{Form as FormBody, Path},
    pages::{after, form_of, selected},
};
use maud::{Markup, html};
use proto::{
    Day,
    certification::{Answer, table},
    suppliers::{Certificate, Voice},
};
use serde::Deserialize;
use ui::components::{Button, ButtonKind, Choice, Field, FieldError, InputKind, Width, expander};

use super::{
    Done,
    look_up::{render, supplier_href, type_field},
};
use crate::{
    access::STATE_COVERAGE,
    api::voice_of,
    desk::{Desk, Failure, Shared},
    model::{Supplier, SupplierCommand},
};

/// What any form of the page of a supplier sends.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct RecordForm {
    #[serde(default)]
    service: String,
    #[serde(default)]
    product: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    service_type: String,
    #[serde(default)]
    scheme: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    holder: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    issued: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    renews: String,
    #[serde(default)]
    certificate: String,
    #[serde(default)]
    covers: String,
    #[serde(default)]
    ground: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// The forms, for whoever keeps the record; and the one to say what a certificate covers, for readers too.
pub(super) fn forms(desk: &Desk, viewer: &Viewer, supplier: &Supplier, errors: &[FieldError]) -> Markup {
    let may_keep = viewer.may_here(crate::access::KEEP_RECORD) && desk.keeps(viewer, supplier);
    let reads = viewer.holder().is_some_and(|holder| holder.role != proto::Role::Supplier);
    let may_say = viewer.may_here(STATE_COVERAGE) && (may_keep || reads);
    let href = supplier_href(supplier);
    let error = |name: &str| FieldError::of(errors, name);
    let certificates = || {
        let of = supplier.dossier.certificates.iter().rev();
        of.map(|held| {
            let scheme = table().scheme_title(held.printed.scheme);
            Choice::new(held.number.to_string(), format!("{}: {scheme} {}", held.number, held.printed.number))
        })
    };
    let schemes: Vec<Choice> =
        table().schemes().iter().map(|scheme| Choice::new(scheme.id.as_str(), &scheme.title)).collect();
    let services: Vec<Choice> = supplier
        .services
        .iter()
        .map(|(id, offered)| Choice::new(id.as_str(), &offered.service.product))
        .collect();
    let covers: Vec<Choice> =
        Answer::ALL.iter().map(|answer| Choice::new(answer.slug(), answer.words())).collect();
    let renewed: Vec<Choice> =
        std::iter::once(Choice::new("", "None: it is a first one")).chain(certificates()).collect();
    let text = |name: &str, label: &str| Field::new(name, label).error(error(name));
    html! {
        @if may_say && !supplier.services.is_empty() && !supplier.dossier.certificates.is_empty() {
            h2.nhsuk-heading-m { "Say which service a certificate covers" }
            (form_of(viewer, format!("{href}/coverage")).body(html! {
                (text("certificate", "Certificate").select(&certificates().collect::<Vec<_>>()))
                (text("service", "Service").id("covered-service").select(&services))
                (text("covers", "Does its scope cover the service?").radios(&covers))
                (text("ground", "How do you know?").hint("For example the words of the scope.").textarea(2))
                (Button::new("Record").kind(ButtonKind::Secondary))
            }))
        }
        @if may_keep {
            @if !supplier.in_review.is_empty() {
                h2.nhsuk-heading-m { "Certificates held for review" }
                p { "Another supplier has a certificate of the same number on record. NHS Digital decides whether it is this supplier’s, too; until then it does not count." }
                ul.nhsuk-list.nhsuk-list--bullet {
                    @for held in &supplier.in_review {
                        li { (table().scheme_title(held.printed.scheme)) " " (held.printed.number) }
                    }
                }
            }
            h2.nhsuk-heading-m { "Keep the record" }
            (expander("Record a certificate", form_of(viewer, format!("{href}/certificates")).body(html! {
                (text("scheme", "Scheme").select(&schemes))
                (text("number", "Number, as printed").input(InputKind::Text))
                (text("holder", "Legal entity that it names").value(&supplier.dossier.details.legal_name).input(InputKind::Text))
                (text("issuer", "Body that issued it").hint("As printed, for example Some Assessors Ltd (IASME).").input(InputKind::Text))
                (text("issued", "First day").hint("For example 1/2/2018").width(Width::Characters(10)).input(InputKind::Text))
                (text("expires", "Last day").hint("Empty where the scheme sets none").width(Width::Characters(10)).input(InputKind::Text))
                (text("scope", "Scope, in its words").textarea(3))
                (text("renews", "The certificate it follows").select(&renewed))
                (Button::new("Record the certificate"))
            })))
            @if !supplier.dossier.certificates.is_empty() {
                (expander("Suspend, reinstate or withdraw a certificate", html! {
                    @for held in supplier.dossier.certificates.iter().rev().filter(|held| held.withdrawn.is_none()) {
                        (form_of(viewer, format!("{href}/certificates/{}", held.number)).body(html! {
                            h3.nhsuk-heading-s { (held.number) ": " (table().scheme_title(held.printed.scheme)) " " (held.printed.number) }
                            (text("reason", "Reason").id(format!("reason-{}", held.number)).input(InputKind::Text))
                            @if held.is_suspended_on(Day::LAST) {
                                (Button::new("Reinstate").kind(ButtonKind::Secondary).value("covers", "reinstate"))
                            } @else {
                                (Button::new("Suspend").kind(ButtonKind::Secondary).value("covers", "suspend"))
                            }
                            (Button::new("Withdraw").kind(ButtonKind::Warning).value("covers", "withdraw"))
                        }))
                    }
                }))
            }
            (expander("Record a service", form_of(viewer, format!("{href}/services")).body(html! {
                (text("service", "Id of the service").id("offered-service").hint("Yours: lower-case letters, digits, dots and hyphens. The id of a known one changes it.").width(Width::Characters(20)).input(InputKind::Text))
                (text("product", "Product").input(InputKind::Text))
                (text("version", "Version").width(Width::Characters(10)).input(InputKind::Text))
                (type_field("offered_service_type", "", "What must be certified depends on it."))
                (Button::new("Record the service"))
            })))
        }
    }
}

/// On to the page again, or the form with what was wrong.
fn respond(
    desk: &Desk,
    viewer: &Viewer,
    supplier: &Supplier,
    outcome: Result<chassis::Outcome, Failure>,
    done: &str,
) -> Response {
    match after(outcome, format!("{}?done={done}", supplier_href(supplier))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(desk, viewer, supplier, status, errors, &Done::default()),
    }
}

fn field(name: &'static str, detail: impl Into<String>) -> Failure {
    let detail = detail.into();
    Problem::bad_input(detail.clone()).at(name, detail).into()
}

pub(super) async fn offer(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    FormBody(form): FormBody<RecordForm>,
) -> Result<Response, Problem> {
    let supplier = desk.own_supplier(&viewer, &id).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let given = async {
        let service = form
            .service
            .trim()
            .parse()
            .map_err(|error: proto::codes::CodeError| field("service", error.to_string()))?;
        let service_type = match form.service_type.trim() {
            "" => None,
            text => Some(crate::desk::service_type(text)?),
        };
        let command =
            SupplierCommand::Offer { service, product: form.product, version: form.version, service_type };
        let supplier = supplier.id.ok_or_else(Problem::internal)?;
        desk.keep(&giver, supplier, &format!("offer {service}"), None, &command).await
    };
    Ok(respond(&desk, &viewer, &supplier, given.await, "offered"))
}

pub(super) async fn certify(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    FormBody(form): FormBody<RecordForm>,
) -> Result<Response, Problem> {
    let supplier = desk.own_supplier(&viewer, &id).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let given = async {
        let scheme = selected(&form.scheme, "the scheme").map_err(|detail| field("scheme", detail))?;
        let issued = Day::entered(&form.issued, "the date the certificate was issued")
            .map_err(|detail| field("issued", detail))?;
        let printed = Certificate {
            scheme,
            number: form.number,
            holder: form.holder,
            issuer: form.issuer,
            issued,
            expires: Day::entered_if_any(&form.expires, "the date the certificate ends")
                .map_err(|detail| field("expires", detail))?,
            scope: form.scope,
        };
        let renews = form.renews.trim().parse().ok();
        let supplier = supplier.id.ok_or_else(Problem::internal)?;
        desk.certify(&giver, supplier, printed, renews).await
    };
    let given = given.await;
    let done = if given.as_ref().is_ok_and(|certified| certified.is_held) { "held" } else { "certified" };
    let outcome = given.map(|certified| certified.outcome);
    Ok(respond(&desk, &viewer, &supplier, outcome, done))
}

pub(super) async fn change(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((id, certificate)): Path<(String, u16)>,
    FormBody(form): FormBody<RecordForm>,
) -> Result<Response, Problem> {
    let supplier = desk.own_supplier(&viewer, &id).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let given = async {
        let reason = form.reason;
        let command = match form.covers.as_str() {
            "suspend" => SupplierCommand::Suspend { certificate, reason },
            "reinstate" => SupplierCommand::Reinstate(certificate),
            "withdraw" => SupplierCommand::Withdraw { certificate, reason },
            _ => return Err(field("reason", "suspend, reinstate or withdraw the certificate")),
        };
        let supplier = supplier.id.ok_or_else(Problem::internal)?;
        desk.keep(&giver, supplier, &format!("{} {certificate}", form.covers), None, &command).await
    };
    Ok(respond(&desk, &viewer, &supplier, given.await, "changed"))
}

pub(super) async fn cover(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    FormBody(form): FormBody<RecordForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let said_by = voice_of(&giver);
    let supplier = match said_by {
        Voice::Supplier => desk.own_supplier(&viewer, &id).await?,
        Voice::Issuer | Voice::Reader => desk.supplier(&id).await?,
    };
    let given = async {
        let certificate: u16 =
            form.certificate.parse().map_err(|_| field("certificate", "choose the certificate"))?;
        let service = form.service.parse().map_err(|_| field("service", "choose the service"))?;
        let covers = Answer::ALL.into_iter().find(|answer| answer.slug() == form.covers);
        let covers = covers.ok_or_else(|| field("covers", "say whether it covers the service"))?;
        let command =
            SupplierCommand::StateCoverage { certificate, service, covers, said_by, ground: form.ground };
        let supplier = supplier.id.ok_or_else(Problem::internal)?;
        desk.keep(&giver, supplier, &format!("cover {certificate} {service}"), None, &command).await
    };
    Ok(respond(&desk, &viewer, &supplier, given.await, "covered"))
}
