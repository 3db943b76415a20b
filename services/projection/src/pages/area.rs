//! England, a region, a local office, a CCG or a primary care network on a day.

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
use ui::components::{
    Cell, Column, Download, KeyFigure, LinkGroup, Order, Row, Table, details, downloads, inset, key_figures,
    tag,
};

use super::{
    Desk, attention, charts, choose, first,
    frame::{self, Menu, basis, share},
    gap,
    kept::Body,
    link::{Address, Keep},
    list, networks, tallies, words,
};
use crate::{
    answers::{self, Sort},
    api::{When, WhenQuery, lower_sort},
    board::{Area, AreaKind, Board},
    lower::{Lower, LowerSort, lower, short},
    rules::{DEFAULT_RULE, RULES, Rule, rule_of},
    timeline::Status,
};

/// How many practices the page of a CCG lists itself.
const CCG_PRACTICES: usize = 20;

/// Which day, known when, by which membership, and the order of the table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AreaQuery {
    at: Option<String>,
    known: Option<String>,
    footprint: Option<String>,
    requirement: Option<String>,
    sort: Option<String>,
}

impl AreaQuery {
    /// The page of an area opens, where no day is asked for, on the newest day that the files support figures for, and
    /// what it leads to is of that day, too. By earlier knowledge it opens on today, as everything does.
    fn opened(self, board: &Board) -> Self {
        let rule = self.requirement.as_deref().and_then(rule_of).unwrap_or(DEFAULT_RULE);
        let (supported, today) = (answers::supported_day(board, rule), board.today);
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        if given(&self.at) || given(&self.known) || supported >= today {
            return self;
        }
        Self { at: Some(supported.to_string()), ..self }
    }

    /// What is asked, what links keep of it, and the order.
    pub(super) async fn read(&self, desk: &Desk) -> Result<(When, Keep, LowerSort), Problem> {
        let sort = lower_sort(self.sort.as_deref())?;
        let when = When::read(&desk.shared, &self.when()).await?;
        Ok((when, Keep::of(&self.when()).seen_by(&desk.viewer), sort))
    }

    fn when(&self) -> WhenQuery {
        WhenQuery {
            at: self.at.clone(),
            known: self.known.clone(),
            footprint: self.footprint.clone(),
            requirement: self.requirement.clone(),
        }
    }
}

pub(super) async fn area(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<AreaQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        desk.shared.until_today().await;
        let served = desk.shared.views.served();
        let query = query.opened(&served.board);
        let (when, keep, sort) = query.read(&desk).await?;
        let area = when.area(&code)?;
        if when.served.board.practices.is_empty() && area.kind == AreaKind::England {
            return Ok(Body::page(first::page(&desk, &when.served, &keep)));
        }
        Ok(Body::page(page(&desk, &when, &keep, area, sort)))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

pub(super) async fn bars_svg(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<AreaQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let (when, keep, sort) = query.read(&desk).await?;
        let area = when.area(&code)?;
        if !charts::has_bars(area.kind) {
            return Err(Problem::not_found(format!("{} has no areas below it", area.code)));
        }
        let kind = when.board().next_below(area, when.footprint, when.at);
        let rows = lower(&when.asked(), when.rule, area, kind, sort);
        Ok(Body::svg(charts::bars(&when, &keep, area, &rows, sort).svg_file()))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

pub(super) async fn trend_svg(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<AreaQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let (when, keep, _) = query.read(&desk).await?;
        let area = when.area(&code)?;
        Ok(Body::svg(charts::trend(&when, &keep, area).svg_file()))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

fn page(desk: &Desk, when: &When, keep: &Keep, area: &Area, sort: LowerSort) -> Markup {
    let asked = when.asked();
    let board = when.board();
    let counts = area.counts(when.rule, when.footprint, when.at);
    let path = format!("/areas/{}", area.code);
    let menu = if area.kind == AreaKind::England { Menu::Home } else { Menu::None };
    let mut page = frame::frame(desk, &when.served, keep, menu, words::area_name(&asked, area));
    if let Some(caption) = words::kind_and_code(&asked, area) {
        page = page.caption(caption);
    }
    let parents = board.parents(area, when.footprint, when.at);
    page = frame::crumbs(page, keep, &asked, &parents);
    let extra: Vec<(&str, String)> = match sort {
        LowerSort::Share => Vec::new(),
        sort => vec![("sort", sort.slug().to_owned())],
    };
    let body = html! {
        (frame::beyond_files(when, keep, &path))
        @if counts.practices() == 0 {
            (nobody(when, keep, area))
            (choose::form(when, keep, &path, &extra))
        } @else {
            (requirements(when, keep, area))
            (attention::attention(when, keep, area))
            (figures(when, keep, area))
            (choose::form(when, keep, &path, &extra))
            @if charts::has_bars(area.kind) {
                (below(when, keep, area, sort))
            } @else {
                (practices(when, keep, area))
            }
            (tallies::tallies(when, keep, area))
            h2.nhsuk-heading-m { "Over time" }
            (charts::trend(when, keep, area).figure())
            (gap::area(when, keep, area))
            (networks::way(when, keep, area))
            (elsewhere(when, keep, area))
            (notes(&answers::notes(&asked, counts)))
        }
        (frame::files(when))
        (facts(when, keep, area))
    };
    page.body(body).render()
}

/// Which requirement the page is about, and the way to the others.
fn requirements(when: &When, keep: &Keep, area: &Area) -> Markup {
    let path = format!("/areas/{}", area.code);
    let group = RULES.iter().enumerate().fold(LinkGroup::new("Requirement"), |group, (rule, of)| {
        match rule == when.rule {
            true => group.current(of.requirement.title),
            false => group.link(of.requirement.title, keep.about(rule).to(&path)),
        }
    });
    group.render()
}

/// The counts by status, each against the whole: of the requirement the page is about first.
fn figures(when: &When, keep: &Keep, area: &Area) -> Markup {
    let mut rules: Vec<(usize, &Rule)> = RULES.iter().enumerate().collect();
    rules.sort_by_key(|(rule, _)| (*rule != when.rule, *rule));
    html! {
        @for (rule, of) in rules {
            @let keep = keep.about(rule);
            @let counts = area.counts(rule, when.footprint, when.at);
            @let all = counts.practices();
            h2.nhsuk-heading-m.nhsuk-u-margin-bottom-1 { (of.requirement.title) ", " (words::practices(all)) }
            p.nhsuk-body-s.nhsuk-u-secondary-text-colour {
                (basis(when)) " " a.nhsuk-link href="#at" { "Change" span.nhsuk-u-visually-hidden { " the day or the members" } }
            }
            @let statuses = words::statuses(std::iter::once(&counts));
            (key_figures(&statuses.iter().map(|status| KeyFigure {
                tone: words::tone(*status),
                label: status.label().to_owned(),
                value: words::number(counts.of(*status)),
                of: format!("of {} ({})", words::practices(all), words::percent(counts.of(*status), all)),
                href: (counts.of(*status) > 0).then(|| {
                    keep.to(format_args!("/areas/{}/practices", area.code)).with("status", status.slug()).into()
                }),
            }).collect::<Vec<_>>()))
        }
    }
}

/// The areas below: bars, then the table.
fn below(when: &When, keep: &Keep, area: &Area, sort: LowerSort) -> Markup {
    let asked = when.asked();
    let kind = when.board().next_below(area, when.footprint, when.at);
    let (one, many) = words::kind_words(&asked, kind);
    let rows = lower(&asked, when.rule, area, kind, sort);
    html! {
        h2.nhsuk-heading-m { "By " (one) }
        (charts::bars(when, keep, area, &rows, sort).figure())
        (table(when, keep, area, kind, &rows, sort).render())
        p.nhsuk-body-s.nhsuk-u-secondary-text-colour { (basis(when)) }
        @let data = |format: &str| {
            let address = keep.at(when.at).to(format_args!("/api/v1/areas/{}/areas", area.code));
            sorted(address, sort).with("format", format).to_string()
        };
        (downloads(&format!("the table of {many}"), &[
            Download::new("CSV", data("csv")),
            Download::new("JSON", data("json")),
            Download::new("All practices as CSV", keep.at(when.at)
                .to(format_args!("/api/v1/areas/{}/practices", area.code)).with("format", "csv")),
        ]))
    }
}

pub(super) fn sorted(address: Address, sort: LowerSort) -> Address {
    match sort {
        LowerSort::Share => address,
        sort => address.with("sort", sort.slug()),
    }
}

/// The areas of a kind below an area; the heads lead to the same page in another order.
pub(super) fn table(
    when: &When,
    keep: &Keep,
    area: &Area,
    kind: AreaKind,
    rows: &[Lower<'_>],
    sort: LowerSort,
) -> Table {
    let asked = when.asked();
    let (one, many) = words::kind_words(&asked, kind);
    let (office, _) = words::kind_words(&asked, AreaKind::LocalOffice);
    let statuses = words::statuses(rows.iter().map(|row| &row.counts));
    let here = match kind {
        AreaKind::Network => networks::path(area),
        _ => format!("/areas/{}", area.code),
    };
    let column = |column: Column, by: LowerSort, order: Order| {
        let column = column.sort_href(format!("{}#areas", sorted(keep.to(&here), by)));
        if by == sort { column.sorted(order) } else { column }
    };
    // A column that says the same in every row says nothing.
    let above = |row: &Lower<'_>| match kind {
        AreaKind::Network => row.commissioner,
        _ => row.local_office,
    };
    let with_above = matches!((area.kind, kind), (AreaKind::Region, AreaKind::Ccg) | (_, AreaKind::Network))
        && rows.iter().any(|row| above(row) != rows.first().and_then(above));
    let caption = format!(
        "{} of {} and their practices by status",
        attention::capital(many),
        words::area_name(&asked, area)
    );
    let mut table = Table::new("areas", caption);
    table = table.column(column(Column::text(attention::capital(one)), LowerSort::Name, Order::Ascending));
    if with_above {
        table = table.column(match kind {
            AreaKind::Network => Column::text(attention::capital(words::commissioner(&asked))),
            _ => column(Column::text(attention::capital(office)), LowerSort::LocalOffice, Order::Ascending),
        });
    }
    table = table.column(column(Column::number("Practices"), LowerSort::Practices, Order::Descending));
    for status in &statuses {
        table = table.column(column(
            Column::number(status.label()),
            LowerSort::Status(*status),
            Order::Descending,
        ));
    }
    table = table.column(column(Column::number("Met, share"), LowerSort::Share, Order::Ascending));
    for row in rows {
        let mut cells = vec![Cell::from(keep.area(row.area.code, words::area_name(&asked, row.area)))];
        if with_above {
            cells.push(match above(row) {
                Some(code) => {
                    Cell::from(keep.area(code, words::name_of(when.board(), code, asked.day_of_areas())))
                }
                None => Cell::text(""),
            });
        }
        cells.extend(figures_of(&row.counts, &statuses));
        table = table.row(Row::new(cells));
    }
    // Networks stand beside the areas: together they are not the whole.
    if kind == AreaKind::Network {
        return table;
    }
    let total = area.counts(when.rule, when.footprint, when.at);
    let mut cells = vec![Cell::text(words::area_name(&asked, area))];
    if with_above {
        cells.push(Cell::text(""));
    }
    cells.extend(figures_of(&total, &statuses));
    table.total(Row::new(cells))
}

fn figures_of(counts: &crate::rollup::Counts, statuses: &[Status]) -> Vec<Cell> {
    let all = counts.practices();
    std::iter::once(Cell::count(all.into()))
        .chain(statuses.iter().map(|status| Cell::count(counts.of(*status).into())))
        .chain(std::iter::once(Cell::text(words::percent(counts.of(Status::Met), all))))
        .collect()
}

/// The practices of a CCG: the first of them here, all of them behind a link.
fn practices(when: &When, keep: &Keep, area: &Area) -> Markup {
    let asked = when.asked();
    let rows = answers::practices(&asked, area, None, Sort::Attention, keep.seen_practices());
    let shown = rows.get(..CCG_PRACTICES).unwrap_or(&rows);
    let path = format!("/areas/{}/practices", area.code);
    html! {
        h2.nhsuk-heading-m { "Practices" }
        (list::table(when, keep, area, shown, None, Sort::Attention, "Most in need of attention first"))
        (list::not_listed(area.counts(when.rule, when.footprint, when.at).practices(), rows.len()))
        p.nhsuk-body-s.nhsuk-u-secondary-text-colour { (basis(when)) }
        @if rows.len() > shown.len() {
            p { a.nhsuk-link href=(keep.to(&path)) { "All " (words::practices(u32::try_from(rows.len()).unwrap_or(u32::MAX))) } }
        }
        (downloads("the practices", &[
            Download::new("CSV", keep.at(when.at).to(format_args!("/api/v1{path}")).with("format", "csv")),
            Download::new("JSON", keep.at(when.at).to(format_args!("/api/v1{path}"))),
            Download::new("Link to the whole list", keep.at(when.at).to(&path)),
        ]))
    }
}

/// Every CCG and local office, reachable from England.
fn elsewhere(when: &When, keep: &Keep, area: &Area) -> Markup {
    let asked = when.asked();
    if area.kind != AreaKind::England {
        return html! {
            @if !area.kind.is_lowest() {
                p { a.nhsuk-link href=(keep.to(format_args!("/areas/{}/practices", area.code))) { "All practices of " (words::area_name(&asked, area)) } }
            }
        };
    }
    let ccgs = lower(&asked, when.rule, area, AreaKind::Ccg, LowerSort::Name);
    let offices = lower(&asked, when.rule, area, AreaKind::LocalOffice, LowerSort::Name);
    let regions = lower(&asked, when.rule, area, AreaKind::Region, LowerSort::Name);
    let link = |lower: &Lower<'_>| {
        html! {
            (keep.area(lower.area.code, words::area_name(&asked, lower.area)))
            @if short(&lower.counts) > 0 {
                ", " (words::of(short(&lower.counts), lower.counts.practices())) " not met or no evidence"
            }
        }
    };
    let (ccg, many_ccgs) = words::kind_words(&asked, AreaKind::Ccg);
    let (_, many_offices) = words::kind_words(&asked, AreaKind::LocalOffice);
    let counted = |ccgs: usize| ui::fmt::count(ccgs as u64, ccg, many_ccgs);
    html! {
        h2.nhsuk-heading-m { "Find a " (ccg) }
        @for region in &regions {
            @let within: Vec<&Lower<'_>> = ccgs.iter().filter(|ccg| ccg.region == Some(region.area.code)).collect();
            @if !within.is_empty() {
                (details(&format!("{}: {}", words::area_name(&asked, region.area), counted(within.len())), html! {
                    ul.nhsuk-list { @for ccg in &within { li { (link(ccg)) } } }
                }))
            }
        }
        @let homeless: Vec<&Lower<'_>> = ccgs.iter().filter(|ccg| ccg.region.is_none()).collect();
        @if !homeless.is_empty() {
            (details(&format!("No region known: {}", counted(homeless.len())), html! {
                ul.nhsuk-list { @for ccg in &homeless { li { (link(ccg)) } } }
            }))
        }
        @if !offices.is_empty() {
            (details(&format!("{}: {}", attention::capital(many_offices), offices.len()), html! {
                ul.nhsuk-list { @for office in &offices { li { (link(office)) } } }
            }))
        }
    }
}

fn notes(notes: &[String]) -> Markup {
    html! {
        @if !notes.is_empty() {
            h2.nhsuk-heading-s { "Notes" }
            ul.nhsuk-list.nhsuk-list--bullet { @for note in notes { li { (note) } } }
        }
    }
}

/// Said of an area without practices on the day: when it was, and what became of it.
fn nobody(when: &When, keep: &Keep, area: &Area) -> Markup {
    let asked = when.asked();
    let one = area.word_on(asked.day_of_areas()).one;
    let (opened, closed) = (area.opened, area.closed);
    let successors = answers::successors(&asked, area);
    html! {
        (inset(html! {
            p { "This " (one) " had no practices at the end of " strong { (words::day(when.at)) } "; it is not counted on that day." }
            @if let Some(opened) = opened { p { "It opened on " a.nhsuk-link href=(keep.at(opened).to(format_args!("/areas/{}", area.code))) { (words::day(opened)) } "." } }
            @if let Some(closed) = closed {
                p { "It closed at the end of " a.nhsuk-link href=(keep.at(closed).to(format_args!("/areas/{}", area.code))) { (words::day(closed)) } "." }
            }
        }))
        @if !successors.is_empty() {
            h2.nhsuk-heading-m { "Where its practices are on that day" }
            ul.nhsuk-list {
                @for successor in &successors {
                    li {
                        (keep.area(successor.body.code, ui::fmt::name(&successor.body.name)))
                        ", " (words::practices(successor.practices))
                    }
                }
            }
        } @else if area.practices.is_empty() {
            p { "No file that was read shows a practice of it on any day." }
        }
        @if let Some((last, counts)) = last_day_with_practices(when, area) {
            p {
                "The last day on which it had practices is "
                a.nhsuk-link href=(keep.at(last).to(format_args!("/areas/{}", area.code))) { (words::day(last)) }
                ": " (share(counts.of(Status::Met), counts.practices())) " met the requirement then."
            }
        }
    }
}

/// The last day before the one shown on which an area had practices.
fn last_day_with_practices(when: &When, area: &Area) -> Option<(proto::Day, crate::rollup::Counts)> {
    let steps = area.steps(when.rule, when.footprint)?;
    let before: Vec<_> = steps.between(proto::Day::FIRST, when.at).collect();
    let ended = before.iter().rposition(|(_, counts)| counts.practices() > 0)?;
    let (_, counts) = before.get(ended)?;
    let next = before.get(ended + 1).map(|(day, _)| day.plus_days(-1))?;
    Some((next, *counts))
}

/// Which bodies took its place, and whose place it took.
fn successions(when: &When, keep: &Keep, area: &Area) -> Markup {
    let answers::SuccessionsOf { succeeded_by, formed_from } = answers::successions_of(&when.asked(), area);
    let bodies = |of: &[answers::SuccessionAnswer]| {
        html! {
            @for (index, succession) in of.iter().enumerate() {
                @if index > 0 { @if index + 1 == of.len() { " and " } @else { ", " } }
                @let name = ui::fmt::name(&succession.body.name);
                @if when.board().area(succession.body.code).is_some() { (keep.area(succession.body.code, name)) }
                @else { (name) }
                " (" (succession.body.code) ")"
            }
        }
    };
    html! {
        @for of_day in succeeded_by.chunk_by(|a, b| a.on == b.on) {
            @if let Some(first) = of_day.first() {
                p {
                    "Until " (words::day(first.on.plus_days(-1))) "; "
                    @if first.part { "divided between " } @else { "succeeded by " } (bodies(of_day)) "."
                }
            }
        }
        @for of_day in formed_from.chunk_by(|a, b| a.on == b.on) {
            @if let Some(first) = of_day.first() {
                p {
                    "On " (words::day(first.on)) " it took the place of "
                    @for (index, part) in of_day.iter().enumerate() {
                        @if index > 0 { @if index + 1 == of_day.len() { " and " } @else { ", " } }
                        @if part.part { "part of " }
                        (bodies(std::slice::from_ref(part)))
                    }
                    "."
                }
            }
        }
    }
}

/// Where it lies, and when it existed.
fn facts(when: &When, keep: &Keep, area: &Area) -> Markup {
    let asked = when.asked();
    let parents = when.board().parents(area, when.footprint, when.at);
    let dates = [("opened on", area.opened), ("closed at the end of", area.closed)];
    html! {
        (successions(when, keep, area))
        @if !parents.is_empty() {
            p.nhsuk-body-s {
                (words::area_name(&asked, area)) " (" (area.code)
                @if let Some(code) = area.ons_code_on(asked.day_of_areas()) { ", ONS code " (code) }
                ") is in "
                @for (index, parent) in parents.iter().enumerate() {
                    @if index > 0 { ", in " }
                    (keep.area(parent.code, words::area_name(&asked, parent)))
                }
                @for (word, day) in dates { @if let Some(day) = day { "; " (word) " " (words::day(day)) } }
                ". " (tag(ui::Tone::Neutral, &area.word_on(asked.day_of_areas()).capital()))
            }
        }
    }
}
