//! The practices of an area: filtered, sorted, page by page.

use axum::{
    http::{HeaderMap, Uri},
    response::Response,
};
use chassis::{
    Problem, cursor,
    http::{Path, Query},
};
use maud::{Markup, html};
use proto::OdsCode;
use serde::Deserialize;
use ui::components::{Cell, Choice, Column, Download, Field, Order, Pager, Row, Table, downloads, lede, tag};

use super::{
    Desk,
    attention::capital,
    choose,
    frame::{self, Menu, basis},
    kept::Body,
    link::{Address, Keep},
    words,
};
use crate::{
    answers::{self, PAGE_ROWS, Sort},
    api::{self, ListPlace, Listing, PracticesQuery, When},
    board::{Area, AreaKind, Practice},
    rules::requirement,
    timeline::Status,
};

/// Which practices, in which order, from which on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    at: Option<String>,
    known: Option<String>,
    footprint: Option<String>,
    requirement: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

impl From<ListQuery> for PracticesQuery {
    fn from(query: ListQuery) -> Self {
        let ListQuery { at, known, footprint, requirement, status, sort, cursor, limit } = query;
        Self { at, known, footprint, requirement, status, sort, cursor, limit, format: None }
    }
}

pub(super) async fn list(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<ListQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let query = PracticesQuery::from(query);
        let (when, listing) = query.read(&desk.shared, &code).await?;
        let area = when.area(&code)?;
        page(&desk, &when, &Keep::of(&query.when()).seen_by(&desk.viewer), area, &listing).map(Body::page)
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

/// An address with the filter and order, where they are not the usual ones.
fn filtered(address: Address, status: Option<Status>, sort: Sort) -> Address {
    address
        .given("status", status.map(Status::slug))
        .given("sort", (sort != Sort::Attention).then(|| sort.slug()))
}

fn page(desk: &Desk, when: &When, keep: &Keep, area: &Area, listing: &Listing) -> Result<Markup, Problem> {
    let asked = when.asked();
    let rows = answers::practices(&asked, area, listing.status, listing.sort, keep.seen_practices());
    let (shown, next) = api::page(&rows, listing)?;
    let start = listing
        .behind
        .and_then(|behind| rows.iter().position(|row| row.code == behind))
        .map_or(0, |before| before + 1);
    let path = format!("/areas/{}/practices", area.code);
    let limit = (listing.limit != PAGE_ROWS).then_some(listing.limit);
    let newest = filtered(keep.to(&path), listing.status, listing.sort).given("limit", limit);
    let from = |behind: Option<OdsCode>| {
        let cursor = cursor::write(&ListPlace::of(when, area, listing, behind))?;
        let address = filtered(keep.to(&path), listing.status, listing.sort);
        Ok::<_, Problem>(address.given("limit", limit).given("cursor", Some(cursor)).to_string())
    };
    let before = start.saturating_sub(listing.limit).checked_sub(1).and_then(|before| rows.get(before));
    let previous = (start > 0).then(|| from(before.map(|row| row.code))).transpose()?;
    let next = next.map(|behind| from(Some(behind))).transpose()?;
    let counts = area.counts(when.rule, when.footprint, when.at);
    let all = counts.practices();
    let counted = listing.status.map_or(all, |status| counts.of(status));
    let found = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let title = match area.kind {
        AreaKind::England => "Practices of England".to_owned(),
        _ => format!("Practices of {}", words::area_name(&asked, area)),
    };
    let about = requirement(when.rule).title;
    let menu = if area.kind == AreaKind::England { Menu::Practices } else { Menu::None };
    let mut page = frame::frame(desk, &when.served, keep, menu, title).caption(about);
    page = frame::crumbs(page, keep, &asked, &when.board().parents(area, when.footprint, when.at));
    page = page.crumb(words::area_name(&asked, area), keep.to(format_args!("/areas/{}", area.code)));

    let mut extra: Vec<(&str, String)> = Vec::new();
    if listing.limit != PAGE_ROWS {
        extra.push(("limit", listing.limit.to_string()));
    }
    let mut kept_in_links = extra.clone();
    kept_in_links.extend(listing.status.map(|status| ("status", status.slug().to_owned())));
    if listing.sort != Sort::Attention {
        kept_in_links.push(("sort", listing.sort.slug().to_owned()));
    }
    let mut statuses = vec![Choice::new("", "Any status")];
    statuses.extend(Status::ALL.iter().map(|status| Choice::new(status.slug(), status.label())));
    let orders = [
        Choice::new("attention", "Most in need of attention first"),
        Choice::new("name", "Name"),
        Choice::new("code", "Code"),
        Choice::new("ccg", capital(words::commissioner(&asked))),
        Choice::new("patients", "Most patients first"),
        Choice::new("since", "Latest change first"),
    ];
    let fields = html! {
        (Field::new("status", "Status").value(listing.status.map_or("", Status::slug)).select(&statuses))
        (Field::new("sort", "Order").value(listing.sort.slug()).select(&orders))
    };
    let summary = match (found, shown.len()) {
        (0, _) => "No practices".to_owned(),
        (_, on_page) => format!(
            "Practices {} to {} of {}",
            words::number(u32::try_from(start + 1).unwrap_or(u32::MAX)),
            words::number(u32::try_from(start + on_page).unwrap_or(u32::MAX)),
            words::number(found)
        ),
    };
    let data = |format: &str| {
        let address = keep.at(when.at).to(format_args!("/api/v1{path}"));
        filtered(address, listing.status, listing.sort).with("format", format).to_string()
    };
    let body = html! {
        (lede(html! {
            @match listing.status {
                Some(status) => {
                    strong { (words::number(counted)) } " of " (words::practices(all)) " (" (words::percent(counted, all)) ") "
                    @if counted == 1 { "has" } @else { "have" } " the status " (tag(words::tone(status), status.label()))
                    " for " (requirement(when.rule).object) " " (words::on_the_day(&when.asked())) "."
                }
                None => { strong { (words::practices(all)) } @if all == 1 { " is" } @else { " are" } " open " (words::on_the_day(&when.asked())) "." }
            }
        }))
        (frame::beyond_files(when, keep, &path))
        (choose::form_with_links(when, keep, &path, &extra, &kept_in_links, fields))
        @if when.is_held() {
            p.nhsuk-body-s {
                "This list is as it was when you opened its first page, up to event " (ui::fmt::thousands(when.position().0))
                " of the log. " a.nhsuk-link href=(newest.to_string()) { "Show the list with everything recorded since" }
            }
        }
        (table(when, keep, area, &shown, listing.status, listing.sort, &summary))
        (not_listed(counted, rows.len()))
        p.nhsuk-body-s.nhsuk-u-secondary-text-colour { (basis(when)) }
        (Pager { previous, next, summary }.render())
        (downloads("this list, all pages of it", &[
            Download::new("CSV", data("csv")),
            Download::new("JSON", data("json")),
            Download::new("Link to this view", filtered(keep.at(when.at).to(&path), listing.status, listing.sort)),
        ]))
    };
    Ok(page.body(body).render())
}

/// How many practices are counted on the day and are not for the reader to see today.
pub(super) fn not_listed(counted: u32, listed: usize) -> Markup {
    let hidden = counted.saturating_sub(u32::try_from(listed).unwrap_or(u32::MAX));
    html! {
        @if hidden > 0 {
            p {
                (words::practices(hidden)) @if hidden == 1 { " counted on this day is" } @else { " counted on this day are" }
                " not listed: you see the practices that are yours today."
            }
        }
    }
}

/// Practices as a table; its heads lead to the list in another order.
pub(super) fn table(
    when: &When,
    keep: &Keep,
    area: &Area,
    rows: &[&Practice],
    status: Option<Status>,
    sort: Sort,
    caption: &str,
) -> Markup {
    let asked = when.asked();
    let path = format!("/areas/{}/practices", area.code);
    let column = |column: Column, by: Sort, order: Order| {
        let column = column.sort_href(filtered(keep.to(&path), status, by));
        if by == sort { column.sorted(order) } else { column }
    };
    let with_ccg = area.kind != AreaKind::Ccg;
    let may_know = |of| keep.may_know_causes(of);
    let reasons = answers::Reasons::of(&asked, &may_know);
    let mut table = Table::new("practices", caption)
        .column(column(Column::text("Practice"), Sort::Name, Order::Ascending))
        .column(column(Column::text("Code"), Sort::Code, Order::Ascending))
        .column(column(Column::text("Status"), Sort::Attention, Order::Ascending))
        .column(column(Column::text("Since"), Sort::Since, Order::Descending))
        .column(Column::text("Reason"));
    if with_ccg {
        table = table.column(column(
            Column::text(capital(words::commissioner(&asked))),
            Sort::Ccg,
            Order::Ascending,
        ));
    }
    table = table
        .column(column(Column::number("Patients"), Sort::Patients, Order::Descending))
        .empty("No practice to be listed has this status on this day.");
    for practice in rows {
        let row = answers::practice_row(&reasons, practice);
        let held = row.requirements.get(when.rule);
        let status = held.map_or(Status::NoEvidence, |held| held.status);
        let since = held.and_then(|held| held.since);
        let mut cells = vec![
            Cell::from(keep.practice(practice.code, words::practice_name(practice, when.at))),
            Cell::text(practice.code),
            Cell::from(tag(words::tone(status), status.label())),
            Cell::text(since.map_or_else(|| "–".to_owned(), words::short_day)),
            Cell::text(match held.map(|held| answers::reason(&held.conditions)) {
                Some(reason) if !reason.is_empty() => capital(&reason),
                _ => "–".to_owned(),
            }),
        ];
        if with_ccg {
            cells.push(match row.ccg {
                Some(ccg) => {
                    Cell::from(keep.area(ccg, words::name_of(when.board(), ccg, asked.day_of_areas())))
                }
                None => Cell::text("Not known"),
            });
        }
        cells.push(row.patients.map_or_else(|| Cell::text("–"), |patients| Cell::count(patients.into())));
        table = table.row(Row::new(cells));
    }
    table.render()
}
