use super::*;
use crate::codes::SupplierId;
use crate::suppliers::{
    CertificateRecorded, CertificateReinstated, CertificateSuspended, CertificateWithdrawn, CoverageStated,
    List, Listing, SupplierRegistered,
};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn code<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

const SUPPLIER: &str = "acme";
const SERVICE: &str = "record";

fn registered() -> Dossier {
    let mut dossier = Dossier::default();
    let details = SupplierDetails {
        legal_name: "Acme Health Limited".to_owned(),
        trading_names: vec!["AcmeCare".to_owned()],
        ..SupplierDetails::default()
    };
    let listing = Listing { list: List::Here, entry: "1".to_owned() };
    let event = SupplierRegistered { supplier: code(SUPPLIER), details, listing };
    dossier.apply(&event.into(), day("2018-01-01"));
    dossier
}

fn with(mut dossier: Dossier, scheme: &str, issued: &str, expires: Option<&str>) -> Dossier {
    let issuer = match scheme {
        "dsp-toolkit" => "NHS Digital",
        "dcb0129" => "Our clinical safety officer",
        _ => "Some Assessors Ltd (IASME)",
    };
    let certificate = dossier.certificates.len() as u16 + 1;
    let printed = Certificate {
        scheme: code(scheme),
        number: format!("N-{certificate}"),
        holder: "ACME HEALTH LTD.".to_owned(),
        issuer: issuer.to_owned(),
        issued: day(issued),
        expires: expires.map(day),
        scope: String::new(),
    };
    let event = CertificateRecorded { supplier: code(SUPPLIER), certificate, review: None, printed };
    dossier.apply(&event.into(), day(issued));
    dossier
}

fn covering(dossier: Dossier, certificate: u16, covers: Answer) -> Dossier {
    said(dossier, certificate, covers, Voice::Supplier)
}

fn said(mut dossier: Dossier, certificate: u16, covers: Answer, said_by: Voice) -> Dossier {
    let (supplier, service) = (code::<SupplierId>(SUPPLIER), code(SERVICE));
    let event = CoverageStated { supplier, certificate, service, covers, said_by, ground: String::new() };
    dossier.apply(&event.into(), day("2018-01-01"));
    dossier
}

/// The verdict on the service as a network, for which the floor is all that is asked.
fn verdict(dossier: &Dossier, from: &str, to: &str) -> Verdict {
    dossier.judge(Some(code(SERVICE)), code("network"), day(from), day(to)).0
}

fn floor() -> Dossier {
    with(registered(), "cyber-essentials", "2018-02-01", Some("2019-01-31"))
}

#[test]
fn the_table_reads_and_has_the_floor_everywhere() {
    let table = Table::built_in().unwrap();
    assert!(table.types().len() >= 9 && table.schemes().len() >= 9);
    // A type that a service is of by default has to be there.
    assert!(table.service_type(code("other")).is_some());
}

#[test]
fn a_supplier_cannot_talk_away_what_others_read_in_its_certificate() {
    let on = |dossier: &Dossier| verdict(dossier, "2018-02-01", "2018-12-31");
    let own = covering(floor(), 1, Answer::Yes);
    assert_eq!(on(&own), Verdict::Certified, "as long as no one else has read it");
    let read = said(own, 1, Answer::No, Voice::Reader);
    assert_eq!(on(&read), Verdict::HolderOnly);
    let again = covering(read, 1, Answer::Yes);
    assert_eq!(on(&again), Verdict::HolderOnly);
    // Of others the last word counts.
    let issuer = said(again, 1, Answer::Yes, Voice::Issuer);
    assert_eq!(on(&issuer), Verdict::Certified);
    assert_eq!(on(&said(issuer, 1, Answer::No, Voice::Reader)), Verdict::HolderOnly);
}

#[test]
fn a_certificate_that_covers_the_service_for_the_whole_contract_will_do() {
    let dossier = covering(floor(), 1, Answer::Yes);
    assert_eq!(verdict(&dossier, "2018-02-01", "2019-01-31"), Verdict::Certified);
    assert_eq!(verdict(&dossier, "2018-02-01", "2019-02-01"), Verdict::RunsOut);
    assert_eq!(verdict(&dossier, "2018-01-31", "2018-12-31"), Verdict::NotCertified);
    assert_eq!(verdict(&dossier, "2019-02-01", "2019-02-01"), Verdict::NotCertified);
}

#[test]
fn a_certificate_of_the_holder_does_not_speak_for_the_service() {
    assert_eq!(verdict(&floor(), "2018-03-01", "2018-03-01"), Verdict::HolderOnly);
    for covers in [Answer::Partly, Answer::Unknown, Answer::No] {
        let dossier = covering(floor(), 1, covers);
        assert_eq!(verdict(&dossier, "2018-03-01", "2018-03-01"), Verdict::HolderOnly, "{covers:?}");
    }
    // Where only the supplier is known, no service is shown to be covered.
    let dossier = covering(floor(), 1, Answer::Yes);
    assert_eq!(dossier.verdict_on(None, code("network"), day("2018-03-01")), Verdict::HolderOnly);
}

#[test]
fn what_is_said_last_of_the_coverage_counts() {
    let dossier = covering(covering(floor(), 1, Answer::Yes), 1, Answer::No);
    assert_eq!(verdict(&dossier, "2018-03-01", "2018-03-01"), Verdict::HolderOnly);
}

#[test]
fn another_entitys_certificate_is_none_and_a_trading_name_is_not_the_entity() {
    for (holder, expected) in [
        ("Acme Health Ltd", Verdict::Certified),
        ("The Acme Health Company Limited", Verdict::Certified),
        ("AcmeCare", Verdict::HolderOnly),
        ("Acme Holdings Ltd", Verdict::NotCertified),
        ("", Verdict::NotCertified),
    ] {
        let mut dossier = covering(floor(), 1, Answer::Yes);
        dossier.certificates[0].printed.holder = holder.to_owned();
        assert_eq!(verdict(&dossier, "2018-03-01", "2018-03-01"), expected, "{holder}");
    }
}

#[test]
fn an_issuer_counts_by_name_and_until_its_last_day() {
    for (issuer, issued, recognised) in [
        ("IASME", "2024-01-01", true),
        ("Some Assessors Ltd (IASME)", "2024-01-01", true),
        ("CREST", "2020-03-31", true),
        ("CREST", "2020-04-01", false),
        ("Iasmeling", "2019-01-01", false),
        ("", "2019-01-01", false),
    ] {
        let scheme = table().scheme(code("cyber-essentials")).unwrap();
        assert_eq!(scheme.recognises(issuer, day(issued)), recognised, "{issuer} {issued}");
    }
    let mut dossier = covering(floor(), 1, Answer::Yes);
    dossier.certificates[0].printed.issuer = "Certificates R Us".to_owned();
    assert_eq!(verdict(&dossier, "2018-03-01", "2018-03-01"), Verdict::NotCertified);
}

#[test]
fn plus_answers_for_the_floor_and_the_floor_not_for_plus() {
    let plus = with(registered(), "cyber-essentials-plus", "2018-02-01", Some("2019-01-31"));
    let plus = covering(plus, 1, Answer::Yes);
    assert_eq!(verdict(&plus, "2018-03-01", "2018-03-01"), Verdict::Certified);
    let (verdict, answered) = covering(floor(), 1, Answer::Yes).judge(
        Some(code(SERVICE)),
        code("it-support"),
        day("2018-03-01"),
        day("2018-03-01"),
    );
    assert_eq!(verdict, Verdict::NotCertified);
    let asked = &answered[0];
    assert_eq!((asked.demand.as_str(), asked.level), ("cyber-essentials-plus", Answer::No));
    assert!(asked.certificate.is_some(), "what there is at a lower level is shown");
}

#[test]
fn every_demand_of_the_type_has_to_be_answered() {
    let mut dossier = with(registered(), "cyber-essentials-plus", "2018-02-01", Some("2019-01-31"));
    dossier = with(dossier, "dsp-toolkit", "2018-03-20", Some("2019-03-31"));
    dossier = covering(dossier, 1, Answer::Yes);
    let on = |dossier: &Dossier, day_: &str| {
        dossier.verdict_on(Some(code(SERVICE)), code("clinical-system"), day(day_))
    };
    assert_eq!(on(&dossier, "2018-04-01"), Verdict::NotCertified);
    dossier = with(dossier, "dcb0129", "2018-01-10", None);
    assert_eq!(on(&dossier, "2018-04-01"), Verdict::HolderOnly);
    dossier = covering(dossier, 3, Answer::Yes);
    assert_eq!(on(&dossier, "2018-04-01"), Verdict::Certified);
    assert_eq!(on(&dossier, "2019-02-01"), Verdict::NotCertified);
}

#[test]
fn suspended_and_withdrawn_do_not_count_from_their_day_on() {
    let mut dossier = covering(floor(), 1, Answer::Yes);
    let supplier = code(SUPPLIER);
    let suspended = CertificateSuspended { supplier, certificate: 1, reason: "audit".to_owned() };
    dossier.apply(&suspended.into(), day("2018-05-01"));
    assert_eq!(verdict(&dossier, "2018-04-30", "2018-04-30"), Verdict::Certified);
    assert_eq!(verdict(&dossier, "2018-05-01", "2018-05-01"), Verdict::NotCertified);
    assert_eq!(verdict(&dossier, "2018-04-30", "2018-05-01"), Verdict::RunsOut);
    dossier.apply(&CertificateReinstated { supplier, certificate: 1 }.into(), day("2018-06-01"));
    assert_eq!(verdict(&dossier, "2018-05-31", "2018-05-31"), Verdict::NotCertified);
    assert_eq!(verdict(&dossier, "2018-06-01", "2018-12-01"), Verdict::Certified);
    let withdrawn = CertificateWithdrawn { supplier, certificate: 1, reason: "fraud".to_owned() };
    dossier.apply(&withdrawn.into(), day("2018-09-01"));
    assert_eq!(verdict(&dossier, "2018-08-31", "2018-08-31"), Verdict::Certified);
    assert_eq!(verdict(&dossier, "2018-09-01", "2018-09-01"), Verdict::NotCertified);
}

#[test]
fn between_the_named_days_no_verdict_changes() {
    let mut dossier = covering(floor(), 1, Answer::Yes);
    let suspended = CertificateSuspended { supplier: code(SUPPLIER), certificate: 1, reason: String::new() };
    dossier.apply(&suspended.into(), day("2018-05-01"));
    dossier =
        covering(with(dossier, "cyber-essentials", "2018-11-01", Some("2019-10-31")), 2, Answer::Partly);
    let days: Vec<Day> = dossier.days().collect();
    let mut before = dossier.verdict_on(Some(code(SERVICE)), code("network"), day("2017-12-31"));
    for number in day("2018-01-01").number()..day("2020-01-01").number() {
        let today = Day::from_number(number);
        let now = dossier.verdict_on(Some(code(SERVICE)), code("network"), today);
        assert!(now == before || days.contains(&today), "changes on {today}");
        before = now;
    }
}

#[test]
fn names_of_one_entity_have_one_key() {
    for (one, other) in [
        ("AccuRx Limited", "ACCURX LTD"),
        ("Targett Business Technology Limited", "Targett Business Technology Ltd."),
        ("A W Bent Ltd (T/A AWB Textiles)", "A W Bent"),
        ("Smith & Sons Ltd", "SMITH AND SONS LIMITED"),
        ("Locum's Nest", "LOCUMS NEST LTD"),
        ("The Martin Bell Partnership", "Martin Bell Partnership"),
    ] {
        assert_eq!(entity_key(one), entity_key(other), "{one}");
    }
    assert_ne!(entity_key("Vision Healthcare Limited"), entity_key("Vision Health Limited"));
    assert_eq!(entity_key("Limited"), "limited");
    assert_eq!(entity_key("  —  "), "");
}
