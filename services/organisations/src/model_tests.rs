use super::*;
use chassis::testing::given;
use proptest::prelude::*;
use proto::organisations::{OdsStatus, OrganisationKind};

const MAY: &str = "2018-05-31";
const NOVEMBER: &str = "2019-11-30";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

fn practice() -> PracticeListing {
    PracticeListing {
        name: "THE DENSHAM SURGERY".into(),
        region: Some(code("Y54")),
        local_office: Some(code("Q74")),
        address: vec!["THE HEALTH CENTRE".into()],
        postcode: "TS18 1HU".into(),
        telephone: "01642 672351".into(),
        opened: Some(day("1974-04-01")),
        closed: None,
        status: OdsStatus::Active,
        setting: PrescribingSetting::GENERAL_PRACTICE,
        commissioner: Some(code("00K")),
        joined: Some(day("2013-04-01")),
        left: None,
    }
}

fn ccg() -> OrganisationListing {
    OrganisationListing {
        kind: OrganisationKind::Ccg,
        name: "NHS DARLINGTON CCG".into(),
        region: Some(code("Y54")),
        local_office: Some(code("Q74")),
        address: vec![],
        postcode: "TS23 2LA".into(),
        opened: Some(day("2013-04-01")),
        closed: None,
    }
}

fn list(as_of: &str, listing: PracticeListing) -> Said {
    Said::ListPractice { as_of: day(as_of), listing }
}

fn list_body(as_of: &str, listing: OrganisationListing) -> Said {
    Said::ListOrganisation { as_of: day(as_of), listing }
}

fn member(as_of: &str, parent: &str, joined: &str, left: Option<&str>) -> Said {
    let membership = Membership { parent: code(parent), joined: day(joined), left: left.map(day) };
    Said::RecordMembership { as_of: day(as_of), membership }
}

fn listed(as_of: &str, listing: PracticeListing) -> OrganisationEvent {
    OrganisationEvent::PracticeListed(PracticeListed { as_of: day(as_of), listing })
}

fn amended(as_of: &str, listing: PracticeListing, changed: &[&str]) -> OrganisationEvent {
    let changed = changed.iter().map(|name| (*name).to_owned()).collect();
    OrganisationEvent::PracticeAmended(PracticeAmended { as_of: day(as_of), listing, changed })
}

fn recorded(as_of: &str, parent: &str, joined: &str, left: Option<&str>) -> OrganisationEvent {
    let membership = Membership { parent: code(parent), joined: day(joined), left: left.map(day) };
    OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of: day(as_of), membership })
}

fn nobody() -> chassis::testing::model::Given<Organisation> {
    given([])
}

#[test]
fn a_practice_is_listed_once_and_the_same_row_again_says_nothing() {
    nobody()
        .when(list(MAY, practice()))
        .then(listed(MAY, practice()))
        .when(list(MAY, practice()))
        .then_nothing()
        .when(list(NOVEMBER, practice()))
        .then_nothing();
}

#[test]
fn of_a_prescriber_of_another_setting_it_is_recorded_once_that_it_was_none() {
    let of = |setting| PracticeListing { setting: PrescribingSetting(setting), ..practice() };
    let command = |as_of, setting| Said::ListPrescriber { as_of: day(as_of), listing: of(setting) };
    // Other does not say what it is.
    nobody()
        .when(command(MAY, 0))
        .then_nothing()
        .when(command(MAY, 14))
        .then(OrganisationEvent::PrescriberListed(PrescriberListed { as_of: day(MAY), listing: of(14) }))
        .when(command(NOVEMBER, 25))
        .then_nothing()
        .when(list(NOVEMBER, practice()))
        .then(listed(NOVEMBER, practice()));
    given::<Organisation>([listed(MAY, practice())]).when(command(NOVEMBER, 14)).then_nothing();
}

#[test]
fn a_later_file_amends_what_changed_and_names_it() {
    let moved = PracticeListing { region: Some(code("Y63")), telephone: "01642 000000".into(), ..practice() };
    given::<Organisation>([listed(MAY, practice())]).when(list(NOVEMBER, moved.clone())).then(amended(
        NOVEMBER,
        moved,
        &["region", "telephone"],
    ));
}

#[test]
fn every_field_of_a_practice_counts() {
    let other = || Some(code("X1"));
    let date = Some(day("2019-01-01"));
    let cases: Vec<(&str, PracticeListing)> = vec![
        ("name", PracticeListing { name: "X".into(), ..practice() }),
        ("region", PracticeListing { region: other(), ..practice() }),
        ("local_office", PracticeListing { local_office: None, ..practice() }),
        ("address", PracticeListing { address: vec![], ..practice() }),
        ("postcode", PracticeListing { postcode: "X".into(), ..practice() }),
        ("telephone", PracticeListing { telephone: "X".into(), ..practice() }),
        ("opened", PracticeListing { opened: None, ..practice() }),
        ("closed", PracticeListing { closed: date, ..practice() }),
        ("status", PracticeListing { status: OdsStatus::Dormant, ..practice() }),
        ("setting", PracticeListing { setting: PrescribingSetting(0), ..practice() }),
        ("commissioner", PracticeListing { commissioner: other(), ..practice() }),
        ("joined", PracticeListing { joined: date, ..practice() }),
        ("left", PracticeListing { left: date, ..practice() }),
    ];
    for (field, listing) in cases {
        given::<Organisation>([listed(MAY, practice())]).when(list(MAY, listing.clone())).then(amended(
            MAY,
            listing,
            &[field],
        ));
    }
}

#[test]
fn a_prescriber_of_another_setting_is_no_practice() {
    let walk_in = PracticeListing { setting: PrescribingSetting(1), ..practice() };
    nobody().when(list(MAY, walk_in)).then_refused("prescribing setting is 1");
}

#[test]
fn a_practice_that_takes_another_setting_stops_being_one_and_is_still_followed() {
    let hub = PracticeListing { setting: PrescribingSetting(0), ..practice() };
    let closed = PracticeListing { status: OdsStatus::Closed, ..hub.clone() };
    given::<Organisation>([listed(MAY, practice())])
        .when(list(NOVEMBER, hub.clone()))
        .then(amended(NOVEMBER, hub, &["setting"]))
        .when(list("2019-12-31", closed.clone()))
        .then(amended("2019-12-31", closed, &["status"]));
}

#[test]
fn an_older_file_changes_nothing() {
    let older = PracticeListing { name: "OLD NAME".into(), ..practice() };
    given::<Organisation>([listed(NOVEMBER, practice())])
        .when(list(MAY, older))
        .then_refused("import files oldest first");
    let older = OrganisationListing { name: "OLD NAME".into(), ..ccg() };
    let listed =
        OrganisationEvent::OrganisationListed(OrganisationListed { as_of: day(NOVEMBER), listing: ccg() });
    given::<Organisation>([listed])
        .when(list_body(MAY, older))
        .then_refused("holds what a file of 2019-11-30 shows");
}

#[test]
fn a_corrected_file_of_the_same_date_is_taken() {
    let corrected = PracticeListing { name: "THE DENSHAM PRACTICE".into(), ..practice() };
    given::<Organisation>([listed(MAY, practice())]).when(list(MAY, corrected.clone())).then(amended(
        MAY,
        corrected,
        &["name"],
    ));
}

#[test]
fn a_ccg_is_listed_and_closes() {
    let closed = OrganisationListing { closed: Some(day("2018-03-31")), ..ccg() };
    nobody()
        .when(list_body("2017-08-31", ccg()))
        .then(OrganisationEvent::OrganisationListed(OrganisationListed {
            as_of: day("2017-08-31"),
            listing: ccg(),
        }))
        .when(list_body(MAY, closed.clone()))
        .then(OrganisationEvent::OrganisationAmended(OrganisationAmended {
            as_of: day(MAY),
            listing: closed.clone(),
            changed: vec!["closed".into()],
        }))
        .when(list_body(NOVEMBER, closed))
        .then_nothing();
}

#[test]
fn a_code_listed_as_practice_and_as_something_else_keeps_both_sides() {
    let both = given::<Organisation>([listed(NOVEMBER, practice())])
        .when(list_body(MAY, ccg()))
        .then(OrganisationEvent::OrganisationListed(OrganisationListed { as_of: day(MAY), listing: ccg() }));
    assert_eq!(both.state().shows(&Withdrawn::NONE).practice.unwrap().value, practice());
    assert_eq!(both.state().shows(&Withdrawn::NONE).body.unwrap().value, ccg());
}

#[test]
fn memberships_are_kept_by_parent_and_day_in_any_order_of_rows() {
    let history = given::<Organisation>([listed(MAY, practice())])
        .when(member(MAY, "00K", "2013-04-01", None))
        .then(recorded(MAY, "00K", "2013-04-01", None))
        .when(member(MAY, "5E1", "2001-04-01", Some("2013-03-31")))
        .then(recorded(MAY, "5E1", "2001-04-01", Some("2013-03-31")))
        .when(member(MAY, "00K", "2013-04-01", None))
        .then_nothing();
    let known = history.state().shows(&Withdrawn::NONE).memberships;
    let parents: Vec<&str> = known.iter().map(|known| known.value.parent.as_str()).collect();
    assert_eq!(parents, ["5E1", "00K"]);
}

#[test]
fn a_membership_that_ends_is_recorded_again_with_its_end() {
    let ended = given::<Organisation>([listed(MAY, practice()), recorded(MAY, "99P", "2013-04-01", None)])
        .when(member(NOVEMBER, "99P", "2013-04-01", Some("2019-03-31")))
        .then(recorded(NOVEMBER, "99P", "2013-04-01", Some("2019-03-31")))
        .when(member(MAY, "99P", "2013-04-01", None))
        .then_refused("oldest first");
    assert_eq!(ended.state().shows(&Withdrawn::NONE).memberships.len(), 1);
}

#[test]
fn memberships_and_list_sizes_of_strangers_are_not_taken() {
    let size = Said::PublishListSize { as_of: day(MAY), registered_patients: 4114 };
    nobody().when(member(MAY, "00K", "2013-04-01", None)).then_refused("no practice file has listed");
    nobody().when(size).then_refused("no practice file has listed");
}

#[test]
fn a_list_size_is_published_when_it_differs() {
    let size =
        |as_of: &str, registered_patients| Said::PublishListSize { as_of: day(as_of), registered_patients };
    let published = |as_of: &str, registered_patients| {
        OrganisationEvent::ListSizePublished(ListSizePublished { as_of: day(as_of), registered_patients })
    };
    given::<Organisation>([listed(MAY, practice())])
        .when(size("2018-03-31", 4114))
        .then(published("2018-03-31", 4114))
        .when(size("2018-03-31", 4114))
        .then_nothing()
        .when(size("2019-03-31", 4114))
        .then_nothing()
        .when(size("2019-03-31", 4200))
        .then(published("2019-03-31", 4200))
        .when(size("2018-03-31", 4114))
        .then_refused("oldest first");
}

fn any_command() -> impl Strategy<Value = Said> {
    let day = (0..1000i32).prop_map(|days| Day::from_number(17_000 + days));
    (day, 0..4usize, 0..3u8, 0..3u32).prop_map(|(as_of, which, variant, number)| match which {
        0 => Said::ListPractice {
            as_of,
            listing: PracticeListing {
                name: format!("NAME {number}"),
                setting: PrescribingSetting(if variant == 0 { 0 } else { 4 }),
                ..practice()
            },
        },
        1 => Said::ListOrganisation {
            as_of,
            listing: OrganisationListing { name: format!("NAME {number}"), ..ccg() },
        },
        2 => Said::RecordMembership {
            as_of,
            membership: Membership {
                parent: code(["00K", "99P", "5E1"][variant as usize]),
                joined: Day::from_number(15_000),
                left: (number > 0).then(|| Day::from_number(15_000 + number as i32)),
            },
        },
        _ => Said::PublishListSize { as_of, registered_patients: number },
    })
}

proptest! {
    #[test]
    fn a_command_given_twice_leads_to_one_event_at_most(commands in proptest::collection::vec(any_command(), 0..40)) {
        let mut state = Organisation::default();
        let context = Context { time: "2020-01-01T12:00:00Z".parse().unwrap(), effective: Day::FIRST, actor: proto::Actor::system("test") };
        for (number, said) in commands.iter().enumerate() {
            let command = &Command::from(said.clone());
            let when = When { recorded: context.time, effective: context.effective, position: proto::Position(number as u64 + 1), correlation_id: None };
            if let Ok(Some(event)) = state.decide(command, &context) {
                state.evolve(&event, &when);
                prop_assert_eq!(state.decide(command, &context), Ok(None));
            }
        }
        let memberships = state.shows(&Withdrawn::NONE).memberships;
        prop_assert!(memberships.is_sorted_by_key(|known| (known.value.joined, known.value.parent)));
    }
}

/// A state after events that came with imports.
fn after(events: &[(OrganisationEvent, u128)]) -> Organisation {
    let mut state = Organisation::default();
    for (number, (event, import)) in events.iter().enumerate() {
        let when = When {
            recorded: "2020-01-01T12:00:00Z".parse().unwrap(),
            effective: Day::FIRST,
            position: proto::Position(number as u64 + 1),
            correlation_id: Some(Uuid::from_u128(*import)),
        };
        state.evolve(event, &when);
    }
    state
}

#[test]
fn what_a_withdrawn_import_said_is_as_if_it_had_not_been_said() {
    let context = Context {
        time: "2020-01-01T12:00:00Z".parse().unwrap(),
        effective: Day::FIRST,
        actor: proto::Actor::system("test"),
    };
    let renamed = PracticeListing { name: "RENAMED".into(), ..practice() };
    let state = after(&[
        (listed(MAY, practice()), 1),
        (amended(NOVEMBER, renamed.clone(), &["name"]), 2),
        (recorded(MAY, "00K", "2013-04-01", None), 2),
    ]);
    let mut withdrawn = Withdrawn::default();
    withdrawn.note(Uuid::from_u128(2), proto::Position(9));
    let withdrawn = Arc::new(withdrawn);
    let decide = |said: Said| state.decide(&Command { said, withdrawn: withdrawn.clone() }, &context);

    assert_eq!(state.shows(&withdrawn).practice.unwrap().value, practice());
    assert_eq!(state.shows(&withdrawn).memberships, []);
    // The same rows again are news, and a file older than the withdrawn one is not too old.
    let again = decide(Said::ListPractice { as_of: day(NOVEMBER), listing: renamed.clone() });
    assert_eq!(again, Ok(Some(amended(NOVEMBER, renamed.clone(), &["name"]))));
    let between = decide(Said::ListPractice { as_of: day("2018-06-30"), listing: renamed.clone() });
    assert_eq!(between, Ok(Some(amended("2018-06-30", renamed, &["name"]))));
    let membership = Membership { parent: code("00K"), joined: day("2013-04-01"), left: None };
    let again = decide(Said::RecordMembership { as_of: day(MAY), membership });
    assert_eq!(again, Ok(Some(recorded(MAY, "00K", "2013-04-01", None))));
}
