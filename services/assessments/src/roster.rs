//! Who exists, learnt from the events of `organisations` and never by asking.
//!
//! A background task reads the whole log, keeps what this service needs of each practice (name, CCG,
//! region) and the newest date of a register file, and goes on live. Nothing of it is stored: a start
//! reads the log again, at some hundred thousand events a second.

use std::{sync::Arc, time::Duration};

use chassis::log::{Log, ReadError};
use parking_lot::RwLock;
use proto::{
    Actor, Day, Header, OdsCode, Position,
    assessments::{AssessmentEvent, ResultListed},
    organisations::{OdsStatus, OrganisationEvent, OrganisationListing, PracticeListing, PrescribingSetting},
};
use rustc_hash::FxHashMap;
use tokio::sync::watch;

use crate::model::Overseers;

/// How long a request waits for the roster when a code is not known (yet).
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause after the log could not be read.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The types of events that matter here begin with one of these.
const ORGANISATIONS: &str = "oversight.organisations.";
const RESULT_LISTED: &str = "oversight.assessments.result-listed.";

/// A practice as this service knows it.
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

    /// Who may agree its improvement plan.
    pub fn overseers(&self) -> Overseers {
        Overseers { ccg: self.ccg, region: self.region }
    }
}

/// A body other than a practice.
#[derive(Debug, Clone)]
struct Body {
    name: String,
    region: Option<OdsCode>,
}

#[derive(Debug, Default)]
struct Known {
    practices: FxHashMap<OdsCode, Practice>,
    bodies: FxHashMap<OdsCode, Body>,
    newest_register_file: Option<Day>,
    synthetic: bool,
}

/// How far the roster has read.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    position: Position,
    head: Option<Position>,
}

/// A handle on the roster.
#[derive(Debug, Clone)]
pub struct Roster {
    known: Arc<RwLock<Known>>,
    log: Log,
    reading: watch::Receiver<Reading>,
}

impl Roster {
    /// The roster, and the work that keeps it up to date.
    pub fn new(log: Log) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let known = Arc::new(RwLock::new(Known::default()));
        let (sender, reading) = watch::channel(Reading::default());
        let work = follow(log.clone(), known.clone(), sender);
        (Self { known, log, reading }, work)
    }

    /// Whether it has read all that the log held when it started.
    pub fn readiness(&self) -> Result<(), String> {
        let Reading { position, head } = *self.reading.borrow();
        match head {
            None => Err("the event log has not been reached yet".to_owned()),
            Some(head) if position < head => Err(format!("has read {position} of {head} events")),
            Some(_) => Ok(()),
        }
    }

    /// How far it has read.
    pub fn position(&self) -> Position {
        self.reading.borrow().position
    }

    /// The practice of a code. One that is not known is waited for, as long as the log goes on beyond
    /// what has been read: it may have been imported a moment ago.
    pub async fn practice(&self, code: OdsCode) -> Result<Option<Practice>, ReadError> {
        if let Some(practice) = self.look_up(code) {
            return Ok(Some(practice));
        }
        self.catch_up().await?;
        Ok(self.look_up(code))
    }

    /// Waits until it has read what the log holds now, for a moment at most.
    pub async fn catch_up(&self) -> Result<(), ReadError> {
        let head = self.log.head().await?;
        let mut reading = self.reading.clone();
        let caught_up = reading.wait_for(|reading| reading.position >= head);
        // Late or not, the caller answers from what is known.
        let _ = tokio::time::timeout(CATCH_UP_TIMEOUT, caught_up).await;
        Ok(())
    }

    fn look_up(&self, code: OdsCode) -> Option<Practice> {
        let known = self.known.read();
        let mut practice = known.practices.get(&code)?.clone();
        practice.region = practice
            .region
            .or_else(|| practice.ccg.and_then(|ccg| known.bodies.get(&ccg)).and_then(|body| body.region));
        Some(practice)
    }

    /// The name of a CCG, region or other body, as people write it.
    pub fn body_name(&self, code: OdsCode) -> Option<String> {
        self.known.read().bodies.get(&code).map(|body| ui::fmt::name(&body.name))
    }

    /// The practices that may be seen, up to a number of them, by code.
    pub fn some(&self, most: usize, may_see: impl Fn(OdsCode) -> bool) -> Vec<Practice> {
        let known = self.known.read();
        let mut found: Vec<&Practice> =
            known.practices.values().filter(|practice| may_see(practice.code)).collect();
        found.sort_unstable_by_key(|practice| practice.code);
        found.into_iter().take(most).cloned().collect()
    }

    /// How many practices are known that may be seen.
    pub fn count(&self, may_see: impl Fn(OdsCode) -> bool) -> usize {
        self.known.read().practices.keys().filter(|code| may_see(**code)).count()
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
        let known = self.known.read();
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
        self.known.read().synthetic
    }

    /// The newest date of a register file on the log.
    pub fn newest_register_file(&self) -> Option<Day> {
        self.known.read().newest_register_file
    }
}

async fn follow(log: Log, known: Arc<RwLock<Known>>, reading: watch::Sender<Reading>) {
    let mut position = Position::START;
    loop {
        let Err(error) = read_on(&log, &known, &reading, &mut position).await;
        tracing::warn!(%error, %position, "the roster cannot read on and tries again");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

async fn read_on(
    log: &Log,
    known: &RwLock<Known>,
    reading: &watch::Sender<Reading>,
    position: &mut Position,
) -> Result<std::convert::Infallible, ReadError> {
    let head = log.head().await?;
    reading.send_modify(|reading| {
        reading.head.get_or_insert(head);
    });
    let mut reader = log.read(*position).await?;
    loop {
        let batch = reader.next().await?;
        {
            let mut known = known.write();
            for recorded in &batch.events {
                known.note(&recorded.body);
                *position = recorded.position;
            }
        }
        reading.send_modify(|reading| reading.position = *position);
    }
}

impl Known {
    /// Bodies that do not read are the projection's to count and show; here they say nothing.
    fn note(&mut self, body: &[u8]) {
        let Ok(header) = Header::read(body) else { return };
        if header.kind.starts_with(RESULT_LISTED) {
            if let Ok(AssessmentEvent::ResultListed(ResultListed { as_of, .. })) = header.event() {
                self.newest_register_file = self.newest_register_file.max(Some(as_of));
            }
        } else if header.kind.starts_with(ORGANISATIONS)
            && let Ok(code) = header.subject.rsplit('.').next().unwrap_or_default().parse()
            && let Ok(event) = header.event::<OrganisationEvent>()
        {
            self.synthetic |= header.actor == Actor::SYNTHETIC;
            self.organisation(code, event);
        }
    }

    fn organisation(&mut self, code: OdsCode, event: OrganisationEvent) {
        match event {
            OrganisationEvent::PracticeListed(event) => self.practice(code, event.listing),
            OrganisationEvent::PracticeAmended(event) => self.practice(code, event.listing),
            OrganisationEvent::OrganisationListed(event) => self.body(code, event.listing),
            OrganisationEvent::OrganisationAmended(event) => self.body(code, event.listing),
            OrganisationEvent::MembershipRecorded(_) | OrganisationEvent::ListSizePublished(_) => {}
        }
    }

    fn practice(&mut self, code: OdsCode, listing: PracticeListing) {
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

    fn body(&mut self, code: OdsCode, listing: OrganisationListing) {
        self.bodies.insert(code, Body { name: listing.name, region: listing.region });
    }
}
