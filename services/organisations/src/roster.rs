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
    organisations::{
        AreaListed, AreaListing, ListSizePublished, MembershipRecorded, NetworkListed, NetworkListing,
        OdsStatus, OrganisationAmended, OrganisationEvent, OrganisationKind, OrganisationListed,
        PracticeAmended, PracticeListed, PrescriberListed, PrescribingSetting,
    },
};

use crate::import::Kind;

/// How long a request waits for the roster to have read the log.
pub const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(60);

/// The organisations known, and the newest file of each kind.
#[derive(Debug, Clone)]
pub struct Roster(pub Following<Register>);

/// What the files so far say.
#[derive(Debug, Default)]
pub struct Register {
    entries: BTreeMap<OdsCode, Entry>,
    newest: BTreeMap<Kind, Day>,
    /// The date of the latest list of areas that shows a body.
    newest_lists: BTreeMap<OdsCode, Day>,
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

    /// The date of the newest file of a kind that has left events in the log.
    pub fn newest(&self, kind: Kind) -> Option<Day> {
        self.0.known().newest.get(&kind).copied()
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
        let entries = known.entries.range((from, Bound::Unbounded));
        entries
            .filter(|(code, entry)| wanted(code, entry))
            .take(limit)
            .map(|(code, entry)| (*code, entry.clone()))
            .collect()
    }
}

/// The event of a body where it is one of this service.
fn read(body: &[u8]) -> Result<Option<(OdsCode, OrganisationEvent)>, String> {
    let header = Header::read(body).map_err(|error| error.to_string())?;
    if !header.kind.starts_with("oversight.organisations.") {
        return Ok(None);
    }
    let event = header.event().map_err(|error| error.to_string())?;
    if matches!(event, OrganisationEvent::FileImported(_) | OrganisationEvent::ImportWithdrawn(_)) {
        return Ok(None);
    }
    let (_, aggregate) = header.subject.rsplit_once('.').ok_or("the subject has no aggregate")?;
    let code = aggregate.parse().map_err(|error: proto::codes::CodeError| error.to_string())?;
    Ok(Some((code, event)))
}

impl Fold for Register {
    const NAME: &'static str = "the register of organisations";

    fn note(&mut self, recorded: &Recorded) {
        match read(&recorded.body) {
            Ok(Some((code, event))) => self.apply(code, event),
            Ok(None) => {}
            Err(reason) => {
                metrics::counter!("oversight_events_set_aside_total", "reader" => "organisations-roster")
                    .increment(1);
                tracing::warn!(position = %recorded.position, reason, "an event was set aside");
            }
        }
    }
}

impl Register {
    /// What a list of areas shows; of several the one of the latest date counts. They come in any order.
    fn list_body(&mut self, code: OdsCode, as_of: Day, body: BodyEntry) {
        let newest = self.newest_lists.entry(code).or_insert(as_of);
        if *newest <= as_of {
            *newest = as_of;
            self.entries.entry(code).or_default().body = Some(body);
        }
    }

    fn apply(&mut self, code: OdsCode, event: OrganisationEvent) {
        let (kind, as_of) = match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                let is_welsh = listing.setting == PrescribingSetting::GENERAL_PRACTICE
                    && !listing.is_english_practice(code);
                self.entries.entry(code).or_default().practice = Some(PracticeEntry {
                    is_welsh,
                    name: listing.name.into(),
                    status: listing.status,
                    setting: listing.setting,
                    commissioner: listing.commissioner,
                });
                (Some(Kind::Practices), as_of)
            }
            OrganisationEvent::PrescriberListed(PrescriberListed { as_of, .. }) => {
                (Some(Kind::Practices), as_of)
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                let kind = listing.kind;
                self.entries.entry(code).or_default().body =
                    Some(BodyEntry { name: listing.name.into(), kind, closed: listing.closed });
                (Kind::listing(kind), as_of)
            }
            OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, .. }) => {
                (Some(Kind::Memberships), as_of)
            }
            OrganisationEvent::ListSizePublished(ListSizePublished { as_of, .. }) => {
                (Some(Kind::ListSizes), as_of)
            }
            OrganisationEvent::AreaListed(AreaListed { as_of, listing }) => {
                let AreaListing { name, kind, closed, .. } = listing;
                self.list_body(code, as_of, BodyEntry { name: name.into(), kind, closed });
                return;
            }
            OrganisationEvent::NetworkListed(NetworkListed { as_of, listing }) => {
                let NetworkListing { name, closed, .. } = listing;
                self.list_body(
                    code,
                    as_of,
                    BodyEntry { name: name.into(), kind: OrganisationKind::Other, closed },
                );
                return;
            }
            OrganisationEvent::SuccessionRecorded(_)
            | OrganisationEvent::NetworkMembershipRecorded(_)
            | OrganisationEvent::FileImported(_)
            | OrganisationEvent::ImportWithdrawn(_) => return,
        };
        if let Some(kind) = kind {
            let newest = self.newest.entry(kind).or_insert(as_of);
            *newest = as_of.max(*newest);
        }
    }
}
