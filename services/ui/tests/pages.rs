//! What every page keeps to, whatever its content: hostile names stay text, nothing is inline, ids are unique and
//! what points at an id finds it.

#![expect(clippy::expect_used, reason = "a helper of the tests may fail the test")]

use std::collections::BTreeSet;

use jiff::civil::date;
use maud::{Markup, html};
use ui::chart::{
    BarRow, BarScale, Caption, Marker, Series, Span, StackedBars, StripRow, TimelineStrip, Trend,
    TrendSeries, TrendShape, sparkline,
};
use ui::components::{
    Attention, AttentionItem, Button, ButtonKind, Cell, Choice, Column, DateForm, Download, Field,
    FieldError, Form, HistoryItem, InputKind, KeyFigure, LinkGroup, Order, Pager, Row, SummaryList, Table,
    Width, action_link, blocked_button, details, downloads, expander, history, inset, key_figures, lede,
    link_button, notification, panel, success, tag, warning_callout,
};
use ui::{Page, Stamp, Tone};

const HOSTILE: &str = r#"</title></svg><script>alert(1)</script>" onload="x" style='y' & javascript:"#;

fn bars(name: &str) -> StackedBars {
    StackedBars {
        caption: Caption::new("bars", name, name).download(name, name).source(name),
        row_heading: name.into(),
        series: Tone::ALL.iter().map(|tone| Series::new(name, *tone)).collect(),
        rows: (0..3).map(|i| BarRow::new(name, name, [84, i, 10, 3, 2])).collect(),
        scale: BarScale::Share,
    }
}

fn trend(name: &str, shape: TrendShape) -> Trend {
    let id = if shape == TrendShape::Lines { "lines" } else { "areas" };
    Trend {
        caption: Caption::new(id, name, name),
        first: date(2018, 4, 1),
        series: Tone::ALL
            .iter()
            .map(|tone| TrendSeries::new(name, *tone, (0..400).collect::<Vec<u32>>()))
            .collect(),
        shape,
        known_to: Some(date(2019, 3, 1)),
        markers: vec![Marker::new(date(2019, 3, 31), name)],
    }
}

fn strip(name: &str) -> TimelineStrip {
    TimelineStrip {
        caption: Caption::new("strip", name, name),
        row_heading: name.into(),
        from: date(2018, 1, 1),
        to: date(2019, 12, 31),
        known_to: Some(date(2019, 6, 17)),
        rows: vec![StripRow {
            label: name.into(),
            spans: vec![Span::new(date(2018, 3, 1), name, Tone::Bad)],
        }],
        markers: vec![Marker::new(date(2019, 3, 31), name)],
    }
}

/// A page with every part on it, every word of it being `name`.
fn everything(name: &str) -> String {
    let text = || -> Markup {
        html! { (name) }
    };
    let errors = [FieldError::new("level", name), FieldError::new("", name)];
    let choices = [Choice::new(name, name).hint(name), Choice::new("b", name)];
    Page::new(name)
        .caption(name)
        .crumb(name, name)
        .nav(name, name)
        .current_nav(name)
        .banner(text())
        .errors(errors)
        .live(name)
        .query(name)
        .stamp(Stamp { position: 7, time: name.into(), time_text: name.into() })
        .body(html! {
            (lede(text()))
            (DateForm::new(name, date(2019, 6, 17)).label(name).hint(name).keep(name, name).previous(name, name)
                .next(name, name).quick(name, name).error(Some(name)).render())
            (LinkGroup::new(name).current(name).link(name, name).render())
            (Attention::new("attention").heading(name).more(name, name)
                .item(AttentionItem { tone: Tone::Bad, label: name.into(), title: name.into(), href: name.into(), detail: name.into() })
                .render())
            (key_figures(&[KeyFigure { tone: Tone::Good, label: name.into(), value: name.into(), of: name.into(), href: Some(name.into()) }]))
            (bars(name).figure()) (trend(name, TrendShape::Lines).figure()) (trend(name, TrendShape::Stacked).figure())
            (strip(name).figure())
            (sparkline(&[1, 2], Tone::Good, name))
            (Table::new("table", name).column(Column::text(name).sort_href(name).sorted(Order::Ascending))
                .column(Column::number(name)).row(Row::new([Cell::link(name, name), Cell::text(name)]))
                .total(Row::new([Cell::text(name)])).render())
            (Pager { previous: Some(name.into()), next: Some(name.into()), summary: name.into() }.render())
            (downloads(name, &[Download::new(name, name)]))
            (SummaryList::new().text(name, name).row_with_action(name, tag(Tone::Unknown, name), (name, name)).render())
            (history(&[HistoryItem { when: name.into(), title: name.into(), href: Some(name.into()), body: text(), tone: Tone::Bad }]))
            (notification("note", name, text())) (success("done", name, text())) (inset(text())) (details(name, text()))
            (expander(name, text())) (warning_callout(name, text())) (panel(name, text())) (action_link(name, name))
            (Form::post(name).hidden(name, name).label(name).body(html! {
                (Field::new("level", name).hint(name).error(Some(name)).value(name).radios(&choices))
                (Field::new("ticks", name).value(name).checkboxes(&choices))
                (Field::new("choice", name).value(name).select(&choices))
                (Field::new("comment", name).hint(name).error(Some(name)).value(name).textarea(3))
                (Field::new("words", name).hint(name).value(name).width(Width::Characters(7)).input(InputKind::Text))
                (Button::new(name).kind(ButtonKind::Warning).value(name, name).about(name))
                (link_button(name, name, ButtonKind::Secondary))
                (blocked_button("publish", name, &[text(), text()]))
            }))
        })
        .render()
        .into_string()
}

/// Every start tag with its attributes, read as HTML reads them.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        if name.is_empty() {
            continue;
        }
        rest = &rest[name.len()..];
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '/', '\n']);
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                break;
            }
            let end = rest.find(['=', ' ', '>', '/']).expect("an attribute ends");
            let key = rest[..end].to_owned();
            rest = &rest[end..];
            let mut value = String::new();
            if let Some(after) = rest.strip_prefix("=\"") {
                let end = after.find('"').expect("a value ends");
                value = after[..end].to_owned();
                rest = &after[end + 1..];
            }
            attributes.push((key, value));
        }
        found.push((name, attributes));
    }
    found
}

fn value<'a>(attributes: &'a [(String, String)], key: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

#[test]
fn no_name_however_hostile_becomes_markup() {
    let hostile: Vec<String> = tags(&everything(HOSTILE)).into_iter().map(|(name, _)| name).collect();
    let harmless: Vec<String> = tags(&everything("Bellevue")).into_iter().map(|(name, _)| name).collect();
    let count = |tags: &[String], name: &str| tags.iter().filter(|tag| *tag == name).count();
    for name in ["script", "title", "style", "iframe", "img", "form", "input", "a", "table"] {
        assert_eq!(count(&hostile, name), count(&harmless, name), "<{name}>");
    }
}

#[test]
fn nothing_is_inline_that_the_content_security_policy_forbids() {
    for page in
        [everything("Bellevue"), everything(HOSTILE), bars(HOSTILE).svg_file(), strip(HOSTILE).svg_file()]
    {
        for (name, attributes) in tags(&page) {
            for (key, _) in &attributes {
                assert!(key != "style" && !key.starts_with("on"), "<{name} {key}>");
            }
            if name == "script" {
                assert!(
                    value(&attributes, "src").is_some_and(|src| src.starts_with("/assets/")),
                    "inline script"
                );
            }
            assert_ne!(name, "style");
        }
    }
}

#[test]
fn ids_are_unique_and_references_find_theirs() {
    let page = tags(&everything("Bellevue"));
    let mut ids = BTreeSet::new();
    for (name, attributes) in &page {
        if let Some(id) = value(attributes, "id") {
            assert!(ids.insert(id), "<{name} id={id}> occurs twice");
        }
    }
    for (name, attributes) in &page {
        for key in ["for", "aria-labelledby", "aria-describedby"] {
            for id in value(attributes, key).unwrap_or("").split_whitespace() {
                assert!(ids.contains(id), "<{name} {key}={id}> points nowhere");
            }
        }
        if let Some(id) = value(attributes, "fill").and_then(|fill| fill.strip_prefix("url(#")) {
            assert!(ids.contains(id.trim_end_matches(')')), "pattern {id}");
        }
        if let Some(id) = value(attributes, "href").and_then(|href| href.strip_prefix('#')) {
            assert!(ids.contains(id), "link to #{id}");
        }
    }
}

#[test]
fn a_page_has_one_heading_of_the_first_order_and_says_its_language() {
    let page = tags(&everything("Bellevue"));
    assert_eq!(page.iter().filter(|(name, _)| name == "h1").count(), 1);
    assert!(page.iter().any(|(name, attributes)| name == "html" && value(attributes, "lang") == Some("en")));
    assert!(page.iter().all(|(name, attributes)| name != "input"
        || value(attributes, "type") == Some("hidden")
        || value(attributes, "id").is_some()));
}

#[test]
fn every_file_a_page_asks_for_is_embedded() {
    for (name, attributes) in tags(&everything("Bellevue")) {
        let asked = match name.as_str() {
            "link" => value(&attributes, "href"),
            "script" => value(&attributes, "src"),
            _ => None,
        };
        if let Some(path) = asked {
            assert!(ui::assets::find(path).is_some(), "{path}");
        }
    }
}

#[test]
fn a_page_without_extras_is_still_whole() {
    let page = Page::new("Nothing here").render().into_string();
    assert!(page.contains("<h1") && page.contains("Skip to main content") && page.contains("<footer"));
    assert!(!page.contains("nhsuk-error-summary") && !page.contains("data-live") && !page.contains("<nav"));
}

#[test]
fn a_sorted_column_says_so_and_rows_have_as_many_cells_as_there_are_columns() {
    let table = Table::new("t", "Practices")
        .column(Column::text("Name").sort_href("?sort=-name").sorted(Order::Ascending))
        .column(Column::number("Patients"))
        .row(Row::new([Cell::text("One")]))
        .row(Row::new([Cell::text("Two"), Cell::count(12_345), Cell::text("stray")]))
        .render()
        .into_string();
    let parts = tags(&table);
    let count = |wanted: &str| parts.iter().filter(|(name, _)| name == wanted).count();
    assert_eq!((count("tr"), count("th"), count("td")), (3, 4, 2));
    assert_eq!(parts.iter().filter(|(_, a)| value(a, "aria-sort") == Some("ascending")).count(), 1);
    assert_eq!(parts.iter().filter(|(_, a)| value(a, "scope") == Some("row")).count(), 2);
    assert!(table.contains("12,345") && !table.contains("stray"));
    assert!(
        parts.iter().any(|(_, a)| value(a, "role") == Some("region") && value(a, "tabindex") == Some("0"))
    );
}

#[test]
fn an_empty_table_says_so() {
    let table =
        Table::new("t", "Practices").column(Column::text("Name")).empty("No practice matches.").render();
    assert!(table.into_string().contains("No practice matches."));
}

#[test]
fn a_blocked_button_says_why() {
    let markup =
        blocked_button("publish", "Publish", &[html! { "Requirement 101 has no answer." }]).into_string();
    assert!(
        markup.contains(r#"aria-disabled="true""#) && markup.contains(r#"aria-describedby="publish-why""#)
    );
    assert!(markup.contains("Requirement 101 has no answer."));
    assert!(!markup.contains(" disabled"), "a disabled button cannot be reached by keyboard");
}
