//! Who relies on certification that ends soon.

use axum::{extract::State, http::StatusCode, response::Response};
use chassis::{Problem, Viewer, pages::page_response};
use maud::html;
use proto::certification::table;
use ui::components::{Cell, Column, Download, Row, Table, downloads, expander, lede};

use super::{page, verdict_tag};
use crate::{
    api::{Relying, relying},
    desk::Shared,
};

/// How many days ahead reliance is shown.
const RELIANCE_DAYS: u16 = 60;

pub(super) async fn show(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
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
                (expander("By commissioner", html! {
                    ul.nhsuk-list {
                        @for of_ccg in &relying.by_ccg {
                            li {
                                @match of_ccg.ccg { Some(_) => { (of_ccg.name) } None => { "No commissioner" } }
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
            " gets worse if nothing changes, affecting " strong { (organisations) } " uses of them." }))
        (Table::new("reliance", "Services whose certification ends, soonest first").column(Column::text("Supplier and service"))
            .column(Column::text("Lapses on")).column(Column::text("Certified")).column(Column::text("Who relies on it")).rows(rows)
            .empty("No certificate that anyone you may see relies on ends within this time.").render())
        (downloads("reliance", &[
            Download::new("CSV", "/api/v1/suppliers/reliance?format=csv"),
            Download::new("JSON", "/api/v1/suppliers/reliance"),
        ]))
    };
    Ok(page_response(StatusCode::OK, page(&desk, &viewer, "Certificates ending soon").body(body)))
}
