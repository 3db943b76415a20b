//! The charts of what lies behind a requirement's counts.

use axum::{
    http::{HeaderMap, Uri},
    response::Response,
};
use chassis::{
    Problem,
    http::{Path, Query},
};
use maud::{Markup, html};
use serde::Deserialize;
use ui::chart::{BarRow, BarScale, Caption, Series, StackedBars};

use super::{
    Desk, charts,
    frame::{basis, share},
    kept::Body,
    link::Keep,
};
use crate::{
    api::{When, WhenQuery, cut, nothing_at},
    board::Area,
    tally::{Tally, TallyAnswer, tally},
};

/// Which drawing, of which day, known when, by which membership.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrawingQuery {
    at: Option<String>,
    known: Option<String>,
    footprint: Option<String>,
    requirement: Option<String>,
    tally: String,
}

pub(super) async fn drawing(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<DrawingQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let DrawingQuery { at, known, footprint, requirement, tally: wanted } = query;
        let query = WhenQuery { at, known, footprint, requirement };
        let when = When::read(&desk.shared, &query).await?;
        let area = when.area(&code)?;
        let keep = Keep::of(&query).seen_by(&desk.viewer);
        let answer = tally(&when.asked(), area, |of| keep.may_know_what_was_found(of));
        let answer = answer.filter(|answer| answer.withheld.is_none()).ok_or_else(|| nothing_at(&uri))?;
        let Some(found) = answer.tallies.iter().find(|of| of.tally == wanted) else {
            let accepted: Vec<&str> = answer.tallies.iter().map(|of| of.tally).collect();
            return Err(Problem::bad_input("a query parameter is wrong")
                .at("tally", format!("“{}” is none of {}", cut(&wanted), accepted.join(", "))));
        };
        Ok(Body::svg(bars(&when, &keep, area, found).svg_file()))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

/// The charts and figures of the requirement that a page is about; nothing where there are none.
pub(super) fn tallies(when: &When, keep: &Keep, area: &Area) -> Markup {
    let answer = tally(&when.asked(), area, |of| keep.may_know_what_was_found(of));
    let Some(TallyAnswer { tallies, figures, withheld, .. }) = answer else { return html! {} };
    html! {
        @if let Some(withheld) = withheld {
            h2.nhsuk-heading-m { "Behind these figures" }
            p { "What lies behind them is not shown: " (withheld) "." }
        }
        @if !tallies.is_empty() {
            h2.nhsuk-heading-m { "Behind these figures" }
            ul.nhsuk-list.nhsuk-list--bullet {
                @for figure in &figures { li { (share(figure.count, figure.of)) " " (figure.says) "." } }
            }
            @for tally in &tallies {
                @if tally.rows.iter().flat_map(|row| &row.counts).any(|count| *count > 0) {
                    (bars(when, keep, area, tally).figure())
                } @else {
                    p { (tally.title) ": there are none to count." }
                }
            }
        }
    }
}

fn bars(when: &When, keep: &Keep, area: &Area, tally: &Tally) -> StackedBars {
    let data = |format: &str| {
        keep.at(when.at).to(format_args!("/api/v1/areas/{}/tallies", area.code)).with("format", format)
    };
    let drawing =
        keep.at(when.at).to(format_args!("/areas/{}/tally.svg", area.code)).with("tally", tally.tally);
    let caption =
        Caption::new(tally.tally, tally.title, format!("Counted are {}. {}", tally.counts, basis(when)))
            .download("CSV", data("csv"))
            .download("JSON", data("json"))
            .download("Drawing (SVG)", drawing)
            .source(charts::source(when));
    let row = |row: &crate::tally::TallyRow| BarRow {
        label: row.label.clone(),
        href: None,
        values: row.counts.clone(),
    };
    StackedBars {
        caption,
        row_heading: tally.row.to_owned(),
        series: tally.series.iter().map(|series| Series::new(series.label, series.tone)).collect(),
        rows: tally.rows.iter().map(row).collect(),
        scale: BarScale::Count,
    }
}
