//! What one may not see is nowhere: not in lists, searches, feeds, files, counts or the words of a
//! refusal, and not in how long it takes.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use whole_system::{Client, OneProcess, keys, platform::until_caught_up};

use crate::support::Story;

/// What someone in a role at an organisation may find, by code.
struct Looker {
    who: &'static str,
    client: Client,
    /// The practices, as the register has them.
    sees: BTreeSet<String>,
    /// What of those, and of the bodies above them, searches find.
    finds: BTreeSet<String>,
    /// What stands above what they see, or once stood there, which a page may name.
    above: &'static [&'static str],
    /// Whether events are for them at all.
    reads: bool,
}

/// The bodies above the practices.
const AREAS: [&str; 9] = ["ENG", "Y90", "Y91", "Q90", "Q91", "90A", "90B", "90C", "90D"];

fn codes(answer: &Value, list: &str) -> BTreeSet<String> {
    let listed = answer[list].as_array().unwrap_or_else(|| panic!("no {list} in {answer}"));
    listed.iter().filter_map(|one| one["code"].as_str()).map(str::to_owned).collect()
}

async fn practices_of(client: &Client, area: &str) -> BTreeSet<String> {
    codes(&client.json(&format!("/api/v1/areas/{area}/practices?limit=500&footprint=now")).await, "practices")
}

/// The invented England, and everyone in it.
struct Town {
    server: OneProcess,
    everything: BTreeSet<String>,
    lookers: Vec<Looker>,
}

impl Town {
    async fn start() -> Self {
        let story = Story::invented();
        let server = OneProcess::start().await;
        story.import_all(&server.url(), &server.client).await;
        until_caught_up(&server.client).await;
        let admin = server.client.clone();
        let all = admin.json("/api/v1/organisations?limit=500").await;
        assert!(all["next"].is_null(), "more than one page: {all}");
        let practices = codes(&all, "organisations");
        let none = BTreeSet::new;
        // What today's figures are counted over; what closed, sleeps or is no practice any more stays with
        // the CCG that came after its own.
        let in_90a = practices_of(&admin, "90A").await;
        let mut in_y91 = practices_of(&admin, "Y91").await;
        assert!(
            in_90a.len() > 1 && !in_y91.is_empty() && in_90a.is_disjoint(&in_y91),
            "{in_90a:?} {in_y91:?}"
        );
        in_y91.extend(["A99005", "A99008", "A99009"].map(str::to_owned));
        let lead = BTreeSet::from(["A99001".to_owned()]);
        let roles = [
            ("practice-lead", "A99001", lead, &[][..], &["90A", "Q90", "Y90"][..], true),
            ("ccg-officer", "90A", in_90a.clone(), &["90A"], &["Q90", "Y90"], true),
            ("regional-lead", "Y91", in_y91, &["Y91", "Q91", "90B", "90D"], &["90C"], true),
            ("nhs-digital", "X26", practices.clone(), &AREAS, &[], true),
            ("administrator", "X26", practices.clone(), &AREAS, &[], true),
            ("nhs-improvement", "ZZ9", practices.clone(), &AREAS, &[], false),
            ("assessor", "ZZ9", none(), &[], &[], false),
            ("buyer", "90A", in_90a, &[], &["90A"], false),
            ("supplier", "ZZ8", none(), &[], &[], false),
        ];
        let with = |codes: &BTreeSet<String>, areas: &[&str]| -> BTreeSet<String> {
            codes.iter().cloned().chain(areas.iter().map(|area| (*area).to_owned())).collect()
        };
        let mut lookers = Vec::new();
        for (who, at, sees, areas, above, reads) in roles {
            let client = admin.with_key(&keys::issue(&admin, who, at).await);
            // The register is public knowledge; figures and statuses by search are not for buyers.
            let finds = if who == "buyer" { none() } else { with(&sees, areas) };
            lookers.push(Looker { who, client, sees, finds, above, reads });
        }
        let everything = with(&practices, &AREAS);
        Self { server, everything, lookers }
    }

    fn looker(&self, who: &str) -> &Looker {
        self.lookers.iter().find(|looker| looker.who == who).unwrap()
    }
}

/// The codes of organisations that an answer names anywhere.
fn named_in(text: &str, everything: &BTreeSet<String>) -> BTreeSet<String> {
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    everything.iter().filter(|code| words.contains(code.as_str())).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_may_not_see_is_in_no_list_search_feed_or_file() {
    let town = Town::start().await;
    for Looker { who, client, sees, finds, above, reads } in &town.lookers {
        let listed = client.json("/api/v1/organisations?limit=500").await;
        assert_eq!(&codes(&listed, "organisations"), sees, "{who}: the register");

        // Searching, word by word as one types.
        for q in ["9", "99", "A9", "a990", "90", "y9", "inv", "invented", "surgery", "zz1", "mill"] {
            let found = client.json(&format!("/api/v1/search?q={q}")).await;
            let hidden: Vec<String> =
                codes(&found, "results").into_iter().filter(|code| !finds.contains(code)).collect();
            assert!(hidden.is_empty(), "{who}: searching for {q} finds {hidden:?}");
            for page in [format!("/search?q={q}"), format!("/assessments?q={q}")] {
                let answer = client.send(Method::GET, &page, &[("accept", "text/html")], "").await;
                let hidden: Vec<String> = named_in(&answer.text(), &town.everything)
                    .into_iter()
                    .filter(|code| !finds.contains(code) && !above.contains(&code.as_str()))
                    .collect();
                assert!(hidden.is_empty(), "{who}: {page} names {hidden:?}");
            }
        }
        if finds.len() > 1 {
            let found = client.json("/api/v1/search?q=invented").await;
            assert!(
                !codes(&found, "results").is_empty(),
                "{who}: a search that finds nothing proves nothing"
            );
        }

        // The event feed: all of what they may see, and of no one else.
        let feed = client.get("/api/v1/events").await;
        if !reads {
            assert_eq!(feed.status, 403, "{who}: {}", feed.text());
            continue;
        }
        let mut heard = BTreeSet::new();
        for line in feed.text().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let subject = event["subject"].as_str().unwrap();
            let aggregate = subject.rsplit('.').next().unwrap();
            let aggregate = aggregate.strip_prefix("register_").unwrap_or(aggregate);
            heard.insert(aggregate.split('_').next().unwrap().to_owned());
        }
        // A prescriber that is no practice, a result of a care home, and that a file was read are in the feed of
        // those who see England.
        let beyond: Vec<&String> = heard.difference(sees).collect();
        assert!(
            beyond.is_empty() || (finds.contains("ENG") && beyond == ["A99007", "VZ901", "import"]),
            "{who}: the feed has {beyond:?}"
        );
        let silent: Vec<&String> = sees.difference(&heard).collect();
        assert!(silent.is_empty(), "{who}: the feed has nothing of {silent:?}");
    }

    // No one in particular has what is published: status, day and edition.
    let public = town.server.client.without_key();
    for path in
        ["/api/v1/events", "/api/v1/organisations", "/api/v1/search?q=9", "/api/v1/view", "/api/v1/areas/ENG"]
    {
        assert_eq!(public.get(path).await.status, 401, "{path}");
    }
    let looked_up = public.json("/api/v1/status/A99001").await;
    let told: BTreeSet<&str> = looked_up.as_object().unwrap().keys().map(String::as_str).collect();
    let allowed = BTreeSet::from([
        "code",
        "name",
        "open",
        "published",
        "status",
        "date",
        "edition",
        "synthetic",
        "is_known",
        "rests_on",
    ]);
    assert!(told.is_subset(&allowed), "{looked_up}");
}

/// Of a day past an area has members that are others' today.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_day_shows_names_no_practice_that_is_anothers_today() {
    let town = Town::start().await;
    let admin = &town.server.client;
    let all = admin.json("/api/v1/organisations?limit=500").await;
    let names: Vec<(String, String)> = all["organisations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| ["code", "name"].map(|key| one[key].as_str().unwrap().to_lowercase()).into())
        .collect();
    let known = admin.json("/api/v1/areas/ENG").await["read_to"].as_str().unwrap().to_owned();
    // On a day past 90C and the region Y90 had practices that are another's now.
    let (mut hidden, mut shown) = (0, 0);
    for (role, at, areas) in [
        ("administrator", "X26", &AREAS[..]),
        ("regional-lead", "Y90", &["Y90", "Q90", "90A", "90C"]),
        ("regional-lead", "Y91", &["Y91", "90B", "90D"]),
        ("ccg-officer", "90A", &["90A"]),
        ("ccg-officer", "90C", &["90C"]),
    ] {
        let client = admin.with_key(&keys::issue(admin, role, at).await);
        let listed = client.json("/api/v1/organisations?limit=500").await;
        let sees: BTreeSet<String> =
            codes(&listed, "organisations").into_iter().map(|code| code.to_lowercase()).collect();
        for area in areas {
            if client.get(&format!("/api/v1/areas/{area}")).await.status == 404 {
                continue;
            }
            for day in ["2018-06-01", "2019-03-31", "2019-06-17"] {
                for when in [
                    format!("at={day}"),
                    format!("at={day}&known={known}"),
                    format!("at={day}&footprint=now"),
                ] {
                    for path in [
                        "/api/v1/areas/{}?",
                        "/api/v1/areas/{}/practices?limit=500&",
                        "/api/v1/areas/{}/practices?format=csv&",
                        "/api/v1/areas/{}/gap?",
                        "/areas/{}?",
                        "/areas/{}?requirement=continuity&",
                        "/areas/{}/practices?",
                        "/areas/{}/practices?status=not-met&",
                        "/areas/{}/bars.svg?",
                        "/areas/{}/trend.svg?",
                    ] {
                        let address = format!("{}{when}", path.replace("{}", area));
                        let answer = client.get(&address).await;
                        assert!(matches!(answer.status.as_u16(), 200 | 404), "{address}: {}", answer.text());
                        let text = answer.text().to_lowercase();
                        for (code, name) in &names {
                            let named = text.contains(code) || text.contains(name);
                            assert!(!named || sees.contains(code), "{role} at {at}: {address} names {name}");
                            shown += usize::from(named);
                        }
                    }
                    let counted = client.json(&format!("/api/v1/areas/{area}?{when}")).await;
                    let rows = client.json(&format!("/api/v1/areas/{area}/practices?limit=500&{when}")).await;
                    hidden += counted["practices"].as_u64().unwrap() - rows["total"].as_u64().unwrap();
                }
            }
        }
    }
    assert!(hidden > 0 && shown > 100, "{hidden} were hidden and {shown} shown: else it proves nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_for_one_answers_as_what_is_not_there() {
    let town = Town::start().await;
    let lead = &town.looker("practice-lead").client;
    let officer = &town.looker("ccg-officer").client;
    let base = "/api/v1/assessments/A99001/dspt-2018-19";
    assert_eq!(lead.post(&format!("{base}/open"), &Value::Null).await.status, 200);

    // Of an organisation that is there and one that is not; the second stands for the first in the words.
    let pairs = [
        (officer, "A99004", "A99994"),
        (officer, "90B", "99B"),
        (lead, "A99002", "A99992"),
        (lead, "90A", "99A"),
    ];
    let answer = json!({ "answer": "not-met", "comment": "x" });
    for (client, there, nowhere) in pairs {
        for (method, path) in [
            (Method::GET, "/api/v1/organisations/{}"),
            (Method::GET, "/api/v1/practices/{}"),
            (Method::GET, "/api/v1/practices/{}?at=1066-10-14&known=yesterday"),
            (Method::GET, "/api/v1/areas/{}"),
            (Method::GET, "/api/v1/areas/{}/practices?format=csv"),
            (Method::GET, "/api/v1/areas/{}/areas?format=csv"),
            (Method::GET, "/api/v1/areas/{}/trend"),
            (Method::GET, "/api/v1/areas/{}?at=2018-06-01&footprint=now"),
            (Method::GET, "/api/v1/areas/{}/practices?at=2019-03-31&known=2030-01-01"),
            (Method::GET, "/api/v1/areas/{}/gap"),
            (Method::GET, "/api/v1/areas/{}/gap?format=csv"),
            (Method::GET, "/api/v1/areas/{}/gap?at=2018-06-01&known=2030-01-01"),
            (Method::GET, "/api/v1/areas/{}/tallies"),
            (Method::GET, "/api/v1/areas/{}/tallies?requirement=onsite&at=2018-06-01"),
            (Method::GET, "/api/v1/areas/{}/tallies?requirement=suppliers&format=csv"),
            (Method::GET, "/api/v1/practices/{}/gap"),
            (Method::GET, "/api/v1/practices/{}?at=2018-06-01&footprint=now"),
            (Method::GET, "/api/v1/assessments/{}"),
            (Method::GET, "/api/v1/assessments/{}/dspt-2018-19"),
            (Method::POST, "/api/v1/assessments/{}/dspt-2018-19/open"),
            (Method::POST, "/api/v1/assessments/{}/dspt-2018-19/answers/1-1-1"),
            (Method::POST, "/api/v1/assessments/{}/dspt-2018-19/plan/agree"),
            (Method::GET, "/api/v1/history/organisations/{}"),
            (Method::GET, "/api/v1/history/organisations/{}?format=csv"),
            (Method::GET, "/api/v1/history/organisations/{}/events/1"),
            (Method::GET, "/practices/{}"),
            (Method::GET, "/practices/{}?at=2018-06-01"),
            (Method::GET, "/practices/{}/timeline.svg"),
            (Method::GET, "/areas/{}/practices"),
            (Method::GET, "/areas/{}/practices?at=2018-06-01&sort=patients"),
            (Method::GET, "/areas/{}?at=2018-06-01&requirement=onsite"),
            (Method::GET, "/areas/{}/bars.svg?at=2018-06-01"),
            (Method::GET, "/areas/{}/trend.svg?requirement=onsite"),
            (Method::GET, "/areas/{}/tally.svg?requirement=onsite&tally=findings-by-age"),
            (Method::GET, "/assessments/{}/dspt-2018-19/plan"),
        ] {
            let mut answers = Vec::new();
            for code in [there, nowhere] {
                let path = path.replace("{}", code);
                let headers = [("accept", "text/html"), ("content-type", "application/json")];
                let answer = client.send(method.clone(), &path, &headers, answer.to_string()).await;
                let mut names: Vec<&str> = answer.headers.keys().map(|name| name.as_str()).collect();
                names.sort_unstable();
                let names = names.join(" ");
                // Each answer says which request it is to.
                let request = answer.headers.get("x-request-id").map_or("", |id| id.to_str().unwrap());
                let text = answer.text().replace(code, "CODE").replace(request, "REQUEST");
                answers.push((answer.status, names, text));
            }
            assert_eq!(answers[0].0, 404, "{method} {path} of {there}");
            assert_eq!(answers[0], answers[1], "{method} {path}: {there} and {nowhere} differ");
        }
    }

    // What one may see, and not do, is said to be that; and the count of refusals names no one.
    let publish = officer.post(&format!("{base}/publish"), &Value::Null).await;
    assert_eq!(publish.status, 403, "{}", publish.text());
    assert!(named_in(&publish.text(), &town.everything).is_subset(&town.looker("ccg-officer").finds));
    let metrics = town.server.client.get("/metrics").await.text();
    let counted: Vec<&str> = metrics.lines().filter(|line| line.contains("refused")).collect();
    assert!(!counted.is_empty() && counted.iter().all(|line| named_in(line, &town.everything).is_empty()));
}

/// How long the refusal of what is there takes, beside that of what is not: measured by turns, so that
/// whatever else the machine does falls on both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone_a_refusal_takes_as_long_whether_or_not_something_is_there() {
    const TURNS: usize = 300;
    let town = Town::start().await;
    let officer = &town.looker("ccg-officer").client;
    for path in
        ["/api/v1/practices/{}", "/api/v1/assessments/{}/dspt-2018-19", "/api/v1/history/organisations/{}"]
    {
        let paths = ["A99004", "A99994"].map(|code| path.replace("{}", code));
        let mut took: [Vec<Duration>; 2] = Default::default();
        for turn in 0..TURNS + 20 {
            for side in [turn % 2, 1 - turn % 2] {
                let started = Instant::now();
                let answer = officer.get(&paths[side]).await;
                let elapsed = started.elapsed();
                assert_eq!(answer.status, 404);
                if turn >= 20 {
                    took[side].push(elapsed);
                }
            }
        }
        let [there, nowhere] = took.map(|mut took| {
            took.sort_unstable();
            took[took.len() / 2].as_secs_f64()
        });
        let ratio = there / nowhere;
        assert!((0.75..1.34).contains(&ratio), "{path}: {there} s beside {nowhere} s");
    }
}
