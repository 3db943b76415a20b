//! What is told to whom: the service behind the real doors and the real guard.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use std::time::Duration;

use axum::http::Method;
use chassis::testing::server::{Answer, Server};
use proto::{
    Role, Service,
    organisations::{OrganisationEvent, PracticeAmended},
};
use serde_json::{Value, json};
use support::{By, NOW, Pen, day, listing, words};

/// Somebody in a role at an organisation.
type Who = (Role, &'static str);

const DIGITAL: Who = (Role::NhsDigital, "X26");
const IMPROVEMENT: Who = (Role::NhsImprovement, "ZZ9");

/// A guarded service over the small England.
struct Guarded {
    server: Server,
    pen: Pen,
}

impl Guarded {
    async fn small_england() -> Self {
        let server = Server::guarded(NOW, [], projection::service).await;
        let mut pen = Pen::at(server.log.clone());
        pen.small_england(By::Somebody).await;
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
}

/// A CCG whose last practice lies in another region is that region's.
#[tokio::test]
async fn what_needed_attention_on_another_day_leads_nowhere_one_may_not_go() {
    let mut england = Guarded::small_england().await;
    let listing = listing("NORTH SURGERY", "00M", "Y55");
    let amended = PracticeAmended { as_of: day("2019-06-10"), listing, changed: vec!["region".to_owned()] };
    england
        .pen
        .write(Service::Organisations, "A81004", &OrganisationEvent::PracticeAmended(amended), By::Somebody)
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
