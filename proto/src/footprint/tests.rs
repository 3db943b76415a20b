use proptest::prelude::*;

use super::*;

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

fn day(number: u8) -> Day {
    "2018-01-01".parse::<Day>().unwrap().plus_days(i32::from(number))
}

/// A practice open all its life, as a file of a day shows it with a commissioner.
fn shown(as_of: u8, commissioner: Option<&str>) -> Shown {
    Shown {
        position: Position(u64::from(as_of)),
        as_of: day(as_of),
        place: Place { region: Some(code("Y54")), local_office: Some(code("Q70")) },
        is_practice: true,
        status: OdsStatus::Active,
        opened: None,
        closed: None,
        commissioner: commissioner.map(code),
        joined: None,
    }
}

fn span(from: Day, to: Day) -> Span {
    Span { from, to }
}

#[test]
fn a_practice_operates_from_its_opening_to_its_closing() {
    let open = Shown { opened: Some(day(3)), closed: Some(day(9)), ..shown(1, None) };
    assert_eq!(operating(&[open]), [span(day(3), day(9))]);
    assert_eq!(operating(&[shown(1, None)]), [span(Day::FIRST, Day::LAST)]);
    assert_eq!(operating(&[]), []);
}

#[test]
fn dormant_counts_from_the_file_that_shows_it_and_active_again_from_the_next() {
    let dormant = Shown { status: OdsStatus::Dormant, ..shown(10, None) };
    assert_eq!(
        operating(&[shown(1, None), dormant, shown(20, None)]),
        [span(Day::FIRST, day(9)), span(day(20), Day::LAST)]
    );
    // Another setting is as good as dormant; and what never was active never operated.
    let elsewhere = Shown { is_practice: false, ..shown(10, None) };
    assert_eq!(operating(&[shown(1, None), elsewhere]), [span(Day::FIRST, day(9))]);
    assert_eq!(operating(&[dormant, elsewhere]), []);
    // Dormant at first: active from the file that shows it so. Proposed says nothing against the open date.
    assert_eq!(operating(&[dormant, shown(20, None)]), [span(day(20), Day::LAST)]);
    let proposed = Shown { status: OdsStatus::Proposed, ..shown(10, None) };
    assert_eq!(operating(&[proposed, shown(20, None)]), [span(Day::FIRST, Day::LAST)]);
}

#[test]
fn closed_without_a_day_counts_from_the_file_and_with_one_from_the_day() {
    let closed = Shown { status: OdsStatus::Closed, ..shown(10, None) };
    assert_eq!(operating(&[shown(1, None), closed]), [span(Day::FIRST, day(9))]);
    let dated = Shown { closed: Some(day(5)), ..closed };
    assert_eq!(operating(&[shown(1, None), dated]), [span(Day::FIRST, day(5))]);
}

#[test]
fn the_first_link_reaches_back_and_of_two_of_one_day_the_later_file_is_right() {
    let stay = |from, commissioner, position, known| Stay {
        from,
        commissioner: code(commissioner),
        position: Position(position),
        known,
    };
    // The second file shows another commissioner and does not say since when.
    assert_eq!(
        stays(&[shown(1, Some("01A")), shown(8, Some("02B"))], []),
        [
            stay(Day::FIRST, "01A", 1, Known::ReachingBack),
            stay(day(1), "01A", 1, Known::Dated),
            stay(day(8), "02B", 8, Known::Dated),
        ]
    );
    let joined = Shown { joined: Some(day(3)), ..shown(8, Some("02B")) };
    let history = |as_of, parent| Link {
        position: Position(99),
        as_of: day(as_of),
        parent: code(parent),
        joined: day(3),
    };
    let last = |links: Vec<Link>| stays(&[shown(1, Some("01A")), joined], links).pop().unwrap();
    assert_eq!(last(vec![history(7, "03C")]).commissioner, code("02B"));
    assert_eq!(last(vec![history(8, "03C")]).commissioner, code("03C"));
    assert_eq!(stays(&[shown(1, None)], []), []);
}

#[test]
fn a_merged_commissioner_counts_where_most_of_its_practices_went() {
    let stays = |codes: &[(u8, &str)]| -> Vec<Stay> {
        let each = codes.iter().map(|(from, to)| Stay {
            from: day(*from),
            commissioner: code(to),
            position: Position(1),
            known: Known::Dated,
        });
        each.collect()
    };
    let practices = [
        (code("02B"), stays(&[(0, "01A"), (5, "02B")])),
        // There and back again counts once.
        (code("03C"), stays(&[(0, "01A"), (1, "03C"), (2, "01A"), (5, "03C")])),
        (code("02B"), stays(&[(0, "01A"), (5, "02B")])),
        // Yet to come.
        (code("03C"), stays(&[(0, "03C"), (50, "04D")])),
    ];
    let heirs = Heirs::of(practices.iter().map(|(now, stays)| (*now, stays.as_slice())), day(10));
    assert_eq!(heirs.of_commissioner(code("01A")), code("02B"));
    for other in ["02B", "03C", "04D", "05E"] {
        assert_eq!(heirs.of_commissioner(code(other)), code(other), "{other}");
    }
}

#[test]
fn wales_is_told_by_region_code_or_commissioner() {
    let listing = |region: Option<&str>, commissioner: &str| PracticeListing {
        name: "EXAMPLE SURGERY".into(),
        region: region.map(code),
        local_office: None,
        address: vec![],
        postcode: String::new(),
        telephone: String::new(),
        opened: None,
        closed: None,
        status: OdsStatus::Active,
        setting: crate::organisations::PrescribingSetting::GENERAL_PRACTICE,
        commissioner: Some(code(commissioner)),
        joined: None,
        left: None,
    };
    let english = |practice: &str, region, commissioner| {
        let shown = Shown::of(Position(1), day(1), code(practice), &listing(region, commissioner));
        shown.is_practice()
    };
    assert!(english("A99001", Some("Y58"), "11J"));
    assert!(english("A99001", None, "W2U3Z"), "an English code of today");
    assert!(english("Y99001", None, "7A8"), "no board of Wales");
    assert!(!english("A99001", Some("W00"), "11J"));
    assert!(!english("W99001", None, "11J"));
    assert!(!english("A99001", Some("Y58"), "7A4"));
}

#[test]
fn one_shown_only_closed_operated_between_its_own_dates() {
    let closed = Shown { status: OdsStatus::Closed, closed: Some(day(9)), ..shown(20, Some("01A")) };
    assert_eq!(operating(&[closed]), [span(Day::FIRST, day(9))]);
    let opened = Shown { opened: Some(day(3)), ..closed };
    assert_eq!(operating(&[opened]), [span(day(3), day(9))]);
    // A later file corrects the date; one that shows it open again begins on its own date.
    let corrected = Shown { as_of: day(30), closed: Some(day(11)), ..opened };
    assert_eq!(operating(&[opened, corrected]), [span(day(3), day(11))]);
    assert_eq!(operating(&[opened, shown(30, None)]), [span(day(3), day(9)), span(day(30), Day::LAST)]);
    // Without a date, or not as a practice, nothing is known.
    let undated = Shown { closed: None, ..opened };
    assert_eq!(operating(&[undated]), []);
    assert_eq!(operating(&[Shown { is_practice: false, ..opened }]), []);
    assert_eq!(stays(&[opened], [])[0].commissioner, code("01A"));
}

#[test]
fn what_a_file_showed_of_a_code_before_it_became_a_practice_counts() {
    let elsewhere = Shown { is_practice: false, ..shown(10, Some("01A")) };
    assert_eq!(operating(&[elsewhere, shown(20, Some("01A"))]), [span(day(20), Day::LAST)]);
    let proposed = Shown { status: OdsStatus::Proposed, ..elsewhere };
    assert_eq!(operating(&[proposed, shown(20, None)]), [span(day(20), Day::LAST)]);
    let closed = Shown { status: OdsStatus::Closed, closed: Some(day(15)), ..shown(20, None) };
    assert_eq!(operating(&[elsewhere, closed]), []);
}

#[test]
fn a_link_holds_on_the_date_of_the_file_that_shows_it() {
    let on = |stays: &[Stay], number: u8| stay_on(stays, day(number)).unwrap().commissioner;
    let first = Shown { joined: Some(day(2)), ..shown(10, Some("01A")) };
    // A later file says that it joined another before that date.
    for joined in [1, 5, 10] {
        let second = Shown { joined: Some(day(joined)), ..shown(20, Some("02B")) };
        let stays = stays(&[first, second], []);
        assert_eq!((on(&stays, 5), on(&stays, 10)), (code("01A"), code("01A")), "{joined}");
        assert_eq!((on(&stays, 11), on(&stays, 20)), (code("02B"), code("02B")), "{joined}");
    }
    let second = Shown { joined: Some(day(15)), ..shown(20, Some("02B")) };
    let moved = stays(&[first, second], []);
    assert_eq!((on(&moved, 14), on(&moved, 15)), (code("01A"), code("02B")));

    // Nor does a later history; an earlier one gives way to the file.
    let history = |as_of, parent, joined| Link {
        position: Position(as_of),
        as_of: day(u8::try_from(as_of).unwrap()),
        parent: code(parent),
        joined: day(joined),
    };
    let later = stays(&[first], [history(30, "03C", 5)]);
    assert_eq!((on(&later, 10), on(&later, 11)), (code("01A"), code("03C")));
    let earlier = stays(&[first], [history(3, "03C", 5)]);
    assert_eq!((on(&earlier, 9), on(&earlier, 10)), (code("03C"), code("01A")));
    // What a history tells of days between two files stays; a board of Wales is no one's here.
    let between = [history(30, "03C", 5), history(30, "01A", 8), history(30, "7A4", 9)];
    let between = stays(&[first], between);
    assert_eq!(
        (on(&between, 6), on(&between, 10), on(&between, 11)),
        (code("03C"), code("01A"), code("01A"))
    );
}

#[test]
fn a_practice_lies_where_its_row_says_until_its_commissioner_moves() {
    let here = Place { region: Some(code("Y54")), local_office: Some(code("Q70")) };
    let there = Place { region: Some(code("Y55")), local_office: Some(code("Q71")) };
    let blank = Place::default();
    let (far, near) = (Shown { place: there, ..shown(5, Some("01A")) }, shown(5, Some("01A")));
    let all = [vec![near], vec![near], vec![far]];
    let places = Places::of(all.iter().map(Vec::as_slice), std::iter::empty(), Successions::default());
    let at =
        |shown: &[Shown], places: &Places, number| place_on(shown, &stays(shown, []), places, day(number)).1;
    assert_eq!(places.on(code("01A"), day(5)).0, here);
    assert_eq!((at(&[far], &places, 5), at(&[near], &places, 5)), (there, here));
    assert_eq!(at(&[far], &places, 4), here, "before its own row it lies where the commissioner does");

    let given = BodyShown { as_of: day(8), kind: OrganisationKind::Ccg, place: here };
    let places = Places::of(
        all.iter().map(Vec::as_slice),
        [(code("01A"), vec![given])].into_iter(),
        Successions::default(),
    );
    assert_eq!((at(&[far], &places, 7), at(&[far], &places, 8)), (there, here));

    // Those that say nothing count where they are more than name any one.
    let silent = Shown { place: blank, ..near };
    let all = [vec![silent], vec![silent], vec![far]];
    let places = Places::of(all.iter().map(Vec::as_slice), std::iter::empty(), Successions::default());
    assert_eq!(places.on(code("01A"), day(5)).0, blank);
    assert_eq!(at(&[far], &places, 5), there);
}

#[test]
fn a_practice_lies_in_the_successor_of_its_board_however_old_its_file_is() {
    let lies_in = |office: &str, commissioner: &str, on: &str| {
        let place = Place { region: Some(code("Y56")), local_office: Some(code(office)) };
        let shown = [Shown { place, ..shown(5, Some(commissioner)) }];
        let places =
            Places::of([shown.as_slice()].into_iter(), std::iter::empty(), Successions::shipped().clone());
        let (stays, on) = (stays(&shown, []), on.parse().unwrap());
        let placed = placed(&operating(&shown), &shown, &stays, &places, &[]);
        let of_day = placed.iter().find(|placed| placed.span.has(on)).unwrap();
        assert_eq!(of_day.place, place_on(&shown, &stays, &places, on).1, "counted and covered alike");
        assert_eq!(of_day.place.local_office, places.on(code(commissioner), on).0.local_office);
        assert_eq!(of_day.place.region, Some(code("Y56")));
        of_day.place.local_office.map(|office| office.to_string())
    };
    let office = |code: &str| Some(code.to_owned());
    // Local offices ended when partnerships came; what a file of before says tells nothing of these.
    assert_eq!(lies_in("Q70", "01A", "2020-03-31"), office("Q70"));
    assert_eq!(lies_in("Q70", "01A", "2020-04-01"), None);
    assert_eq!(lies_in("QMJ", "93C", "2026-03-31"), office("QMJ"));
    assert_eq!(lies_in("QMJ", "93C", "2026-04-01"), office("Z9B2Z"));
    assert_eq!(lies_in("QM7", "07H", "2026-04-01"), office("D7T5G"));
    assert_eq!(lies_in("QNQ", "D4U1Y", "2026-03-31"), office("QNQ"));
    assert_eq!(lies_in("QNQ", "D4U1Y", "2026-04-01"), None);
}

type Dated = BTreeMap<OdsCode, BTreeMap<Day, Place>>;

/// The obvious way: for every date of a file, ask every practice what its latest row by then says.
fn slowly(practices: &[Vec<Shown>], given: &[(OdsCode, Vec<BodyShown>)]) -> Dated {
    let dates: std::collections::BTreeSet<Day> =
        practices.iter().flatten().map(|shown| shown.as_of).collect();
    let mut dated = Dated::new();
    for date in &dates {
        let mut said: BTreeMap<OdsCode, Vec<Place>> = BTreeMap::new();
        for shown in practices {
            let latest = shown.iter().rfind(|shown| shown.as_of <= *date);
            if let Some((commissioner, place)) = latest.and_then(Shown::names) {
                said.entry(commissioner).or_default().push(place);
            }
        }
        // Of the codes and of those that say nothing the most frequent; a code before nothing.
        let most = |said: Vec<Option<OdsCode>>| {
            let count = |one: Option<OdsCode>| said.iter().filter(|other| **other == one).count();
            let key = |one: Option<OdsCode>| (count(one), one.is_some(), Reverse(one));
            said.iter().copied().max_by_key(|one| key(*one)).flatten()
        };
        for (commissioner, places) in said {
            let place = Place {
                region: most(places.iter().map(|place| place.region).collect()),
                local_office: most(places.iter().map(|place| place.local_office).collect()),
            };
            dated.entry(commissioner).or_default().insert(*date, place);
        }
    }
    let witnessed = dated.clone();
    for (commissioner, shown) in given {
        for shown in shown.iter().filter(|shown| shown.place != Place::default()) {
            let same_day = witnessed.get(commissioner).and_then(|dated| dated.get(&shown.as_of));
            let place = shown.place.or(same_day.copied().unwrap_or_default());
            dated.entry(*commissioner).or_default().insert(shown.as_of, place);
        }
    }
    dated
}

fn slowly_on(dated: &Dated, commissioner: OdsCode, day: Day) -> (Place, Known) {
    let Some(dated) = dated.get(&commissioner) else { return (Place::default(), Known::ReachingBack) };
    match dated.range(..=day).next_back() {
        Some((_, place)) => (*place, Known::Dated),
        None => (*dated.values().next().unwrap(), Known::ReachingBack),
    }
}

const COMMISSIONERS: [&str; 3] = ["01A", "02B", "03C"];
const DAYS: u8 = 12;

fn place() -> impl Strategy<Value = Place> {
    let region = proptest::option::weighted(0.8, proptest::sample::select(vec!["Y54", "Y55", "Y56"]));
    let office = proptest::option::weighted(0.8, proptest::sample::select(vec!["Q70", "Q71"]));
    (region, office)
        .prop_map(|(region, office)| Place { region: region.map(code), local_office: office.map(code) })
}

/// One practice, as the files of some days show it.
fn practice() -> impl Strategy<Value = Vec<Shown>> {
    let commissioner = proptest::option::weighted(0.9, proptest::sample::select(COMMISSIONERS.to_vec()));
    let row = (0..DAYS, commissioner, place(), proptest::bool::weighted(0.85));
    proptest::collection::vec(row, 0..5).prop_map(|mut rows| {
        rows.sort_by_key(|(as_of, ..)| *as_of);
        let each = rows.into_iter().zip(1..).map(|((as_of, commissioner, place, active), number)| Shown {
            position: Position(number),
            place,
            status: if active { OdsStatus::Active } else { OdsStatus::Dormant },
            ..shown(as_of, commissioner)
        });
        each.collect()
    })
}

fn body() -> impl Strategy<Value = Vec<BodyShown>> {
    // A body stands in a file of a date once.
    proptest::collection::btree_map(0..DAYS, place(), 0..4).prop_map(|rows| {
        let kind = OrganisationKind::Ccg;
        rows.into_iter().map(|(as_of, place)| BodyShown { as_of: day(as_of), kind, place }).collect()
    })
}

proptest! {
    /// What is worked out from the changes alone is what asking everyone about every file gives.
    #[test]
    fn places_are_those_of_the_slow_way(
        practices in proptest::collection::vec(practice(), 0..8),
        bodies in proptest::collection::vec(body(), 2),
    ) {
        let given: Vec<_> = COMMISSIONERS.into_iter().map(code).zip(bodies).collect();
        let places = Places::of(
            practices.iter().map(Vec::as_slice), given.iter().cloned(), Successions::default(),
        );
        let slow = slowly(&practices, &given);
        for commissioner in COMMISSIONERS.into_iter().map(code) {
            for number in 0..DAYS + 1 {
                let expected = slowly_on(&slow, commissioner, day(number));
                prop_assert_eq!(places.on(commissioner, day(number)), expected, "{} {}", commissioner, number);
            }
            prop_assert_eq!(places.on(commissioner, Day::FIRST), slowly_on(&slow, commissioner, Day::FIRST));
        }
    }
}
