//! The national register, file after file.

use std::sync::Arc;

use assessments::model::{Listing, RegisterCommand, RegisterEntry};
use chassis::testing::given;
use proto::{
    assessments::{AssessmentEvent, PublishedResult, ResultListed},
    imports::Withdrawn,
    standards::shipped,
};

use crate::support::*;

fn row(status: &str, published: Option<&str>) -> Listing {
    Listing {
        organisation: code(PRACTICE),
        name: "The Surgery".into(),
        sector: "GP".into(),
        status: status.into(),
        published: published.map(day),
        published_text: None,
    }
}

fn file(as_of: &str, status: &str, published: Option<&str>) -> RegisterCommand {
    RegisterCommand::ListResult {
        as_of: day(as_of),
        listing: row(status, published),
        withdrawn: Arc::default(),
        catalogue: Arc::default(),
    }
}

fn listed(as_of: &str, status: &str, published: Option<&str>, result: PublishedResult) -> AssessmentEvent {
    AssessmentEvent::ResultListed(ResultListed {
        organisation: code(PRACTICE),
        as_of: day(as_of),
        name: "The Surgery".into(),
        sector: "GP".into(),
        status: status.into(),
        result,
        published: published.map(day),
        published_text: None,
    })
}

fn met(of: &str) -> PublishedResult {
    PublishedResult::StandardsMet { edition: edition_id(of) }
}

#[test]
fn the_same_row_again_is_nothing_new() {
    given::<RegisterEntry>([])
        .when(file("2019-06-17", "Standards Met", Some("2019-03-27")))
        .then(listed("2019-06-17", "Standards Met", Some("2019-03-27"), met(DSPT)))
        .when(file("2019-06-17", "Standards Met", Some("2019-03-27")))
        .then_nothing()
        .when(file("2019-07-17", "Standards Met", Some("2019-03-27")))
        .then_nothing();
}

#[test]
fn a_row_that_publishes_nothing_is_noted_once() {
    given::<RegisterEntry>([])
        .when(file("2019-06-17", "", None))
        .then(listed("2019-06-17", "", None, PublishedResult::NotPublished))
        .when(file("2019-06-17", "", None))
        .then_nothing();
}

#[test]
fn a_later_file_adds_what_changed() {
    given::<RegisterEntry>([listed("2019-06-17", "Standards Met", Some("2019-03-27"), met(DSPT))])
        .when(file("2022-09-09", "21/22 Standards Met", Some("2022-06-28")))
        .then(listed("2022-09-09", "21/22 Standards Met", Some("2022-06-28"), met("dspt-2021-22")))
        .when(file("2022-10-09", "Not Published", None))
        .then(listed("2022-10-09", "Not Published", None, PublishedResult::NotPublished));
}

#[test]
fn files_may_come_in_any_order_and_each_adds_what_the_files_up_to_its_date_do_not_say() {
    let later = || {
        given::<RegisterEntry>([listed(
            "2022-09-09",
            "21/22 Standards Met",
            Some("2022-06-28"),
            met("dspt-2021-22"),
        )])
    };
    later().when(file("2019-06-17", "", None)).then(listed(
        "2019-06-17",
        "",
        None,
        PublishedResult::NotPublished,
    ));
    let state = later()
        .when(file("2019-06-17", "Standards Met", Some("2019-03-27")))
        .then(listed("2019-06-17", "Standards Met", Some("2019-03-27"), met(DSPT)))
        .when(file("2019-06-17", "Standards Met", Some("2019-03-27")))
        .then_nothing()
        .when(file("2020-01-01", "Standards Met", Some("2019-03-27")))
        .then_nothing()
        .when(file("2022-09-09", "21/22 Standards Met", Some("2022-06-28")))
        .then_nothing();
    assert_eq!(
        state.state().newest(&Withdrawn::NONE).unwrap().as_of,
        day("2022-09-09"),
        "the newest stays the newest"
    );
}

#[test]
fn a_word_in_the_place_of_a_day_is_kept() {
    let listing =
        Listing { published_text: Some("CompletedThroughQIO".into()), ..row("Standards Met", None) };
    let AssessmentEvent::ResultListed(plain) = listed("2019-06-17", "Standards Met", None, met(DSPT)) else {
        unreachable!("a result");
    };
    given::<RegisterEntry>([])
        .when(RegisterCommand::ListResult {
            as_of: day("2019-06-17"),
            listing,
            withdrawn: Arc::default(),
            catalogue: Arc::default(),
        })
        .then(AssessmentEvent::ResultListed(ResultListed {
            published_text: Some("CompletedThroughQIO".into()),
            ..plain
        }));
}

#[test]
fn an_unknown_text_survives() {
    given::<RegisterEntry>([])
        .when(file("2023-01-01", "22/23 Standards Surpassed", Some("2022-12-01")))
        .then(listed(
            "2023-01-01",
            "22/23 Standards Surpassed",
            Some("2022-12-01"),
            PublishedResult::Unrecognised,
        ));
}

#[test]
fn a_day_beside_not_published_is_dropped() {
    given::<RegisterEntry>([]).when(file("2022-09-09", "Not Published", Some("2021-01-01"))).then(listed(
        "2022-09-09",
        "Not Published",
        None,
        PublishedResult::NotPublished,
    ));
}

#[test]
fn a_row_holds_from_the_day_of_publication_else_from_that_of_the_file() {
    let as_of = day("2022-09-09");
    assert_eq!(row("21/22 Standards Met", Some("2022-06-28")).effective(as_of, shipped()), day("2022-06-28"));
    assert_eq!(row("21/22 Standards Met", None).effective(as_of, shipped()), as_of);
    assert_eq!(row("Not Published", Some("2021-01-01")).effective(as_of, shipped()), as_of);
}
