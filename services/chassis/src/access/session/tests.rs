//! What opens a session, and what does not.

use super::{
    keys::{SEED_BYTES, SHARED_BYTES},
    *,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn session(now: Timestamp) -> Session {
    let person = PersonId(ids::fresh());
    Session::begin(person, Role::PracticeLead, "A81001".parse().unwrap(), SignInWay::Password, now)
}

fn headers(cookies: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let line = format!("a=b; {}; c=d", cookies.join("; "));
    headers.insert(header::COOKIE, HeaderValue::from_str(&line).unwrap());
    headers
}

/// The cookies of these headers, as a browser sends them.
fn pairs(set: &[HeaderValue]) -> Vec<String> {
    set.iter().map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

fn signing(seeds: &[u8]) -> SigningKeys {
    let seeds: Vec<[u8; SEED_BYTES]> = seeds.iter().map(|seed| [*seed; SEED_BYTES]).collect();
    SigningKeys::of_seeds(&seeds).unwrap()
}

/// What a service has that knows these signing keys and shared keys.
fn service(signers: &[u8], shared: &[u8]) -> Sessions {
    let signers = if signers.is_empty() { Vec::new() } else { signing(signers).public().collect() };
    let shared = shared.iter().map(|shared| [*shared; SHARED_BYTES]).collect();
    Sessions::new(&SessionKeys { signers, shared }, Wire::Clear)
}

/// The same of `access`, which signs with the first of these.
fn access(signing_keys: &[u8], shared: &[u8]) -> Sessions {
    let sessions = service(signing_keys, shared);
    sessions.sign_with(signing(signing_keys)).unwrap();
    sessions
}

const NOW: &str = "2019-04-01T09:00:00Z";

#[test]
fn a_session_that_access_made_is_known_everywhere_and_fits_into_a_browser() {
    let (access, held) = (access(&[1], &[7]), session(at(NOW)));
    let glass = Some(("A81001".parse().unwrap(), at("2019-04-01T10:00:00Z")));
    for held in [Session { glass, must_change: true, ..held.clone() }, held] {
        let set = access.give(&held).unwrap();
        for set in &set {
            for flag in ["HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(set.to_str().unwrap().contains(flag), "{set:?}");
            }
            assert!(set.len() < 1024, "{set:?}");
        }
        let request = headers(&pairs(&set));
        assert_eq!(access.of(&request, at(NOW)), Some(held.clone()));
        assert_eq!(service(&[1], &[7]).of(&request, at(NOW)), Some(held.clone()));
        assert_eq!(service(&[2], &[7]).of(&request, at(NOW)), None, "another access signed it");
        assert_eq!(service(&[1], &[8]).of(&request, at(NOW)), None, "another installation");
        assert_eq!(service(&[], &[7]).of(&request, at(NOW)), None, "no one is known to sign");
    }
    let keys = SessionKeys { signers: Vec::new(), shared: vec![[7; SHARED_BYTES]] };
    let over_tls = Sessions::new(&keys, Wire::Tls);
    over_tls.sign_with(signing(&[1])).unwrap();
    for set in over_tls.give(&session(at(NOW))).unwrap() {
        let set = set.to_str().unwrap();
        assert!(set.starts_with("__Host-oversight") && set.contains("Secure"), "{set}");
    }
}

#[test]
fn who_has_everything_but_the_signing_key_makes_no_session() {
    // A service gone bad: it has all that services have, and a session of someone who came to it.
    let (access, bad) = (access(&[1], &[7]), service(&[1], &[7]));
    let victim = session(at(NOW));
    let cookies = pairs(&access.give(&victim).unwrap());
    let wanted = Session { role: Role::Administrator, ..victim.clone() };
    assert!(bad.give(&wanted).is_none() && bad.seal("oversight-known", &1u8).is_none());

    // With a key of its own.
    let other = service(&[], &[7]);
    other.sign_with(signing(&[9])).unwrap();
    assert_eq!(access.of(&headers(&pairs(&other.give(&wanted).unwrap())), at(NOW)), None);

    // With the signature of another session, and with none.
    let seen = &cookies[1];
    let forged = pairs(&other.give(&wanted).unwrap());
    let (said, _) = forged[0].rsplit_once('.').unwrap();
    let (_, signature) = cookies[0].rsplit_once('.').unwrap();
    for token in [format!("{said}.{signature}"), format!("{said}."), said.to_owned()] {
        assert_eq!(access.of(&headers(&[token, seen.clone()]), at(NOW)), None);
    }
    // What it signs or seals as something else is none, either.
    let sealed = seal(&Key::from(&[7; SHARED_BYTES]), "oversight", &wanted).unwrap();
    assert_eq!(access.of(&headers(&[format!("oversight={sealed}"), seen.clone()]), at(NOW)), None);
    let sealed = seal(&Key::from(&[7; SHARED_BYTES]), "oversight-form", &1u8).unwrap();
    assert_eq!(access.open::<u8>("oversight-form", &sealed), None, "what is the business of access alone");

    // It can keep one going, until its day is over.
    let later = at("2019-04-01T20:59:00Z");
    let kept = pairs(&[bad.renew(&victim, later).unwrap()]).remove(0);
    assert!(access.of(&headers(&[cookies[0].clone(), kept]), later).is_some());
    let over = at("2019-04-01T21:00:00Z");
    let kept = pairs(&[bad.renew(&victim, over).unwrap()]).remove(0);
    assert_eq!(access.of(&headers(&[cookies[0].clone(), kept]), over), None);
}

#[test]
fn keys_change_without_anyone_being_signed_out_until_the_old_ones_are_taken_away() {
    let held = session(at(NOW));
    let before = access(&[1], &[7]);
    let request = headers(&pairs(&before.give(&held).unwrap()));
    let sealed = before.seal("oversight-known", &1u8).unwrap();
    let known = |sessions: &Sessions| sessions.of(&request, at(NOW)).is_some();
    // The new one is put beside the old one, signs, and is alone at last.
    let both = access(&[2, 1], &[8, 7]);
    assert!(known(&both) && known(&service(&[1, 2], &[7, 8])));
    assert_eq!(both.open("oversight-known", &sealed), Some(1u8));
    let anew = headers(&pairs(&both.give(&held).unwrap()));
    assert!(service(&[2], &[8]).of(&anew, at(NOW)).is_some(), "the first ones sign and seal");
    let after = access(&[2], &[8]);
    assert!(!known(&after) && !known(&service(&[2], &[7, 8])));
    assert_eq!(after.open::<u8>("oversight-known", &sealed), None);
}

#[test]
fn the_list_of_signers_counts_where_there_is_one() {
    let held = session(at(NOW));
    let request = headers(&pairs(&access(&[1], &[7]).give(&held).unwrap()));
    // The old signing key is still there, and its public half was taken away.
    let sessions = service(&[2], &[7]);
    sessions.sign_with(signing(&[2, 1])).unwrap();
    assert_eq!(sessions.of(&request, at(NOW)), None);
    assert!(service(&[2], &[7]).sign_with(signing(&[1, 2])).is_err(), "no one would accept what it signs");
}

#[test]
fn a_session_ends_when_it_is_not_used_and_after_a_day_in_any_case() {
    let sessions = access(&[1], &[7]);
    let held = session(at(NOW));
    let cookies = pairs(&sessions.give(&held).unwrap());
    let request = headers(&cookies);
    assert!(sessions.of(&request, at("2019-04-01T09:29:00Z")).is_some());
    assert!(sessions.of(&request, at("2019-04-01T09:30:00Z")).is_none(), "idle");
    let used = sessions.renew(&held, at("2019-04-01T20:45:00Z")).unwrap();
    let request = headers(&[cookies[0].clone(), pairs(&[used]).remove(0)]);
    let found = sessions.of(&request, at("2019-04-01T20:50:00Z")).unwrap();
    assert_eq!((found.began, found.written), (at(NOW), at("2019-04-01T20:45:00Z")));
    assert!(sessions.of(&request, at("2019-04-01T21:00:00Z")).is_none(), "a day's work");
}

#[test]
fn a_session_from_the_future_is_none() {
    let sessions = access(&[1], &[7]);
    for (began, used, is_one) in [
        ("2019-04-01T09:00:59Z", "2019-04-01T09:00:59Z", true),
        ("2019-04-01T09:01:01Z", "2019-04-01T09:00:00Z", false),
        ("2019-04-01T09:00:00Z", "2019-04-01T09:01:01Z", false),
        ("2029-04-01T09:00:00Z", "2029-04-01T09:00:00Z", false),
    ] {
        let held = Session { written: at(used), ..session(at(began)) };
        let request = headers(&pairs(&sessions.give(&held).unwrap()));
        assert_eq!(sessions.of(&request, at(NOW)).is_some(), is_one, "{began}, used {used}");
    }
}

#[test]
fn cookies_that_were_altered_mixed_or_left_out_open_nothing() {
    let sessions = access(&[1], &[7]);
    let one = pairs(&sessions.give(&session(at(NOW))).unwrap());
    let other = pairs(&sessions.give(&session(at(NOW))).unwrap());
    let known = |cookies: &[String]| sessions.of(&headers(cookies), at(NOW)).is_some();
    assert!(known(&one) && known(&other));
    for mixed in [[&one[0], &other[1]], [&other[0], &one[1]], [&one[0], &one[0]], [&one[1], &one[1]]] {
        assert!(!known(&mixed.map(Clone::clone)), "{mixed:?}");
    }
    assert!(!known(&one[..1]) && !known(&one[1..]));
    for which in [0, 1] {
        let begin = one[which].find('=').unwrap() + 1;
        for index in begin..one[which].len() {
            let mut bytes = one[which].clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let mut altered = one.clone();
            altered[which] = String::from_utf8(bytes).unwrap();
            assert!(!known(&altered), "{altered:?}");
        }
    }
    for gone in pairs(&sessions.take().unwrap()) {
        assert!(gone.ends_with('='), "{gone}");
    }
}

#[test]
fn what_access_sealed_opens_under_its_name_alone() {
    let sessions = access(&[1], &[7]);
    let sealed = sessions.seal("oversight-way", &1u8).unwrap();
    assert_eq!(sessions.open("oversight-way", &sealed), Some(1u8));
    assert_eq!(sessions.open::<u8>("oversight-hint", &sealed), None);
    assert_eq!(sessions.open::<u8>("oversight-way", &"A".repeat(COOKIE_MAX_BYTES + 1)), None);
}
