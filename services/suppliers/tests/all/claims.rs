//! Numbers that one supplier alone has, with two instances of the service over one log: of two that say so at the same
//! time one succeeds.

use chassis::{
    log::{self, Log, NewEvent},
    testing::{
        nats::{NatsServer, Sync},
        server::{Answer, Server},
    },
};
use proto::{
    AggregateId, By, Envelope, Header, Position, Service, Subject,
    claims::{Identifier, IdentifierClaimed, IdentifierKind},
    suppliers::{self as events, SupplierEvent},
};
use serde_json::{Value, json};

use crate::support::*;

const NOW: &str = "2018-03-10T12:00:00Z";

/// Two instances, each with a connection of its own.
struct Two {
    here: Server,
    there: Server,
    _folder: tempfile::TempDir,
    _broker: Option<NatsServer>,
}

impl Two {
    async fn over_the_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().join("log.redb").display());
        let log = log::open(&url.parse().unwrap()).await.unwrap();
        Self::over(log.clone(), log, folder, None).await
    }

    async fn over_nats() -> Self {
        let broker = NatsServer::start(Sync::Lazily);
        let (first, second) =
            (log::open(&broker.url()).await.unwrap(), log::open(&broker.url()).await.unwrap());
        Self::over(first, second, tempfile::tempdir().unwrap(), Some(broker)).await
    }

    async fn over(first: Log, second: Log, folder: tempfile::TempDir, broker: Option<NatsServer>) -> Self {
        let here = Server::over(first, NOW, suppliers::service).await;
        let there = Server::over(second, NOW, suppliers::service).await;
        Self { here, there, _folder: folder, _broker: broker }
    }

    /// Sends something to each at the same time.
    async fn at_once(&self, path: [&str; 2], body: [Value; 2]) -> [Answer; 2] {
        let [first, second] = body;
        let (one, other) = tokio::join!(self.here.post(path[0], first), self.there.post(path[1], second));
        [one, other]
    }
}

/// One succeeded; the other was told which number is taken.
#[track_caller]
fn one_of(answers: &[Answer; 2], number: &str) {
    let refused: Vec<&Answer> = answers.iter().filter(|answer| !answer.status.is_success()).collect();
    assert_eq!(refused.len(), 1, "{answers:?}");
    let refused = refused[0];
    assert_eq!(refused.status.as_u16(), 409, "{}", refused.text);
    assert!(refused.text.contains(number) && refused.text.contains("already"), "{}", refused.text);
}

fn certificate_of(holder: &str, number: &str) -> Value {
    json!({
        "scheme": "cyber-essentials", "number": number, "holder": holder, "issuer": "IASME",
        "issued": "2018-02-01", "expires": "2019-01-31",
    })
}

async fn registered(server: &Server, name: &str) -> String {
    let answer = server.post("/api/v1/suppliers", json!({ "legal_name": name })).await.ok();
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn numbers_are_one_suppliers_alone(two: Two) {
    const ROUNDS: usize = 50;
    const REGISTER: [&str; 2] = ["/api/v1/suppliers"; 2];
    for round in 0..ROUNDS {
        let (code, number) = (format!("8R{round:03}"), format!("0{round:07}"));
        let body = |name: &str, what: &str, value: &str| json!({ "legal_name": format!("{name} {round} Limited"), (what): value });
        let answers =
            two.at_once(REGISTER, [body("Acme", "ods_code", &code), body("Beta", "ods_code", &code)]).await;
        one_of(&answers, &code);
        let bodies = [body("Gamma", "company_number", &number), body("Delta", "company_number", &number)];
        one_of(&two.at_once(REGISTER, bodies).await, &number);
    }

    // Corrections, too; and of certificates the second one is held for review.
    let (acme, beta) = (
        registered(&two.here, "Acme Health Limited").await,
        registered(&two.there, "Beta Networks Limited").await,
    );
    let path =
        |what: &str| [format!("/api/v1/suppliers/{acme}/{what}"), format!("/api/v1/suppliers/{beta}/{what}")];
    let (amend, certify) = (path("amend"), path("certificates"));
    for round in 0..ROUNDS {
        let code = format!("8S{round:03}");
        let body = |name: &str| json!({ "legal_name": name, "ods_code": code });
        let answers =
            two.at_once([&amend[0], &amend[1]], [body("Acme Health Limited"), body("Beta Networks Limited")]);
        one_of(&answers.await, &code);
        let number = format!("CE-{round}");
        let shown =
            [certificate_of("Acme Health Ltd", &number), certificate_of("Beta Networks Ltd", &number)];
        let answers = two.at_once([&certify[0], &certify[1]], shown).await;
        let mut outcomes = answers.map(|answer| answer.ok().json()["outcome"].as_str().unwrap().to_owned());
        outcomes.sort();
        assert_eq!(outcomes, ["held", "recorded"], "round {round}");
    }

    // A file and a form.
    for round in 0..5 {
        let code = format!("8T{round:03}");
        let file = format!(
            "Organisation Name,Code,Status,Date Of Publication,Primary Sector\nFile {round} Limited,{code},18/19 Standards Met,31/01/2018,Company\n"
        );
        let import = two.there.send("/api/v1/suppliers/imports/toolkit-companies?as_of=2018-03-01", file);
        let form = json!({ "legal_name": format!("Form {round} Limited"), "ods_code": code });
        let (imported, registered) = tokio::join!(import, two.here.post(REGISTER[0], form));
        imported.ok();
        let found = two.here.get(&format!("/api/v1/suppliers?q={code}")).await.ok().json();
        assert_eq!(found["suppliers"].as_array().unwrap().len(), 1, "{found}");
        assert!(registered.status.is_success() || registered.status.as_u16() == 409, "{}", registered.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_one_suppliers_alone_over_the_file() {
    numbers_are_one_suppliers_alone(Two::over_the_file().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_one_suppliers_alone_over_nats() {
    numbers_are_one_suppliers_alone(Two::over_nats().await).await;
}

/// A process that ended after it had claimed a code.
async fn claim(server: &Server, code: &str, holder: &str) {
    let identifier = Identifier::open(IdentifierKind::OdsCode, code);
    let aggregate: AggregateId = identifier.aggregate().unwrap();
    let subject = Subject::new(Service::Suppliers, &aggregate);
    let id = chassis::ids::fresh();
    let event = SupplierEvent::from(events::IdentifierClaimed(IdentifierClaimed {
        identifier,
        holder: holder.to_owned(),
    }));
    let envelope = Envelope {
        id,
        subject: subject.clone(),
        time: server.clock.now(),
        by: By::system("test"),
        effective: None,
        command_id: None,
        command_content: None,
        correlation_id: None,
        causation_id: None,
        previous: None,
    };
    let body = envelope.encode(&event).unwrap().into();
    server.log.append(NewEvent { id, subject, body }, Position::START).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_led_to_nothing_keeps_no_one_from_a_number() {
    let server = server("2018-03-10").await;
    claim(&server, "8AA01", "supplier_gone").await;
    let body = json!({ "legal_name": "Acme Health Limited", "ods_code": "8AA01" });
    // At once it is left to whoever claimed it, for a moment.
    server.post("/api/v1/suppliers", body).await.ok();
    // Whose claim it was is no supplier by that.
    server.get("/api/v1/suppliers/gone").await.is(404, "no supplier");
    let found = server.get("/api/v1/suppliers?q=8AA01").await.ok().json();
    assert_eq!(found["suppliers"].as_array().unwrap().len(), 1, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_a_supplier_no_longer_has_is_free() {
    let server = server("2018-03-10").await;
    let register = async |name: &str, code: &str| {
        let body = json!({ "legal_name": name, "ods_code": code });
        server.post("/api/v1/suppliers", body).await
    };
    let acme = register("Acme Health Limited", "8AA01").await.ok().json()["id"].as_str().unwrap().to_owned();
    let amend = format!("/api/v1/suppliers/{acme}/amend");
    let amended = json!({ "legal_name": "Acme Health Limited", "ods_code": "8AA02" });
    server.post_keyed(&amend, amended.clone(), Some("first")).await.ok();
    server.set_day("2018-03-11");
    register("Beta Networks Limited", "8AA01").await.ok();
    register("Gamma Limited", "8AA02").await.is(409, "has the ODS code 8AA02 already");

    // A command that is repeated is answered as the first time, whoever has its number now.
    let back = json!({ "legal_name": "Acme Health Limited", "ods_code": "8AA03" });
    server.post(&amend, back).await.ok();
    register("Gamma Limited", "8AA02").await.ok();
    let events = server.events().await;
    let repeated = server.post_keyed(&amend, amended, Some("first")).await.ok().json();
    assert_eq!(repeated["outcome"], "recorded");
    assert_eq!(server.events().await, events);
    let other = json!({ "legal_name": "Acme Health Limited", "ods_code": "8AA04" });
    server.post_keyed(&amend, other, Some("first")).await.is(422, "key-used-before");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_another_reason_claims_nothing() {
    let server = server("2018-03-10").await;
    let nameless = json!({ "legal_name": " ", "ods_code": "8AA01" });
    server.post("/api/v1/suppliers", nameless).await.is(400, "the name of the legal entity is missing");
    let subject = Subject::new(
        Service::Suppliers,
        &Identifier::open(IdentifierKind::OdsCode, "8AA01").aggregate().unwrap(),
    );
    let last = server.log.last(&subject).await.unwrap().unwrap();
    assert_eq!(Header::read(&last.body).unwrap().kind, events::IdentifierReleased::TYPE);
    let body = json!({ "legal_name": "Acme Health Limited", "ods_code": "8AA01" });
    server.post("/api/v1/suppliers", body).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_an_entry_that_is_sent_again_is_answered_as_the_first_time() {
    let server = server("2018-03-10").await;
    let acme = certified(&server).await;
    let file = "ODS,Principal Supplier\nA81001,Acmesys\nA81002,None\nA81001,Newsys\n";
    server.send("/api/v1/suppliers/imports/principal-suppliers?as_of=2018-03-01", file).await.ok();
    let path = "/api/v1/suppliers/review";
    let settle = |entry: &str, with: Value| {
        let mut body = json!({ "list": "principal-suppliers", "entry": entry });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        body
    };
    let decisions = [
        ("known", settle("Acmesys", json!({ "supplier": acme }))),
        ("new", settle("Newsys", json!({}))),
        ("none", settle("None", json!({ "no_supplier": true, "reason": "says that there is none" }))),
    ];
    let mut first = Vec::new();
    for (key, body) in &decisions {
        first.push(server.post_keyed(path, body.clone(), Some(key)).await.ok().json());
    }
    // What was said of the last one is decided anew by someone else.
    server.post_keyed(path, settle("None", json!({})), Some("anew")).await.ok();
    for ((key, body), first) in decisions.iter().zip(first) {
        let again = server.post_keyed(path, body.clone(), Some(key)).await.ok().json();
        assert_eq!(again, first, "{key}");
        let other =
            settle(body["entry"].as_str().unwrap(), json!({ "no_supplier": true, "reason": "another" }));
        server.post_keyed(path, other, Some(key)).await.is(422, "key-used-before");
    }
    server.post_keyed(path, settle("Acmesys", json!({})), Some("fresh")).await.is(404, "no such entry waits");
}
