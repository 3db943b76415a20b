//! Which practices and bodies there are now, learnt from the events of `organisations` and never by
//! asking: for whatever service works with a practice. One for all services of a process.

use std::time::Duration;

use proto::{
    Actor, Header, OdsCode, Position,
    organisations::{
        OdsStatus, OrganisationAmended, OrganisationEvent, OrganisationListed, OrganisationListing,
        PracticeAmended, PracticeListed, PracticeListing, PrescribingSetting,
    },
};
use rustc_hash::FxHashMap;

use crate::{
    following::{Fold, Following},
    log::{ReadError, Recorded},
};

/// How long a request waits for the roster when a code is not known (yet).
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// The types of events that matter here begin so.
const ORGANISATIONS: &str = "oversight.organisations.";

/// A practice as its last file shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practice {
    /// Its code.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its postcode.
    pub postcode: String,
    /// Its CCG.
    pub ccg: Option<OdsCode>,
    /// Its region.
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
        Overseers { ccg: self.ccg, region: self.region }
    }
}

/// Who may agree or refuse a practice's plan: its CCG, and its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overseers {
    /// The CCG.
    pub ccg: Option<OdsCode>,
    /// The region.
    pub region: Option<OdsCode>,
}

impl Overseers {
    /// Whether a body is one of them.
    pub fn include(&self, body: OdsCode) -> bool {
        [self.ccg, self.region].contains(&Some(body))
    }

    /// Both in words, such as `00K or Y54`.
    pub fn in_words(&self) -> String {
        let codes: Vec<String> =
            [self.ccg, self.region].into_iter().flatten().map(|c| c.to_string()).collect();
        if codes.is_empty() { "not known yet".to_owned() } else { codes.join(" or ") }
    }
}

/// A body other than a practice.
#[derive(Debug, Clone)]
struct Body {
    name: String,
    region: Option<OdsCode>,
}

/// What the files show now.
#[derive(Debug, Default)]
pub struct Listings {
    practices: FxHashMap<OdsCode, Practice>,
    bodies: FxHashMap<OdsCode, Body>,
    synthetic: bool,
}

/// A handle on the roster.
#[derive(Debug, Clone)]
pub struct Roster(pub(crate) Following<Listings>);

impl Roster {
    /// Whether it has read all that the log held when it started.
    pub fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    /// How far it has read.
    pub fn position(&self) -> Position {
        self.0.position()
    }

    /// The practice of a code. One that is not known is waited for, as long as the log goes on beyond
    /// what has been read: it may have been imported a moment ago.
    pub async fn practice(&self, code: OdsCode) -> Result<Option<Practice>, ReadError> {
        if let Some(practice) = self.0.known().practice(code) {
            return Ok(Some(practice));
        }
        // Late or not, the caller is answered from what is known.
        self.0.caught_up(CATCH_UP_TIMEOUT).await?;
        Ok(self.0.known().practice(code))
    }

    /// The name of a CCG, region or other body, as people write it.
    pub fn body_name(&self, code: OdsCode) -> Option<String> {
        self.0.known().bodies.get(&code).map(|body| ui::fmt::name(&body.name))
    }

    /// The name of whatever has this code, as people write it; the code itself where nothing has.
    pub fn name(&self, code: OdsCode) -> String {
        let known = self.0.known();
        let practice = known.practices.get(&code).map(|practice| &practice.name);
        let body = || known.bodies.get(&code).map(|body| &body.name);
        practice.or_else(body).map_or_else(|| code.to_string(), |name| ui::fmt::name(name))
    }

    /// How many practices are known that may be seen.
    pub fn count(&self, may_see: impl Fn(OdsCode) -> bool) -> usize {
        self.0.known().practices.keys().filter(|code| may_see(**code)).count()
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
        let known = self.0.known();
        let mut found: Vec<&Practice> = known
            .practices
            .values()
            .filter(|practice| {
                practice.code.as_str().starts_with(&without_blanks)
                    || practice.name.to_uppercase().contains(&wanted)
                    || practice.postcode.replace(' ', "").to_uppercase().starts_with(&without_blanks)
            })
            .filter(|practice| may_see(practice.code))
            .collect();
        found.sort_unstable_by_key(|practice| practice.code);
        let total = found.len();
        (found.into_iter().take(most).cloned().collect(), total)
    }

    /// Whether any organisation was made up by the generator.
    pub fn is_synthetic(&self) -> bool {
        self.0.known().synthetic
    }
}

impl Fold for Listings {
    const NAME: &'static str = "the roster";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        if header.kind.starts_with(ORGANISATIONS)
            && let Ok(code) = header.subject.rsplit('.').next().unwrap_or_default().parse()
            && let Ok(event) = header.event::<OrganisationEvent>()
        {
            self.synthetic |= header.actor == Actor::SYNTHETIC;
            self.organisation(code, event);
        }
    }
}

impl Listings {
    fn practice(&self, code: OdsCode) -> Option<Practice> {
        let mut practice = self.practices.get(&code)?.clone();
        let of_the_ccg = || practice.ccg.and_then(|ccg| self.bodies.get(&ccg)).and_then(|body| body.region);
        practice.region = practice.region.or_else(of_the_ccg);
        Some(practice)
    }

    fn organisation(&mut self, code: OdsCode, event: OrganisationEvent) {
        match event {
            OrganisationEvent::PracticeListed(PracticeListed { listing, .. })
            | OrganisationEvent::PracticeAmended(PracticeAmended { listing, .. }) => {
                self.list_practice(code, listing);
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { listing, .. })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { listing, .. }) => {
                self.list_body(code, listing);
            }
            OrganisationEvent::MembershipRecorded(_) | OrganisationEvent::ListSizePublished(_) => {}
        }
    }

    fn list_practice(&mut self, code: OdsCode, listing: PracticeListing) {
        if listing.setting != PrescribingSetting::GENERAL_PRACTICE {
            self.practices.remove(&code);
            return;
        }
        let no_longer = match (listing.status, listing.closed) {
            (_, Some(closed)) => format!("closed on {}", closed.long()),
            (OdsStatus::Dormant, None) => "dormant".to_owned(),
            _ => String::new(),
        };
        let practice = Practice {
            code,
            name: listing.name,
            postcode: listing.postcode,
            ccg: listing.commissioner,
            region: listing.region,
            no_longer,
        };
        self.practices.insert(code, practice);
    }

    fn list_body(&mut self, code: OdsCode, listing: OrganisationListing) {
        self.bodies.insert(code, Body { name: listing.name, region: listing.region });
    }
}
