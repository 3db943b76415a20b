//! What is told to whom: the service behind the real doors and the real guard.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use std::time::Duration;

use axum::http::Method;
use chassis::testing::server::{Answer, Server};
use proto::{
    PersonId, Role, Service,
    continuity::{
        Against, ContinuityEvent, ExerciseHeld, ExerciseKind, PlanApproved, RelianceStated, Scenario,
    },
    onsite::{AssessmentHeld, OnsiteEvent, OnsiteRequested, Outcome, TopicResult},
    organisations::{OrganisationEvent, PracticeAmended, PracticeListed},
    suppliers::{EngagementBegun, List, SupplierEvent, Used},
};
use serde_json::{Value, json};
use support::{By, NOW, Pen, code, day, listing, words};

/// Someone in a role at an organisation.
type Who = (Role, &'static str);

const DIGITAL: Who = (Role::NhsDigital, "X26");
const IMPROVEMENT: Who = (Role::NhsImprovement, "ZZ9");
const ADMINISTRATOR: Who = (Role::Administrator, "X26");
const LEAD: Who = (Role::PracticeLead, "A81001");

/// A guarded service over the small England.
struct Guarded {
    server: Server,
    pen: Pen,
}

impl Guarded {
    async fn small_england() -> Self {
        let server = Server::guarded(NOW, [], projection::service).await;
        let mut pen = Pen::at(server.log.clone());
        pen.small_england(By::Someone).await;
        let guarded = Self { server, pen };
        guarded.caught_up().await;
        guarded
    }

    /// Waits until everything written is shown, and those who stand above know what stands under them.
    async fn caught_up(&self) {
        let head = self.server.log.head().await.unwrap();
        for _ in 0..600 {
            let view = self.get(DIGITAL, "/api/v1/view").await.json();
            let covered = self.get((Role::CcgOfficer, "15E"), "/api/v1/practices/M85003").await;
            if view["position"].as_u64() >= Some(head.0) && covered.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the view did not catch up with position {head}");
    }

    /// One more practice of a CCG in a region.
    async fn practice(&mut self, practice: &str, ccg: &str, region: &str) {
        let listed = PracticeListed { as_of: day("2018-05-31"), listing: listing("A SURGERY", ccg, region) };
        let listed = OrganisationEvent::PracticeListed(listed);
        self.pen.write(Service::Organisations, practice, &listed, By::Someone).await;
    }

    /// Assessors came to a practice, were asked for and found something wanting.
    async fn assessed(&mut self, practice: &str, on: &str) {
        let asked = OnsiteRequested {
            organisation: code(practice),
            number: 1,
            by: code("X26"),
            reason: "an incident".to_owned(),
        };
        let patching = TopicResult {
            topic: "patching".parse().unwrap(),
            outcome: Outcome::NotSatisfied,
            remark: String::new(),
        };
        let results = vec![patching];
        let held = AssessmentHeld { organisation: code(practice), number: 1, on: day(on), results };
        let assessment = format!("{practice}_1");
        for event in [OnsiteEvent::from(asked), OnsiteEvent::from(held)] {
            self.pen.write(Service::Onsite, &assessment, &event, By::Someone).await;
        }
    }

    /// A plan is approved, up to its review, and exercised.
    async fn plan(&mut self, whose: &str, next_review: &str, by: By) {
        let approved = PlanApproved {
            organisation: code(whose),
            version: 1,
            by: PersonId(uuid::Uuid::from_u128(1)),
            on: day("2019-05-28"),
            covers: Scenario::ALL.to_vec(),
            next_review: day(next_review),
        };
        let held = ExerciseHeld {
            organisation: code(whose),
            version: 1,
            number: 1,
            kind: ExerciseKind::Desktop,
            scenario: Scenario::Data,
            on: day("2019-05-28"),
            board: None,
            outcome: Against::TargetsKept,
            lessons: vec![],
        };
        for event in [ContinuityEvent::from(approved), ContinuityEvent::from(held)] {
            self.pen.write(Service::Continuity, whose, &event, by).await;
        }
    }

    async fn get(&self, who: Who, address: &str) -> Answer {
        self.server.ask_as(who, Method::GET, address, None).await
    }

    async fn json(&self, who: Who, address: &str) -> Value {
        self.get(who, address).await.ok().json()
    }
}

fn codes(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect()
}

/// The one practice of the CCG 99Z left it with the end of 2018.
#[tokio::test]
async fn a_list_of_another_day_names_no_practice_that_one_does_not_cover_today() {
    let england = Guarded::small_england().await;
    let former = (Role::CcgOfficer, "99Z");
    for when in ["at=2018-12-31", "at=2018-12-31&known=2019-06-17"] {
        // Those who see more ask first: what is kept for them is not for others.
        for (who, listed) in [(DIGITAL, 1), (IMPROVEMENT, 1), ((Role::RegionalLead, "Y55"), 1), (former, 0)] {
            let area = england.json(who, &format!("/api/v1/areas/99Z?{when}")).await;
            assert_eq!(area["practices"], 1, "it is counted: {area}");
            assert_eq!(
                codes(&area["members"]).len(),
                if who == former { 0 } else { listed },
                "{who:?} {area}"
            );
            let list = format!("/api/v1/areas/99Z/practices?{when}");
            for sort in ["attention", "code", "name", "patients", "since", "ccg"] {
                let rows = england.json(who, &format!("{list}&sort={sort}")).await;
                assert_eq!((&rows["total"], codes(&rows["practices"]).len()), (&json!(listed), listed));
            }
            let csv = england.get(who, &format!("{list}&format=csv")).await.ok().text;
            assert_eq!(csv.contains("M85003"), listed == 1, "{who:?}: {csv}");
            for page in ["/areas/99Z", "/areas/99Z/practices"] {
                let page = england.get(who, &format!("{page}?{when}")).await.ok().text;
                assert_eq!(
                    page.contains("M85003") || page.contains("Old Mill"),
                    listed == 1,
                    "{who:?}: {page}"
                );
                let said = "1 practice counted on this day is not listed: you see the practices that are yours today.";
                assert_eq!(words(&page).contains(said), listed == 0, "{who:?}: {}", words(&page));
            }
        }
    }
    let cursor = england.get(former, "/api/v1/areas/99Z/practices?at=2018-12-31&cursor=M85003").await;
    assert_eq!(cursor.status, 400, "not even as a cursor: {}", cursor.text);
    // One that someone was given who sees more shows no more.
    let list = "/api/v1/areas/99Z/practices?at=2018-12-31&limit=1";
    assert_eq!(codes(&england.json(DIGITAL, list).await["practices"]), ["M85003"]);
}

/// A CCG whose last practice lies in another region is that region's.
#[tokio::test]
async fn what_needed_attention_on_another_day_leads_nowhere_one_may_not_go() {
    let mut england = Guarded::small_england().await;
    let listing = listing("NORTH SURGERY", "00M", "Y55");
    let amended = PracticeAmended { as_of: day("2019-06-10"), listing, changed: vec!["region".to_owned()] };
    england
        .pen
        .write(Service::Organisations, "A81004", &OrganisationEvent::PracticeAmended(amended), By::Someone)
        .await;
    england.caught_up().await;
    for (who, leads) in [(DIGITAL, true), ((Role::RegionalLead, "Y54"), false)] {
        for address in ["/areas/Y54?at=2019-03-25", "/areas/Y54/practices?at=2019-03-25"] {
            let page = england.get(who, address).await.ok().text;
            assert_eq!(page.contains("/areas/00M"), leads, "{who:?} {address}: {page}");
            assert_eq!(
                page.contains("/practices/A81004"),
                leads && address.contains("practices?"),
                "{address}"
            );
            for link in page.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let link = link.replace("&amp;", "&");
                if link.starts_with("/areas/") || link.starts_with("/practices/") {
                    assert_eq!(
                        england.get(who, &link).await.status,
                        200,
                        "{who:?}: {address} leads to {link}"
                    );
                }
            }
        }
    }
}

/// What holds, and from when on; and what is told of why.
fn told(answer: &Value) -> (Vec<Value>, Vec<Value>) {
    let requirements = answer["requirements"].as_array().unwrap().iter();
    let changes = requirements.flat_map(|of| of["changes"].as_array().unwrap());
    changes
        .map(|change| {
            let holds = json!([change["day"], change["status"]]);
            (holds, json!([change["why"], change["position"], change["event"]["actor"]]))
        })
        .unzip()
}

#[tokio::test]
async fn what_a_practice_buys_and_what_was_found_there_is_not_told_by_why_it_is_short() {
    let mut england = Guarded::small_england().await;
    england.assessed("A81001", "2019-05-28").await;
    let used =
        Used { supplier: "acme".parse().unwrap(), service: None, service_type: "network".parse().unwrap() };
    let begun = EngagementBegun { organisation: code("A81001"), used, list: List::Here };
    let begun = SupplierEvent::from(begun);
    england.pen.write(Service::Suppliers, "buyer_A81001", &begun, By::Someone).await;
    england.plan("A81001", "2019-06-05", By::Someone).await;
    england.caught_up().await;

    let own = england.json(LEAD, "/api/v1/practices/A81001").await;
    let (holds, why) = told(&own);
    let text = own.to_string();
    for cause in
        ["the on-site assessment was held", "of acme is used", "the review of the continuity plan was due"]
    {
        assert!(text.contains(cause), "{cause}: {text}");
    }
    assert!(why.iter().filter(|told| told[2] == "system:import").count() >= 4, "{why:?}");
    for who in [DIGITAL, (Role::CcgOfficer, "00K"), (Role::RegionalLead, "Y54")] {
        assert_eq!(told(&england.json(who, "/api/v1/practices/A81001").await), told(&own), "{who:?}");
    }
    let secret = [
        "acme",
        "never been checked",
        "assessment was held",
        "review of the",
        "system:import",
        "System, import",
        "Result listed",
    ];
    for who in [IMPROVEMENT, ADMINISTRATOR] {
        let answer = england.json(who, "/api/v1/practices/A81001").await;
        let (still_holds, why) = told(&answer);
        assert_eq!(still_holds, holds, "{who:?}");
        assert!(why.iter().all(|told| told[1].is_null() && told[2].is_null()), "{who:?}: {why:?}");
        assert!(answer.to_string().contains("the national register shows Standards Met"), "it is published");
        let pages = [
            "/practices/A81001",
            "/areas/00K?requirement=suppliers",
            "/areas/00K?requirement=continuity",
            "/areas/00K/practices?requirement=suppliers",
            "/api/v1/areas/00K/practices",
            "/api/v1/areas/00K/practices?format=csv",
        ];
        let mut told = vec![answer.to_string()];
        for page in pages {
            told.push(england.get(who, page).await.ok().text);
        }
        for text in told {
            let named = secret.iter().filter(|words| text.contains(**words)).collect::<Vec<_>>();
            assert!(named.is_empty(), "{who:?} is told {named:?}: {text}");
        }
    }
    let officer = england.get((Role::CcgOfficer, "00K"), "/areas/00K?requirement=suppliers").await.ok().text;
    assert!(officer.contains("of acme has never been checked"), "{officer}");
}

/// A practice that relies on a partner hears whether the partner's plan is up to date, and not what the partner did.
#[tokio::test]
async fn why_a_practice_is_short_names_no_event_of_another_organisation() {
    let mut england = Guarded::small_england().await;
    england.plan("A81001", "2020-05-01", By::Someone).await;
    let leans =
        RelianceStated { organisation: code("A81001"), partner: code("0AR"), services: "desktops".into() };
    england.pen.write(Service::Continuity, "A81001", &ContinuityEvent::from(leans), By::Someone).await;
    england.plan("0AR", "2019-06-05", By::AnotherOrganisation).await;
    england.caught_up().await;

    let all = england.json(DIGITAL, "/api/v1/practices/A81001").await.to_string();
    assert!(
        all.contains("the continuity plan of 0AR was tested") && all.contains("system:elsewhere"),
        "{all}"
    );
    for who in [LEAD, (Role::CcgOfficer, "00K"), (Role::RegionalLead, "Y54")] {
        let answer = england.json(who, "/api/v1/practices/A81001").await;
        let continuity = &answer["requirements"][1];
        let changes = continuity["changes"].as_array().unwrap();
        let of = |key: &str| changes.iter().map(|change| change[key].clone()).collect::<Vec<_>>();
        assert_eq!(of("day"), ["2019-05-28", "2019-06-05", "2020-05-01"], "{who:?}: {continuity}");
        assert_eq!(of("status"), ["met", "partly-met", "not-met"]);
        assert_eq!(
            of("why"),
            [
                "its own plan is up to date, and so are those it relies on",
                "the plan of a delivery partner it relies on is not up to date",
                "the review of the continuity plan was due",
            ]
        );
        let named: Vec<bool> = changes.iter().map(|change| change["position"].is_u64()).collect();
        assert_eq!(named, [false, false, true], "its own event alone: {continuity}");
        let page = england.get(who, "/practices/A81001").await.ok().text;
        for text in [answer.to_string(), page] {
            assert!(!text.contains("0AR") && !text.contains("elsewhere"), "{who:?}: {text}");
        }
    }
}

const FOUND: [&str; 4] = [
    "/api/v1/areas/{}/gap",
    "/api/v1/areas/{}/gap?format=csv&at=2019-06-01",
    "/api/v1/areas/{}/tallies?requirement=onsite",
    "/areas/{}/tally.svg?requirement=onsite&tally=findings-by-age",
];

/// Which areas of England tell topics and which findings, to someone.
async fn telling<const N: usize>(england: &Guarded, who: Who, areas: [&str; N]) -> [(u64, bool); N] {
    let mut tells = [(0, false); N];
    for (area, tells) in areas.iter().zip(&mut tells) {
        let gap = england.json(who, &format!("/api/v1/areas/{area}/gap")).await;
        let total = gap["total"]["assessed"].as_u64().unwrap();
        assert_eq!(gap["topics"].as_array().unwrap().len(), usize::from(total > 0), "{gap}");
        let withheld = total == 0 && gap["assessed_practices"] != 0;
        assert_eq!(gap["topics_withheld"], u64::from(withheld), "{gap}");
        let tallies = england.json(who, &format!("/api/v1/areas/{area}/tallies?requirement=onsite")).await;
        let tallied = !tallies["tallies"].as_array().unwrap().is_empty();
        assert_eq!(tallies["withheld"].is_string(), !tallied, "{tallies}");
        assert_eq!(tallies["figures"].as_array().unwrap().is_empty(), !tallied, "{tallies}");
        *tells = (total, tallied);
    }
    tells
}

#[tokio::test]
async fn what_was_found_at_few_practices_is_in_no_figure_for_who_may_not_know_it() {
    let mut england = Guarded::small_england().await;
    england.assessed("A81001", "2019-05-28").await;
    england.caught_up().await;
    for who in [IMPROVEMENT, ADMINISTRATOR] {
        for address in FOUND {
            let address = address.replace("{}", "00K");
            let answer = england.get(who, &address).await;
            assert_eq!(answer.status, 404, "{who:?} {address}: {}", answer.text);
            assert!(
                answer.text.to_lowercase().contains("there is nothing at"),
                "as where there is nothing: {}",
                answer.text
            );
        }
        england.json(who, "/api/v1/areas/00K/tallies?requirement=continuity").await;
        let ccg = england.get(who, "/areas/00K?requirement=onsite").await.ok().text;
        assert!(!ccg.contains("id=\"gap\"") && !ccg.contains("Behind these figures"), "{ccg}");
        assert_eq!(telling(&england, who, ["ENG", "Y54"]).await, [(0, false), (0, false)], "{who:?}");
        for area in ["ENG", "Y54"] {
            let gap = england.json(who, &format!("/api/v1/areas/{area}/gap")).await;
            assert_eq!(gap["assessed_practices"], 1, "how many is no secret: {gap}");
            assert!(!gap.to_string().contains("patching"), "{gap}");
            let page = words(&england.get(who, &format!("/areas/{area}?requirement=onsite")).await.ok().text);
            let why = "fewer than 5 practices were assessed, here or in another region.";
            for said in ["What was found there is not shown: ", "What lies behind them is not shown: "] {
                assert!(page.contains(&format!("{said}{why}")), "{who:?} {area}: {page}");
            }
            let drawing = FOUND[3].replace("{}", area);
            assert_eq!(england.get(who, &drawing).await.status, 404, "{who:?} {drawing}");
        }
    }
    for who in [DIGITAL, (Role::CcgOfficer, "00K")] {
        assert_eq!(telling(&england, who, ["00K"]).await, [(1, true)], "{who:?}");
        for address in FOUND {
            england.get(who, &address.replace("{}", "00K")).await.ok();
        }
    }
}

#[tokio::test]
async fn where_enough_practices_were_assessed_it_is_told_unless_that_tells_of_the_others() {
    let mut england = Guarded::small_england().await;
    let areas = ["ENG", "Y54", "Y55"];
    for (practice, ccg, region) in [
        ("A82001", "00M", "Y54"),
        ("A82002", "00M", "Y54"),
        ("M86001", "15E", "Y55"),
        ("M86002", "15E", "Y55"),
    ] {
        england.practice(practice, ccg, region).await;
    }
    let north = ["A81001", "A81002", "A81003", "A81004", "A82001", "A82002"];
    let south = ["M85001", "M85002", "M85003", "M86001", "M86002"];
    let (none, few) = ((0, true), (0, false));
    for (now, tells) in [
        (&north[..4], [few, few, none]),
        (&south[..1], [(5, true), few, few]),
        // Six in the north: the seventh of England's would be the one in the south.
        (&north[4..], [(7, true), few, few]),
        (&south[1..], [(11, true), (6, true), (5, true)]),
    ] {
        for practice in now {
            england.assessed(practice, "2019-05-28").await;
        }
        england.caught_up().await;
        assert_eq!(telling(&england, IMPROVEMENT, areas).await, tells);
        let whole = england.json(IMPROVEMENT, "/api/v1/areas/ENG/gap").await;
        let members: Vec<u64> = whole["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["total"]["assessed"].as_u64().unwrap())
            .collect();
        assert_eq!(members, [tells[1].0, tells[2].0], "England's answer tells of them as their own does");
        let told = england.json(DIGITAL, "/api/v1/areas/ENG/gap").await;
        assert_eq!(told["total"]["assessed"], told["assessed_practices"], "{told}");
    }
    let below = england.json(IMPROVEMENT, "/api/v1/areas/Y54/gap").await;
    assert_eq!(below["members"], json!([]), "nothing below a region");
}
