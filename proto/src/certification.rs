//! What has to be certified, and whether it is.
//!
//! The schemes and the table of what each type of service needs are data
//! (`proto/standards/certification.toml`). The judgement stands here and not in a service, because two
//! of them judge: `suppliers` for the buyer who asks today, the projection for the requirement on any
//! day. They cannot come to different ends.
//!
//! The judgement. For each demand of the type of service the certificate that answers it best is taken.
//! Five questions are asked of it: does it name the legal entity, does its level suffice, does its
//! scope cover the very service, do its dates run through, is the body that issued it recognised?
//!
//! - All yes: [`Verdict::Certified`].
//! - All yes, but it is good on the first day and not to the last: [`Verdict::RunsOut`].
//! - It is good, but not shown to cover this service, or in another name of the supplier:
//!   [`Verdict::HolderOnly`].
//! - Anything else: [`Verdict::NotCertified`].
//!
//! The verdict on the service is the worst of its demands'. Source: domain facts 2.3 row 10 and 5.2.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{
    codes::{SchemeId, ServiceId, ServiceTypeId},
    day::Day,
    standards::{Certainty, StandardsError},
    suppliers::{Certificate, DemandAnswered, List, SupplierDetails, SupplierEvent, Voice},
};

/// The answer to one of the questions, or whether a certificate covers a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// In part.
    Partly,
    /// Nothing is known that says either way.
    Unknown,
    /// No.
    No,
}

impl Answer {
    /// All of them.
    pub const ALL: [Answer; 4] = [Answer::Yes, Answer::Partly, Answer::Unknown, Answer::No];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Answer::Yes => "yes",
            Answer::Partly => "partly",
            Answer::Unknown => "unknown",
            Answer::No => "no",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Answer::Yes => "Yes",
            Answer::Partly => "Partly",
            Answer::Unknown => "Not known",
            Answer::No => "No",
        }
    }
}

/// What comes of the five questions. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The service is certified as required, from the first day to the last.
    Certified,
    /// It is on the first day, and no longer on the last.
    RunsOut,
    /// The supplier is certified, this service is not shown to be.
    HolderOnly,
    /// Not even that is shown.
    NotCertified,
}

impl Verdict {
    /// All of them, best first.
    pub const ALL: [Verdict; 4] =
        [Verdict::Certified, Verdict::RunsOut, Verdict::HolderOnly, Verdict::NotCertified];

    /// The name in addresses and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Verdict::Certified => "certified",
            Verdict::RunsOut => "runs-out",
            Verdict::HolderOnly => "holder-only",
            Verdict::NotCertified => "not-certified",
        }
    }

    /// In words, as the end of `this service: `.
    pub const fn words(self) -> &'static str {
        match self {
            Verdict::Certified => "certified as required",
            Verdict::RunsOut => "certified now, but not to the end of the contract",
            Verdict::HolderOnly => "the supplier is certified, this service is not shown to be",
            Verdict::NotCertified => "no evidence of the required certification",
        }
    }
}

/// A scheme of certification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Its id.
    pub id: SchemeId,
    /// Its name.
    pub title: String,
    /// How many months a certificate is good for, where the scheme says so.
    #[serde(default)]
    pub months: Option<u8>,
    /// Other demands it answers.
    #[serde(default)]
    pub counts_as: Vec<SchemeId>,
    /// Whether it is of the whole body, so that its scope is no question.
    #[serde(default)]
    pub of_the_body: bool,
    /// What a certificate says.
    pub proves: String,
    /// What it does not say.
    pub trap: String,
    /// By which names an issuer is recognised.
    pub bodies: Vec<Body>,
    /// How sure we are.
    pub certainty: Certainty,
    /// Where it is from.
    pub source: String,
}

/// A body whose certificates are recognised.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Its name.
    pub name: String,
    /// The last day on which it issued recognised ones; none while it does.
    #[serde(default)]
    pub until: Option<Day>,
    /// How sure we are.
    pub certainty: Certainty,
}

/// A type of service, and what has to be certified for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceType {
    /// Its id.
    pub id: ServiceTypeId,
    /// Its name.
    pub title: String,
    /// What belongs to it.
    pub help: String,
    /// Every one of these has to be answered by a certificate.
    pub demands: Vec<SchemeId>,
    /// How sure we are.
    pub certainty: Certainty,
    /// Where it is from.
    pub source: String,
}

/// The schemes and the types of service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    schemes: Vec<Scheme>,
    types: Vec<ServiceType>,
}

/// The name of the embedded file.
const FILE: &str = "certification";

/// The schemes and types this build knows. A test holds that they read without fault.
pub fn table() -> &'static Table {
    static BUILT_IN: LazyLock<Table> = LazyLock::new(|| Table::built_in().unwrap_or_default());
    &BUILT_IN
}

impl Table {
    /// Reads the embedded file and checks it against itself.
    pub fn built_in() -> Result<Self, StandardsError> {
        let fail = |reason: String| StandardsError { file: FILE.to_owned(), reason };
        let table: Table = toml::from_str(include_str!("../standards/certification.toml"))
            .map_err(|error| fail(error.to_string()))?;
        let demands = table.types.iter().flat_map(|kind| &kind.demands);
        let named = table.schemes.iter().flat_map(|scheme| &scheme.counts_as).chain(demands);
        for id in named {
            table.scheme(*id).ok_or_else(|| fail(format!("there is no scheme {id}")))?;
        }
        if let Some(kind) = table.types.iter().find(|kind| !table.has_the_floor(kind)) {
            return Err(fail(format!("{} does not ask for the floor, {FLOOR}", kind.id)));
        }
        Ok(table)
    }

    fn has_the_floor(&self, kind: &ServiceType) -> bool {
        kind.demands.iter().any(|demand| {
            demand.as_str() == FLOOR
                || self
                    .scheme(*demand)
                    .is_some_and(|scheme| scheme.counts_as.iter().any(|other| other.as_str() == FLOOR))
        })
    }

    /// Every scheme.
    pub fn schemes(&self) -> &[Scheme] {
        &self.schemes
    }

    /// Every type of service.
    pub fn types(&self) -> &[ServiceType] {
        &self.types
    }

    /// The scheme of an id.
    pub fn scheme(&self, id: SchemeId) -> Option<&Scheme> {
        self.schemes.iter().find(|scheme| scheme.id == id)
    }

    /// The type of an id.
    pub fn service_type(&self, id: ServiceTypeId) -> Option<&ServiceType> {
        self.types.iter().find(|kind| kind.id == id)
    }

    /// The name of a scheme; the id itself where this build does not know it.
    pub fn scheme_title(&self, id: SchemeId) -> String {
        self.scheme(id).map_or_else(|| id.to_string(), |scheme| scheme.title.clone())
    }

    /// The name of a type; the id itself where this build does not know it.
    pub fn type_title(&self, id: ServiceTypeId) -> String {
        self.service_type(id).map_or_else(|| id.to_string(), |kind| kind.title.clone())
    }
}

/// What has to be certified of every service, at the least.
const FLOOR: &str = "cyber-essentials";

impl Scheme {
    fn answers(&self, demand: SchemeId) -> bool {
        self.id == demand || self.counts_as.contains(&demand)
    }

    /// Whether a body's certificates of a day are recognised.
    pub fn recognises(&self, issuer: &str, issued: Day) -> bool {
        let issuer = words_of(issuer);
        self.bodies.iter().any(|body| {
            let name = words_of(&body.name);
            body.until.is_none_or(|until| issued <= until)
                && issuer.windows(name.len().max(1)).any(|part| part == name)
        })
    }
}

/// What is known of a supplier's certificates, folded from its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// Who the supplier is.
    pub details: SupplierDetails,
    /// Its certificates by their number.
    pub certificates: Vec<Held>,
}

/// A certificate, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its number among the supplier's.
    pub number: u16,
    /// What it says.
    pub printed: Certificate,
    /// The number of the one before.
    pub renews: Option<u16>,
    /// When it did not count: from a day, up to the day before another, if that has come.
    pub suspended: Vec<(Day, Option<Day>)>,
    /// The first day it no longer counted.
    pub withdrawn: Option<Day>,
    /// What was said of its coverage, in the order it was said.
    pub said: Vec<Said>,
}

/// What was said of a certificate's coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Of which service.
    pub service: ServiceId,
    /// From which day on.
    pub day: Day,
    /// Whether it covers it.
    pub covers: Answer,
    /// Who says so.
    pub by: Voice,
    /// On what ground.
    pub ground: String,
}

impl Held {
    /// What counts, by a day, of what was said of its coverage of a service: the last word of those who are
    /// not the supplier, which the supplier cannot talk away; as long as they are silent, its own. (Our rule:
    /// no source says whose word counts.)
    pub fn said_of(&self, service: ServiceId, by: Day) -> Option<&Said> {
        let own = || self.last_said(service, by, Voice::Supplier);
        self.last_said(service, by, Voice::Reader).or_else(own)
    }

    /// What was last said of its coverage of a service, by a day, in a voice or in one that counts like it.
    pub fn last_said(&self, service: ServiceId, by: Day, voice: Voice) -> Option<&Said> {
        let said = self.said.iter().filter(|said| said.service == service && said.day <= by);
        said.rev().find(|said| said.by.is_independent() == voice.is_independent())
    }

    /// Whether it counts on a day, as far as its own dates and fate go.
    pub fn is_good_on(&self, day: Day) -> bool {
        self.printed.issued <= day && self.ends().is_none_or(|last| day <= last) && !self.is_suspended_on(day)
    }

    /// Whether it is suspended on a day.
    pub fn is_suspended_on(&self, day: Day) -> bool {
        self.suspended.iter().any(|(from, until)| *from <= day && until.is_none_or(|until| day < until))
    }

    /// The last day it counts.
    pub fn ends(&self) -> Option<Day> {
        let withdrawn = self.withdrawn.map(|day| day.plus_days(-1));
        [self.printed.expires, withdrawn].into_iter().flatten().min()
    }

    /// The days on which anything about it begins or ends.
    fn days(&self) -> impl Iterator<Item = Day> + '_ {
        let own = [Some(self.printed.issued), self.ends().map(|last| last.plus_days(1))];
        let suspended = self.suspended.iter().flat_map(|(from, until)| [Some(*from), *until]);
        own.into_iter().chain(suspended).flatten().chain(self.said.iter().map(|said| said.day))
    }
}

impl Dossier {
    /// Takes in an event of the supplier, effective on a day. Others say nothing here.
    pub fn apply(&mut self, event: &SupplierEvent, effective: Day) {
        match event {
            SupplierEvent::SupplierRegistered(event) => self.details = event.details.clone(),
            SupplierEvent::SupplierAmended(event) => self.details = event.details.clone(),
            // The entries of the toolkit's register are ODS codes.
            SupplierEvent::ListingMatched(event) if event.listing.list == List::DspToolkit => {
                self.details.ods_code = self.details.ods_code.or_else(|| event.listing.entry.parse().ok());
            }
            SupplierEvent::CertificateRecorded(event) => self.hold(event.certificate, None, &event.printed),
            SupplierEvent::CertificateRenewed(event) => {
                self.hold(event.certificate, Some(event.renews), &event.printed);
            }
            SupplierEvent::CertificateSuspended(event) => {
                self.change(event.certificate, |held| held.suspended.push((effective, None)));
            }
            SupplierEvent::CertificateReinstated(event) => self.change(event.certificate, |held| {
                if let Some((_, until)) = held.suspended.last_mut() {
                    *until = Some(effective);
                }
            }),
            SupplierEvent::CertificateWithdrawn(event) => {
                self.change(event.certificate, |held| held.withdrawn = Some(effective));
            }
            SupplierEvent::CoverageStated(event) => self.change(event.certificate, |held| {
                held.said.push(Said {
                    service: event.service,
                    day: effective,
                    covers: event.covers,
                    by: event.said_by,
                    ground: event.ground.clone(),
                });
            }),
            _ => {}
        }
    }

    /// The certificate of a number.
    pub fn certificate(&self, number: u16) -> Option<&Held> {
        self.certificates.iter().find(|held| held.number == number)
    }

    fn hold(&mut self, number: u16, renews: Option<u16>, printed: &Certificate) {
        self.certificates.push(Held {
            number,
            printed: printed.clone(),
            renews,
            suspended: Vec::new(),
            withdrawn: None,
            said: Vec::new(),
        });
    }

    fn change(&mut self, number: u16, change: impl FnOnce(&mut Held)) {
        if let Some(held) = self.certificates.iter_mut().find(|held| held.number == number) {
            change(held);
        }
    }

    /// The days on which the judgement of single days may change.
    pub fn days(&self) -> impl Iterator<Item = Day> + '_ {
        self.certificates.iter().flat_map(Held::days)
    }

    /// The verdict on a service over some days, both included, with the answers to each demand of its
    /// type. Costs a look at every certificate for each demand.
    pub fn judge(
        &self,
        service: Option<ServiceId>,
        service_type: ServiceTypeId,
        from: Day,
        to: Day,
    ) -> (Verdict, Vec<DemandAnswered>) {
        let span = Span { service, from, to };
        let answered: Vec<DemandAnswered> = match table().service_type(service_type) {
            Some(kind) => kind.demands.iter().map(|demand| self.answer(*demand, &span)).collect(),
            None => Vec::new(),
        };
        // Of a type that no one here knows nothing is shown.
        let verdict = answered.iter().map(|answered| answered.verdict).max();
        (verdict.unwrap_or(Verdict::NotCertified), answered)
    }

    /// The verdict alone, on a day.
    pub fn verdict_on(&self, service: Option<ServiceId>, service_type: ServiceTypeId, day: Day) -> Verdict {
        self.judge(service, service_type, day, day).0
    }

    /// The demand, answered by the certificate that does so best; of equals by the one that runs longest.
    fn answer(&self, demand: SchemeId, span: &Span) -> DemandAnswered {
        let answers = self.certificates.iter().filter_map(|held| {
            let scheme = table().scheme(held.printed.scheme)?;
            // What would do but for its level is worth showing, too.
            let lower = table().scheme(demand)?.counts_as.contains(&scheme.id);
            let level = if scheme.answers(demand) { Answer::Yes } else { Answer::No };
            (level == Answer::Yes || lower).then(|| (held, self.ask(demand, scheme, level, held, span)))
        });
        let best = answers.min_by_key(|(held, answered)| {
            let last = held.ends().unwrap_or(Day::LAST);
            (answered.verdict, answered.level, std::cmp::Reverse(last), held.number)
        });
        best.map_or_else(
            || DemandAnswered {
                demand,
                certificate: None,
                entity: Answer::Unknown,
                level: Answer::No,
                scope: Answer::Unknown,
                dates: Answer::No,
                body: Answer::Unknown,
                verdict: Verdict::NotCertified,
            },
            |(_, answered)| answered,
        )
    }

    /// The five questions.
    fn ask(
        &self,
        demand: SchemeId,
        scheme: &Scheme,
        level: Answer,
        held: &Held,
        span: &Span,
    ) -> DemandAnswered {
        let entity = self.names(&held.printed.holder);
        let scope = match span.service {
            _ if scheme.of_the_body => Answer::Yes,
            Some(service) => held.said_of(service, span.to).map_or(Answer::Unknown, |said| said.covers),
            None => Answer::Unknown,
        };
        let dates = held.dates_over(span);
        let body = match scheme.recognises(&held.printed.issuer, held.printed.issued) {
            true => Answer::Yes,
            false => Answer::Unknown,
        };
        let good = level == Answer::Yes
            && body == Answer::Yes
            && matches!(dates, Answer::Yes | Answer::Partly)
            && matches!(entity, Answer::Yes | Answer::Partly);
        let verdict = match (good, entity, scope, dates) {
            (false, ..) => Verdict::NotCertified,
            (true, Answer::Yes, Answer::Yes, Answer::Yes) => Verdict::Certified,
            (true, Answer::Yes, Answer::Yes, _) => Verdict::RunsOut,
            _ => Verdict::HolderOnly,
        };
        let certificate = Some((held.number, held.printed.clone()));
        DemandAnswered { demand, certificate, entity, level, scope, dates, body, verdict }
    }

    /// Whether a name is that of the legal entity; partly where it is one it trades under.
    fn names(&self, holder: &str) -> Answer {
        let holder = entity_key(holder);
        if holder.is_empty() {
            Answer::Unknown
        } else if holder == entity_key(&self.details.legal_name) {
            Answer::Yes
        } else if self.details.trading_names.iter().any(|name| entity_key(name) == holder) {
            Answer::Partly
        } else {
            Answer::No
        }
    }
}

/// What is asked: of which service, over which days.
struct Span {
    service: Option<ServiceId>,
    from: Day,
    to: Day,
}

impl Held {
    fn dates_over(&self, span: &Span) -> Answer {
        if !self.is_good_on(span.from) {
            return Answer::No;
        }
        let lasts = self.ends().is_none_or(|last| span.to <= last);
        let paused = self
            .suspended
            .iter()
            .any(|(from, until)| *from <= span.to && until.is_none_or(|until| span.from < until));
        if lasts && !paused { Answer::Yes } else { Answer::Partly }
    }
}

/// The forms of company that do not tell names apart.
const FORMS: [&str; 9] = ["limited", "ltd", "plc", "llp", "cic", "inc", "incorporated", "company", "co"];

/// A name as names of legal entities are compared: no case, no punctuation, no `the` before it, `and`
/// for `&`, without what it trades as, and no form of company at its end. Two companies on the register
/// may not differ in these alone.
pub fn entity_key(name: &str) -> String {
    let lower = name.to_lowercase();
    let own = [" t/a ", "(t/a ", " trading as "]
        .iter()
        .fold(lower.as_str(), |own, traded| own.split(traded).next().unwrap_or_default());
    let mut words = words_of(own);
    if words.first().is_some_and(|word| word == "the") && words.len() > 1 {
        words.remove(0);
    }
    while words.len() > 1 && words.last().is_some_and(|word| FORMS.contains(&word.as_str())) {
        words.pop();
    }
    words.join(" ")
}

/// The words of a name, without case and punctuation.
pub fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        match (c, words.last_mut()) {
            ('\'' | '’' | '.', _) => {}
            ('&', _) => words.extend(["and".to_owned(), String::new()]),
            (c, Some(word)) if c.is_alphanumeric() => word.extend(c.to_lowercase()),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests;
