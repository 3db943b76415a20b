//! Drawings are stable, stay on their sheet, and survive any numbers.

#![expect(clippy::unwrap_used, reason = "a helper of the tests may fail the test")]

use jiff::civil::{Date, date};
use ui::Tone;
use ui::chart::{
    BarRow, BarScale, Caption, Marker, Series, Span, StackedBars, StripRow, TimelineStrip, Trend,
    TrendSeries, TrendShape,
};

fn series() -> Vec<Series> {
    vec![
        Series::new("Met", Tone::Good),
        Series::new("Not met", Tone::Bad),
        Series::new("No evidence", Tone::Unknown),
    ]
}

fn bars(rows: Vec<BarRow>, scale: BarScale) -> StackedBars {
    StackedBars {
        caption: Caption::new("c", "Title", "Description"),
        row_heading: "CCG".into(),
        series: series(),
        rows,
        scale,
    }
}

fn trend(first: Date, counts: Vec<Vec<u32>>, shape: TrendShape) -> Trend {
    Trend {
        caption: Caption::new("c", "Title", ""),
        first,
        series: counts
            .into_iter()
            .zip(series())
            .map(|(counts, series)| TrendSeries { series, counts })
            .collect(),
        shape,
        known_to: None,
        markers: Vec::new(),
    }
}

/// The numbers of an attribute wherever it occurs.
fn numbers(svg: &str, attribute: &str) -> Vec<i64> {
    let open = format!(" {attribute}=\"");
    svg.split(open.as_str()).skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
}

fn sheet(svg: &str) -> (i64, i64) {
    let box_ = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split('"').next().unwrap();
    let (width, height) = box_.split_once(' ').unwrap();
    (width.parse().unwrap(), height.parse().unwrap())
}

fn check_sheet(svg: &str) {
    let (width, height) = sheet(svg);
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>"));
    assert!(svg.contains("<title ") && svg.contains("<desc "));
    for x in ["x", "x1", "x2", "cx"].iter().flat_map(|name| numbers(svg, name)) {
        assert!((-20..=width + 20).contains(&x), "x {x} of {width}");
    }
    for y in ["y", "y1", "y2", "cy"].iter().flat_map(|name| numbers(svg, name)) {
        assert!((-20..=height + 20).contains(&y), "y {y} of {height}");
    }
    assert!(numbers(svg, "width").iter().all(|width| *width >= 0), "negative width");
    assert!(numbers(svg, "height").iter().all(|height| *height >= 0), "negative height");
    let opened = svg.matches("<g ").count() + svg.matches("<a ").count();
    assert_eq!(opened, svg.matches("</g>").count() + svg.matches("</a>").count());
}

#[test]
fn the_same_numbers_give_the_same_drawing() {
    let chart = bars(vec![BarRow::new("Leeds", "/a", [84, 10, 6])], BarScale::Share);
    assert_eq!(chart.svg_file(), chart.svg_file());
    assert_eq!(chart.figure().into_string(), chart.figure().into_string());
}

#[test]
fn the_drawing_grows_with_its_rows() {
    let rows =
        |count: u32| (0..count).map(|i| BarRow::new(format!("CCG {i}"), "/a", [i, 1, 2])).collect::<Vec<_>>();
    let (_, ten) = sheet(&bars(rows(10), BarScale::Share).svg_file());
    let (_, fifty) = sheet(&bars(rows(50), BarScale::Share).svg_file());
    assert_eq!(fifty - ten, 40 * 34);
}

#[test]
fn bars_of_any_numbers_stay_on_the_sheet() {
    for scale in [BarScale::Share, BarScale::Count] {
        for values in
            [vec![], vec![0, 0, 0], vec![1], vec![u32::MAX; 3], vec![1, u32::MAX, 1], vec![1, 2, 3, 4, 5, 6]]
        {
            let row = BarRow { label: "X".repeat(300), href: None, values };
            check_sheet(&bars(vec![row], scale).svg_file());
        }
        check_sheet(&bars(Vec::new(), scale).svg_file());
    }
}

#[test]
fn each_bar_says_its_share_with_the_denominator() {
    let page = bars(vec![BarRow::new("England", "/areas/ENG", [6_205, 963, 0])], BarScale::Share)
        .figure()
        .into_string();
    assert!(page.contains("86.6% of 7,168"));
    assert!(page.contains(r#"aria-label="England: 6,205 Met, 963 Not met, of 7,168""#));
    assert!(page.contains(r#"<a href="/areas/ENG""#));
    assert!(page.contains("<figure") && page.contains("<figcaption") && page.contains("<details"));
}

#[test]
fn a_count_of_one_series_is_not_said_to_be_a_share() {
    let mut chart = bars(vec![BarRow::new("Failed", "/a", [788])], BarScale::Count);
    chart.series.truncate(1);
    let page = chart.figure().into_string();
    assert!(page.contains(">788</text>") && !page.contains('%'), "{page}");
}

#[test]
fn a_downloaded_drawing_has_no_links_and_carries_its_title_and_source() {
    let mut chart = bars(vec![BarRow::new("Leeds", "/areas/15F", [84, 10, 6])], BarScale::Share);
    chart.caption = chart.caption.source("Read up to event 7");
    let svg = chart.svg_file();
    assert!(!svg.contains("<a ") && !svg.contains("class=\"ov-row\""));
    assert!(svg.contains(">Title</text>") && svg.contains(">Read up to event 7</text>"));
}

#[test]
fn trends_of_any_numbers_stay_on_the_sheet() {
    let first = date(2018, 4, 1);
    for shape in [TrendShape::Lines, TrendShape::Stacked] {
        for counts in [
            vec![],
            vec![vec![]],
            vec![vec![5]],
            vec![vec![0; 30], vec![0; 30]],
            vec![vec![u32::MAX; 3], vec![u32::MAX; 3]],
            vec![vec![1, 2, 3], vec![1]],
            vec![(0..9_000).collect()],
        ] {
            let mut chart = trend(first, counts, shape);
            check_sheet(&chart.svg_file());
            chart.known_to = Some(date(2018, 4, 2));
            chart.markers = vec![
                Marker::new(date(2018, 4, 2), "Deadline"),
                Marker::new(date(1990, 1, 1), "Long before"),
                Marker::new(date(2018, 4, 2), "W".repeat(200)),
            ];
            check_sheet(&chart.svg_file());
            chart.known_to = Some(date(1990, 1, 1));
            check_sheet(&chart.svg_file());
        }
    }
}

#[test]
fn what_lies_ahead_is_drawn_apart_and_named() {
    let mut chart = trend(date(2019, 3, 1), vec![(0..60).collect()], TrendShape::Lines);
    assert!(!chart.svg_file().contains("If nothing changes"));
    chart.known_to = Some(date(2019, 3, 31));
    let svg = chart.svg_file();
    assert!(
        svg.contains("If nothing changes") && svg.contains("stroke-dasharray") && svg.contains("-ahead\"")
    );
    let table = chart.table().render().into_string();
    assert!(table.contains("31 March 2019</th>") && table.contains("1 April 2019 (if nothing changes)</th>"));
}

#[test]
fn the_table_of_a_trend_leaves_out_days_without_change() {
    let chart = trend(date(2019, 3, 1), vec![vec![1, 1, 1, 2, 2, 2]], TrendShape::Lines);
    let table = chart.table().render().into_string();
    for (day, kept) in
        [("1 March", true), ("2 March", false), ("4 March", true), ("5 March", false), ("6 March", true)]
    {
        assert_eq!(table.contains(&format!(">{day} 2019")), kept, "{day}");
    }
}

#[test]
fn deadlines_are_marked_and_said_in_words() {
    let mut chart = trend(date(2019, 3, 1), vec![(0..60).collect()], TrendShape::Stacked);
    chart.markers = vec![Marker::new(date(2019, 3, 31), "Deadline")];
    let svg = chart.svg_file();
    assert!(svg.contains("Deadline, 31 Mar 2019</text>"));
    assert!(svg.contains("Deadline: 31 March 2019."));
}

#[test]
fn strips_of_any_days_stay_on_the_sheet() {
    let strip = |from: Date, to: Date, spans: Vec<Span>| TimelineStrip {
        caption: Caption::new("c", "Title", ""),
        row_heading: "Requirement".into(),
        from,
        to,
        known_to: Some(date(2019, 6, 17)),
        rows: vec![StripRow { label: "Toolkit ".repeat(30), spans }],
        markers: vec![Marker::new(date(2019, 3, 31), "Deadline")],
    };
    let spans = vec![
        Span::new(date(2010, 1, 1), "Met", Tone::Good),
        Span::new(date(2019, 3, 31), "Not met", Tone::Bad),
        Span::new(date(2019, 3, 31), "Partly met", Tone::Partial),
        Span::new(date(2030, 1, 1), "Not met", Tone::Bad),
    ];
    for (from, to) in [
        (date(2018, 1, 1), date(2019, 12, 31)),
        (date(2019, 6, 17), date(2019, 6, 17)),
        (date(2019, 6, 17), date(2018, 6, 17)),
        (Date::MIN, Date::MAX),
    ] {
        check_sheet(&strip(from, to, spans.clone()).svg_file());
        check_sheet(&strip(from, to, Vec::new()).svg_file());
    }
}
