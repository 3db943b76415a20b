//! Facts after an import was withdrawn, held against facts gathered without it.

use proptest::prelude::*;
use proto::{
    Day, OdsCode, Position, SupplierId,
    imports::ImportWithdrawn,
    onsite::{
        ActionPlanAgreed, ActionPlanProposed, AssessmentHeld, Finding, FindingRecorded, OnsiteAgreed,
        OnsiteEvent, OnsiteRequested, OutcomeDisclosed, PlannedAction, Responsibility, Severity,
    },
    suppliers::{
        Certificate, CertificateRecorded, CertificateSuspended, EngagementBegun, EngagementEnded, List,
        Listing, SupplierDetails, SupplierRegistered, Used,
    },
};
use uuid::Uuid;

use super::{Decoded, Facts, decoded::What};
use crate::rules::{onsite, suppliers};

fn code<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn start() -> Day {
    code("2018-01-01")
}

const PRACTICE: &str = "A81001";
const WITHDRAWN: u128 = 1;
const NEWEST: Position = Position(u64::MAX);

/// Something that came on a day after the start, by hand (0) or with an import.
#[derive(Debug, Clone)]
struct Came {
    import: u128,
    day: i32,
    what: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Certified(u16),
    Suspended(u16),
    Begun,
    Ended,
    Requested,
    Agreed,
    Held,
    Found(u16),
    Disclosed,
    /// One action for each of two findings, numbered alike.
    Planned(u16),
}

fn used() -> Used {
    Used { supplier: code("acme"), service: None, service_type: code("clinical-system") }
}

fn what(kind: &Kind, day: Day) -> What {
    let (organisation, supplier, number): (OdsCode, SupplierId, u16) = (code(PRACTICE), code("acme"), 1);
    let of_supplier = |event| What::Supplier(Box::new(event));
    let of_onsite = |event: OnsiteEvent| What::Onsite(Box::new(event));
    match *kind {
        Kind::Certified(certificate) => {
            let printed = Certificate {
                scheme: code(if certificate % 2 == 0 { "cyber-essentials" } else { "dsp-toolkit" }),
                number: certificate.to_string(),
                holder: "Acme".into(),
                issuer: "IASME".into(),
                issued: day,
                expires: Some(day.plus_days(300)),
                scope: String::new(),
            };
            of_supplier(CertificateRecorded { supplier, certificate, review: None, printed }.into())
        }
        Kind::Suspended(certificate) => {
            of_supplier(CertificateSuspended { supplier, certificate, reason: String::new() }.into())
        }
        Kind::Begun => {
            of_supplier(EngagementBegun { organisation, used: used(), list: List::PrincipalSuppliers }.into())
        }
        Kind::Ended => of_supplier(EngagementEnded { organisation, used: used() }.into()),
        Kind::Requested => {
            of_onsite(OnsiteRequested { organisation, number, by: code("X26"), reason: String::new() }.into())
        }
        Kind::Agreed => of_onsite(OnsiteAgreed { organisation, number }.into()),
        Kind::Held => of_onsite(AssessmentHeld { organisation, number, on: day, results: Vec::new() }.into()),
        Kind::Found(finding) => {
            let recorded = Finding {
                topic: code("patching"),
                severity: Severity::High,
                system: String::new(),
                responsibility: Responsibility::ALL[0],
                found: String::new(),
                evidence: String::new(),
            };
            of_onsite(FindingRecorded { organisation, number, finding, recorded }.into())
        }
        Kind::Disclosed => {
            of_onsite(OutcomeDisclosed { organisation, number, to: code("00K"), on: day }.into())
        }
        Kind::Planned(first) => {
            let action = |finding: u16| {
                let planned = PlannedAction {
                    finding,
                    action: String::new(),
                    owner: proto::PersonId(Uuid::nil()),
                    due: day.plus_days(i32::from(finding) * 20),
                };
                (finding, planned)
            };
            let actions = vec![action(first), action(first + 1)];
            of_onsite(ActionPlanProposed { organisation, number, actions }.into())
        }
    }
}

/// What each that came is gathered as: of a plan that it was agreed at once, too.
fn gathered(came: &[Came], counts: impl Fn(&Came) -> bool) -> Facts {
    let mut facts = Facts::default();
    let registered = SupplierRegistered {
        supplier: code("acme"),
        details: SupplierDetails { legal_name: "Acme".into(), ..SupplierDetails::default() },
        listing: Listing { list: List::BuyingCatalogue, entry: "1".into() },
    };
    let mut gather = |position: u64, day: Day, import: Option<Uuid>, what: What| {
        let position = Position(position);
        facts.gather(Decoded {
            position,
            event: None,
            time: None,
            effective: day,
            synthetic: false,
            import,
            what: Ok(what),
        });
    };
    gather(1, start(), None, What::Supplier(Box::new(registered.into())));
    for (index, came) in came.iter().enumerate() {
        if !counts(came) {
            continue;
        }
        let (position, day) = (2 * index as u64 + 2, start().plus_days(came.day));
        let import = (came.import != 0).then(|| Uuid::from_u128(came.import));
        gather(position, day, import, what(&came.what, day));
        if let Kind::Planned(first) = came.what {
            let due = [first, first + 1].map(|n| (n, day.plus_days(i32::from(n) * 20))).to_vec();
            let agreed = ActionPlanAgreed { organisation: code(PRACTICE), number: 1, by: code("00K"), due };
            gather(position + 1, day, import, What::Onsite(Box::new(agreed.into())));
        }
    }
    facts
}

/// All that is judged of the practice, on days before, among and after what came.
fn judged(facts: &Facts, upto: Position) -> Vec<String> {
    let Some(own) = facts.organisations.get(&code::<OdsCode>(PRACTICE)) else { return Vec::new() };
    let standings = suppliers::Standings::default();
    let known = |id| facts.suppliers.get(&id).map(|facts| &**facts);
    let services = suppliers::services(&own.purchases, |used| standings.of(used, upto, known), upto);
    let days = (-10..700).step_by(13).map(|day| start().plus_days(day));
    days.map(|day| {
        let moment = proto::Moment::of(day, day.plus_days(1));
        format!(
            "{day} {:?} {:?}",
            suppliers::judge(&services, moment),
            onsite::judge(&own.onsite, upto, moment)
        )
    })
    .collect()
}

fn first_difference(one: &[String], other: &[String]) -> Option<(String, String)> {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).find(|(one, other)| one != other).map(|(one, other)| (one.clone(), other.clone()))
}

fn came() -> impl Strategy<Value = Vec<Came>> {
    let kind = prop_oneof![
        (1u16..6).prop_map(Kind::Certified),
        (1u16..6).prop_map(Kind::Suspended),
        Just(Kind::Begun),
        Just(Kind::Ended),
        Just(Kind::Requested),
        Just(Kind::Agreed),
        Just(Kind::Held),
        (1u16..5).prop_map(Kind::Found),
        Just(Kind::Disclosed),
        (1u16..4).prop_map(Kind::Planned),
    ];
    let came = (0u128..3, 0i32..400, kind).prop_map(|(import, day, what)| Came { import, day, what });
    proptest::collection::vec(came, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_withdrawn_import_counts_as_if_it_had_not_been_and_as_known_before_as_it_did(came in came()) {
        let mut facts = gathered(&came, |_| true);
        let before = judged(&facts, NEWEST);
        let position = Position(2 * came.len() as u64 + 10);
        let import = Uuid::from_u128(WITHDRAWN);
        facts.gather(Decoded {
            position,
            event: None,
            time: None,
            effective: start(),
            synthetic: false,
            import: Some(import),
            what: Ok(What::ImportWithdrawn(ImportWithdrawn { import, reason: String::new() })),
        });
        let without = gathered(&came, |came| came.import != WITHDRAWN);
        let now = judged(&facts, NEWEST);
        if without.organisations.is_empty() {
            prop_assert!(now.iter().all(|judged| judged.contains("NoService")));
        } else {
            prop_assert_eq!(first_difference(&now, &judged(&without, NEWEST)), None);
        }
        prop_assert_eq!(first_difference(&judged(&facts, Position(position.0 - 1)), &before), None);
    }
}
