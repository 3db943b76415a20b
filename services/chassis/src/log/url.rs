//! Which log, as one URL: `file:PATH` or `nats://HOST:PORT`.
//!
//! Parsing is pure. Neither `Display` nor `Debug` ever shows a password.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use proto::Stream;

/// The stream's name where the URL gives none.
pub const DEFAULT_STREAM: &str = "OVERSIGHT";

/// The port of a server where the URL gives none.
pub const DEFAULT_NATS_PORT: u16 = 4222;

/// The most replicas JetStream keeps of a stream.
pub const REPLICAS_MAX: u8 = 5;

/// Which log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogUrl {
    /// A file, in this process.
    File(PathBuf),
    /// A JetStream stream.
    Nats(NatsUrl),
}

/// Which JetStream stream, on which servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsUrl {
    /// At least one.
    pub servers: Vec<NatsServer>,
    /// User and password, where the URL names them.
    pub login: Option<Login>,
    /// The stream's name.
    pub stream: String,
    /// What the stream holds; a URL names the event log.
    pub holds: Stream,
    /// How many servers keep each event; for a stream that is created. An existing one must have at
    /// least as many.
    pub replicas: Option<u8>,
    /// The server's monitoring address (`HOST:PORT`), where it may be asked whether it syncs before
    /// it acknowledges.
    pub monitor: Option<String>,
    /// Under which name this client's answers and deliveries come, so that the server can keep other
    /// users from reading them. Without one they come to `_INBOX.>`, which is everyone's.
    pub inbox: Option<String>,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsServer {
    /// Plain or TLS.
    pub transport: Transport,
    /// Name or address; IPv6 in brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// How the bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// As they are.
    Plain,
    /// In TLS.
    Tls,
}

/// A user and a password. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub user: String,
    /// The secret.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(hidden)")
    }
}

/// Why a text names no log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the address of an event log: {reason}. Accepted: file:PATH, or \
     nats://[USER:PASSWORD@]HOST[:PORT] (tls:// for TLS; several servers separated by commas; \
     ?stream=NAME&replicas=1|3|5&monitor=HOST:PORT&inbox=NAME may follow)"
)]
pub struct LogUrlError {
    reason: String,
}

fn reject<T>(reason: impl Into<String>) -> Result<T, LogUrlError> {
    Err(LogUrlError { reason: reason.into() })
}

impl FromStr for LogUrl {
    type Err = LogUrlError;

    fn from_str(text: &str) -> Result<Self, LogUrlError> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("file:") {
            return parse_file(path).map(LogUrl::File);
        }
        if text.starts_with("nats://") || text.starts_with("tls://") {
            return parse_nats(text).map(LogUrl::Nats);
        }
        // The text is not repeated: a mistyped scheme may stand before a password.
        reject(if text.is_empty() { "it is empty" } else { "it begins with none of file:, nats://, tls://" })
    }
}

fn parse_file(path: &str) -> Result<PathBuf, LogUrlError> {
    let path = match path.strip_prefix("//") {
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) => {
            return reject("file:// needs an absolute path, as in file:///var/lib/oversight/events.redb");
        }
        None => path,
    };
    if path.is_empty() {
        return reject("file: needs a path, as in file:data/events.redb");
    }
    if path.contains('\0') {
        return reject("the path contains a NUL character");
    }
    Ok(PathBuf::from(path))
}

fn parse_nats(text: &str) -> Result<NatsUrl, LogUrlError> {
    let (addresses, query) = text.split_once('?').unwrap_or((text, ""));
    let mut url = NatsUrl {
        servers: Vec::new(),
        login: None,
        stream: DEFAULT_STREAM.to_owned(),
        holds: Stream::Events,
        replicas: None,
        monitor: None,
        inbox: None,
    };
    for address in addresses.split(',') {
        let (server, login) = parse_server(address.trim())?;
        match (&url.login, login) {
            (Some(known), Some(login)) if *known != login => {
                return reject("the servers name different users; one user serves all of them");
            }
            (None, Some(login)) => url.login = Some(login),
            _ => {}
        }
        url.servers.push(server);
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "stream" => url.stream = parse_name("stream", value)?,
            "inbox" => url.inbox = Some(parse_name("inbox", value)?),
            "replicas" => match value.parse::<u8>() {
                Ok(count @ 1..=REPLICAS_MAX) => url.replicas = Some(count),
                _ => return reject(format!("replicas={value} is not a number from 1 to {REPLICAS_MAX}")),
            },
            "monitor" => {
                let (host, port) = host_and_port(value, 8222)?;
                url.monitor = Some(format!("{host}:{port}"));
            }
            _ => return reject(format!("it has no setting {name:?}")),
        }
    }
    Ok(url)
}

/// A name that is one token of a subject.
fn parse_name(setting: &str, name: &str) -> Result<String, LogUrlError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
        return reject(format!(
            "{setting}={name} is not a name (1 to 64 letters, digits, underscores and hyphens)"
        ));
    }
    Ok(name.to_owned())
}

fn parse_server(text: &str) -> Result<(NatsServer, Option<Login>), LogUrlError> {
    let (transport, rest) = match (text.strip_prefix("nats://"), text.strip_prefix("tls://")) {
        (Some(rest), _) => (Transport::Plain, rest),
        (None, Some(rest)) => (Transport::Tls, rest),
        (None, None) if text.contains("://") => {
            return reject("a server's address begins with nats:// or tls://");
        }
        (None, None) => (Transport::Plain, text),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (login, address) = match rest.rsplit_once('@') {
        None => (None, rest),
        Some((login, address)) => {
            let Some((user, password)) = login.split_once(':') else {
                return reject("before the @ stands USER:PASSWORD");
            };
            match (percent_decoded(user), percent_decoded(password)) {
                (Some(user), Some(password)) if !user.is_empty() => (Some(Login { user, password }), address),
                _ => return reject("the user or password before the @ is empty or wrongly percent-encoded"),
            }
        }
    };
    let (host, port) = host_and_port(address, DEFAULT_NATS_PORT)?;
    Ok((NatsServer { transport, host, port }, login))
}

fn host_and_port(text: &str, default_port: u16) -> Result<(String, u16), LogUrlError> {
    let (host, port) = match text.rfind(']') {
        Some(end) => {
            let (host, rest) = text.split_at(end + 1);
            (host, rest.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if host.is_empty() || !host.bytes().all(fits) {
        return reject(format!("{host:?} is not a host"));
    }
    match port.map(str::parse::<u16>) {
        None => Ok((host.to_owned(), default_port)),
        Some(Ok(port)) if port > 0 => Ok((host.to_owned(), port)),
        Some(_) => reject(format!("{:?} is not a port (1 to 65535)", port.unwrap_or_default())),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| (b as char).to_digit(16)).map(|d| d as u8);
                digit(rest.next())? << 4 | digit(rest.next())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

impl LogUrl {
    /// The access log that belongs to an event log: beside `log.redb` the file `log-access.redb`, or
    /// the stream of the same name with `_ACCESS` behind it.
    pub fn access(&self) -> LogUrl {
        match self {
            LogUrl::File(path) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                LogUrl::File(path.with_file_name(format!("{stem}-access.redb")))
            }
            LogUrl::Nats(nats) => LogUrl::Nats(NatsUrl {
                stream: format!("{}_ACCESS", nats.stream),
                holds: Stream::Access,
                ..nats.clone()
            }),
        }
    }
}

impl NatsUrl {
    /// Whether the bytes travel in TLS. One server that is to be spoken to in TLS decides for all of
    /// them, since a client that falls back to another must not fall back to plain text.
    pub fn in_tls(&self) -> bool {
        self.servers.iter().any(|server| server.transport == Transport::Tls)
    }

    /// What the subjects begin with to which this client's answers and deliveries come.
    pub fn inbox_prefix(&self) -> String {
        match &self.inbox {
            Some(name) => format!("_INBOX_{name}"),
            None => "_INBOX".to_owned(),
        }
    }
}

impl NatsServer {
    /// Whether it is on this machine, by what its address says; no name is looked up.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().map_or(address.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback())
    }
}

impl fmt::Display for NatsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            Transport::Plain => "nats",
            Transport::Tls => "tls",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Display for NatsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.servers.iter().enumerate() {
            write!(f, "{}{server}", if index == 0 { "" } else { "," })?;
        }
        let mut mark = '?';
        let mut setting = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let written = write!(f, "{mark}{name}={value}");
            mark = '&';
            written
        };
        if self.stream != DEFAULT_STREAM {
            setting(f, "stream", &self.stream)?;
        }
        if let Some(replicas) = self.replicas {
            setting(f, "replicas", &replicas)?;
        }
        if let Some(monitor) = &self.monitor {
            setting(f, "monitor", monitor)?;
        }
        if let Some(inbox) = &self.inbox {
            setting(f, "inbox", inbox)?;
        }
        Ok(())
    }
}

impl fmt::Display for LogUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogUrl::File(path) => write!(f, "file:{}", path.display()),
            LogUrl::Nats(nats) => nats.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<LogUrl>().map_or_else(|error| error.to_string(), |url| url.to_string())
    }

    #[test]
    fn a_file_is_named_by_its_path() {
        assert_eq!("file:data/a?b.redb".parse(), Ok(LogUrl::File("data/a?b.redb".into())));
        assert_eq!("file:///var/x".parse(), Ok(LogUrl::File("/var/x".into())));
        assert_eq!(shown("file:/var/x"), "file:/var/x");
    }

    #[test]
    fn a_stream_is_named_by_its_servers_and_settings() {
        let url = "nats://a,tls://u:p%40ss@b:4300,nats://[::1]:1?stream=S&replicas=3&monitor=m:1&inbox=i-1";
        let Ok(LogUrl::Nats(nats)) = url.parse() else { panic!("not parsed") };
        assert_eq!(nats.login, Some(Login { user: "u".into(), password: "p@ss".into() }));
        assert_eq!(nats.servers[0].port, DEFAULT_NATS_PORT);
        assert_eq!(nats.servers[2].host, "[::1]");
        assert_eq!(
            nats.to_string(),
            "nats://a:4222,tls://b:4300,nats://[::1]:1?stream=S&replicas=3&monitor=m:1&inbox=i-1"
        );
        assert!(nats.in_tls());
    }

    #[test]
    fn an_inbox_is_everybodys_or_has_a_name() {
        for (text, prefix) in [("nats://h", "_INBOX"), ("nats://h?inbox=projection", "_INBOX_projection")] {
            let Ok(LogUrl::Nats(nats)) = text.parse() else { panic!("not parsed") };
            assert_eq!(nats.inbox_prefix(), prefix);
            assert!(!nats.in_tls());
        }
    }

    #[test]
    fn this_machine_is_told_by_the_address_alone() {
        for (host, loopback) in [
            ("127.0.0.1", true),
            ("127.8.9.10", true),
            ("localhost", true),
            ("LocalHost", true),
            ("[::1]", true),
            ("0.0.0.0", false),
            ("[::]", false),
            ("[::ffff:127.0.0.1]", false),
            ("10.0.0.1", false),
            ("localhost.example.org", false),
            ("broker", false),
        ] {
            let Ok(LogUrl::Nats(nats)) = format!("nats://{host}").parse() else { panic!("{host}") };
            assert_eq!(nats.servers[0].is_loopback(), loopback, "{host}");
        }
    }

    #[test]
    fn an_event_log_has_an_access_log_beside_it() {
        let access = |text: &str| text.parse::<LogUrl>().unwrap().access().to_string();
        assert_eq!(access("file:data/log.redb"), "file:data/log-access.redb");
        assert_eq!(access("nats://h:1"), "nats://h:1?stream=OVERSIGHT_ACCESS");
        assert_eq!(access("nats://h:1?stream=S&replicas=3"), "nats://h:1?stream=S_ACCESS&replicas=3");
    }

    #[test]
    fn a_secret_is_never_shown() {
        for url in ["nats://u:hunter2@h:1", "tls://u:hunter2@h"] {
            assert!(!format!("{} {:?}", shown(url), url.parse::<LogUrl>()).contains("hunter2"));
        }
        for wrong in ["nat://u:hunter2@h", "nats://u:hunter2@", "nats://hunter2@h", "nats://u:hunter2%zz@h"] {
            let error = wrong.parse::<LogUrl>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_accepted() {
        for (text, reason) in [
            ("", "it is empty"),
            ("events.redb", "it begins with none of"),
            ("file:", "file: needs a path"),
            ("file://x", "needs an absolute path"),
            ("nats://h:0", "is not a port"),
            ("nats://h:x", "is not a port"),
            ("nats://", "is not a host"),
            ("nats://h?replicas=9", "replicas=9"),
            ("nats://h?stream=a.b", "stream=a.b"),
            ("nats://h?inbox=a.>", "inbox=a.>"),
            ("nats://h?inbox=", "inbox= is not a name"),
            ("nats://h?colour=red", "no setting \"colour\""),
            ("nats://a:b@h,nats://c:d@i", "different users"),
        ] {
            let error = shown(text);
            assert!(error.contains(reason) && error.contains("Accepted: file:PATH"), "{text}: {error}");
        }
    }
}
