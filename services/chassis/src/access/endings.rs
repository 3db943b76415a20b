//! Who was put out, and when: in the order of the access log.
//!
//! A password that is set, a sign-out by an administrator, an account that is closed or opened again: each ends all that
//! its person showed before. What came before is told by the positions of the access log alone, since the clocks of
//! machines jump. Whoever signs in is given the position up to which the log had been read before their password was
//! looked at; it stands until an event at a later position ends it.
//!
//! The tokens of a sign-in provider know no position. They carry the time they were issued, to the second, and are ended
//! by every ending that was recorded at that time or later.

use jiff::{SignedDuration, Timestamp};
use proto::{Actor, PersonId, Position};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{Session, session::SESSION_MAX};

/// How far clocks may differ. What says that it is from later than this is of no time at all.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// Whether a moment is yet to come, further off than clocks differ.
pub fn is_to_come(moment: Timestamp, now: Timestamp) -> bool {
    moment.duration_since(now) > LEEWAY
}

/// Something that ends what was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ending {
    /// Where the last one stands in the access log.
    position: Position,
    /// The latest time that one was recorded at: for what knows no position.
    time: Timestamp,
}

/// Who was put out, and who is kept out.
#[derive(Debug, Clone, Default)]
pub(super) struct Endings {
    /// By person: what ended all that they had shown before.
    out: FxHashMap<PersonId, Ending>,
    /// People who are kept out, with an account here or without.
    barred: FxHashSet<PersonId>,
    /// Sessions that their holders ended.
    signed_out: FxHashMap<Uuid, Ending>,
    /// Sessions that began before this position are over: of those that were ended some are forgotten.
    forgotten: Position,
}

impl Endings {
    /// Everything that someone showed before this is worth nothing.
    pub fn end(&mut self, person: PersonId, position: Position, time: Timestamp) {
        let out = self.out.entry(person).or_insert(Ending { position, time });
        out.position = out.position.max(position);
        out.time = out.time.max(time);
    }

    /// From now on someone is kept out.
    pub fn bar(&mut self, person: PersonId) {
        self.barred.insert(person);
    }

    /// Someone may come in again. What they showed before stays worthless.
    pub fn unbar(&mut self, person: PersonId) {
        self.barred.remove(&person);
    }

    /// Whether someone is kept out.
    pub fn is_barred(&self, person: PersonId) -> bool {
        self.barred.contains(&person)
    }

    /// Someone signed out of a session. It matters for as long as its cookie could; where it is forgotten before that,
    /// because a clock jumped, the sessions of its time are over with it.
    pub fn sign_out(&mut self, session: Uuid, position: Position, time: Timestamp) {
        if self.signed_out.len() == self.signed_out.capacity() {
            let forgotten = &mut self.forgotten;
            self.signed_out.retain(|_, ended| {
                let is_kept = time.duration_since(ended.time) < SESSION_MAX;
                if !is_kept {
                    *forgotten = (*forgotten).max(ended.position);
                }
                is_kept
            });
        }
        self.signed_out.insert(session, Ending { position, time });
    }

    /// Whether a session goes on: its holder did not end it, no one put them out since it began, and no one keeps them
    /// out.
    pub fn let_go_on(&self, session: &Session) -> bool {
        !self.signed_out.contains_key(&session.id)
            && session.since >= self.forgotten
            && self.is_in(session.person, session.since)
    }

    /// Whether what someone showed at a position of the log is still good: no one put them out later in the log, and
    /// no one keeps them out.
    pub fn is_in(&self, person: PersonId, since: Position) -> bool {
        !self.is_barred(person) && self.out.get(&person).is_none_or(|out| out.position <= since)
    }

    /// The same of what only says at what time it was made, and of whoever acts under a name. Only people are put out;
    /// keys are revoked.
    pub fn lets_in(&self, actor: &Actor, made: Timestamp) -> bool {
        let is_in = |person: PersonId| {
            !self.is_barred(person) && self.out.get(&person).is_none_or(|out| out.time < made)
        };
        actor.person_id().is_none_or(is_in)
    }

    /// How many sessions that were ended are remembered.
    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.signed_out.capacity()
    }
}

#[cfg(test)]
mod tests {
    use proto::{Role, access::SignInWay};

    use super::*;

    const WHO: PersonId = PersonId(Uuid::from_u128(7));

    fn at(text: &str) -> Timestamp {
        format!("2019-04-01T{text}Z").parse().unwrap()
    }

    fn session(since: u64, began: &str) -> Session {
        let organisation = "15E".parse().unwrap();
        let session = Session::begin(WHO, Role::CcgOfficer, organisation, SignInWay::Password, at(began));
        Session { since: Position(since), ..session }
    }

    /// Which of the clocks jumped does not matter: the log has an order.
    #[test]
    fn what_came_before_an_ending_is_told_by_the_log_alone() {
        for recorded in ["08:00:00", "09:00:00", "23:59:59"] {
            let mut endings = Endings::default();
            endings.end(WHO, Position(10), at(recorded));
            for began in ["00:00:00", "09:00:00", "23:00:00"] {
                let before = session(9, began);
                assert!(!endings.let_go_on(&before), "recorded {recorded}, began {began}: before it");
                let after = session(10, began);
                assert!(endings.let_go_on(&after), "recorded {recorded}, began {began}: after it");
            }
            let sealed_long_ago = session(0, "23:59:59");
            assert!(!endings.let_go_on(&sealed_long_ago), "one that knows no position");
        }
    }

    #[test]
    fn an_earlier_ending_that_is_told_later_takes_nothing_back() {
        let mut endings = Endings::default();
        endings.end(WHO, Position(10), at("10:00:00"));
        endings.end(WHO, Position(12), at("09:00:00"));
        assert!(!endings.is_in(WHO, Position(11)) && endings.is_in(WHO, Position(12)));
        assert!(!endings.lets_in(&Actor::person(WHO), at("10:00:00")), "issued in the second of the ending");
        assert!(endings.lets_in(&Actor::person(WHO), at("10:00:01")));
    }

    #[test]
    fn whoever_is_kept_out_stays_out_until_they_may_come_in_and_show_anew_who_they_are() {
        let mut endings = Endings::default();
        endings.bar(WHO);
        endings.end(WHO, Position(3), at("09:00:00"));
        assert!(!endings.is_in(WHO, Position(9)) && !endings.lets_in(&Actor::person(WHO), at("12:00:00")));
        endings.unbar(WHO);
        endings.end(WHO, Position(5), at("09:30:00"));
        assert!(!endings.is_in(WHO, Position(4)) && endings.is_in(WHO, Position(5)));
        assert!(!endings.lets_in(&Actor::person(WHO), at("09:15:00")));
    }

    #[test]
    fn a_session_that_was_ended_stays_so_where_a_clock_jumped_ahead_and_back() {
        let mut endings = Endings::default();
        let ended = session(1, "09:00:00");
        endings.sign_out(ended.id, Position(2), at("09:10:00"));
        let other = session(2, "09:11:00");
        // A day ahead, so often that those of before are forgotten; and back again.
        let tomorrow = at("09:12:00") + SignedDuration::from_hours(24);
        for number in 3..100_u64 {
            endings.sign_out(Uuid::from_u128(number.into()), Position(number), tomorrow);
        }
        assert!(!endings.let_go_on(&ended));
        assert!(endings.let_go_on(&other), "what began after it goes on");
    }

    #[test]
    fn ended_sessions_are_forgotten_when_their_cookies_are_worth_nothing() {
        let mut endings = Endings::default();
        for day in 0..1_000_i64 {
            let time = at("08:00:00") + SignedDuration::from_hours(24 * day);
            let session = Uuid::from_u128(u128::from(day.unsigned_abs()));
            endings.sign_out(session, Position(day.unsigned_abs()), time);
        }
        assert!(endings.remembered() < 100, "{}", endings.remembered());
    }

    #[test]
    fn what_comes_from_later_than_clocks_differ_is_of_no_time() {
        assert!(!is_to_come(at("09:01:00"), at("09:00:00")));
        assert!(is_to_come(at("09:01:01"), at("09:00:00")));
        assert!(!is_to_come(at("08:00:00"), at("09:00:00")));
    }
}
