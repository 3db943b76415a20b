//! Who may do what: every role, every action, every relation; and who stands under whom.

use std::collections::BTreeMap;

use chassis::{
    access::{
        Action, Glass, Hierarchy, Holder, Policies, Principal, Resource, ServicePolicy, hierarchy::Register,
    },
    testing::land::{Told, body, recorded},
};
use jiff::Timestamp;
use oversight::synthetic::England;
use projection::{
    board::{Board, Footprint, Knowledge},
    facts::{Decoded, Facts},
};
use proto::{
    Actor, Day, OdsCode, PersonId, Position, Role, Service,
    organisations::{NetworkListed, NetworkListing, OrganisationEvent, OrganisationKind},
};
use uuid::Uuid;

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

/// Every service's policy, as one process has them.
fn policies() -> Policies {
    let all: [ServicePolicy; 9] = [
        chassis::service::PLATFORM,
        organisations::access::POLICY,
        assessments::access::POLICY,
        suppliers::access::POLICY,
        continuity::access::POLICY,
        onsite::access::POLICY,
        projection::access::POLICY,
        ::access::actions::POLICY,
        oversight::access::POLICY,
    ];
    Policies::of(&all).unwrap_or_else(|error| panic!("{error}"))
}

/// Bodies of kinds that the made-up England does not have: a board, a trust and a primary care network.
fn others() -> [Told; 3] {
    let listing = NetworkListing { name: "A NETWORK".into(), commissioner: None, opened: None, closed: None };
    let network = NetworkListed { as_of: "2018-03-01".parse().unwrap(), listing };
    [
        body("QE9", "A BOARD", OrganisationKind::LocalOffice),
        body("RXX", "A TRUST", OrganisationKind::Trust),
        (Service::Organisations, "U99001".to_owned(), OrganisationEvent::NetworkListed(network).into()),
    ]
}

/// A made-up England, and of it a practice with its relations.
struct Relations {
    hierarchy: Hierarchy,
    practice: OdsCode,
    /// Of the same CCG.
    neighbour: OdsCode,
    ccg: OdsCode,
    /// Of the same region.
    other_ccg: OdsCode,
    region: OdsCode,
    other_region: OdsCode,
    /// Of another region.
    stranger: OdsCode,
}

impl Relations {
    fn new() -> Self {
        let mut register = Register::default();
        let mut last = Position::START;
        for event in England::new(7).events() {
            last = last.next();
            register.note(last, &event.body);
        }
        assert!(register.is_synthetic());
        for told in others() {
            last = last.next();
            register.note(last, &recorded(&told).1);
        }
        let hierarchy = register.on("2021-01-01".parse().unwrap());
        let mut practices: Vec<OdsCode> =
            hierarchy.organisations().filter(|code| hierarchy.is_practice(*code)).collect();
        practices.sort_unstable();
        let practice = practices[0];
        let above = hierarchy.above(practice);
        let (ccg, region) = (above.commissioner.unwrap(), above.region.unwrap());
        let first = |wanted: &dyn Fn(OdsCode) -> bool| {
            *practices.iter().find(|code| **code != practice && wanted(**code)).unwrap()
        };
        let neighbour = first(&|other| hierarchy.above(other).commissioner == Some(ccg));
        let of_the_region = first(&|other| {
            let above = hierarchy.above(other);
            above.region == Some(region) && above.commissioner != Some(ccg)
        });
        let stranger = first(&|other| hierarchy.above(other).region.is_some_and(|other| other != region));
        Self {
            practice,
            neighbour,
            ccg,
            other_ccg: hierarchy.above(of_the_region).commissioner.unwrap(),
            region,
            other_region: hierarchy.above(stranger).region.unwrap(),
            stranger,
            hierarchy,
        }
    }

    /// Where a role may be held, and what stands to each place as child, sibling, parent and stranger.
    fn of(&self, role: Role) -> Vec<[Option<OdsCode>; 5]> {
        let england = Some(code(OdsCode::ENGLAND));
        let ccg = [
            Some(self.ccg),
            Some(self.practice),
            Some(self.other_ccg),
            Some(self.region),
            Some(self.stranger),
        ];
        let region =
            |child| [Some(self.region), Some(child), Some(self.other_region), england, Some(self.stranger)];
        match role {
            Role::PracticeLead => {
                vec![[Some(self.practice), None, Some(self.neighbour), Some(self.ccg), Some(self.stranger)]]
            }
            Role::CcgOfficer => vec![ccg],
            Role::RegionalLead => vec![region(self.practice), region(self.ccg)],
            // At a body that stands under no one here and has no one under it, and at a CCG, which buys and
            // may be a delivery partner, too.
            _ => vec![[Some(code("ZZ9")), None, None, england, Some(self.stranger)], ccg],
        }
    }
}

/// Who may do what of own, child, sibling, parent and foreign organisations: `o`, `c`, `s`, `p`, `f`.
/// Of the platform itself: `yes`. What is not in the table is refused. Everyone is everyone but programs that watch.
///
/// A CCG officer covers just the CCG's practices; comments, evidence and events are for those who stand
/// above alone; publishing and signing are the practice's own.
const TABLE: &str = "
access/break-glass             administrator yes
access/manage-accounts         administrator yes
access/manage-keys             administrator yes
access/move-demonstration-date administrator yes
access/revoke-own-key          practice-lead o | ccg-officer o | regional-lead o
access/see-own                 everyone yes
access/sign-in                 everyone yes | public yes
access/view-doors              administrator yes
access/view-history            practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf
access/view-holders            practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf | administrator ocspf | assessor o | buyer o | supplier o | nhs-improvement o
assessments/add-edition        nhs-digital yes | administrator yes
assessments/decide-centrally   nhs-digital yes
assessments/decide-plan        ccg-officer c | regional-lead c
assessments/do-work            practice-lead o | ccg-officer c
assessments/find               practice-lead yes | ccg-officer yes | regional-lead yes | nhs-digital yes
assessments/import             nhs-digital yes | administrator yes
assessments/publish            practice-lead o
assessments/read-editions      everyone yes
assessments/review-grade       ccg-officer c | regional-lead c
assessments/sign-statement     practice-lead o
assessments/view-work          practice-lead o | ccg-officer c | regional-lead c | nhs-digital ocspf
continuity/approve-plan        practice-lead o | ccg-officer o | assessor o
continuity/find                practice-lead yes | ccg-officer yes | regional-lead yes | assessor yes | nhs-digital yes
continuity/view-plan           practice-lead o | ccg-officer oc | regional-lead oc | assessor o | nhs-digital ocspf
continuity/work-on-plan        practice-lead o | ccg-officer oc | assessor o
log/read-central               practice-lead yes | ccg-officer yes | regional-lead yes | nhs-digital yes | administrator yes
log/read-events                practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf | administrator ocspf
log/read-feed                  practice-lead yes | ccg-officer yes | regional-lead yes | nhs-digital yes | administrator yes
onsite/assess                  assessor ocspf
onsite/close                   ccg-officer c | regional-lead c | nhs-digital ocspf
onsite/decide-plan             ccg-officer c | regional-lead c
onsite/find                    practice-lead yes | ccg-officer yes | regional-lead yes | assessor yes | nhs-digital yes
onsite/import                  assessor yes
onsite/plan                    practice-lead o | ccg-officer c
onsite/request                 ccg-officer c | regional-lead c | nhs-digital ocspf
onsite/respond                 practice-lead o
onsite/schedule                ccg-officer c | nhs-digital ocspf
onsite/subscribe               everyone yes | public yes
onsite/view                    practice-lead o | ccg-officer c | regional-lead c | assessor ocspf | nhs-digital ocspf
onsite/view-all                practice-lead o | ccg-officer c | regional-lead c | nhs-digital ocspf
onsite/withdraw-import         assessor yes | nhs-digital yes
organisations/import           nhs-digital yes | administrator yes
organisations/list             everyone yes
organisations/view             practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf | nhs-improvement ocspf | administrator ocspf | assessor oc | buyer oc | supplier oc
platform/describe-api          everyone yes | public yes | monitor yes
platform/load-assets           everyone yes | public yes
platform/probe                 everyone yes | public yes | monitor yes
platform/read-content          practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf
platform/read-metrics          administrator yes | monitor yes
projection/follow              everyone yes
projection/look-up-status      everyone yes | public yes
projection/rebuild             administrator yes
projection/search              everyone yes
projection/view-area           practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf | nhs-improvement ocspf | administrator ocspf
projection/view-causes         practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf
projection/view-found          practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf
projection/view-practice       practice-lead o | ccg-officer oc | regional-lead oc | nhs-digital ocspf | nhs-improvement ocspf | administrator ocspf
projection/view-set-aside      nhs-digital yes | administrator yes
projection/view-state          everyone yes
suppliers/agree-gap-plan       practice-lead o | buyer o | ccg-officer oc
suppliers/check                practice-lead o | buyer o | ccg-officer oc
suppliers/import               nhs-digital yes | administrator yes
suppliers/keep-record          supplier yes | nhs-digital yes
suppliers/look-up              everyone yes | public yes
suppliers/review               nhs-digital yes | administrator yes
suppliers/see-reliance         practice-lead yes | buyer yes | ccg-officer yes | regional-lead yes | nhs-digital yes
suppliers/state-coverage       practice-lead yes | buyer yes | ccg-officer yes | regional-lead yes | supplier yes | nhs-digital yes
suppliers/view-purchases       practice-lead o | buyer o | ccg-officer oc | regional-lead oc | nhs-digital ocspf
";

/// Role (`public`: no one) to what the table grants it, for every action.
fn table() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut table = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let (action, grants) = line.split_once(' ').unwrap();
        let mut granted = BTreeMap::new();
        for grant in grants.split('|') {
            let (role, what) = grant.trim().split_once(' ').unwrap();
            let roles = if role == "everyone" {
                let of_people = Role::ALL.iter().filter(|role| !role.is_for_programs());
                of_people.map(|role| role.name().to_owned()).collect()
            } else {
                vec![role.to_owned()]
            };
            granted.extend(roles.into_iter().map(|role| (role, what.trim().to_owned())));
        }
        table.insert(action.to_owned(), granted);
    }
    table
}

#[test]
fn every_role_may_do_what_the_table_says_of_every_relation_and_nothing_else() {
    let (policies, relations, table) = (policies(), Relations::new(), table());
    let now: Timestamp = "2021-01-01T12:00:00Z".parse().unwrap();
    let declared: Vec<String> = policies.actions().iter().map(ToString::to_string).collect();
    assert_eq!(declared, table.keys().cloned().collect::<Vec<_>>(), "every action stands in the table");

    let mut wrong = Vec::new();
    let mut asked = 0;
    for action in policies.actions() {
        let granted = &table[&action.to_string()];
        for role in Role::ALL.into_iter().map(Some).chain([None]) {
            let name = role.map_or("public", Role::name);
            let granted = granted.get(name).map_or("", String::as_str);
            for others in relations.of(role.unwrap_or(Role::Buyer)) {
                let principal = match role {
                    None => Principal::Public,
                    Some(role) => Principal::Holder(Holder {
                        actor: Actor::system("test"),
                        role,
                        organisation: others[0].unwrap(),
                        session: None,
                        glass: None,
                    }),
                };
                let is_of_platform = table[&action.to_string()].values().any(|what| what == "yes");
                let mut may = |resource| {
                    asked += 1;
                    policies.permit(&principal, action, resource, &relations.hierarchy, now)
                };
                let here: Vec<(char, OdsCode)> = "ocspf"
                    .chars()
                    .zip(others)
                    .filter_map(|(letter, other)| Some((letter, other?)))
                    .collect();
                let (found, should) = if is_of_platform {
                    (
                        if may(Resource::Platform) { "yes".to_owned() } else { String::new() },
                        granted.to_owned(),
                    )
                } else {
                    let found = here.iter().filter(|(_, code)| may(Resource::Organisation(*code)));
                    let should = here.iter().filter(|(letter, _)| granted.contains(*letter));
                    let letters =
                        |of: Vec<&(char, OdsCode)>| of.into_iter().map(|(letter, _)| *letter).collect();
                    (letters(found.collect()), letters(should.collect()))
                };
                if found != should {
                    let at = others[0].unwrap();
                    wrong.push(format!("{action}: {name} at {at} may “{found}”, and should “{should}”"));
                }
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One organisation of every kind, with the letter of the kind.
fn one_of_each_kind(relations: &Relations) -> Vec<(char, OdsCode)> {
    vec![
        ('p', relations.practice),
        ('n', code("U99001")),
        ('c', relations.ccg),
        ('b', code("QE9")),
        // Local offices ended in 2020, and are listed all the same.
        ('o', code("Q50")),
        ('g', relations.region),
        ('e', code(OdsCode::ENGLAND)),
        ('y', code("X26")),
        ('t', code("RXX")),
        ('x', code("ZZPARTNER")),
        // Of which no file tells.
        ('?', code("ZZ9")),
    ]
}

/// At which kinds each role is held: `p`ractice, `n`etwork, `c`ommissioner, `b`oard, local `o`ffice, re`g`ion,
/// `e`ngland, national bod`y`, `t`rust, other (`x`); what is not known (`?`) is not refused.
const HELD_AT: [(Role, &str); 9] = [
    (Role::PracticeLead, "p?"),
    (Role::CcgOfficer, "ncb?"),
    (Role::RegionalLead, "og?"),
    (Role::Assessor, "cbtx?"),
    (Role::NhsDigital, "eyx?"),
    (Role::NhsImprovement, "eyx?"),
    (Role::Buyer, "pncbogytx?"),
    (Role::Supplier, "tx?"),
    (Role::Administrator, "pncbogeytx?"),
];

/// Every role at every kind of organisation: where it is not held it opens nothing, and where it is, it may do of every
/// organisation of every kind what the table says of the relation between the two, and nothing else.
#[test]
fn every_role_at_every_kind_of_organisation_may_do_what_the_table_says_or_nothing() {
    let (policies, relations, table) = (policies(), Relations::new(), table());
    let now: Timestamp = "2021-01-01T12:00:00Z".parse().unwrap();
    let hierarchy = &relations.hierarchy;
    let places = one_of_each_kind(&relations);
    let mut resources: Vec<OdsCode> = places.iter().map(|(_, code)| *code).collect();
    resources.extend([relations.neighbour, relations.stranger, relations.other_ccg, relations.other_region]);
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (role, held_at) in HELD_AT {
        for (kind, at) in &places {
            let fits = hierarchy.check(role, *at);
            if fits.is_ok() != held_at.contains(*kind) {
                wrong.push(format!("{role} at {at} ({kind}): {fits:?}"));
            }
            if fits.is_err() {
                continue;
            }
            let holder = Holder::person(PersonId(Uuid::nil()), role, *at);
            let principal = Principal::Holder(holder);
            for action in policies.actions() {
                let granted = &table[&action.to_string()];
                if granted.values().any(|what| what == "yes") {
                    continue;
                }
                let granted = granted.get(role.name()).map_or("", String::as_str);
                for resource in &resources {
                    let relation = match () {
                        () if resource == at => 'o',
                        () if hierarchy.is_under(*resource, *at) => 'c',
                        () => 's',
                    };
                    asked += 1;
                    let may = policies.permit(
                        &principal,
                        action,
                        Resource::Organisation(*resource),
                        hierarchy,
                        now,
                    );
                    if may != granted.contains(relation) {
                        wrong.push(format!("{action} of {resource}: {role} at {at} ({kind}): {may}"));
                    }
                }
            }
        }
    }
    assert!(asked > 5_000, "{asked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What no one has a code for is no one's, but for those who see all of England.
#[test]
fn what_is_no_code_is_found_by_nobody_who_does_not_see_everything() {
    let (policies, relations) = (policies(), Relations::new());
    let now: Timestamp = "2021-01-01T12:00:00Z".parse().unwrap();
    let view = Action::new("projection", "view-practice");
    for role in Role::ALL {
        let organisation = relations.of(role)[0][0].unwrap();
        let holder = Holder { actor: Actor::system("test"), role, organisation, session: None, glass: None };
        let may = |resource| {
            policies.permit(&Principal::Holder(holder.clone()), view, resource, &relations.hierarchy, now)
        };
        assert_eq!(may(Resource::NoCode), may(Resource::Organisation(relations.stranger)), "{role}");
    }
}

/// A practice that moves is its new CCG's from the day it joins, and not before.
#[test]
fn a_practice_is_covered_by_the_ccg_it_belongs_to_today() {
    let mut register = Register::default();
    for (number, event) in (1..).zip(England::new(7).events()) {
        register.note(Position(number), &event.body);
    }
    let far_apart: Vec<Hierarchy> =
        ["2014-01-01", "2021-01-01"].map(|day| register.on(day.parse().unwrap())).into();
    let moved = far_apart[0].organisations().find(|code| {
        let [then, now] = [0, 1].map(|at| far_apart[at].above(*code).commissioner);
        far_apart[0].is_practice(*code) && then.is_some() && now.is_some() && then != now
    });
    let moved = moved.expect("some practice of the made-up England moves");
    let [then, now] = [0, 1].map(|at| far_apart[at].above(moved).commissioner.unwrap());
    assert!(far_apart[0].is_under(moved, then) && !far_apart[0].is_under(moved, now));
    assert!(far_apart[1].is_under(moved, now) && !far_apart[1].is_under(moved, then));
}

/// The hierarchy by which people are let see practices is that by which practices are counted.
pub fn assert_same_hierarchy(events: &[(Position, bytes::Bytes)], today: Day) {
    let (mut facts, mut register) = (Facts::default(), Register::default());
    for (position, body) in events {
        facts.gather(Decoded::read(*position, body));
        register.note(*position, body);
    }
    let board = Board::build(&facts, Knowledge::ALL, today);
    let hierarchy = register.on(today);
    let mut compared = 0;
    let mut wrong = Vec::new();
    for practice in board.practices.iter() {
        let Some((ccg, place)) = practice.now else { continue };
        let above = hierarchy.above(practice.code);
        compared += 1;
        let network = board.network_of(practice, Footprint::Now, today);
        let counted = (Some(ccg), place.local_office, place.region, network);
        if (above.commissioner, above.local_office, above.region, above.network) != counted {
            wrong.push(format!("{}: counted in {counted:?}, seen in {above:?}", practice.code));
        }
    }
    for area in board.areas.iter().filter(|area| area.kind == projection::board::AreaKind::Ccg) {
        if board.members(area, Footprint::Now, today).next().is_none() {
            continue;
        }
        let place = board.place_of(area.code, Footprint::Now, today);
        let above = hierarchy.above(area.code);
        compared += 1;
        if (above.local_office, above.region) != (place.local_office, place.region) {
            wrong.push(format!("{}: counted in {place:?}, seen in {above:?}", area.code));
        }
    }
    for area in board.areas.iter().filter(|area| area.kind == projection::board::AreaKind::Network) {
        let commissioner = board.commissioner_of(area, Footprint::Now, today);
        let above = hierarchy.above(area.code);
        compared += 1;
        if above.commissioner != commissioner {
            wrong.push(format!("{}: counted in {commissioner:?}, seen in {above:?}", area.code));
        }
    }
    assert!(compared > 5, "{compared}");
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn one_sees_the_practices_that_stand_in_ones_figures() {
    let events: Vec<_> = (1..).map(Position).zip(England::new(7).events().map(|event| event.body)).collect();
    for day in ["2014-06-30", "2018-03-31", "2019-04-01", "2021-01-01"] {
        assert_same_hierarchy(&events, day.parse().unwrap());
    }
}

/// Broken glass opens one practice's work, for as long as was said, and nothing else.
#[test]
fn broken_glass_opens_one_practice_for_a_while() {
    let (policies, relations) = (policies(), Relations::new());
    let now: Timestamp = "2021-01-01T12:00:00Z".parse().unwrap();
    let until: Timestamp = "2021-01-01T13:00:00Z".parse().unwrap();
    let glass = Glass { organisation: relations.practice, until };
    let administrator = Principal::Holder(Holder {
        actor: Actor::system("test"),
        role: Role::Administrator,
        organisation: code("X26"),
        session: None,
        glass: Some(glass),
    });
    let may = |action, organisation, now| {
        let action = Action::new("assessments", action);
        policies.permit(
            &administrator,
            action,
            Resource::Organisation(organisation),
            &relations.hierarchy,
            now,
        )
    };
    assert!(may("view-work", relations.practice, now));
    assert!(!may("view-work", relations.practice, until), "the hour is over");
    assert!(!may("view-work", relations.neighbour, now), "another practice");
    assert!(!may("do-work", relations.practice, now), "to look, not to do");
    let reads = |organisation, now| {
        let resource = Resource::Organisation(organisation);
        policies.permit(&administrator, chassis::access::READ_CONTENT, resource, &relations.hierarchy, now)
    };
    assert!(reads(relations.practice, now) && !reads(relations.practice, until), "nor in the event feed");
    assert!(!reads(relations.neighbour, now) && !reads(code(OdsCode::ENGLAND), now));
}
