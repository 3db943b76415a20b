//! Looking a supplier up, and the answer to a buyer's question: for everyone.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Problem, Viewer,
    http::{Path, Query},
    pages::{form_of, in_query, moment, page_response},
};
use maud::{Markup, html};
use proto::{
    Day, OdsCode, Role,
    certification::{Verdict, table},
    suppliers::DemandAnswered,
};
use serde::Deserialize;
use ui::components::{
    Button, ButtonKind, Cell, Choice, Column, Field, FieldError, Form, InputKind, Row, SummaryList, Table,
    Width, inset, lede,
};

use super::{Done, answer_tag, page, record, verdict_tag};
use crate::{
    access::CHECK,
    api::{Genuine, Grounds, genuine},
    chain::ChainLink,
    desk::{Asked, Desk, Judged, Shared},
    model::Supplier,
};

/// The most suppliers listed for one look-up.
const FOUND_MAX: usize = 25;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

pub(super) fn supplier_href(supplier: &Supplier) -> String {
    supplier.id.map_or_else(|| "/suppliers".to_owned(), |id| format!("/suppliers/{id}"))
}

pub(super) async fn find(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(search): Query<Search>,
) -> Result<Response, Problem> {
    let asked = search.q.trim();
    let today = desk.today();
    let (found, known, own_record) = {
        let register = desk.register.known();
        let company = viewer.holder().filter(|holder| holder.role == Role::Supplier);
        let own_record = company.and_then(|company| register.of_code(company.organisation)).cloned();
        (register.find(asked, FOUND_MAX), register.suppliers().len(), own_record)
    };
    let rows = found.iter().map(|supplier| {
        let details = &supplier.dossier.details;
        let services = supplier.services.iter().map(|(id, offered)| {
            let service = &offered.service;
            (service.product.clone(), supplier.dossier.verdict_on(Some(*id), service.service_type, today))
        });
        Row::new([
            Cell::from(html! {
                a.nhsuk-link href=(supplier_href(supplier)) { (details.legal_name) }
                @if !details.trading_names.is_empty() { br; "trading as " (details.trading_names.join(", ")) }
            }),
            Cell::text(details.company_number.as_deref().unwrap_or_default()),
            Cell::from(html! {
                ul.nhsuk-list {
                    @for (product, verdict) in services { li { (product) " " (verdict_tag(verdict)) } }
                }
            }),
        ])
    });
    let own = viewer.holder().map(|holder| holder.organisation).filter(|own| viewer.may(CHECK, *own));
    let body = html! {
        @if let Some(record) = &own_record {
            p { a.nhsuk-link href=(supplier_href(record)) { "The record of " (record.dossier.details.legal_name) } ": your services and certificates" }
        }
        (lede(html! { "Before you buy: is the supplier certified, and does the certificate cover the very service you buy?" }))
        (Form::get("/suppliers").label("Look a supplier up").body(html! {
            (Field::new("q", "Name, product or number").width(Width::Characters(30)).value(asked)
                .hint("A piece of a name will do, and small typing errors are forgiven. Or a company, certificate or ODS number.")
                .input(InputKind::Text))
            (Button::new("Look up"))
        }))
        @if asked.is_empty() {
            p { (ui::fmt::count(known as u64, "supplier is", "suppliers are")) " known here." }
        } @else if found.is_empty() {
            p { "No supplier, product or number is like “" (asked) "”." }
        } @else {
            (Table::new("found", "Suppliers found, best first").column(Column::text("Supplier"))
                .column(Column::text("Company number")).column(Column::text("Services, certified today?")).rows(rows).render())
            @if found.len() == FOUND_MAX { p { "The first " (FOUND_MAX) " are shown; add a word to see fewer." } }
        }
        @if let Some(own) = own {
            p { a.nhsuk-link href={ "/purchases/" (own) } { "What " (desk.common.roster.name(own)) " uses and has checked" } }
        }
        @if viewer.may_here(crate::access::SEE_RELIANCE) {
            p { a.nhsuk-link href="/suppliers/reliance" { "Who relies on certificates that end soon" } }
        }
        @if viewer.may_here(crate::access::REVIEW) {
            p { a.nhsuk-link href="/suppliers/review" { "Supplier matches to review" } }
        }
        p { a.nhsuk-link href="/receipts" { "Verify the receipt of a check" } " · "
            a.nhsuk-link href="/api/v1/certification" { "What each type of service needs, as data" } }
    };
    let page = desk.common.page(&viewer, "Suppliers").current_nav("/suppliers");
    Ok(page_response(StatusCode::OK, page.body(body)))
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let supplier = desk.supplier(&id).await?;
    Ok(render(&desk, &viewer, &supplier, StatusCode::OK, Vec::new(), &done))
}

/// The page of a supplier; for whoever keeps its record with the forms, and what was wrong with one.
pub(super) fn render(
    desk: &Desk,
    viewer: &Viewer,
    supplier: &Supplier,
    status: StatusCode,
    errors: Vec<ui::components::FieldError>,
    done: &Done,
) -> Response {
    let today = desk.today();
    let details = &supplier.dossier.details;
    let body = html! {
        (done.banner())
        (SummaryList::new()
            .text("Trading names", if details.trading_names.is_empty() { "None known".to_owned() } else { details.trading_names.join(", ") })
            .text("Company number", details.company_number.as_deref().unwrap_or("Not known"))
            .text("ODS code", details.ods_code.map_or_else(|| "None known".to_owned(), |code| code.to_string()))
            .render())
        h2.nhsuk-heading-m #services { "Services" }
        (services(supplier, today))
        (check_form(supplier, &Asked::default()))
        h2.nhsuk-heading-m #certificates { "Certificates" }
        (certificates(supplier, today, Grounds::of(viewer)))
        @if !supplier.sub_suppliers.is_empty() {
            h2.nhsuk-heading-m { "Sub-suppliers" }
            ul.nhsuk-list.nhsuk-list--bullet {
                @for (other, service, part) in &supplier.sub_suppliers {
                    li { a.nhsuk-link href={ "/suppliers/" (other) } { (name_of(desk, *other)) } ": " (part)
                        @if let Some(service) = service { " for " (service) } }
                }
            }
        }
        (record::forms(desk, viewer, supplier, &errors))
    };
    let page = page(desk, viewer, &details.legal_name).caption("Supplier").errors(errors).body(body);
    page_response(status, page)
}

fn name_of(desk: &Desk, supplier: proto::SupplierId) -> String {
    let known = desk.register.known();
    known
        .supplier(supplier)
        .map_or_else(|| supplier.to_string(), |known| known.dossier.details.legal_name.clone())
}

fn services(supplier: &Supplier, today: Day) -> Markup {
    let rows = supplier.services.iter().map(|(id, offered)| {
        let service = &offered.service;
        Row::new([
            Cell::from(html! {
                a.nhsuk-link href={ (supplier_href(supplier)) "/check?service=" (id) } { (service.product) " " (service.version) }
                @if let Some(last) = offered.retired { " (offered until " (last.long()) ")" }
            }),
            Cell::text(table().type_title(service.service_type)),
            Cell::from(verdict_tag(supplier.dossier.verdict_on(Some(*id), service.service_type, today))),
        ])
    });
    Table::new("services-table", "Services, and whether each is certified today as its type requires")
        .column(Column::text("Service"))
        .column(Column::text("Type"))
        .column(Column::text("Today"))
        .rows(rows)
        .empty("No service of this supplier is on record.")
        .render()
}

fn certificates(supplier: &Supplier, today: Day, grounds: Grounds) -> Markup {
    let rows = supplier.dossier.certificates.iter().rev().map(|held| {
        let printed = &held.printed;
        let state = if held.withdrawn.is_some_and(|day| day <= today) {
            "withdrawn".to_owned()
        } else if held.is_suspended_on(today) {
            "suspended".to_owned()
        } else if held.is_good_on(today) {
            "good".to_owned()
        } else if printed.issued > today {
            "to come".to_owned()
        } else {
            "ended".to_owned()
        };
        Row::new([
            Cell::from(html! {
                strong { (table().scheme_title(printed.scheme)) } br;
                (if printed.number.is_empty() { "no number" } else { &printed.number })
                @if let Some(before) = held.renews { " (follows certificate " (before) ")" }
            }),
            Cell::from(html! { (printed.holder) br; "by " (printed.issuer) }),
            Cell::from(html! {
                (printed.issued.long()) " to " (last_day(printed))
                br; (state)
            }),
            Cell::from(html! {
                @if !printed.scope.is_empty() { p { "Scope: " (printed.scope) } }
                ul.nhsuk-list {
                    @for (id, offered) in &supplier.services {
                        @if let Some(said) = held.said_of(*id, today) {
                            li { (offered.service.product) ": " (said.covers.words()) ", says " (said.by.words()) " since " (said.day.long())
                                @if grounds == Grounds::Told && !said.ground.is_empty() { " (" (said.ground) ")" } }
                        }
                    }
                }
            }),
        ])
    });
    Table::new("certificates-table", "Certificates, newest first")
        .column(Column::text("Scheme and number"))
        .column(Column::text("Holder and issuer"))
        .column(Column::text("Dates"))
        .column(Column::text("Scope, and the services it covers"))
        .rows(rows)
        .empty("No certificate of this supplier is on record.")
        .render()
}

fn check_form(supplier: &Supplier, asked: &Asked<'_>) -> Markup {
    let offered = supplier.services.iter().filter(|(_, offered)| offered.retired.is_none());
    let mut services = vec![Choice::new("", "Another service, or not known")];
    services.extend(offered.map(|(id, offered)| Choice::new(id.as_str(), &offered.service.product)));
    Form::get(format!("{}/check", supplier_href(supplier))).label("Check a service").body(html! {
        h3.nhsuk-heading-s { "Check a service before you buy" }
        (Field::new("service", "Which service").value(asked.service).select(&services))
        (type_field("service_type", asked.service_type, "Leave it as it is for a service from the list above."))
        (Field::new("from", "First day of the contract").hint("For example 1/4/2018. Empty: today.").width(Width::Characters(10)).value(asked.from).input(InputKind::Text))
        (Field::new("to", "Last day of the contract").hint("For example 31/3/2021. Empty: the first day.").width(Width::Characters(10)).value(asked.to).input(InputKind::Text))
        (Button::new("Check"))
    })
}

/// The choice of a type of service, in a field that this id tells from others of the page.
pub(super) fn type_field(id: &str, value: &str, hint: &str) -> Markup {
    let mut types = vec![Choice::new("", "As the service is listed")];
    types.extend(table().types().iter().map(|kind| Choice::new(kind.id.as_str(), &kind.title)));
    Field::new("service_type", "Type of service").id(id).hint(hint).value(value).select(&types)
}

/// What is asked of a supplier.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct CheckQuery {
    #[serde(default)]
    service: String,
    #[serde(default)]
    service_type: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn check(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    RawQuery(asked): RawQuery,
    Query(query): Query<CheckQuery>,
) -> Result<Response, Problem> {
    let supplier = desk.supplier(&id).await?;
    // The address alone asks nothing; the form sent without answers does, and is told what is missing.
    if asked.is_none_or(|asked| asked.is_empty()) {
        return Ok(render(&desk, &viewer, &supplier, StatusCode::OK, Vec::new(), &Done::default()));
    }
    let asked = Asked {
        service: &query.service,
        service_type: &query.service_type,
        from: &query.from,
        to: &query.to,
    };
    let question = match desk.question(&supplier, asked) {
        Ok(question) => question,
        Err(problem) => {
            let (status, errors) = chassis::pages::form_errors(problem);
            return Ok(render(&desk, &viewer, &supplier, status, errors, &Done::default()));
        }
    };
    let judged = desk.judge(supplier.clone(), question);
    let own = viewer.holder().map(|holder| holder.organisation).filter(|own| viewer.may(CHECK, *own));
    let body = html! {
        (verdict(&judged))
        (answers(&judged.answers))
        (chain(&judged.chain))
        @match own {
            Some(own) => { (record_form(&desk, &viewer, own, &judged)) }
            None if viewer.holder().is_none() => {
                (inset(html! { p { "Buyers of the NHS who are signed in can have the check recorded, with a receipt that can be verified later." } }))
            }
            None => {}
        }
        (check_form(&supplier, &asked))
        p { "For a procurement site: "
            a.nhsuk-link href={ "/api/v1/suppliers/" (question.used.supplier) "/check?" (as_query(&query)) } { "this answer as data" } ", "
            a.nhsuk-link href={ "/api/v1/suppliers/" (question.used.supplier) "/badge.svg?" (as_query(&query)) } { "as a badge" } "." }
    };
    let title = match judged.service_name() {
        name if name.is_empty() => table().type_title(question.used.service_type),
        name => name,
    };
    let page = page(&desk, &viewer, title)
        .crumb(&supplier.dossier.details.legal_name, supplier_href(&supplier))
        .caption(supplier.dossier.details.legal_name.clone())
        .body(body);
    Ok(page_response(StatusCode::OK, page))
}

fn as_query(query: &CheckQuery) -> String {
    let pairs = [
        ("service", &query.service),
        ("service_type", &query.service_type),
        ("from", &query.from),
        ("to", &query.to),
    ];
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| format!("{name}={}", in_query(value))).collect::<Vec<_>>().join("&")
}

/// The verdict as a sentence.
fn verdict(judged: &Judged) -> Markup {
    let question = judged.question;
    let what = match judged.service_name() {
        name if name.is_empty() => {
            format!("A service of the type {}", table().type_title(question.used.service_type).to_lowercase())
        }
        name => name,
    };
    let days = if question.from == question.to {
        format!("on {}", question.from.long())
    } else {
        format!("for a contract from {} to {}", question.from.long(), question.to.long())
    };
    lede(html! { (what) " " (days) ": " strong { (judged.verdict.words()) } "." })
}

/// The five answers for each scheme that is needed, each with its certificate or what is missing.
pub(super) fn answers(answered: &[DemandAnswered]) -> Markup {
    html! {
        @for answered in answered {
            h2.nhsuk-heading-m { (table().scheme_title(answered.demand)) " " (verdict_tag(answered.verdict)) }
            @match &answered.certificate {
                Some((number, printed)) => {
                    p { "Certificate " (number) ", " (table().scheme_title(printed.scheme))
                        @if !printed.number.is_empty() { ", number " (printed.number) }
                        ", held by " (printed.holder) ", issued by " (printed.issuer) ", "
                        (printed.issued.long()) " to " (last_day(printed)) "." }
                }
                None => { p { "No certificate of this scheme is on record: ask the supplier for one." } }
            }
            (SummaryList::new()
                .row("Does it name the legal entity?", html! { (answer_tag(answered.entity)) })
                .row("Is the level high enough?", html! { (answer_tag(answered.level)) })
                .row("Does its scope cover this service?", html! { (answer_tag(answered.scope)) @if answered.verdict == Verdict::HolderOnly { " Ask the supplier, or the body that issued it, to say so." } })
                .row("Do its dates run through the contract?", html! { (answer_tag(answered.dates)) })
                .row("Was it issued by a recognised body?", html! { (answer_tag(answered.body)) })
                .render())
            @if let Some(scheme) = table().scheme(answered.demand) {
                p.nhsuk-hint { "What this certificate shows: " (scheme.proves) " Limits: " (scheme.trap) }
            }
        }
    }
}

/// Every certificate that the answer rests on, from the supplier down to the last sub-supplier.
fn chain(links: &[ChainLink]) -> Markup {
    let rows = links.iter().flat_map(|link| {
        let whose = || {
            Cell::from(html! {
                a.nhsuk-link href={ "/suppliers/" (link.supplier) } { (link.name) }
                @if !link.part.is_empty() { " (" (link.part) ")" }
            })
        };
        let held = link.certificates.iter().map(move |chained| {
            let printed = &chained.printed;
            Row::new([
                whose(),
                Cell::text(table().scheme_title(printed.scheme)),
                Cell::text(if printed.number.is_empty() { "–" } else { &printed.number }),
                Cell::text(printed.issued.long()),
                Cell::text(chained.ends.map_or_else(|| "No end date".to_owned(), |last| last.long())),
                Cell::text(chained.covers.map_or("–", |covers| covers.words())),
            ])
        });
        let missing = link.missing.iter().map(move |scheme| {
            Row::new([
                whose(),
                Cell::text(table().scheme_title(*scheme)),
                Cell::text("No certificate on record"),
                Cell::text("–"),
                Cell::text("–"),
                Cell::text("–"),
            ])
        });
        held.chain(missing).collect::<Vec<_>>()
    });
    Table::new("chain", "Certificates this answer rests on, including those of sub-suppliers")
        .column(Column::text("Supplier"))
        .column(Column::text("Level"))
        .column(Column::text("Number"))
        .column(Column::text("From"))
        .column(Column::text("To"))
        .column(Column::text("Covers this service"))
        .rows(rows)
        .render()
}

fn record_form(desk: &Desk, viewer: &Viewer, own: OdsCode, judged: &Judged) -> Markup {
    let used = judged.question.used;
    let service = used.service.map(|service| service.to_string()).unwrap_or_default();
    form_of(viewer, format!("/purchases/{own}/checks"))
        .hidden("supplier", used.supplier.to_string())
        .hidden("service", service)
        .hidden("service_type", used.service_type.to_string())
        .hidden("from", judged.question.from.to_string())
        .hidden("to", judged.question.to.to_string())
        .body(html! {
            h2.nhsuk-heading-m { "Keep this check" }
            p { "It is recorded for " (desk.common.roster.name(own)) " with what is known now. You get a receipt to print, which anyone can verify later." }
            (Button::new("Record this check"))
        })
}

/// A receipt that someone wants verified.
#[derive(Debug, Default, Deserialize)]
pub(super) struct VerifyQuery {
    #[serde(default)]
    position: String,
    #[serde(default)]
    hash: String,
    /// Sent along by the form, so that an empty one is told from the page alone.
    #[serde(default)]
    verify: String,
}

pub(super) async fn verify(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<VerifyQuery>,
) -> Result<Response, Problem> {
    let (position, hash) = (query.position.trim(), query.hash.trim());
    let asked = !query.verify.is_empty() || !position.is_empty() || !hash.is_empty();
    let (mut status, mut errors, mut receipt) = (StatusCode::OK, Vec::new(), None);
    if asked && (position.is_empty() || hash.is_empty()) {
        status = StatusCode::BAD_REQUEST;
        let missing = [
            (position, "position", "Enter the position printed on the receipt."),
            (hash, "hash", "Enter the fingerprint printed on the receipt."),
        ];
        let missing = missing.into_iter().filter(|(text, ..)| text.is_empty());
        errors.extend(missing.map(|(_, field, words)| FieldError::new(field, words)));
    } else if asked {
        match genuine(&desk, position.parse().unwrap_or_default(), hash).await {
            Ok(found) => receipt = Some(found),
            Err(problem) => (status, errors) = chassis::pages::form_errors(problem),
        }
    }
    let body = html! {
        @if let Some(receipt) = &receipt {
            (ui::components::success("genuine", "This receipt is genuine", html! {
                p { "The log holds this check, unchanged, since " (moment(receipt.time)) "." }
            }))
            (receipt_body(&desk, receipt))
        }
        (Form::get("/receipts").label("Verify a receipt").hidden("verify", "1").body(html! {
            (Field::new("position", "Position").error(FieldError::of(&errors, "position")).value(&query.position).hint("The number printed on the receipt.").width(Width::Characters(10)).input(InputKind::Text))
            (Field::new("hash", "Fingerprint").error(FieldError::of(&errors, "hash")).value(&query.hash).hint("The 64 letters and digits printed on it.").input(InputKind::Text))
            (Button::new("Verify").kind(ButtonKind::Secondary))
        }))
    };
    let page = page(&desk, &viewer, "Verify a receipt").errors(errors).body(body);
    Ok(page_response(status, page).into_response())
}

/// What a receipt says.
pub(super) fn receipt_body(desk: &Desk, receipt: &Genuine) -> Markup {
    let checked = &receipt.checked;
    let service = if checked.service_name.is_empty() {
        format!("{} (no service named)", table().type_title(checked.used.service_type))
    } else {
        format!("{} ({})", checked.service_name, table().type_title(checked.used.service_type))
    };
    html! {
        (SummaryList::new()
            .text("Checked for", format!("{} ({})", desk.common.roster.name(checked.organisation), checked.organisation))
            .text("Number of the check", checked.check.to_string())
            .text("Recorded", moment(receipt.time))
            .text("Supplier", checked.supplier_name.clone())
            .text("Service", service)
            .text("Contract", format!("{} to {}", checked.from.long(), checked.to.long()))
            .row("Verdict", html! { (verdict_tag(checked.verdict)) " " (checked.verdict.words()) })
            .text("What was known", format!("the log up to event {}", checked.known))
            .render())
        (answers(&checked.answers))
        h2.nhsuk-heading-m { "To verify it later" }
        (SummaryList::new().text("Position", receipt.position.to_string()).row("Fingerprint", html! { code.ov-code { (receipt.hash) } }).render())
        p { "Whoever has these two can see at "
            a.nhsuk-link href={ "/receipts?position=" (receipt.position) "&hash=" (receipt.hash) } { "/receipts" }
            " that this check is in the log, and that nothing in it has been changed." }
    }
}

/// The last day of a certificate, in words. A toolkit status lasts until the next deadline.
fn last_day(printed: &proto::suppliers::Certificate) -> String {
    match printed.expires {
        Some(day) => day.long(),
        None if printed.scheme.as_str() == "dsp-toolkit" => "the next deadline, not known yet".to_owned(),
        None => "no last day".to_owned(),
    }
}
