//! The primary care networks of an area. They stand beside the areas above practices, not among them.

use axum::{
    http::{HeaderMap, Uri},
    response::Response,
};
use chassis::{
    Problem,
    http::{Path, Query},
};
use maud::{Markup, html};
use ui::components::{Download, downloads, lede};

use super::{
    Desk,
    area::{AreaQuery, sorted, table},
    choose,
    frame::{self, Menu, basis},
    kept::Body,
    link::Keep,
    words,
};
use crate::{
    api::When,
    board::{Area, AreaKind},
    lower::{LowerSort, lower},
};

/// The address of the networks of an area.
pub(super) fn path(area: &Area) -> String {
    format!("/areas/{}/networks", area.code)
}

pub(super) async fn networks(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<AreaQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let (when, keep, sort) = query.read(&desk).await?;
        let area = when.area(&code)?;
        Ok(Body::page(page(&desk, &when, &keep, area, sort)))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

fn page(desk: &Desk, when: &When, keep: &Keep, area: &Area, sort: LowerSort) -> Markup {
    let asked = when.asked();
    let board = when.board();
    let rows = lower(&asked, when.rule, area, AreaKind::Network, sort);
    let (one, many) = words::kind_words(&asked, AreaKind::Network);
    let name = words::area_name(&asked, area);
    let mut page =
        frame::frame(desk, &when.served, keep, Menu::None, format!("Primary care networks of {name}"))
            .caption(crate::rules::requirement(when.rule).title);
    page = frame::crumbs(page, keep, &asked, &board.parents(area, when.footprint, when.at));
    page = page.crumb(name.clone(), keep.to(format_args!("/areas/{}", area.code)));
    let extra: Vec<(&str, String)> = match sort {
        LowerSort::Share => Vec::new(),
        sort => vec![("sort", sort.slug().to_owned())],
    };
    let all = area.counts(0, when.footprint, when.at).practices();
    let in_none = board
        .members(area, when.footprint, when.at)
        .filter(|practice| board.network_of(practice, when.footprint, when.at).is_none())
        .count();
    let in_none = u32::try_from(in_none).unwrap_or(u32::MAX);
    let body = html! {
        (lede(html! {
            strong { (ui::fmt::count(rows.len() as u64, one, many)) } " " (words::on_the_day(&asked)) "."
        }))
        p {
            "A network is listed in the area where most of its practices are. Its counts include all its practices, "
            "those in other areas too. " (words::of(in_none, all)) " practices of " (name)
            " are not in any network that the loaded files show."
        }
        (frame::beyond_files(when, keep, &path(area)))
        (choose::form(when, keep, &path(area), &extra))
        @if rows.is_empty() {
            p { "No file that has been loaded shows a primary care network here on this date." }
        } @else {
            (table(when, keep, area, AreaKind::Network, &rows, sort).render())
            p.nhsuk-body-s.nhsuk-u-secondary-text-colour { (basis(when)) }
            @let data = |format: &str| {
                let address = keep.at(when.at).to(format_args!("/api/v1/areas/{}/areas", area.code));
                let address = address.with("of", AreaKind::Network.word(when.at).slug);
                sorted(address, sort).with("format", format).to_string()
            };
            (downloads("the table of networks", &[Download::new("CSV", data("csv")), Download::new("JSON", data("json"))]))
        }
    };
    page.body(body).render()
}

/// The way from an area to its networks, where files name any.
pub(super) fn way(when: &When, keep: &Keep, area: &Area) -> Markup {
    let networks = match area.kind {
        AreaKind::Network => 0,
        AreaKind::England => when.board().areas_standing(AreaKind::Network, when.footprint, when.at) as usize,
        _ => when.board().lying_in(area, AreaKind::Network, when.footprint, when.at).count(),
    };
    let (one, many) = words::kind_words(&when.asked(), AreaKind::Network);
    html! {
        @if networks > 0 {
            p { a.nhsuk-link href=(keep.to(path(area))) { (ui::fmt::count(networks as u64, one, many)) } " with their counts" }
        }
    }
}
