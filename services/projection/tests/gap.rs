//! What assessors found on site beside what was declared, as the service answers it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use proto::{
    Service,
    onsite::{AssessmentHeld, OnsiteEvent, Outcome, TopicResult},
};
use serde_json::{Value, json};
use support::{By, Running, code, day, words};

async fn held(running: &mut Running, practice: &str, on: &str, found: &[(&str, Outcome)]) {
    let result = |(topic, outcome): &(&str, Outcome)| TopicResult {
        topic: topic.parse().unwrap(),
        outcome: *outcome,
        remark: String::new(),
    };
    let results = found.iter().map(result).collect();
    let held = AssessmentHeld { organisation: code(practice), number: 1, on: day(on), results };
    let assessment = format!("{practice}_1");
    running.write(Service::Onsite, &assessment, &OnsiteEvent::from(held), By::Someone).await;
}

/// A small England where one practice that had declared all standards met was assessed, and one that had
/// declared nothing.
async fn assessed() -> Running {
    let mut england = Running::small_england(By::Someone).await;
    let found = [("patching", Outcome::NotSatisfied), ("training", Outcome::Satisfied)];
    held(&mut england, "A81001", "2019-05-10", &found).await;
    held(&mut england, "A81002", "2019-05-20", &[("patching", Outcome::PartlySatisfied)]).await;
    england.caught_up().await;
    england
}

async fn json_of(england: &Running, address: &str) -> Value {
    serde_json::from_str(&england.get(address).await.text).unwrap()
}

fn counts(assessed: u32, declared: u32, declared_good: u32, self_assessed_met_not_confirmed: u32) -> Value {
    json!({
        "assessed": assessed, "declared": declared, "declared_good": declared_good,
        "self_assessed_met_not_confirmed": self_assessed_met_not_confirmed,
    })
}

#[tokio::test]
async fn an_area_counts_from_the_day_of_the_visit() {
    let england = assessed().await;
    for (area, at, practices, total) in [
        ("ENG", "2019-05-09", 0, counts(0, 0, 0, 0)),
        ("ENG", "2019-05-10", 1, counts(2, 2, 2, 1)),
        ("ENG", "2019-05-20", 2, counts(3, 2, 2, 1)),
        ("Y54", "2019-05-20", 2, counts(3, 2, 2, 1)),
        ("00K", "2019-05-20", 2, counts(3, 2, 2, 1)),
        ("Y55", "2019-05-20", 0, counts(0, 0, 0, 0)),
    ] {
        let answer = json_of(&england, &format!("/api/v1/areas/{area}/gap?at={at}")).await;
        assert_eq!(answer["assessed_practices"], practices, "{area} on {at}: {answer}");
        assert_eq!(answer["total"], total, "{area} on {at}");
    }
    let unknown = json_of(&england, "/api/v1/areas/ENG/gap?known=2019-01-01").await;
    assert_eq!(unknown["assessed_practices"], 0, "nothing was recorded by then: {unknown}");
}

#[tokio::test]
async fn an_area_tells_topics_requirements_standards_and_members() {
    let england = assessed().await;
    let answer = json_of(&england, "/api/v1/areas/ENG/gap").await;
    let patching = &answer["topics"][0];
    assert_eq!((&patching["topic"], &patching["requirement"]), (&json!("patching"), &json!(5)));
    assert_eq!((&patching["assessed"], &patching["self_assessed_met_not_confirmed"]), (&json!(2), &json!(1)));
    let numbers = |of: &str, key: &str| -> Vec<Value> {
        answer[of].as_array().unwrap().iter().map(|row| row[key].clone()).collect()
    };
    assert_eq!(numbers("requirements", "requirement"), [4, 5]);
    assert_eq!(numbers("standards", "standard"), ["3", "8"]);
    assert_eq!(numbers("members", "code"), ["Y54", "Y55"]);
    assert_eq!(numbers("members", "assessed_practices"), [2, 0]);

    let csv = england.get("/api/v1/areas/00K/gap?format=csv&at=2019-05-20").await.text;
    let rows: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        rows,
        [
            "code,name,kind,as_at,topic,requirement,standard,assessed,declared,declared_good,self_assessed_met_not_confirmed,rests_on",
            "A81001,THE DENSHAM SURGERY,practice,2019-05-20,patching,5,8,1,1,1,1,",
            "A81001,THE DENSHAM SURGERY,practice,2019-05-20,training,4,3,1,1,1,0,",
            "A81002,QUEEN'S PARK MEDICAL CENTRE,practice,2019-05-20,patching,5,8,1,0,0,0,",
        ]
    );
}

#[tokio::test]
async fn a_practice_tells_what_it_had_declared_and_what_was_found() {
    let england = assessed().await;
    let answer = json_of(&england, "/api/v1/practices/A81001/gap").await;
    assert_eq!(
        (&answer["assessment"]["held"], &answer["assessment"]["number"]),
        (&json!("2019-05-10"), &json!(1))
    );
    assert_eq!(answer["published"]["day"], "2019-03-20");
    assert_eq!(answer["published"]["what"], "Standards Met for the DSP Toolkit 2018/19");
    let patching = &answer["topics"][0];
    assert_eq!((&patching["declared_good"], &patching["found"]), (&json!(true), &json!("not-satisfied")));
    assert_eq!(answer["total"], counts(2, 2, 2, 1));

    let nothing_declared = json_of(&england, "/api/v1/practices/A81002/gap").await;
    assert_eq!(nothing_declared["published"], Value::Null);
    assert_eq!(nothing_declared["topics"][0]["declared_good"], Value::Null);
    let not_assessed = json_of(&england, "/api/v1/practices/A81001/gap?at=2019-05-09").await;
    assert_eq!((&not_assessed["assessment"], &not_assessed["topics"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn the_pages_say_it_in_a_sentence() {
    let england = assessed().await;
    for (page, sentence) in [
        (
            "/areas/ENG",
            "2 of 7 (28.6%) of the practices had been assessed on site. Of the topics both \
             self-assessed and assessed on site, 1 of 2 (50.0%) were self-assessed as met but not found satisfactory on site.",
        ),
        ("/areas/ENG", "Patching 5 8 2 1 1 1 100%"),
        ("/areas/ENG", "North of England 2 of 4 3 2 2 1 50.0%"),
        ("/areas/00K", "The Densham Surgery 2 2 2 1 50.0%"),
        ("/areas/Y55", "No practice here had been assessed on site by the end of 17 June 2019"),
        (
            "/practices/A81001",
            "Assessors came on 10 May 2019. Last published before was Standards Met for the DSP Toolkit \
             2018/19, on 20 March 2019.",
        ),
        ("/practices/A81001", "Patching Good Not satisfied, though self-assessed as met 5 8"),
        (
            "/practices/A81002",
            "Assessors came on 20 May 2019. Nothing had been published before. None of the topics assessed \
             on site had been self-assessed before.",
        ),
        ("/practices/A81004", "No on-site assessment had been held here by the end of 17 June 2019"),
    ] {
        let said = words(&england.get(page).await.text);
        assert!(said.contains(sentence), "{page}: {sentence}\n{said}");
    }
    let before = words(&england.get("/areas/ENG?at=2019-05-09").await.text);
    assert!(
        before.contains("No practice here had been assessed on site by the end of 9 May 2019"),
        "{before}"
    );
    assert!(!before.contains("North of England 0 of 4"), "no table of zeros");
}
