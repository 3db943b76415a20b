//! What assessors found on site beside what was declared: a part of the pages of areas and practices.

use maud::{Markup, html};
use proto::onsite::Outcome;
use ui::{
    Tone,
    components::{Cell, Column, Download, Row, Table, details, downloads, tag},
};

use super::{
    attention::capital,
    frame::{basis, share},
    link::Keep,
    words,
};
use crate::{
    answers::{self, AreaGapAnswer, GapRow, PracticeGapAnswer, TopicCompared, TopicNamed},
    api::When,
    board::{Area, Practice},
    few::WITHHELD,
    gap::GapCounts,
    rules::RULES,
};

const HEADING: &str = "Assessors’ findings compared with self-assessment";

/// The part of an area's page.
pub(super) fn area(when: &When, keep: &Keep, area: &Area) -> Markup {
    let answer = answers::area_gap(&when.asked(), area, |of| keep.may_know_what_was_found(of));
    let Some(answer) = answer else { return html! {} };
    let of_area = &answer.area;
    html! {
        h2.nhsuk-heading-m id="gap" { (HEADING) }
        @if of_area.assessed_practices == 0 {
            p {
                "No practice here had been assessed on site by the end of " (words::day(when.at))
                ": there is nothing to compare with self-assessment."
            }
        } @else {
            p {
                (share(of_area.assessed_practices, of_area.practices)) " of the practices had been assessed on site. "
                @if is_withheld(of_area) { "What was found there is not shown: " (WITHHELD) "." } @else { (figure(&of_area.total)) }
            }
            p.nhsuk-body-s.nhsuk-u-secondary-text-colour { (basis(when)) }
            @if !is_withheld(of_area) {
                (topics(when, area, &answer))
                (groups(&answer))
            }
            @if !answer.members.is_empty() { (members(when, keep, area, &answer)) }
            @let left_out = std::iter::once(of_area).chain(&answer.members).any(|row| row.topics_withheld > 0);
            @if left_out && !is_withheld(of_area) {
                p { "Topics are left out of these figures, here or below, where " (WITHHELD) "." }
            }
            (downloads("the comparison", &[
                Download::new("CSV", keep.at(when.at).to(format_args!("/api/v1/areas/{}/gap", area.code)).with("format", "csv")),
                Download::new("JSON", keep.at(when.at).to(format_args!("/api/v1/areas/{}/gap", area.code))),
            ]))
        }
    }
}

/// Whether practices were assessed and nothing of it is told.
fn is_withheld(row: &GapRow) -> bool {
    row.topics_withheld > 0 && row.topics.is_empty()
}

/// The figure as a sentence.
fn figure(total: &GapCounts) -> String {
    if total.declared == 0 {
        return "None of the topics assessed on site had been self-assessed before.".to_owned();
    }
    format!(
        "Of the topics both self-assessed and assessed on site, {} were self-assessed as met but not found satisfactory on site.",
        share(total.self_assessed_met_not_confirmed, total.declared)
    )
}

/// The columns of the counts, after those that say of what.
fn counted(table: Table) -> Table {
    table
        .column(Column::number("Assessed"))
        .column(Column::number("Self-assessed"))
        .column(Column::number("Self-assessed as met"))
        .column(Column::number("Not satisfied"))
        .column(Column::number("Share"))
}

fn cells(counts: &GapCounts) -> [Cell; 5] {
    let GapCounts { assessed, declared, declared_good, self_assessed_met_not_confirmed } = *counts;
    [
        Cell::count(assessed.into()),
        Cell::count(declared.into()),
        Cell::count(declared_good.into()),
        Cell::count(self_assessed_met_not_confirmed.into()),
        match declared {
            0 => Cell::text("–"),
            declared => Cell::text(words::percent(self_assessed_met_not_confirmed, declared)),
        },
    ]
}

/// In the place of counts that are not told.
fn withheld_cells() -> [Cell; 5] {
    let dash = || Cell::text("–");
    [Cell::text("Not told"), dash(), dash(), dash(), dash()]
}

fn row(first: impl IntoIterator<Item = Cell>, counts: &GapCounts) -> Row {
    Row::new(first.into_iter().chain(cells(counts)))
}

fn topics(when: &When, area: &Area, answer: &AreaGapAnswer) -> Markup {
    let caption = format!("Practices of {} by topic", words::area_name(&when.asked(), area));
    let table = Table::new("gap-topics", caption)
        .column(Column::text("Topic"))
        .column(Column::text("Requirement"))
        .column(Column::text("Standard"));
    let each = answer.area.topics.iter().map(|of_topic| row(named(&of_topic.topic), &of_topic.counts));
    let all = [Cell::text("All topics"), Cell::text(""), Cell::text("")];
    counted(table).rows(each).total(row(all, &answer.area.total)).render()
}

/// A topic, the requirement of 2017/18 it bears on, and its data security standard.
fn named(topic: &TopicNamed) -> [Cell; 3] {
    let number = topic.requirement.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let standard = topic.standard.map_or_else(|| "–".to_owned(), |standard| standard.to_string());
    [Cell::text(&topic.title), Cell::text(number), Cell::text(standard)]
}

/// The same counts by requirement and by standard.
fn groups(answer: &AreaGapAnswer) -> Markup {
    let requirements = counted(
        Table::new("gap-requirements", "By requirement of 2017/18").column(Column::text("Requirement")),
    )
    .rows(answer.requirements.iter().map(|of| row([Cell::text(requirement(of.requirement))], &of.counts)))
    .empty("No topic that was looked at bears on one of the ten requirements.");
    let standards =
        counted(Table::new("gap-standards", "By data security standard").column(Column::text("Standard")))
            .rows(answer.standards.iter().map(|of| row([Cell::text(of.standard)], &of.counts)))
            .empty("No topic that was looked at belongs to a standard.");
    html! {
        (details("By requirement of 2017/18", requirements.render()))
        (details("By data security standard", standards.render()))
    }
}

/// `6, Continuity plan`; the number alone while there is no rule for it.
fn requirement(number: u8) -> String {
    let known = RULES.iter().find(|rule| rule.requirement.number == number);
    known.map_or_else(|| number.to_string(), |rule| format!("{number}, {}", rule.requirement.title))
}

/// The members where someone was assessed, those with most that is good by word alone first.
fn members(when: &When, keep: &Keep, area: &Area, answer: &AreaGapAnswer) -> Markup {
    let mut rows: Vec<&GapRow> = answer.members.iter().filter(|row| row.assessed_practices > 0).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.total.self_assessed_met_not_confirmed));
    let is_ccg = area.kind.is_lowest();
    let kind = when.board().next_below(area, when.footprint, when.at);
    let (one, many) = if is_ccg { ("practice", "practices") } else { words::kind_words(&when.asked(), kind) };
    let caption = format!("{} where practices had been assessed", capital(many));
    let caption = if is_ccg { "Practices that had been assessed".to_owned() } else { caption };
    let mut table = Table::new("gap-members", caption).column(Column::text(capital(one)));
    if !is_ccg {
        table = table.column(Column::number("Practices assessed"));
    }
    let each = rows.into_iter().map(|member| {
        let name = ui::fmt::name(&member.body.name);
        let mut first = vec![Cell::from(match is_ccg {
            true => keep.practice(member.body.code, name),
            false => keep.area(member.body.code, name),
        })];
        if !is_ccg {
            first.push(Cell::text(words::of(member.assessed_practices, member.practices)));
        }
        match is_withheld(member) {
            true => Row::new(first.into_iter().chain(withheld_cells())),
            false => row(first, &member.total),
        }
    });
    counted(table)
        .rows(each)
        .empty("The practices that had been assessed belong to none that is known.")
        .render()
}

/// The part of a practice's page.
pub(super) fn practice(when: &When, keep: &Keep, practice: &Practice) -> Markup {
    let answer = answers::practice_gap(&when.asked(), practice);
    html! {
        h2.nhsuk-heading-m id="gap" { (HEADING) }
        @match &answer.assessment {
            None => p {
                "No on-site assessment had been held here by the end of " (words::day(when.at))
                ": there is nothing to compare with self-assessment."
            },
            Some(assessment) => {
                p {
                    "Assessors came on " (words::day(assessment.held)) ". " (published(&answer)) " "
                    (figure(&answer.total))
                }
                (compared(&answer))
                (downloads("the comparison", &[
                    Download::new("JSON", keep.at(when.at).to(format_args!("/api/v1/practices/{}/gap", practice.code))),
                ]))
            }
        }
    }
}

/// What had last been published before the visit, as a sentence.
fn published(answer: &PracticeGapAnswer) -> String {
    match &answer.published {
        None => "Nothing had been published before.".to_owned(),
        Some(published) => {
            format!("Last published before was {}, on {}.", published.what, words::day(published.day))
        }
    }
}

fn compared(answer: &PracticeGapAnswer) -> Markup {
    let each = answer.topics.iter().map(|topic| {
        let [title, requirement, standard] = named(&topic.topic);
        let declared = match topic.declared_good {
            Some(true) => "Good",
            Some(false) => "Short of it",
            None => "Nothing",
        };
        Row::new([title, Cell::text(declared), Cell::from(found(topic)), requirement, standard])
    });
    Table::new("gap-topics", "What was declared and what was found, by topic")
        .column(Column::text("Topic"))
        .column(Column::text("Self-assessed"))
        .column(Column::text("Found"))
        .column(Column::text("Requirement"))
        .column(Column::text("Standard"))
        .rows(each)
        .render()
}

fn found(topic: &TopicCompared) -> Markup {
    let tone = match topic.found {
        Outcome::Satisfied => Tone::Good,
        Outcome::PartlySatisfied => Tone::Partial,
        Outcome::NotSatisfied => Tone::Bad,
    };
    html! { (tag(tone, topic.found.words())) @if topic.self_assessed_met_not_confirmed { ", though self-assessed as met" } }
}
