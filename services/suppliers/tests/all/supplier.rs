//! A supplier: what may be said of it, and what becomes of its certificates.

use chassis::testing::{given, model::Given};
use proto::{
    certification::Answer,
    suppliers::{
        CertificateRecorded, CertificateRenewed, CertificateSuspended, CertificateWithdrawn, CoverageStated,
        List, ListingMatched, ListingParted, MatchedBy, ServiceAmended, ServiceOffered, ServiceRetired,
        SubSupplierNamed, SubSupplierReleased, SuppliedService, SupplierAmended, SupplierEvent, Voice,
    },
};
use suppliers::model::{Supplier, SupplierCommand as C, company_number};

use crate::support::*;

fn known() -> Given<Supplier> {
    given::<Supplier>([registered()])
}

fn offered(product: &str, version: &str, service_type: &str) -> SuppliedService {
    SuppliedService { product: product.into(), version: version.into(), service_type: code(service_type) }
}

fn with_service() -> Given<Supplier> {
    let event = ServiceOffered {
        supplier: code(SUPPLIER),
        service: code(SERVICE),
        offered: offered("Record", "1", "clinical-system"),
    };
    known().and(event.into())
}

fn certify(issued: &str, renews: Option<u16>) -> C {
    C::Certify { printed: certificate("cyber-essentials", issued, Some("2020-01-31")), renews, also_of: None }
}

fn with_certificate() -> Given<Supplier> {
    let printed = certificate("cyber-essentials", "2018-02-01", Some("2019-01-31"));
    with_service()
        .and(CertificateRecorded { supplier: code(SUPPLIER), certificate: 1, review: None, printed }.into())
}

#[test]
fn a_certificate_is_the_same_whatever_the_case_and_blanks_of_its_number() {
    let mut printed = certificate("cyber-essentials", "2018-02-01", Some("2019-01-31"));
    let number = printed.number.to_lowercase();
    printed.number = format!(" {} {} ", &number[..2], &number[2..]);
    with_certificate()
        .when(C::Certify { printed: printed.clone(), renews: None, also_of: None })
        .then_nothing();
    printed.number.push('9');
    with_certificate()
        .when(C::Certify { printed, renews: None, also_of: None })
        .then_event(|event| assert!(matches!(event, SupplierEvent::CertificateRecorded(_))));
}

#[test]
fn a_supplier_is_registered_once() {
    let register = |entry: &str| C::Register {
        supplier: code(SUPPLIER),
        details: details("  Acme Health Limited "),
        listing: listing(List::BuyingCatalogue, entry),
    };
    given::<Supplier>([])
        .when(register("10000"))
        .then(registered())
        .when(register("10000"))
        .then_nothing()
        .when(register("10001"))
        .then_refused("another supplier");
    let nameless =
        C::Register { supplier: code(SUPPLIER), details: details("  "), listing: listing(List::Here, "1") };
    given::<Supplier>([]).when(nameless).then_refused("legal entity is missing");
}

#[test]
fn nothing_is_said_of_a_supplier_that_is_not_there() {
    for command in
        [C::Amend(details("X")), C::Retire(code(SERVICE)), certify("2018-02-01", None), C::Reinstate(1)]
    {
        given::<Supplier>([]).when(command).then_refused("no such supplier");
    }
}

#[test]
fn a_correction_says_what_differs() {
    let mut other = details("Acme Health Limited");
    other.company_number = Some("1234567".into());
    other.trading_names = vec!["Acme".into(), "Acme".into()];
    known()
        .when(C::Amend(other.clone()))
        .then_event(|event| {
            let SupplierEvent::SupplierAmended(SupplierAmended { details, changed, .. }) = event else {
                panic!("{event:?}")
            };
            assert_eq!(changed, &["trading_names", "company_number"]);
            assert_eq!(details.company_number.as_deref(), Some("01234567"));
            assert_eq!(details.trading_names, ["Acme"]);
        })
        .when(C::Amend(other))
        .then_nothing();
}

#[test]
fn company_numbers_are_written_as_the_register_writes_them() {
    for (typed, expected) in [
        ("1234567", Some("01234567")),
        ("01234567", Some("01234567")),
        ("sc 12345", Some("SC012345")),
        ("OC301234", Some("OC301234")),
        ("", None),
    ] {
        assert_eq!(company_number(typed).unwrap().as_deref(), expected, "{typed}");
    }
    for wrong in ["123456789", "ABC12345", "12-34567", "SC", "1234 567X", "SC1234567"] {
        assert!(company_number(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_entry_of_another_list_is_matched_and_parted() {
    let entry = listing(List::DspToolkit, "8HP68");
    let matched =
        C::Match { listing: entry.clone(), name: "ACME HEALTH LTD".into(), by: MatchedBy::LegalName };
    let event = ListingMatched {
        supplier: code(SUPPLIER),
        listing: entry.clone(),
        name: "ACME HEALTH LTD".into(),
        by: MatchedBy::LegalName,
    };
    let part = |reason: &str| C::Part { listing: entry.clone(), reason: reason.into() };
    let parted = ListingParted { supplier: code(SUPPLIER), listing: entry.clone(), reason: "another".into() };
    let state = known().when(matched.clone()).then(event.into()).when(matched).then_nothing();
    // The entries of the toolkit's register are ODS codes.
    assert_eq!(state.state().dossier.details.ods_code, Some(code("8HP68")));
    state
        .when(part(" "))
        .then_refused("reason is missing")
        .when(part("another"))
        .then(parted.into())
        .when(part("another"))
        .then_nothing()
        .when(C::Part { listing: listing(List::BuyingCatalogue, "10000"), reason: "x".into() })
        .then_refused("stays with it");
}

#[test]
fn a_service_is_offered_amended_retired_and_offered_again() {
    let offer = |version: &str, service_type: Option<&str>| C::Offer {
        service: code(SERVICE),
        product: "Record".into(),
        version: version.into(),
        service_type: service_type.map(code),
    };
    let amended = |version: &str, changed: &[&str]| ServiceAmended {
        supplier: code(SUPPLIER),
        service: code(SERVICE),
        offered: offered("Record", version, "clinical-system"),
        changed: changed.iter().map(|name| (*name).to_owned()).collect(),
    };
    with_service()
        // A list that does not know the type does not take it away.
        .when(offer("1", None))
        .then_nothing()
        .when(offer("2", None))
        .then(amended("2", &["version"]).into())
        .when(C::Retire(code(SERVICE)))
        .then(ServiceRetired { supplier: code(SUPPLIER), service: code(SERVICE) }.into())
        .when(C::Retire(code(SERVICE)))
        .then_nothing()
        .when(offer("2", None))
        .then(amended("2", &[]).into())
        .when(offer("2", Some("magic")))
        .then_refused("clinical-system, online-consultation")
        .when(C::Retire(code("none")))
        .then_refused("no service none");
    known().when(offer("1", None)).then_event(|event| {
        let SupplierEvent::ServiceOffered(event) = event else { panic!("{event:?}") };
        assert_eq!(event.offered.service_type, code("other"));
    });
}

#[test]
fn a_certificate_is_recorded_once_and_renewed_by_its_own_scheme() {
    let renewed = CertificateRenewed {
        supplier: code(SUPPLIER),
        certificate: 2,
        renews: 1,
        review: None,
        printed: certificate("cyber-essentials", "2019-02-01", Some("2020-01-31")),
    };
    let again = C::Certify {
        printed: certificate("cyber-essentials", "2018-02-01", Some("2019-01-31")),
        renews: None,
        also_of: None,
    };
    let other = C::Certify {
        printed: certificate("iso-27001", "2019-02-01", Some("2022-01-31")),
        renews: Some(1),
        also_of: None,
    };
    with_certificate()
        .when(again)
        .then_nothing()
        .when(other)
        .then_refused("same scheme")
        .when(certify("2018-02-01", Some(1)))
        .then_refused("begins after")
        .when(certify("2019-02-01", Some(7)))
        .then_refused("no certificate 7")
        .when(certify("2019-02-01", Some(1)))
        .then(renewed.into())
        .when(certify("2019-03-01", Some(1)))
        .then_refused("renewed already, by certificate 2");
}

#[test]
fn a_certificate_has_to_make_sense() {
    let with = |change: fn(&mut proto::suppliers::Certificate)| {
        let mut printed = certificate("cyber-essentials", "2018-02-01", Some("2019-01-31"));
        change(&mut printed);
        C::Certify { printed, renews: None, also_of: None }
    };
    known()
        .when(with(|printed| printed.scheme = code("magic")))
        .then_refused("the schemes are cyber-essentials")
        .when(with(|printed| printed.expires = Some(day("2018-01-31"))))
        .then_refused("before its first")
        .when(with(|printed| printed.expires = None))
        .then_refused("good for 12 months")
        .when(with(|printed| printed.holder = " ".into()))
        .then_refused("legal entity that it names is missing")
        .when(with(|printed| printed.issuer = String::new()))
        .then_refused("issued it is missing")
        .when(with(|printed| printed.scope = "x".repeat(1_001)))
        .then_refused("up to 1000 characters");
}

#[test]
fn a_certificate_is_suspended_reinstated_and_withdrawn() {
    let suspend = C::Suspend { certificate: 1, reason: "audit".into() };
    let withdraw = C::Withdraw { certificate: 1, reason: "fraud".into() };
    let suspended = CertificateSuspended { supplier: code(SUPPLIER), certificate: 1, reason: "audit".into() };
    let withdrawn = CertificateWithdrawn { supplier: code(SUPPLIER), certificate: 1, reason: "fraud".into() };
    with_certificate()
        .when(C::Reinstate(1))
        .then_nothing()
        .on("2018-05-01")
        .when(suspend.clone())
        .then(suspended.into())
        .when(suspend.clone())
        .then_nothing()
        .on("2018-04-30")
        .when(C::Reinstate(1))
        .then_refused("before it was suspended")
        .on("2018-06-01")
        .when(C::Reinstate(1))
        .then_event(|event| assert!(matches!(event, SupplierEvent::CertificateReinstated(_))))
        .when(withdraw.clone())
        .then(withdrawn.into())
        .when(withdraw)
        .then_nothing()
        .when(suspend)
        .then_refused("withdrawn")
        .when(C::Reinstate(1))
        .then_refused("for good");
}

#[test]
fn what_is_said_of_coverage_is_kept_with_who_said_it() {
    let say = |covers, said_by| C::StateCoverage {
        certificate: 1,
        service: code(SERVICE),
        covers,
        said_by,
        ground: " the scope ".into(),
    };
    let stated = CoverageStated {
        supplier: code(SUPPLIER),
        certificate: 1,
        service: code(SERVICE),
        covers: Answer::Yes,
        said_by: Voice::Supplier,
        ground: "the scope".into(),
    };
    with_certificate()
        .when(say(Answer::Yes, Voice::Supplier))
        .then(stated.into())
        .when(say(Answer::Yes, Voice::Supplier))
        .then_nothing()
        // The same from someone else is worth keeping.
        .when(say(Answer::Yes, Voice::Reader))
        .then_event(|_| {})
        .when(say(Answer::Yes, Voice::Supplier))
        .then_nothing()
        .when(C::StateCoverage {
            certificate: 2,
            service: code(SERVICE),
            covers: Answer::Yes,
            said_by: Voice::Reader,
            ground: String::new(),
        })
        .then_refused("no certificate 2");
}

#[test]
fn sub_suppliers_are_named_and_released() {
    let name = |other: &str, part: &str| C::NameSubSupplier {
        sub_supplier: code(other),
        service: Some(code(SERVICE)),
        part: part.into(),
    };
    let release = C::ReleaseSubSupplier { sub_supplier: code("hosts"), service: Some(code(SERVICE)) };
    let named = SubSupplierNamed {
        supplier: code(SUPPLIER),
        sub_supplier: code("hosts"),
        service: Some(code(SERVICE)),
        part: "hosting".into(),
    };
    let released = SubSupplierReleased {
        supplier: code(SUPPLIER),
        sub_supplier: code("hosts"),
        service: Some(code(SERVICE)),
    };
    with_service()
        .when(name("hosts", "hosting"))
        .then(named.into())
        .when(name("hosts", "hosting"))
        .then_nothing()
        .when(name(SUPPLIER, "hosting"))
        .then_refused("its own")
        .when(name("other", ""))
        .then_refused("what it does is missing")
        .when(release.clone())
        .then(released.into())
        .when(release)
        .then_nothing();
}
