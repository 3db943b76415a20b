//! The envelope of every event: one CloudEvents 1.0 JSON object.
//!
//! | attribute | meaning |
//! | --- | --- |
//! | `id` | UUIDv5 of the command id: a repeated command cannot write twice |
//! | `source` | `/oversight/<service>` |
//! | `type` | what happened, ending in its version: `oversight.assessments.assessment-published.v1` |
//! | `subject` | the subject it stands on |
//! | `time` | when it was recorded (RFC 3339, UTC) |
//! | `actor` | who did it: `person:<id>`, `key:<id>` or `system:<what>` |
//! | `actorrole`, `actororganisation` | in which role, held at which organisation |
//! | `onbehalfof` | for which organisation, where that is not the actor's own |
//! | `effective` | the day it took effect in the world, where that differs from the day of `time` |
//! | `commandid` | the command it answers; of a command given twice there is one event |
//! | `commandcontent` | the first 128 bits of SHA-256 of what was sent with it, so that the same key with other content is noticed |
//! | `correlationid`, `causationid` | the request it came from, the event that led to it |
//! | `previous` | SHA-256 of the body of the aggregate's previous event: the chain that `oversight verify` checks |
//!
//! The position of an event is not part of its body: the log gives it.

use std::{borrow::Cow, fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    access::{self, Role},
    codes::{Actor, CodeError, OdsCode},
    day::Day,
    event::{DecodeError, DomainEvent},
    subject::{Service, Stream, Subject},
};

mod quick;

/// The number an event has in the log's one total order. The first event has position 1; position
/// 0 stands before all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Position = Position(0);

    /// The next position.
    pub fn next(self) -> Self {
        Position(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of an event's body as stored, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventHash([u8; 32]);

impl EventHash {
    /// The hash of a body.
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for EventHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0u8; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for EventHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// In the place of what is no hexadecimal digit: a bit that no digit has.
const NO_DIGIT: u8 = 0x80;

/// The value of each hexadecimal digit, by its byte.
const HEX_DIGITS: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

impl FromStr for EventHash {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let reject = || CodeError::new(text, "a hash", "64 hexadecimal digits");
        if text.len() != 64 {
            return Err(reject());
        }
        // Every request with an API key reads one: by a table, since no branch foresees a random digit.
        let digit = |b: u8| HEX_DIGITS[usize::from(b)];
        let (mut bytes, mut wrong) = ([0u8; 32], 0);
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let (high, low) = (digit(pair[0]), digit(pair[1]));
            wrong |= high | low;
            *byte = high << 4 | low;
        }
        if wrong & NO_DIGIT == 0 { Ok(Self(bytes)) } else { Err(reject()) }
    }
}

impl Serialize for EventHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for EventHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(EventHash)
        }
    }
}

/// What was sent with a command: the first 128 bits of its SHA-256, written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandContent(u128);

impl CommandContent {
    /// Of what was sent, in a form that does not depend on how it was written.
    pub fn of(bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        Self(digest.iter().take(16).fold(0, |content, byte| content << 8 | u128::from(*byte)))
    }
}

impl fmt::Display for CommandContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for CommandContent {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let reject = || CodeError::new(text, "the content of a command", "32 hexadecimal digits");
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex { u128::from_str_radix(text, 16).map(Self).map_err(|_| reject()) } else { Err(reject()) }
    }
}

impl Serialize for CommandContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CommandContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Who did something, in which role, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// In which role; none: the platform itself.
    #[serde(default, rename = "actorrole")]
    pub role: Option<Role>,
    /// The organisation at which the role is held.
    #[serde(default, rename = "actororganisation")]
    pub organisation: Option<OdsCode>,
    /// For which organisation, where it is not the actor's own.
    #[serde(default, rename = "onbehalfof")]
    pub on_behalf_of: Option<OdsCode>,
}

impl By {
    /// A part of the platform acting by itself.
    pub fn system(what: &str) -> Self {
        Actor::system(what).into()
    }
}

impl From<Actor> for By {
    /// No one's officer.
    fn from(actor: Actor) -> Self {
        Self { actor, role: None, organisation: None, on_behalf_of: None }
    }
}

/// What an envelope says beside the event itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The event's id.
    pub id: Uuid,
    /// Where it stands.
    pub subject: Subject,
    /// When it was recorded.
    pub time: Timestamp,
    /// Who did it.
    pub by: By,
    /// The day it took effect, where that is not the day of `time`.
    pub effective: Option<Day>,
    /// The command it answers.
    pub command_id: Option<Uuid>,
    /// What was sent with the command.
    pub command_content: Option<CommandContent>,
    /// The request it came from.
    pub correlation_id: Option<Uuid>,
    /// The event that led to it.
    pub causation_id: Option<Uuid>,
    /// The hash of the aggregate's previous event.
    pub previous: Option<EventHash>,
}

/// The envelope on the wire. Field order is the order written.
#[derive(Serialize)]
struct Written<'a, D: Serialize> {
    specversion: &'static str,
    id: Uuid,
    source: SourceOf<'a>,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: &'a str,
    time: Timestamp,
    datacontenttype: &'static str,
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    actorrole: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actororganisation: Option<OdsCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onbehalfof: Option<OdsCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commandid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commandcontent: Option<CommandContent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<EventHash>,
    data: &'a D,
}

struct SourceOf<'a>(&'a Subject);

impl Serialize for SourceOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("/oversight/{}", self.0.service()))
    }
}

impl Envelope {
    /// The body of the message: the envelope with the event in it.
    pub fn encode<E: DomainEvent>(&self, event: &E) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Written {
            specversion: "1.0",
            id: self.id,
            source: SourceOf(&self.subject),
            kind: event.event_type(),
            subject: self.subject.as_str(),
            time: self.time,
            datacontenttype: "application/json",
            actor: &self.by.actor,
            actorrole: self.by.role,
            actororganisation: self.by.organisation,
            onbehalfof: self.by.on_behalf_of,
            effective: self.effective,
            commandid: self.command_id,
            commandcontent: self.command_content,
            correlationid: self.correlation_id,
            causationid: self.causation_id,
            previous: self.previous,
            data: &event.data(),
        })
    }
}

/// The envelope as a reader of the whole log needs it: borrowed, the data not yet looked at, the
/// chain and the causes left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// The event's id.
    pub id: Uuid,
    /// What happened.
    pub kind: Cow<'a, str>,
    /// Where it stands.
    pub subject: Cow<'a, str>,
    /// When it was recorded.
    pub time: Timestamp,
    /// Who did it.
    pub actor: Cow<'a, str>,
    /// The day it took effect, where that is not the day of `time`.
    pub effective: Option<Day>,
    /// The request it came from: of a row of a file, the import.
    pub correlation_id: Option<Uuid>,
    /// The event itself, unread. Whether it is JSON at all shows when it is read.
    pub data: &'a [u8],
}

impl<'a> Header<'a> {
    /// The import that a row of a file came with. What was generated came with none: the correlation id of its first
    /// event names the run of the generator.
    pub fn import(&self) -> Option<Uuid> {
        self.correlation_id.filter(|_| *self.actor != *Actor::SYNTHETIC)
    }

    /// Reads the envelope of a message body: quickly where it is as [`Envelope::encode`] writes it,
    /// else as any CloudEvents object.
    pub fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        quick::read(body).map_or_else(|| Self::read_with_care(body), Ok)
    }

    fn read_with_care(body: &'a [u8]) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Any<'a> {
            id: Uuid,
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
            #[serde(borrow)]
            subject: Cow<'a, str>,
            time: Timestamp,
            #[serde(borrow, default)]
            actor: Cow<'a, str>,
            #[serde(default)]
            effective: Option<Day>,
            #[serde(default)]
            correlationid: Option<serde_json::Value>,
            #[serde(borrow)]
            data: &'a RawValue,
        }
        let Any { id, kind, subject, time, actor, effective, correlationid, data } =
            serde_json::from_slice(body).map_err(DecodeError::envelope)?;
        let data = data.get().as_bytes();
        let correlation_id = correlationid.and_then(|id| Uuid::try_parse(id.as_str()?).ok());
        Ok(Self { id, kind, subject, time, actor, effective, correlation_id, data })
    }

    /// The day the event took effect in the world.
    pub fn effective_day(&self) -> Day {
        self.effective.unwrap_or_else(|| Day::in_london(self.time))
    }

    /// The event, where its type is one of this service's.
    pub fn event<E: DomainEvent>(&self) -> Result<E, DecodeError> {
        E::decode(&self.kind, self.data)
    }

    /// Of the data those fields that a reader has a use for.
    pub fn fields<T: Deserialize<'a>>(&self) -> Result<T, DecodeError> {
        serde_json::from_slice(self.data).map_err(|error| DecodeError::Data {
            kind: self.kind.clone().into_owned(),
            reason: error.to_string(),
        })
    }
}

/// Whether a body that was read from a subject may stand there: it names that subject, and its type is one
/// that the service which may write there writes. A broker sees to it who writes to a subject; what is in
/// a body is its writer's word. Of a body that is no event nothing is said.
///
/// Every reader of a shared log asks it of every event: some forty nanoseconds.
pub fn may_stand_on(body: &[u8], subject: &str) -> bool {
    let fits = |kind: &str, named: &str| named == subject && is_written_on(kind, subject);
    if let Some((kind, named)) = quick::standing(body) {
        return std::str::from_utf8(kind)
            .is_ok_and(|kind| std::str::from_utf8(named).is_ok_and(|named| fits(kind, named)));
    }
    Header::read_with_care(body).map_or(true, |header| fits(&header.kind, &header.subject))
}

/// Whether events of a type are written on a subject: on the event log by its own service, on the access
/// log by `access`, but for the records that every service keeps of those who ask it.
fn is_written_on(kind: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    let (root, service) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or_default());
    let Some(of_service) = kind.strip_prefix(Stream::Events.root()).and_then(|rest| rest.strip_prefix('.'))
    else {
        return false;
    };
    let writer = of_service.split('.').next().unwrap_or_default();
    if root == Stream::Access.root() {
        writer == Service::Access.name() && (service == writer || access::RECORDS.contains(&kind))
    } else {
        writer == service
    }
}

/// The attributes that tell how an event came about, for those who look into it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Provenance {
    /// Who did it.
    #[serde(flatten)]
    pub by: By,
    /// The command it answers.
    #[serde(default, rename = "commandid")]
    pub command_id: Option<Uuid>,
    /// What was sent with it.
    #[serde(default, rename = "commandcontent")]
    pub command_content: Option<CommandContent>,
    /// The request it came from.
    #[serde(default, rename = "correlationid")]
    pub correlation_id: Option<Uuid>,
    /// The event that led to it.
    #[serde(default, rename = "causationid")]
    pub causation_id: Option<Uuid>,
    /// The hash of the aggregate's previous event.
    #[serde(default)]
    pub previous: Option<EventHash>,
}

impl Provenance {
    /// Reads them of a message body.
    pub fn read(body: &[u8]) -> Result<Self, DecodeError> {
        serde_json::from_slice(body).map_err(DecodeError::envelope)
    }
}

/// The attributes that only an audit of the chain needs.
#[derive(Debug, Deserialize)]
pub struct ChainLink<'a> {
    /// The event's id.
    pub id: Uuid,
    /// Where it stands.
    #[serde(borrow)]
    pub subject: Cow<'a, str>,
    /// The hash of the aggregate's previous event.
    #[serde(default)]
    pub previous: Option<EventHash>,
}

impl<'a> ChainLink<'a> {
    /// Reads the chain attributes of a message body.
    pub fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        serde_json::from_slice(body).map_err(DecodeError::envelope)
    }
}
