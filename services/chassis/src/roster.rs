//! Which practices and bodies there are now, learnt from the events of `organisations` and never by
//! asking: for whatever service works with a practice. One for all services of a process.
//!
//! Whom a practice stands under it does not figure out itself: that is asked of the hierarchy by which
//! the gate decides. Who passes the gate as a practice's CCG is then its CCG in the domain, too.

use std::{sync::Arc, time::Duration};

use proto::{
    Actor, Day, Header, OdsCode, Position,
    areas::{Successions, is_local_office},
    imports::{FileImported, Row, Rows, Withdrawn},
    organisations::{
        AreaListed, NetworkListed, OdsStatus, OrganisationAmended, OrganisationEvent, OrganisationKind,
        OrganisationListed, PracticeAmended, PracticeListed, PracticeListing,
    },
};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::{
    access::{Access, hierarchy::Above},
    following::{Fold, Following},
    log::{ReadError, Recorded},
};

/// How long a request waits for the roster when a code is not known (yet).
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// The types of events that matter here begin so.
const ORGANISATIONS: &str = "oversight.organisations.";

/// A practice as its last file shows it, and whom it stands under today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practice {
    /// Its code.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its postcode.
    pub postcode: String,
    /// Its CCG, by the hierarchy of the gate.
    pub ccg: Option<OdsCode>,
    /// Its integrated care board, by the same; none in the time of local offices.
    pub board: Option<OdsCode>,
    /// Its region, by the same.
    pub region: Option<OdsCode>,
    /// The last day it was open, or that it is dormant, in words; empty while it is active.
    pub no_longer: String,
}

impl Practice {
    /// The name as people write it.
    pub fn shown_name(&self) -> String {
        ui::fmt::name(&self.name)
    }

    /// Who may decide on its plans.
    pub fn overseers(&self) -> Overseers {
        Overseers { ccg: self.ccg, board: self.board, region: self.region }
    }
}

/// Who may agree or refuse a practice's plan: its CCG (since July 2022 its sub-ICB location), its integrated care board,
/// and its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overseers {
    /// The CCG.
    pub ccg: Option<OdsCode>,
    /// The integrated care board.
    pub board: Option<OdsCode>,
    /// The region.
    pub region: Option<OdsCode>,
}

impl Overseers {
    /// Whether a body is one of them.
    pub fn include(&self, body: OdsCode) -> bool {
        self.bodies().any(|own| own == body)
    }

    /// They, nearest first.
    pub fn bodies(&self) -> impl Iterator<Item = OdsCode> + use<> {
        [self.ccg, self.board, self.region].into_iter().flatten()
    }

    /// All in words, such as `00K or Y54`.
    pub fn in_words(&self) -> String {
        let codes: Vec<String> = self.bodies().map(|code| code.to_string()).collect();
        if codes.is_empty() { "not known yet".to_owned() } else { codes.join(" or ") }
    }
}

/// A practice as its last file shows it.
#[derive(Debug)]
struct Listed {
    name: String,
    postcode: String,
    no_longer: String,
}

/// A body other than a practice.
#[derive(Debug)]
struct Body {
    name: String,
    kind: OrganisationKind,
}

/// What the files show.
#[derive(Debug, Default)]
pub struct Listings {
    /// As practices; nothing where a file shows that a code is none.
    practices: FxHashMap<OdsCode, Rows<Option<Arc<Listed>>>>,
    bodies: FxHashMap<OdsCode, Rows<Arc<Body>>>,
    withdrawn: Withdrawn,
    synthetic: bool,
}

const NEWEST: Position = Position(u64::MAX);

impl Listings {
    /// A practice, as the newest of the files that count show it.
    fn practice(&self, code: OdsCode) -> Option<&Listed> {
        self.practices.get(&code).and_then(|rows| self.newest_practice(rows))
    }

    fn newest_practice<'a>(&self, rows: &'a Rows<Option<Arc<Listed>>>) -> Option<&'a Listed> {
        rows.in_force(Day::LAST, &self.withdrawn, NEWEST)?.value.as_deref()
    }

    /// All of them, in no order.
    fn all_practices(&self) -> impl Iterator<Item = (OdsCode, &Listed)> {
        self.practices.iter().filter_map(|(code, rows)| Some((*code, self.newest_practice(rows)?)))
    }

    /// Any other body, likewise.
    fn body(&self, code: OdsCode) -> Option<&Body> {
        let rows = self.bodies.get(&code)?;
        rows.in_force(Day::LAST, &self.withdrawn, NEWEST).map(|row| &*row.value)
    }
}

/// A handle on the roster.
#[derive(Debug, Clone)]
pub struct Roster {
    listings: Following<Listings>,
    access: Access,
}

impl Roster {
    /// Of what the files show, and of the hierarchy of the gate.
    pub(crate) fn new(listings: Following<Listings>, access: Access) -> Self {
        Self { listings, access }
    }

    /// Whether it has read all that the log held when it started.
    pub fn ready(&self) -> Result<(), String> {
        self.listings.ready().and_then(|()| self.access.hierarchy_is_read())
    }

    /// How far it has read.
    pub fn position(&self) -> Position {
        self.listings.position()
    }

    /// How far it has read, and when the event there was recorded; none while nothing was read.
    pub fn read_to(&self) -> Option<(Position, jiff::Timestamp)> {
        self.listings.read_to()
    }

    /// What stands directly above an organisation today, by the hierarchy of the gate.
    pub fn above(&self, code: OdsCode) -> Above {
        self.access.hierarchy().above(code)
    }

    fn known_practice(&self, code: OdsCode) -> Option<Practice> {
        self.listings.known().practice(code).map(|listed| self.placed(code, listed))
    }

    fn placed(&self, code: OdsCode, listed: &Listed) -> Practice {
        let Above { commissioner: ccg, local_office, region, .. } = self.above(code);
        let Listed { name, postcode, no_longer } = listed;
        Practice {
            code,
            name: name.clone(),
            postcode: postcode.clone(),
            ccg,
            board: local_office.filter(|office| !is_local_office(*office)),
            region,
            no_longer: no_longer.clone(),
        }
    }

    /// The practice of a code. One that is not known is waited for, as long as the log goes on beyond
    /// what has been read: it may have been imported a moment ago.
    pub async fn practice(&self, code: OdsCode) -> Result<Option<Practice>, ReadError> {
        if let Some(practice) = self.known_practice(code) {
            return Ok(Some(practice));
        }
        // Late or not, the caller is answered from what is known.
        self.listings.caught_up(CATCH_UP_TIMEOUT).await?;
        Ok(self.known_practice(code))
    }

    /// Whether it is a practice, or was one.
    pub async fn is_practice(&self, code: OdsCode) -> Result<bool, ReadError> {
        Ok(self.practice(code).await?.is_some() || self.access.hierarchy().is_practice(code))
    }

    /// Whether practices stand under it, or could: a commissioner, local office or region. Costs a look
    /// at every organisation.
    pub fn oversees(&self, code: OdsCode) -> bool {
        use OrganisationKind as K;
        let kind = self.listings.known().body(code).map(|body| body.kind);
        if matches!(kind, Some(K::Ccg | K::CommissioningHub | K::Region | K::LocalOffice)) {
            return true;
        }
        let hierarchy = self.access.hierarchy();
        hierarchy.organisations().any(|under| hierarchy.above(under).codes().any(|above| above == code))
    }

    /// The name of a CCG, region or other body, as people write it.
    pub fn body_name(&self, code: OdsCode) -> Option<String> {
        self.listings.known().name_of_body(code).map(ui::fmt::name)
    }

    /// The name of whatever has this code, as people write it; the code itself where nothing has.
    pub fn name(&self, code: OdsCode) -> String {
        let known = self.listings.known();
        let practice = known.practice(code).map(|practice| practice.name.as_str());
        practice.or_else(|| known.name_of_body(code)).map_or_else(|| code.to_string(), ui::fmt::name)
    }

    /// How many practices are known that may be seen.
    pub fn count(&self, may_see: impl Fn(OdsCode) -> bool) -> usize {
        self.listings.known().all_practices().filter(|(code, _)| may_see(*code)).count()
    }

    /// The practices whose code begins with a text, or whose name or postcode contains it: at most so
    /// many, by code. And how many there are in all. Of those that may not be seen there is no trace.
    pub fn search(
        &self,
        text: &str,
        most: usize,
        may_see: impl Fn(OdsCode) -> bool,
    ) -> (Vec<Practice>, usize) {
        let wanted = text.trim().to_uppercase();
        if wanted.is_empty() {
            return (Vec::new(), 0);
        }
        let without_blanks: String = wanted.split_whitespace().collect();
        let known = self.listings.known();
        let mut found: Vec<(OdsCode, &Listed)> = known
            .all_practices()
            .filter(|(code, listed)| {
                code.as_str().starts_with(&without_blanks)
                    || listed.name.to_uppercase().contains(&wanted)
                    || listed.postcode.replace(' ', "").to_uppercase().starts_with(&without_blanks)
            })
            .filter(|(code, _)| may_see(*code))
            .collect();
        found.sort_unstable_by_key(|(code, _)| *code);
        let total = found.len();
        (found.into_iter().take(most).map(|(code, listed)| self.placed(code, listed)).collect(), total)
    }

    /// Whether any organisation was made up by the generator.
    pub fn is_synthetic(&self) -> bool {
        self.listings.known().synthetic
    }
}

impl Fold for Listings {
    const NAME: &'static str = "the roster";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        if !header.kind.starts_with(ORGANISATIONS) {
            return;
        }
        let Ok(event) = header.event::<OrganisationEvent>() else { return };
        if let OrganisationEvent::ImportWithdrawn(event) = &event {
            self.withdrawn.note(event.0.import, recorded.position);
        } else if let OrganisationEvent::FileImported(event) = &event {
            self.confirm(recorded.position, &event.0);
        } else if let Ok(code) = header.subject.rsplit('.').next().unwrap_or_default().parse() {
            self.synthetic |= header.actor == Actor::SYNTHETIC;
            self.organisation(code, recorded.position, header.import(), event);
        }
    }
}

impl Listings {
    /// The name of a body other than a practice.
    fn name_of_body(&self, code: OdsCode) -> Option<&str> {
        let listed = self.body(code).map(|body| body.name.as_str());
        listed.or_else(|| Successions::shipped().name_of_begun(code))
    }

    /// What a file showed as before, it shows on its date.
    fn confirm(&mut self, position: Position, file: &FileImported) {
        let Some(as_of) = file.as_of else { return };
        for code in file.unchanged.codes() {
            match file.kind.as_str() {
                "practices" => {
                    let Some(rows) = self.practices.get_mut(code) else { continue };
                    rows.confirm(as_of, position, file.import, &self.withdrawn);
                }
                "ccgs" | "regions" | "trusts" | "areas" | "networks" => {
                    let Some(rows) = self.bodies.get_mut(code) else { continue };
                    rows.confirm(as_of, position, file.import, &self.withdrawn);
                }
                _ => {}
            }
        }
    }

    fn organisation(
        &mut self,
        code: OdsCode,
        position: Position,
        import: Option<Uuid>,
        event: OrganisationEvent,
    ) {
        let (as_of, name, kind) = match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                let value = listing.is_english_practice(code).then(|| Arc::new(Listed::of(listing)));
                let row = Row { as_of, position, import, value, confirmed: false };
                self.practices.entry(code).or_default().note(row);
                return;
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                (as_of, listing.name, listing.kind)
            }
            OrganisationEvent::AreaListed(AreaListed { as_of, listing }) => {
                (as_of, listing.name, listing.kind)
            }
            OrganisationEvent::NetworkListed(NetworkListed { as_of, listing }) => {
                (as_of, listing.name, OrganisationKind::Other)
            }
            OrganisationEvent::PrescriberListed(_)
            | OrganisationEvent::SuccessionRecorded(_)
            | OrganisationEvent::NetworkMembershipRecorded(_)
            | OrganisationEvent::MembershipRecorded(_)
            | OrganisationEvent::ListSizePublished(_)
            | OrganisationEvent::FileImported(_)
            | OrganisationEvent::ImportWithdrawn(_) => return,
        };
        let row = Row { as_of, position, import, value: Arc::new(Body { name, kind }), confirmed: false };
        self.bodies.entry(code).or_default().note(row);
    }
}

impl Listed {
    fn of(listing: PracticeListing) -> Self {
        let no_longer = match (listing.status, listing.closed) {
            (_, Some(closed)) => format!("closed on {}", closed.long()),
            (OdsStatus::Dormant, None) => "dormant".to_owned(),
            _ => String::new(),
        };
        Self { name: listing.name, postcode: listing.postcode, no_longer }
    }
}
