//! Who exists, folded from the log in the background: for lists, and to know the newest file of
//! each kind. In memory only; a restart reads the log again.

use std::{collections::BTreeMap, ops::Bound, time::Duration};

use chassis::{
    Problem,
    following::{Fold, Following},
    log::Recorded,
};
use proto::{
    Day, Header, OdsCode, Position,
    imports::{FileImported, Row, Rows, Withdrawn},
    organisations::{
        AreaListed, AreaListing, ListSizePublished, MembershipRecorded, NetworkListed, NetworkListing,
        OdsStatus, OrganisationAmended, OrganisationEvent, OrganisationKind, OrganisationListed,
        OrganisationListing, PracticeAmended, PracticeListed, PrescriberListed, PrescribingSetting,
    },
};
use uuid::Uuid;

use crate::import::Kind;

/// How long a request waits for the roster to have read the log.
pub const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(60);

/// The organisations known, and the newest file of each kind.
#[derive(Debug, Clone)]
pub struct Roster(pub Following<Register>);

/// What the files so far say.
#[derive(Debug, Default)]
pub struct Register {
    rows: BTreeMap<OdsCode, OfOrganisation>,
    /// Of each kind of file, the date of every import that has left events.
    files: BTreeMap<(Kind, Option<Uuid>), Day>,
    withdrawn: Withdrawn,
}

/// The rows of one organisation.
#[derive(Debug, Default)]
struct OfOrganisation {
    practice: Rows<PracticeEntry>,
    body: Rows<BodyEntry>,
}

const NEWEST: Position = Position(u64::MAX);

impl OfOrganisation {
    /// What the newest of the files that count show.
    fn entry(&self, withdrawn: &Withdrawn) -> Entry {
        fn newest<T: Clone>(rows: &Rows<T>, withdrawn: &Withdrawn) -> Option<T> {
            rows.in_force(Day::LAST, withdrawn, NEWEST).map(|row| row.value.clone())
        }
        Entry { practice: newest(&self.practice, withdrawn), body: newest(&self.body, withdrawn) }
    }
}

/// What the roster knows of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// As a practice.
    pub practice: Option<PracticeEntry>,
    /// As any other body.
    pub body: Option<BodyEntry>,
}

/// A practice in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeEntry {
    /// Name.
    pub name: Box<str>,
    /// Active, closed, dormant or proposed.
    pub status: OdsStatus,
    /// Its prescribing setting.
    pub setting: PrescribingSetting,
    /// Whether it lies in Wales, and is no practice of England whatever its setting.
    pub is_welsh: bool,
    /// Its commissioner.
    pub commissioner: Option<OdsCode>,
}

/// Any other body in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyEntry {
    /// Name.
    pub name: Box<str>,
    /// What it is.
    pub kind: OrganisationKind,
    /// The last day it existed.
    pub closed: Option<Day>,
}

impl Roster {
    /// Up to where the log is read.
    pub fn position(&self) -> Position {
        self.0.position()
    }

    /// Waits until all that the log holds now is read.
    pub async fn catch_up(&self) -> Result<(), Problem> {
        self.0.must_catch_up(CATCH_UP_TIMEOUT).await
    }

    /// The date of the newest file of a kind that has left events in the log and was not withdrawn.
    pub fn newest(&self, kind: Kind) -> Option<Day> {
        let known = self.0.known();
        let of_kind = known.files.iter().filter(|((of, _), _)| *of == kind);
        let standing = of_kind.filter(|((_, import), _)| known.withdrawn.stands(*import, NEWEST));
        standing.map(|(_, as_of)| *as_of).max()
    }

    /// Up to `limit` organisations that pass a test, in the order of their codes, after a code.
    pub fn list(
        &self,
        after: Option<OdsCode>,
        limit: usize,
        wanted: impl Fn(&OdsCode, &Entry) -> bool,
    ) -> Vec<(OdsCode, Entry)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let known = self.0.known();
        let rows = known.rows.range((from, Bound::Unbounded));
        let entries = rows.map(|(code, of)| (*code, of.entry(&known.withdrawn)));
        let shown = entries.filter(|(_, entry)| entry.practice.is_some() || entry.body.is_some());
        shown.filter(|(code, entry)| wanted(code, entry)).take(limit).collect()
    }
}

/// An event of this service: of which organisation, or else of an import as a whole; with which import.
type Told = (Option<OdsCode>, Option<Uuid>, OrganisationEvent);

/// The event of a body where it is one of this service.
fn read(body: &[u8]) -> Result<Option<Told>, String> {
    let header = Header::read(body).map_err(|error| error.to_string())?;
    if !header.kind.starts_with("oversight.organisations.") {
        return Ok(None);
    }
    let event = header.event().map_err(|error| error.to_string())?;
    if matches!(event, OrganisationEvent::FileImported(_) | OrganisationEvent::ImportWithdrawn(_)) {
        return Ok(Some((None, None, event)));
    }
    let (_, aggregate) = header.subject.rsplit_once('.').ok_or("the subject has no aggregate")?;
    let code = aggregate.parse().map_err(|error: proto::codes::CodeError| error.to_string())?;
    Ok(Some((Some(code), header.import(), event)))
}

impl Fold for Register {
    const NAME: &'static str = "the register of organisations";

    fn note(&mut self, recorded: &Recorded) {
        match read(&recorded.body) {
            Ok(Some((Some(code), import, event))) => self.apply(code, recorded.position, import, event),
            Ok(Some((None, _, OrganisationEvent::ImportWithdrawn(event)))) => {
                self.withdrawn.note(event.0.import, recorded.position);
            }
            Ok(Some((None, _, OrganisationEvent::FileImported(event)))) => {
                self.confirm(recorded.position, &event.0);
            }
            Ok(_) => {}
            Err(reason) => {
                metrics::counter!("oversight_events_set_aside_total", "reader" => "organisations-roster")
                    .increment(1);
                tracing::warn!(position = %recorded.position, reason, "an event was set aside");
            }
        }
    }
}

impl Register {
    /// What a file showed as before, it shows on its date.
    fn confirm(&mut self, position: Position, file: &FileImported) {
        let (Some(as_of), Ok(kind)) = (file.as_of, file.kind.parse::<Kind>()) else { return };
        for code in file.unchanged.codes() {
            let Some(of) = self.rows.get_mut(code) else { continue };
            match kind {
                Kind::Practices => of.practice.confirm(as_of, position, file.import, &self.withdrawn),
                Kind::Ccgs | Kind::Regions | Kind::Trusts | Kind::Areas | Kind::Networks => {
                    of.body.confirm(as_of, position, file.import, &self.withdrawn);
                }
                Kind::Memberships | Kind::ListSizes | Kind::Successions => {}
            }
        }
    }

    fn apply(&mut self, code: OdsCode, position: Position, import: Option<Uuid>, event: OrganisationEvent) {
        let of = |as_of, value| Row { as_of, position, import, value, confirmed: false };
        let (kind, as_of) = match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                let is_welsh = listing.setting == PrescribingSetting::GENERAL_PRACTICE
                    && !listing.is_english_practice(code);
                let entry = PracticeEntry {
                    is_welsh,
                    name: listing.name.into(),
                    status: listing.status,
                    setting: listing.setting,
                    commissioner: listing.commissioner,
                };
                let row = Row { as_of, position, import, value: entry, confirmed: false };
                self.rows.entry(code).or_default().practice.note(row);
                (Some(Kind::Practices), as_of)
            }
            OrganisationEvent::PrescriberListed(PrescriberListed { as_of, .. }) => {
                (Some(Kind::Practices), as_of)
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                let OrganisationListing { name, kind, closed, .. } = listing;
                let body = BodyEntry { name: name.into(), kind, closed };
                self.rows.entry(code).or_default().body.note(of(as_of, body));
                (Kind::listing(kind), as_of)
            }
            OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, .. }) => {
                (Some(Kind::Memberships), as_of)
            }
            OrganisationEvent::ListSizePublished(ListSizePublished { as_of, .. }) => {
                (Some(Kind::ListSizes), as_of)
            }
            // Lists of areas and networks come in any order: none is too old.
            OrganisationEvent::AreaListed(AreaListed { as_of, listing }) => {
                let AreaListing { name, kind, closed, .. } = listing;
                let body = BodyEntry { name: name.into(), kind, closed };
                self.rows.entry(code).or_default().body.note(of(as_of, body));
                (None, as_of)
            }
            OrganisationEvent::NetworkListed(NetworkListed { as_of, listing }) => {
                let NetworkListing { name, closed, .. } = listing;
                let body = BodyEntry { name: name.into(), kind: OrganisationKind::Other, closed };
                self.rows.entry(code).or_default().body.note(of(as_of, body));
                (None, as_of)
            }
            OrganisationEvent::SuccessionRecorded(_)
            | OrganisationEvent::NetworkMembershipRecorded(_)
            | OrganisationEvent::FileImported(_)
            | OrganisationEvent::ImportWithdrawn(_) => return,
        };
        if let Some(kind) = kind {
            let newest = self.files.entry((kind, import)).or_insert(as_of);
            *newest = as_of.max(*newest);
        }
    }
}
