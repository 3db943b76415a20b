//! What is done with junk: by `make fuzz`, whose inputs learn, and by the tests, which try the inputs kept of it and
//! changes of them.

use std::{fmt::Display, str::FromStr, sync::LazyLock};

use axum::{
    extract::Query,
    http::{HeaderMap, HeaderValue, Uri, header},
};
use bytes::Bytes;
use chassis::{
    access::{
        ApiKey, Session, Sessions,
        session::{SessionKeys, SigningKeys, Wire},
    },
    http::PublicUrl,
    import::{FileFault, Item, Next, RowReader},
};
use projection::{
    api::PracticesQuery,
    board::{Board, Footprint, Knowledge},
    facts::{Decoded, Facts},
};
use proto::{Day, EditionId, Header, OdsCode, Position, RequirementId, Subject};
use serde_json::Value;

static SESSIONS: LazyLock<[Sessions; 2]> = LazyLock::new(|| {
    let signers = SigningKeys::of_seeds(&[[1; 32], [2; 32]]).unwrap().public().collect();
    let keys = SessionKeys { signers, shared: vec![[7; 64], [8; 64]] };
    [Wire::Tls, Wire::Clear].map(|wire| Sessions::new(&keys, wire))
});

/// The time of the last use of some session, as it would be in the browser that sends the rest.
static LAST_USES: LazyLock<[String; 2]> = LazyLock::new(|| {
    let someone = Session::begin(
        proto::PersonId(Default::default()),
        proto::Role::Administrator,
        "X26".parse().unwrap(),
        proto::access::SignInWay::Password,
        NOW.parse().unwrap(),
    );
    [0, 1].map(|at| {
        let set = SESSIONS[at].renew(&someone, NOW.parse().unwrap()).unwrap();
        set.to_str().unwrap().split(';').next().unwrap().to_owned()
    })
});

const NOW: &str = "2019-04-01T09:00:00Z";

/// What comes in headers before anyone has shown who they are: cookies, API keys, names of hosts. None of it opens
/// anything, whatever it is.
pub fn cookies(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        if let Ok(key) = text.parse::<ApiKey>() {
            assert_eq!(key.reveal().parse().as_ref(), Ok(&key));
        }
        if let Ok(url) = text.parse::<PublicUrl>() {
            assert!(url.origin().starts_with("http"));
        }
    }
    for (sessions, last_use) in SESSIONS.iter().zip(&*LAST_USES) {
        // As the whole line, and as the value of either of the cookies it looks for.
        let token = [last_use.as_bytes(), b"; ", sessions.name().as_bytes(), b"=", input].concat();
        let used = [sessions.name().as_bytes(), b"=a.b; ", sessions.last_use_name().as_bytes(), b"=", input];
        for line in [input.to_vec(), token, used.concat()] {
            let Ok(line) = HeaderValue::from_bytes(&line) else { continue };
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, line);
            assert!(sessions.of(&headers, NOW.parse().unwrap()).is_none(), "no one knows the keys");
        }
    }
}

/// Message bodies, one a line: whatever they are, they are read or set aside, and a board is made.
pub fn events(bodies: &[u8]) {
    let mut facts = Facts::default();
    for (number, body) in (1..).zip(bodies.split(|byte| *byte == b'\n')) {
        let _ = proto::envelope::ChainLink::read(body);
        if let Ok(header) = Header::read(body) {
            as_the_library_reads_it(&header, body);
        }
        facts.gather(Decoded::read(Position(number), body));
    }
    let today = Day::from_number(17_900);
    let board = Board::build(&facts, Knowledge::ALL, today);
    let counts = |footprint| board.england().map(|england| england.counts(0, footprint, today).practices());
    let then = counts(Footprint::Then).unwrap_or_default();
    assert_eq!(Some(then), counts(Footprint::Now), "all practices are in England by either footprint");
    assert!(then as usize <= board.practices.len());
}

/// Where a body is JSON and so are its data, they are what was read, whichever way that was.
fn as_the_library_reads_it(header: &Header<'_>, body: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return };
    let Ok(data) = serde_json::from_slice::<Value>(header.data) else { return };
    assert_eq!(value["data"], data);
    assert_eq!(value["type"], *header.kind);
    assert_eq!(value["subject"], *header.subject);
    assert_eq!(value["actor"].as_str().unwrap_or_default(), header.actor);
}

/// What comes in addresses: codes, days, editions and the parameters of lists. What is read is written as it is read
/// again.
pub fn questions(text: &str) {
    comes_back::<OdsCode>(text);
    comes_back::<Day>(text);
    comes_back::<EditionId>(text);
    comes_back::<RequirementId>(text);
    comes_back::<Subject>(text);
    if let Ok(uri) = format!("/api/v1/areas/ENG/practices?{text}").parse::<Uri>()
        && let Ok(Query(query)) = Query::<PracticesQuery>::try_from_uri(&uri)
    {
        let _ = query.check();
    }
}

fn comes_back<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert!(read.to_string().parse::<T>().is_ok_and(|again| again == read), "{text:?} is read as {read}");
    }
}

/// A file of rows: whole or in pieces of any size, it is read to the same rows and problems, or refused both times.
pub fn rows(pieces: u8, file: &[u8]) {
    let whole = read(file, file.len().max(1));
    let in_pieces = read(file, usize::from(pieces) + 1);
    if let (Ok(whole), Ok(in_pieces)) = (&whole, &in_pieces) {
        assert_eq!(whole, in_pieces);
    }
    assert_eq!(whole.is_ok(), in_pieces.is_ok());
}

fn read(file: &[u8], piece: usize) -> Result<Vec<String>, FileFault> {
    let mut reader = RowReader::new();
    let mut pieces = file.chunks(piece);
    let mut found = Vec::new();
    loop {
        match reader.next() {
            Next::Item(Item::Row(row)) => {
                found.push(format!("{}: {}", row.line, row.values().collect::<Vec<_>>().join("\u{1f}")));
            }
            Next::Item(Item::Bad(problem)) => found.push(format!("{}! {}", problem.line, problem.detail)),
            Next::End => return Ok(found),
            Next::More => match pieces.next() {
                Some(piece) => reader.push(Bytes::copy_from_slice(piece))?,
                None => reader.finish()?,
            },
        }
    }
}
