//! Who may do what, by the policy as it is shipped.

use chassis::{
    Action,
    access::{
        Glass, Holder, Policies, Principal, Resource,
        hierarchy::{Hierarchy, Register},
    },
    testing::land::recorded,
};
use proto::{Position, Role};

use crate::{server::organisations, support::*};

const VIEW: &str = "view-plan";
const WORK: &str = "work-on-plan";
const APPROVE: &str = "approve-plan";

/// What of the three somebody may do, in this order.
fn may(hierarchy: &Hierarchy, principal: &Principal, organisation: &str) -> [bool; 3] {
    let policies = Policies::of(&[continuity::access::POLICY]).unwrap();
    [VIEW, WORK, APPROVE].map(|name| {
        let action = Action::new("continuity", name);
        assert!(policies.knows(action));
        let resource = Resource::Organisation(code(organisation));
        policies.permit(principal, action, resource, hierarchy, "2018-03-01T12:00:00Z".parse().unwrap())
    })
}

fn hierarchy() -> Hierarchy {
    let mut register = Register::default();
    for (told, position) in organisations().iter().zip(1..) {
        register.note(Position(position), &recorded(told).1);
    }
    register.on(day("2018-03-01"))
}

fn holder(role: Role, organisation: &str) -> Principal {
    Principal::Holder(Holder::person(person(9), role, code(organisation)))
}

#[test]
fn each_does_what_is_theirs_and_nothing_else() {
    const ALL: [bool; 3] = [true, true, true];
    const HELP: [bool; 3] = [true, true, false];
    const SEE: [bool; 3] = [true, false, false];
    const NOTHING: [bool; 3] = [false, false, false];
    let hierarchy = hierarchy();
    for (role, at, organisation, expected) in [
        (Role::PracticeLead, PRACTICE, PRACTICE, ALL),
        (Role::PracticeLead, PRACTICE, "A81002", NOTHING),
        (Role::PracticeLead, PRACTICE, "00K", NOTHING),
        (Role::PracticeLead, PRACTICE, PARTNER, NOTHING),
        (Role::CcgOfficer, "00K", PRACTICE, HELP),
        (Role::CcgOfficer, "00K", "00K", ALL),
        (Role::CcgOfficer, "00K", PARTNER, NOTHING),
        (Role::CcgOfficer, "15E", PRACTICE, NOTHING),
        (Role::RegionalLead, "Y54", PRACTICE, SEE),
        (Role::RegionalLead, "Y54", "00K", SEE),
        (Role::RegionalLead, "Y54", PARTNER, NOTHING),
        (Role::RegionalLead, "Y55", PRACTICE, NOTHING),
        (Role::Assessor, PARTNER, PARTNER, ALL),
        (Role::Assessor, PARTNER, PRACTICE, NOTHING),
        (Role::NhsDigital, "X26", PRACTICE, SEE),
        (Role::NhsDigital, "X26", PARTNER, SEE),
        (Role::NhsImprovement, "RZ1", PRACTICE, NOTHING),
        (Role::Buyer, PRACTICE, PRACTICE, NOTHING),
        (Role::Supplier, PARTNER, PARTNER, NOTHING),
        (Role::Administrator, PRACTICE, PRACTICE, NOTHING),
    ] {
        let allowed = may(&hierarchy, &holder(role, at), organisation);
        assert_eq!(allowed, expected, "{role:?} at {at} of {organisation}");
    }
    assert_eq!(may(&hierarchy, &Principal::Public, PRACTICE), NOTHING);
}

#[test]
fn broken_glass_opens_one_plan_to_be_seen() {
    let hierarchy = hierarchy();
    let mut officer = Holder::person(person(9), Role::CcgOfficer, code("15E"));
    let until = "2018-03-01T13:00:00Z".parse().unwrap();
    officer.glass = Some(Glass { organisation: code(PRACTICE), until });
    let officer = Principal::Holder(officer);
    assert_eq!(may(&hierarchy, &officer, PRACTICE), [true, false, false]);
    assert_eq!(may(&hierarchy, &officer, "A81002"), [false, false, false]);
}
