//! The page of an England of which nothing is known yet: how to begin.

use maud::{Markup, html};
use ui::components::{inset, lede};

use super::{
    Desk,
    frame::{self, Menu},
    link::Keep,
};
use crate::views::Served;

/// The files in the order that makes most of them, with the command that loads each.
const FILES: [(&str, &str); 8] = [
    ("Practices, the one file that is needed", "oversight import practices epraccur.csv --as-of 2019-11-30"),
    ("CCGs, sub-ICB locations and other commissioners", "oversight import ccgs eccg.csv --as-of 2019-11-30"),
    ("Regions and local offices", "oversight import regions eauth.csv --as-of 2019-11-30"),
    ("Names of integrated care boards", "oversight import areas sicbl_icb_region.csv --as-of 2023-04-30"),
    ("Primary care networks", "oversight import networks epcn_details.csv --as-of 2022-06-30"),
    ("Who belonged to whom over time", "oversight import memberships epcmem.csv --as-of 2019-11-30"),
    ("Registered patients", "oversight import list-sizes gp-reg-pat-prac-all.csv --as-of 2019-11-01"),
    ("Published results of the DSP Toolkit", "oversight import results dspt.csv --as-of 2019-06-17"),
];

pub(super) fn page(desk: &Desk, served: &Served, keep: &Keep) -> Markup {
    let reading = desk.shared.views.head().is_none_or(|head| head > desk.shared.views.shown());
    frame::frame(desk, served, keep, Menu::Home, "England")
        .body(html! {
            @if reading {
                (lede(html! { "The event log is being read. This page fills by itself in a moment." }))
            } @else {
                (lede(html! { "There are no practices here yet: load the national files to see every one of them, as at any day." }))
                p { "While this server runs, give each file to it from another window, with the date it is of:" }
                dl.nhsuk-summary-list {
                    @for (what, command) in FILES {
                        div."nhsuk-summary-list__row" {
                            dt."nhsuk-summary-list__key" { (what) }
                            dd."nhsuk-summary-list__value" { code { (command) } }
                        }
                    }
                }
                (inset(html! {
                    p { "A file may be loaded again: only what is new is recorded. Add " code { "--dry-run" } " to see what it would do." }
                    p { "Without files at hand, start the server with an empty data folder and without " code { "--empty" } " to see a made-up England." }
                }))
            }
        })
        .render()
}
