//! Writes a page with every part on it, and the files it needs, into a directory:
//! `cargo run -p ui --example gallery -- DIR`. Serve that directory at `/` to look at it.

use std::error::Error;
use std::path::PathBuf;

use jiff::civil::{Date, date};
use maud::{Markup, html};
use ui::chart::{
    BarRow, BarScale, Caption, Marker, Series, Span, StackedBars, StripRow, TimelineStrip, Trend,
    TrendSeries, TrendShape, sparkline,
};
use ui::components::*;
use ui::{Page, Stamp, Tone, assets, fmt};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = PathBuf::from(std::env::args().nth(1).ok_or("say into which directory")?);
    std::fs::create_dir_all(dir.join("assets"))?;
    for asset in assets::all() {
        std::fs::write(dir.join(asset.path.trim_start_matches('/')), asset.bytes)?;
    }
    std::fs::write(dir.join("index.html"), page().into_string())?;
    std::fs::write(dir.join("form.html"), form_page().into_string())?;
    std::fs::write(dir.join("bars.svg"), bars().svg_file())?;
    std::fs::write(dir.join("trend.svg"), trend(TrendShape::Stacked, "trend").svg_file())?;
    Ok(())
}

fn frame(title: &str) -> Page {
    Page::new(title)
        .nav("England", "/")
        .nav("Practices", "/practices")
        .nav("Editions", "/editions")
        .nav("Imports", "/imports")
        .current_nav("/")
        .crumb("England", "/areas/ENG")
        .crumb("North of England", "/areas/Y54")
        .banner(html! { p { strong { "Synthetic data." } " These practices are made up. Load the national files to see real ones." } })
        .stamp(Stamp { position: 27_914, time: "2019-06-17T09:30:00+01:00".into(), time_text: "17 June 2019 at 9:30am".into() })
}

fn page() -> Markup {
    frame("NHS Birmingham and Solihull CCG")
        .caption("CCG 15E")
        .live("/live")
        .body(html! {
            (lede(html! { "155 of 177 practices (87.6%) met the data security standard at the end of 17 June 2019. " a href="#" { "Bellevue Medical Centre" } " is the largest that did not." }))
            (DateForm::new("/", date(2019, 6, 17)).hint("Any day, past or future.").keep("footprint", "then")
                .previous("16 June 2019", "?at=2019-06-16").next("18 June 2019", "?at=2019-06-18")
                .quick("Today", "?").quick("31 March 2019, the deadline", "?at=2019-03-31").render())
            (LinkGroup::new("Members").current("As they were on that day").link("As they are today", "?footprint=now").render())
            (Attention::new("attention")
                .item(AttentionItem { tone: Tone::Bad, label: "Not met".into(), title: "Bellevue Medical Centre".into(), href: "#".into(), detail: "11,204 patients. Nothing published; the deadline passed 78 days ago.".into() })
                .item(AttentionItem { tone: Tone::Partial, label: "Partly met".into(), title: "The Hill General Practice <script>alert(1)</script>".into(), href: "#".into(), detail: "Improvement plan agreed; due in 13 days, on 30 June 2019.".into() })
                .item(AttentionItem { tone: Tone::Unknown, label: "No evidence".into(), title: "Northfield Health Centre".into(), href: "#".into(), detail: "Never seen in the register.".into() })
                .more("All 22 practices that have not met it", "#").render())
            (key_figures(&[
                figure(Tone::Good, "Met", 155), figure(Tone::Partial, "Partly met", 3), figure(Tone::Bad, "Not met", 17), figure(Tone::Unknown, "No evidence", 2)]))
            h2.nhsuk-heading-m { "By area" }
            (bars().figure())
            h2.nhsuk-heading-m { "To the deadline and beyond" }
            (trend(TrendShape::Stacked, "trend").figure())
            (trend(TrendShape::Lines, "lines").figure())
            (strip().figure())
            h2.nhsuk-heading-m { "Practices" }
            (table())
            (Pager { previous: Some("#".into()), next: Some("#".into()), summary: "Practices 51 to 100 of 177".into() }.render())
            (downloads("practices", &[Download::new("CSV", "#"), Download::new("JSON", "#"), Download::new("Link to this view", "#")]))
            h2.nhsuk-heading-m { "Facts" }
            (SummaryList::new().text("Code", "M85001").row("Belongs to", html! { a href="#" { "NHS Birmingham and Solihull CCG" } " in " a href="#" { "Midlands" } })
                .row_with_action("Status", tag(Tone::Partial, "Partly met"), ("Why", "#")).render())
            (history(&[
                HistoryItem { when: "31 March 2019".into(), title: "The deadline passed".into(), href: None, body: html! { p { "Nothing was published: not met." } }, tone: Tone::Bad },
                HistoryItem { when: "12 April 2019".into(), title: "Improvement plan agreed".into(), href: Some("#".into()), body: html! { p { "By NHS Birmingham and Solihull CCG: partly met." } }, tone: Tone::Partial },
                HistoryItem { when: "30 June 2019".into(), title: "The plan falls due".into(), href: None, body: html! { p { "If nothing changes: not met." } }, tone: Tone::Unknown }]))
            p { @for tone in Tone::ALL { (tag(tone, tone.slug())) " " } }
            (notification("news", "The 2019-20 edition opens on 1 July", html! { p { "Answers roll over and need a review." } }))
            (success("done", "Assessment published", html! { p { "The position at the deadline is kept." } }))
            (inset(html! { p { "Before the first known link the earliest known one is taken." } }))
            (details("What “as at” means", html! { p { "The end of that day, London time." } }))
            (expander("How practices are counted", html! { p { "A practice counts while it is open and not dormant." } }))
            (warning_callout("Two practices are counted twice", html! { p { "They moved on the same day." } }))
            (panel("Published", html! { "Reference 1234" }))
            (action_link("#", "Go on to requirement 101"))
        })
        .render()
}

fn form_page() -> Markup {
    let errors = [
        FieldError::new("comment", "Enter a comment: level 2 needs one"),
        FieldError::new("level", "Choose a level"),
    ];
    frame("Answer requirement 14.1-115")
        .errors(errors.clone())
        .body(Form::post("/").hidden("idempotency_key", "5b0e").body(html! {
            (Field::new("level", "Which level does the practice reach?").hint("Read the levels from the top; stop at the first that is not wholly true.").error(FieldError::of(&errors, "level"))
                .radios(&[Choice::new("0", "Level 0"), Choice::new("1", "Level 1").hint("There is a policy."), Choice::new("2", "Level 2").hint("Staff know the policy.")]))
            (Field::new("comment", "Comment").error(FieldError::of(&errors, "comment")).value("<b>Not bold</b>").textarea(4))
            (Field::new("evidence", "Evidence reference").width(Width::Characters(20)).input(InputKind::Text))
            (Field::new("due", "Due").input(InputKind::Date))
            (Field::new("owner", "Owner").select(&[Choice::new("", "Choose"), Choice::new("a", "Practice manager")]))
            (Field::new("tick", "Last year's answer").checkboxes(&[Choice::new("yes", "I have reviewed it and it still holds")]))
            (Button::new("Save")) " " (Button::new("Save and go on").kind(ButtonKind::Secondary).value("then", "next")) " " (Button::new("Withdraw").kind(ButtonKind::Warning)) " " (link_button("#", "Back", ButtonKind::Secondary))
            (blocked_button("publish", "Publish", &[html! { a href="#" { "Requirement 101" } " has no answer." }, html! { a href="#" { "Requirement 115" } " has not been reviewed." }]))
        }))
        .render()
}

fn figure(tone: Tone, label: &str, value: u64) -> KeyFigure {
    KeyFigure {
        tone,
        label: label.into(),
        value: fmt::thousands(value),
        of: format!("of 177 practices ({})", fmt::percent(value, 177)),
        href: Some("#".into()),
    }
}

fn statuses() -> Vec<Series> {
    vec![
        Series::new("Met", Tone::Good),
        Series::new("Partly met", Tone::Partial),
        Series::new("Not met", Tone::Bad),
        Series::new("No evidence", Tone::Unknown),
        Series::new("Not applicable", Tone::Neutral),
    ]
}

fn bars() -> StackedBars {
    let names = [
        "NHS Leeds CCG",
        "NHS BATH AND NORTH EAST SOMERSET, SWINDON AND WILTSHIRE CCG",
        "NHS Morecambe Bay <CCG> & \"friends\"",
        "Kernow",
        "NHS Hartlepool and Stockton-on-Tees CCG",
        "Empty",
        "South East",
    ];
    let values: [[u32; 5]; 7] = [
        [84, 6, 10, 0, 1],
        [60, 12, 8, 9, 2],
        [33, 0, 2, 0, 0],
        [3, 20, 20, 17, 5],
        [155, 3, 17, 2, 0],
        [0, 0, 0, 0, 0],
        [1801, 39, 202, 11, 8],
    ];
    StackedBars {
        caption: Caption::new(
            "by-area",
            "Data security standard by CCG, 17 June 2019",
            "Hartlepool and Stockton-on-Tees has the most practices that have not met it: 17 of 177.",
        )
        .download("CSV", "#")
        .download("SVG", "/bars.svg")
        .download("Link to this chart", "#")
        .source("Figures read up to event 27,914 of the log, at 9:30am on 17 June 2019. oversight."),
        row_heading: "CCG".into(),
        series: statuses(),
        rows: names.iter().zip(values).map(|(n, v)| BarRow::new(*n, "#", v)).collect(),
        scale: BarScale::Share,
    }
}

fn trend(shape: TrendShape, id: &str) -> Trend {
    let days = 15 * 30i32;
    let met: Vec<u32> = (0..days)
        .map(|d: i32| (6_900.0 / (1.0 + (-(f64::from(d) - 340.0) / 12.0).exp())).round() as u32)
        .map(|v| v.min(6_494))
        .collect();
    let part: Vec<u32> = (0..days)
        .map(|d: i32| {
            if d > 380 && d < 430 {
                120
            } else if d > 330 {
                40
            } else {
                0
            }
        })
        .collect();
    let not: Vec<u32> =
        (0..days as usize).map(|d| if d >= 364 { 7_168 - met[d] - part[d] } else { 0 }).collect();
    let none: Vec<u32> =
        (0..days as usize).map(|d| if d < 364 { 7_168 - met[d] - part[d] } else { 0 }).collect();
    Trend {
        caption: Caption::new(
            id,
            if id == "trend" { "Practices by status, April 2018 to June 2019" } else { "The same as lines" },
            "4,038 practices published in the last week before the deadline.",
        )
        .download("CSV", "#")
        .download("SVG", "/trend.svg"),
        first: date(2018, 4, 1),
        series: vec![
            TrendSeries::new("Met", Tone::Good, met),
            TrendSeries::new("Partly met", Tone::Partial, part),
            TrendSeries::new("Not met", Tone::Bad, not),
            TrendSeries::new("No evidence", Tone::Unknown, none),
        ],
        shape,
        known_to: Some(date(2019, 4, 20)),
        markers: vec![
            Marker::new(date(2019, 3, 31), "Deadline 2018-19"),
            Marker::new(date(2018, 10, 31), "Baseline"),
            Marker::new(date(2019, 5, 30), "Plans fall due"),
        ],
    }
}

fn strip() -> TimelineStrip {
    let d = |y, m, day| -> Date { date(y, m, day) };
    TimelineStrip {
        caption: Caption::new("strip", "Bellevue Medical Centre over time", "Not met for 12 days in 2019."),
        row_heading: "Requirement".into(),
        from: d(2018, 1, 1),
        to: d(2019, 12, 31),
        known_to: Some(d(2019, 6, 17)),
        rows: vec![
            StripRow {
                label: "Data security toolkit".into(),
                spans: vec![
                    Span::new(d(2017, 3, 31), "Met", Tone::Good),
                    Span::new(d(2019, 3, 31), "Not met", Tone::Bad),
                    Span::new(d(2019, 4, 12), "Partly met", Tone::Partial),
                    Span::new(d(2019, 10, 1), "Not met", Tone::Bad),
                ],
            },
            StripRow {
                label: "Senior responsible person named at board level".into(),
                spans: vec![
                    Span::new(d(2018, 1, 1), "No evidence", Tone::Unknown),
                    Span::new(d(2018, 9, 1), "Not applicable", Tone::Neutral),
                ],
            },
        ],
        markers: vec![
            Marker::new(d(2018, 3, 31), "Deadline"),
            Marker::new(d(2019, 3, 31), "Deadline 2018-19"),
        ],
    }
}

fn table() -> Markup {
    let row = |code: &str, name: &str, tone, label: &str, size: u64| {
        Row::new([
            Cell::link("#", name),
            Cell::text(code),
            Cell::from(tag(tone, label)),
            Cell::text("2018/19"),
            Cell::count(size),
            Cell::from(sparkline(&[1, 4, 9, 9, 12, 30], Tone::Good, "From 1 to 30")),
        ])
    };
    Table::new("practices", "Practices of NHS Birmingham and Solihull CCG")
        .column(Column::text("Practice").sort_href("#").sorted(Order::Ascending))
        .column(Column::text("Code").sort_href("#"))
        .column(Column::text("Status").sort_href("#"))
        .column(Column::text("Edition"))
        .column(Column::number("Patients").sort_href("#"))
        .column(Column::text("Last year"))
        .row(row("M85001", "Bellevue Medical Centre", Tone::Bad, "Not met", 11_204))
        .row(row("M85002", "The Hill General Practice", Tone::Partial, "Partly met", 8_731))
        .row(row("M85003", "Northfield Health Centre", Tone::Good, "Met", 902))
        .total(Row::new([
            Cell::text("All"),
            Cell::text(""),
            Cell::text(""),
            Cell::text(""),
            Cell::count(20_837),
        ]))
        .render()
}
