use std::sync::Arc;

use proto::{
    Day, OdsCode, Position,
    continuity::Against,
    onsite::Severity,
    organisations::{OdsStatus, PracticeListing, PrescribingSetting},
    suppliers::{
        Certificate, CertificateRecorded, CoverageStated, List, Listing, SupplierDetails, SupplierEvent,
        SupplierRegistered, Used, Voice,
    },
};

use super::*;
use crate::{
    board::{Board, Footprint, Knowledge},
    facts::{
        Continuity, ContinuityFact, Facts, Listed, Onsite, OnsiteFact, OrganisationFacts, Origin, Purchase,
        PurchaseFact, SupplierFacts,
    },
    rules::rule_of,
};

const TODAY: &str = "2018-06-01";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

/// Facts of organisations, each at a position of its own.
#[derive(Default)]
struct Story {
    facts: Facts,
    position: u64,
}

impl Story {
    /// Three practices, two of them in 00K and one in 15E.
    fn new() -> Self {
        let mut story = Self::default();
        for (practice, ccg) in [("A81001", "00K"), ("A81002", "00K"), ("B82001", "15E")] {
            let listing = PracticeListing {
                name: "A SURGERY".into(),
                region: Some(code("Y54")),
                local_office: None,
                address: vec![],
                postcode: String::new(),
                telephone: String::new(),
                opened: Some(day("2010-01-01")),
                closed: None,
                status: OdsStatus::Active,
                setting: PrescribingSetting(4),
                commissioner: Some(code(ccg)),
                joined: Some(day("2013-04-01")),
                left: None,
            };
            let (position, as_of) = (story.next(), day("2018-01-01"));
            let listed = Listed { position, as_of, import: None, listing: Arc::new(listing) };
            story.of(practice, |facts| facts.practice.push(listed));
        }
        story
    }

    fn next(&mut self) -> Position {
        self.position += 1;
        Position(self.position)
    }

    fn of(&mut self, whom: &str, add: impl FnOnce(&mut OrganisationFacts)) {
        add(Arc::make_mut(self.facts.organisations.entry(code(whom)).or_default()));
    }

    fn plan(&mut self, whom: &str, on: &str, what: Continuity) -> &mut Self {
        let fact = ContinuityFact { position: self.next(), day: day(on), what };
        self.of(whom, |facts| facts.continuity.push(fact));
        self
    }

    fn visit(&mut self, whom: &str, number: u16, on: &str, what: Onsite) -> &mut Self {
        let fact =
            OnsiteFact { position: self.next(), day: day(on), number, what, origin: Origin::default() };
        self.of(whom, |facts| facts.onsite.push(fact));
        self
    }

    fn purchase(&mut self, whom: &str, on: &str, used: Used, what: Purchase) -> &mut Self {
        let fact =
            PurchaseFact { position: self.next(), day: day(on), used, what, origin: Origin::default() };
        self.of(whom, |facts| facts.purchases.push(fact));
        self
    }

    fn tally(&self, requirement: &str, area: &str, at: &str) -> TallyAnswer {
        let board = Board::build(&self.facts, Knowledge::ALL, day(TODAY));
        let asked = Asked {
            board: &board,
            at: day(at),
            footprint: Footprint::Then,
            known: None,
            rule: rule_of(requirement).unwrap(),
        };
        tally(&asked, board.area(code(area)).unwrap(), |_| true).unwrap()
    }
}

/// The rows of a tally that count anything.
fn rows<'a>(answer: &'a TallyAnswer, tally: &str) -> Vec<(&'a str, &'a [u32])> {
    let tally = answer.tallies.iter().find(|of| of.tally == tally).unwrap();
    let some = tally.rows.iter().filter(|row| row.counts.iter().any(|count| *count > 0));
    some.map(|row| (row.label.as_str(), row.counts.as_slice())).collect()
}

fn figure(answer: &TallyAnswer, name: &str) -> (u32, u32) {
    let figure = answer.figures.iter().find(|of| of.figure == name).unwrap();
    (figure.count, figure.of)
}

fn approved(next_review: &str) -> Continuity {
    Continuity::Approved { covers: true, next_review: day(next_review) }
}

fn story_of_plans() -> Story {
    let mut story = Story::new();
    story
        .plan("A81001", "2018-03-03", approved("2019-03-03"))
        .plan("A81001", "2018-03-04", Continuity::Exercised(Against::SomeMissed))
        .plan("A81002", "2017-03-01", approved("2018-03-01"))
        .plan("A81002", "2017-05-31", Continuity::Exercised(Against::TargetsKept))
        .plan("B82001", "2018-05-01", Continuity::Written)
        .plan("0AR", "2018-01-01", approved("2018-08-30"))
        .plan("0AR", "2018-01-01", Continuity::Exercised(Against::TargetsKept))
        .plan("00K", "2018-01-01", Continuity::RelianceStated(code("0AR")));
    story
}

#[test]
fn plans_are_told_by_age_and_by_whether_they_stand() {
    let story = story_of_plans();
    let england = story.tally("continuity", "ENG", TODAY);
    assert_eq!(
        rows(&england, "plans-by-age"),
        [("Up to 90 days", &[1, 0][..]), ("More than 365 days", &[0, 1][..])],
        "90 days since 3 March; lapsed since its review fell due"
    );
    assert_eq!(figure(&england, "without-plan"), (1, 3));
    let day_later = story.tally("continuity", "ENG", "2018-06-02");
    assert_eq!(rows(&day_later, "plans-by-age")[0], ("91 to 181 days", &[1, 0][..]));
}

#[test]
fn an_exercise_counts_for_a_year() {
    let story = story_of_plans();
    let outcomes = |at| {
        let answer = story.tally("continuity", "00K", at);
        rows(&answer, "exercises-by-outcome")
            .iter()
            .map(|(row, counts)| ((*row).to_owned(), counts[0]))
            .collect::<Vec<_>>()
    };
    let row = |row: &str, count| (row.to_owned(), count);
    assert_eq!(outcomes("2018-05-31"), [row("All targets kept", 1), row("Some targets missed", 1)]);
    let tested = [row("All targets kept", 1), row("Some targets missed", 1)];
    assert_eq!(outcomes(TODAY), tested, "the next one is due today, and the day is not over");
    assert_eq!(outcomes("2018-06-02"), [row("Some targets missed", 1), row("Not within a year", 1)]);
}

#[test]
fn whoever_belongs_to_a_ccg_leans_on_what_it_leans_on() {
    let story = story_of_plans();
    let leaning = |area, at| figure(&story.tally("continuity", area, at), "leaning-on-lapsing");
    assert_eq!(leaning("00K", TODAY), (2, 2), "it lapses in 90 days");
    assert_eq!(leaning("00K", "2018-05-31"), (0, 2), "in 91");
    assert_eq!(leaning("00K", "2018-08-30"), (0, 2), "lapsed already");
    assert_eq!(leaning("15E", TODAY), (0, 1));
    assert_eq!(leaning("ENG", TODAY), (2, 3));
}

#[test]
fn findings_are_open_until_a_re_test_or_the_end() {
    let found = |finding, severity| Onsite::FindingRecorded { finding, severity };
    let mut story = Story::new();
    story
        .visit("A81001", 1, "2018-05-02", found(1, Severity::Critical))
        .visit("A81001", 1, "2018-05-01", found(2, Severity::Critical))
        .visit("A81001", 1, "2018-05-20", found(3, Severity::Low))
        .visit("A81002", 1, "2017-01-01", found(1, Severity::High))
        .visit("A81001", 1, "2018-06-10", Onsite::Retested { mended: vec![1] })
        .visit("A81002", 1, "2018-06-20", Onsite::Closed);
    let now = story.tally("onsite", "ENG", TODAY);
    assert_eq!(
        rows(&now, "findings-by-age"),
        [
            ("Up to 30 days", &[1, 0, 0, 1][..]),
            ("31 to 90 days", &[1, 0, 0, 0][..]),
            ("More than 365 days", &[0, 1, 0, 0][..])
        ]
    );
    assert_eq!(figure(&now, "with-open-findings"), (2, 3));
    assert_eq!(figure(&now, "with-old-critical"), (1, 3));
    let later = story.tally("onsite", "ENG", "2018-06-20");
    assert_eq!(
        rows(&later, "findings-by-age"),
        [("31 to 90 days", &[1, 0, 0, 1][..])],
        "one is mended, one assessment closed"
    );
    assert_eq!(figure(&later, "with-open-findings"), (1, 3));
}

fn used(service: &str) -> Used {
    Used {
        supplier: "acme".parse().unwrap(),
        service: Some(service.parse().unwrap()),
        service_type: "network".parse().unwrap(),
    }
}

/// The supplier's network is certified up to a day.
fn certified(story: &mut Story, service: &str, number: u16, until: &str) {
    let supplier = "acme".parse().unwrap();
    let certificate = Certificate {
        scheme: "cyber-essentials".parse().unwrap(),
        number: format!("CE-{number}"),
        holder: "Acme Limited".into(),
        issuer: "IASME".into(),
        issued: day("2017-09-01"),
        expires: Some(day(until)),
        scope: String::new(),
    };
    let recorded = CertificateRecorded { supplier, certificate: number, review: None, printed: certificate };
    let covers = CoverageStated {
        supplier,
        certificate: number,
        service: service.parse().unwrap(),
        covers: proto::certification::Answer::Yes,
        said_by: Voice::Supplier,
        ground: "The scope names it.".into(),
    };
    let details = SupplierDetails { legal_name: "Acme Limited".into(), ..SupplierDetails::default() };
    let listing = Listing { list: List::Here, entry: "1".into() };
    let registered = SupplierRegistered { supplier, details, listing };
    let mut facts: SupplierFacts =
        story.facts.suppliers.get(&supplier).map(|facts| (**facts).clone()).unwrap_or_default();
    for event in [SupplierEvent::from(registered), recorded.into(), covers.into()] {
        facts.gather(story.next(), day("2017-09-01"), Origin::default(), event);
    }
    story.facts.suppliers.insert(supplier, Arc::new(facts));
}

#[test]
fn what_ends_is_told_by_month_with_those_who_rely_on_it() {
    let mut story = Story::new();
    certified(&mut story, "lines", 1, "2018-08-30");
    certified(&mut story, "mail", 2, "2018-08-31");
    for (practice, service) in
        [("A81001", "lines"), ("A81001", "mail"), ("A81002", "lines"), ("B82001", "mail")]
    {
        story.purchase(practice, "2018-01-01", used(service), Purchase::Begun);
        story.purchase(practice, "2018-01-02", used(service), Purchase::Checked);
    }
    let planned = Purchase::GapPlanned(day("2018-10-01"));
    story.purchase("A81002", "2018-05-01", used("lines"), planned);
    let now = story.tally("suppliers", "ENG", TODAY);
    assert_eq!(
        rows(&now, "expiries-by-month"),
        [("August 2018", &[1, 2][..])],
        "each practice once: one has a plan, two have none for all that ends"
    );
    assert_eq!(figure(&now, "relying-on-ending"), (2, 3), "31 August is the 91st day");
    assert_eq!(figure(&now, "ending-unplanned"), (1, 3));
    let over = story.tally("suppliers", "ENG", "2018-09-01");
    assert_eq!(rows(&over, "expiries-by-month"), [], "what has ended does not end");
    story.purchase("B82001", "2018-05-31", used("mail"), Purchase::Ended);
    assert_eq!(
        rows(&story.tally("suppliers", "ENG", TODAY), "expiries-by-month"),
        [("August 2018", &[1, 1][..])]
    );
}

#[test]
fn the_counts_of_england_are_those_of_its_ccgs() {
    let mut story = story_of_plans();
    story.visit("B82001", 1, "2018-05-02", Onsite::FindingRecorded { finding: 1, severity: Severity::Low });
    for requirement in ["continuity", "onsite", "suppliers"] {
        let [england, one, other] = ["ENG", "00K", "15E"].map(|area| story.tally(requirement, area, TODAY));
        for ((all, one), other) in england.tallies.iter().zip(&one.tallies).zip(&other.tallies) {
            for ((all, one), other) in all.rows.iter().zip(&one.rows).zip(&other.rows) {
                let sum: Vec<u32> =
                    one.counts.iter().zip(&other.counts).map(|(one, other)| one + other).collect();
                assert_eq!(all.counts, sum, "{requirement}: {}", all.label);
            }
        }
    }
}

#[test]
fn the_toolkit_has_nothing_behind_its_counts() {
    let answer = Story::new().tally("toolkit", "ENG", TODAY);
    assert!(answer.tallies.is_empty() && answer.figures.is_empty());
}
