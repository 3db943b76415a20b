//! What stands around every page: the menu, the notices, the stamp, the news.

use chassis::{Viewer, access, pages::demonstration_notice};
use jiff::Timestamp;
use maud::{Markup, html};
use proto::{
    Position,
    areas::{icbs_from, is_local_office},
};
use ui::{Page, Stamp};

use super::{
    Desk,
    link::Keep,
    words::{self, number},
};
use crate::{
    access::{FOLLOW, SEARCH},
    answers::{self, Asked},
    api::Shared,
    board::{Area, AreaKind, Board},
    views::Served,
};

/// Which entry of the menu a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Menu {
    /// Where someone begins.
    Home,
    Practices,
    About,
    LookUp,
    None,
}

/// A page with everything around it.
pub(super) fn frame(desk: &Desk, served: &Served, keep: &Keep, menu: Menu, title: impl Into<String>) -> Page {
    let Desk { shared, viewer, .. } = desk;
    let board = &served.board;
    let home = viewer.holder().map(access::home_of).unwrap_or_default();
    let current = match menu {
        Menu::Home => home,
        Menu::Practices => format!("{home}/practices"),
        Menu::About => "/about".to_owned(),
        Menu::LookUp => "/status".to_owned(),
        Menu::None => String::new(),
    };
    let read = board.facts.read_to;
    let position = read.map_or(Position::START, |read| read.position);
    let time = read.map_or(Timestamp::UNIX_EPOCH, |read| read.time);
    let mut page = Page::new(title).current_nav(keep.to(current).to_string());
    page = if viewer.may_here(FOLLOW) { page.live("/live") } else { page };
    page = if viewer.may_here(SEARCH) { page } else { page.search_at("/status") };
    if let Some(notice) = notice(shared, viewer, board, position) {
        page = page.banner(notice);
    }
    if read.is_some() {
        page = page.stamp(Stamp {
            position: position.0,
            time: time.to_string(),
            time_text: words::instant(time),
        });
    }
    for (label, href) in access::menu(viewer.principal()) {
        page = page.nav(label, keep.to(href));
    }
    chassis::pages::with_alerts(page, viewer)
}

fn notice(shared: &Shared, viewer: &Viewer, board: &Board, position: Position) -> Option<Markup> {
    let synthetic = board.facts.synthetic_events > 0;
    let head = shared.views.head().unwrap_or(position);
    let behind = head > position;
    (synthetic || behind).then(|| {
        html! {
            @if synthetic { (demonstration_notice(viewer)) }
            @if behind {
                p {
                    strong { "Loading figures." } " " (ui::fmt::thousands(position.0)) " of " (ui::fmt::thousands(head.0))
                    " events are included so far; this page updates itself."
                }
            }
        }
    })
}

/// The way to what lies below an area: England, its region, and since July 2022 its integrated care board. Local
/// offices stood beside that way.
pub(super) fn crumbs(
    mut page: Page,
    keep: &Keep,
    asked: &Asked<'_>,
    parents: &[&std::sync::Arc<Area>],
) -> Page {
    let is_on_the_way = |area: &Area| {
        area.kind != AreaKind::LocalOffice
            || (asked.day_of_areas() >= icbs_from() && !is_local_office(area.code))
    };
    let above = parents.iter().rev().filter(|area| is_on_the_way(area));
    for area in above.filter(|area| keep.may_see_area(area.code)) {
        page = page.crumb(words::area_name(asked, area), keep.to(format_args!("/areas/{}", area.code)));
    }
    page
}

/// On which day, by which membership and by whose knowledge the figures are: said beside them.
pub(super) fn basis(when: &crate::api::When) -> String {
    let known = match when.known {
        None => "using all information recorded to date".to_owned(),
        Some(instant) => format!("using information recorded by {}", words::instant(instant)),
    };
    let day = super::attention::capital(&words::on_the_day(&when.asked()));
    format!("{day}; {known}; {}.", words::footprint(when.footprint))
}

/// Says first that the day shown lies beyond the newest files, with a link to the newest day they support; and of
/// that day, where it is not today, a link to today.
pub(super) fn beyond_files(when: &crate::api::When, keep: &Keep, path: &str) -> Markup {
    let asked = when.asked();
    let (supported, today) = (answers::supported_day(when.board(), when.rule), when.board().today);
    let to = |day: proto::Day| {
        html! { a.nhsuk-link href=(keep.at(day).to(path)) { "Show " (words::day(day)) } }
    };
    match asked.beyond_files() {
        Some(words) => ui::components::inset(html! {
            p {
                (words)
                @if supported < when.at {
                    " The figures for " (words::day(when.at)) " use no newer file. "
                    (to(supported)) ", the newest date that the files support."
                }
            }
        }),
        None if when.at == supported && supported < today && when.known.is_none() => html! {
            p { "The files loaded so far support figures up to " (words::day(supported)) ". " (to(today)) " (today)." }
        },
        None => html! {},
    }
}

/// The newest file of each kind.
pub(super) fn files(when: &crate::api::When) -> Markup {
    newest_files(&when.asked().basis().rests_on)
}

/// The newest file of each kind, of those that an answer names.
pub(super) fn newest_files(rests_on: &[crate::answers::RestsOn]) -> Markup {
    let files: Vec<String> = rests_on
        .iter()
        .map(|rests| format!("{} of {}", file_words(&rests.file), words::day(rests.newest)))
        .collect();
    html! {
        @if !files.is_empty() {
            p.nhsuk-body-s.nhsuk-u-secondary-text-colour { "Newest files: " (files.join("; ")) "." }
        }
    }
}

fn file_words(kind: &str) -> &str {
    match kind {
        "ccgs" => "CCGs",
        "regions" => "regions and local offices",
        "list-sizes" => "list sizes",
        "results" => "published results",
        other => other,
    }
}

/// A share said with its denominator: `6,205 of 7,168 (86.6%)`.
pub(super) fn share(part: u32, whole: u32) -> String {
    format!("{} of {} ({})", number(part), number(whole), words::percent(part, whole))
}
