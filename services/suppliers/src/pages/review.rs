//! Entries of lists that somebody has to look at, and who relies on what ends soon.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    http::{Form as FormBody, Query},
    pages::{after, form_of, page_response},
};
use maud::html;
use proto::{
    certification::table,
    suppliers::{List, Listing},
};
use serde::Deserialize;
use ui::components::{
    Button, Cell, Choice, Column, Download, Field, FieldError, Row, Table, downloads, expander, lede,
};

use super::{Done, page, verdict_tag};
use crate::{
    api::{Relying, relying},
    desk::{Desk, Shared},
};

/// The most entries shown at a time; settled ones make room for others.
const HELD_SHOWN_MAX: usize = 50;
/// How many days ahead reliance is shown.
const RELIANCE_DAYS: u16 = 60;
/// Says that an entry is a supplier nobody knew.
const NEW: &str = "new";

/// What the form of an entry sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SettleForm {
    #[serde(default)]
    list: String,
    #[serde(default)]
    entry: String,
    #[serde(default)]
    supplier: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    Ok(render(&desk, &viewer, StatusCode::OK, Vec::new(), &done))
}

fn render(
    desk: &Desk,
    viewer: &Viewer,
    status: StatusCode,
    errors: Vec<FieldError>,
    done: &Done,
) -> Response {
    let (held, total) = {
        let known = desk.register.known();
        let held: Vec<_> = known.held().take(HELD_SHOWN_MAX).cloned().collect();
        (held, known.held().count())
    };
    let named = |id| {
        let known = desk.register.known();
        known.supplier(id).map_or_else(
            || id.to_string(),
            |known| {
                let details = &known.dossier.details;
                match &details.company_number {
                    Some(number) => format!("{} ({number})", details.legal_name),
                    None => details.legal_name.clone(),
                }
            },
        )
    };
    let body = html! {
        (done.banner())
        (lede(html! { strong { (total) } " " @if total == 1 { "entry resembles" } @else { "entries resemble" }
            " a known supplier without being surely the same. Nothing is merged until somebody says so." }))
        @for (index, held) in held.iter().enumerate() {
            @let mut choices: Vec<Choice> = held.resembles.iter().map(|id| Choice::new(id.as_str(), named(*id))).collect();
            @let () = choices.push(Choice::new(NEW, "None of these: a new supplier"));
            h2.nhsuk-heading-m { (held.details.legal_name) }
            p { "Entry " (held.listing.entry) " of " (held.listing.list.words()) "."
                @if let Some(code) = held.details.ods_code { " ODS code " (code) "." } }
            (form_of(viewer, "/suppliers/review").hidden("list", held.listing.list.slug()).hidden("entry", &held.listing.entry).body(html! {
                (Field::new("supplier", "Which supplier is it?").id(format!("supplier-{index}")).error(FieldError::of(&errors, "supplier")).radios(&choices))
                (expander("Another known supplier", html! {
                    p { "Look it up at " a.nhsuk-link href="/suppliers" { "Suppliers" } "; its id is the end of its address." }
                    (Field::new("other", "Id of the supplier").id(format!("other-{index}")).input(ui::components::InputKind::Text))
                }))
                (Button::new("Settle").about(&held.details.legal_name))
            }))
        }
        @if total > held.len() { p { "The first " (held.len()) " are shown." } }
    };
    let page = page(desk, viewer, "Entries to look at").errors(errors).body(body);
    page_response(status, page)
}

/// The form with the id typed for another supplier than those offered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OtherForm {
    #[serde(flatten)]
    settle: SettleForm,
    #[serde(default)]
    other: String,
}

pub(super) async fn settle(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(OtherForm { settle: form, other }): FormBody<OtherForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let list = List::ALL.into_iter().find(|list| list.slug() == form.list);
    let listing = list.map(|list| Listing { list, entry: form.entry.clone() });
    let held = listing
        .and_then(|listing| desk.register.known().held().find(|held| held.listing == listing).cloned());
    let held = held.ok_or_else(|| Problem::not_found("no such entry waits for somebody to look"))?;
    let chosen = if other.trim().is_empty() { form.supplier.trim() } else { other.trim() };
    let given = async {
        let supplier = if chosen == NEW {
            None
        } else {
            let detail = "choose the supplier, or say that it is a new one";
            let known =
                desk.supplier(chosen).await.map_err(|_| Problem::bad_input(detail).at("supplier", detail))?;
            Some(known.id.ok_or_else(Problem::internal)?)
        };
        desk.settle(&giver, held, supplier).await
    };
    Ok(match after(given.await, "/suppliers/review?done=settled".to_owned()) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(&desk, &viewer, status, errors, &Done::default()),
    })
}

pub(super) async fn reliance(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    let found = relying(&desk, &viewer, None, RELIANCE_DAYS);
    let organisations: usize = found.iter().map(|relying| relying.organisations).sum();
    let rows = found.iter().map(|relying: &Relying| {
        let service = if relying.service_name.is_empty() {
            relying.service_type.parse().map_or_else(|_| String::new(), |kind| table().type_title(kind))
        } else {
            relying.service_name.clone()
        };
        Row::new([
            Cell::from(html! {
                a.nhsuk-link href={ "/suppliers/" (relying.supplier) } { (relying.supplier_name) } br; (service)
            }),
            Cell::text(relying.lapses.long()),
            Cell::from(html! { (verdict_tag(relying.today)) " then " (verdict_tag(relying.then)) }),
            Cell::from(html! {
                (ui::fmt::count(relying.organisations as u64, "organisation", "organisations"))
                (expander("By CCG", html! {
                    ul.nhsuk-list {
                        @for of_ccg in &relying.by_ccg {
                            li {
                                @match of_ccg.ccg { Some(_) => { (of_ccg.name) } None => { "No CCG" } }
                                ": "
                                @for (index, code) in of_ccg.organisations.iter().enumerate() {
                                    @if index > 0 { ", " }
                                    a.nhsuk-link href={ "/purchases/" (code) } { (code) }
                                }
                            }
                        }
                    }
                }))
            }),
        ])
    });
    let body = html! {
        (lede(html! { "Within " (RELIANCE_DAYS) " days the certification of " (ui::fmt::count(found.len() as u64, "service", "services"))
            " gets worse if nobody acts; " strong { (organisations) } " uses of them rely on it." }))
        (Table::new("reliance", "Services whose certification ends, soonest first").column(Column::text("Supplier and service"))
            .column(Column::text("Lapses on")).column(Column::text("Certified")).column(Column::text("Who relies on it")).rows(rows)
            .empty("No certificate that anybody you may see relies on ends within this time.").render())
        (downloads("reliance", &[
            Download::new("CSV", "/api/v1/suppliers/reliance?format=csv"),
            Download::new("JSON", "/api/v1/suppliers/reliance"),
        ]))
    };
    Ok(page_response(StatusCode::OK, page(&desk, &viewer, "Who relies on what ends soon").body(body)))
}
