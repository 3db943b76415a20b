//! The names a server answers to, and whose pages may send it something.

use std::{net::Ipv6Addr, str::FromStr};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
};

use crate::{pace::Proxies, problem::Problem};

/// The most characters of the name of a host.
const NAME_MAX_CHARS: usize = 253;

/// The header by which a browser says from where a request comes.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names a server answers to.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The origin that people know it by, such as `https://oversight.example.nhs.uk`; none: this
    /// machine's loopback names alone.
    pub public: Option<PublicUrl>,
    /// The proxies in front, which are believed when they say for whom they ask.
    pub proxies: Proxies,
    /// Whether any name is answered to: where there are no pages, and so nothing that another site could show as its own.
    pub answer_to_any: bool,
}

impl Names {
    /// Whether a host is one of ours. Health checks of the machine itself ask by a loopback name always.
    fn answer_to(&self, host: &Host) -> bool {
        self.answer_to_any
            || host.is_loopback()
            || self.public.as_ref().is_some_and(|public| public.is_at(host))
    }

    /// Whether pages of an origin are ours: it is the public address; or the very address on this machine that was
    /// asked for, since other programs at other ports are not us.
    fn are_ours(&self, origin: &Origin, asked: &Host) -> bool {
        let is_public = self.public.as_ref().is_some_and(|public| public.origin == *origin);
        is_public || (asked.is_loopback() && *origin == Origin::new(Scheme::Http, asked.clone()))
    }
}

/// The name asked for must be one of ours, so that no web page can reach in by DNS rebinding; and a
/// request that changes something must not come from another site's page.
pub(super) fn knock(request: &Request, names: &Names) -> Result<(), Problem> {
    let forbidden = |detail: &str| Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not from there", detail);
    let host = host_of(request)?;
    if !names.answer_to(&host) {
        return Err(forbidden(
            "this server answers to 127.0.0.1, [::1] and localhost, and to its public address where it has one",
        ));
    }
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let headers = request.headers();
    let is_own_site = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
    let is_own_origin = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse().ok());
        origin.is_some_and(|origin| names.are_ours(&origin, &host))
    };
    let is_ours = headers.get_all(SITE).iter().all(is_own_site)
        && headers.get_all(header::ORIGIN).iter().all(is_own_origin);
    if is_ours { Ok(()) } else { Err(forbidden("a page of another site may not send this")) }
}

/// Whether the browser says from where a request comes. What comes from elsewhere does not pass the door.
pub fn is_own_page_said(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key(SITE)
}

/// The host a request is for. It is named once, or twice alike where the address has it too.
fn host_of(request: &Request) -> Result<Host, Problem> {
    let wrong = || {
        Problem::bad_input(
            "the header Host must be there once, with a host and perhaps a port, such as localhost:8080",
        )
    };
    let in_address = request.uri().authority().map(|authority| authority.as_str().parse::<Host>());
    let mut in_headers = request.headers().get_all(header::HOST).iter();
    let (first, more) = (in_headers.next(), in_headers.next());
    let in_header = first.map(|host| host.to_str().map_err(|_| NoHost).and_then(str::parse::<Host>));
    match (in_address, in_header, more) {
        (None, Some(Ok(host)), None) | (Some(Ok(host)), None, None) => Ok(host),
        (Some(Ok(host)), Some(Ok(same)), None) if host == same => Ok(host),
        _ => Err(wrong()),
    }
}

/// Whether a host, with its port if it has one, is this machine by one of its loopback names.
pub(crate) fn is_loopback_name(host: &str) -> bool {
    host.parse().is_ok_and(|host: Host| host.is_loopback())
}

/// A text that is no host.
#[derive(Debug)]
struct NoHost;

/// A host and perhaps a port, such as `localhost:8080` or `[::1]`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    /// In lower case; of an IPv6 address without its brackets, and as it is written shortest.
    name: String,
    port: Option<u16>,
}

impl FromStr for Host {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let (name, after) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or(NoHost)?;
                (address.parse::<Ipv6Addr>().map_err(|_| NoHost)?.to_string(), after)
            }
            None => {
                let (name, after) = text.split_at(text.find(':').unwrap_or(text.len()));
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                if name.is_empty() || name.len() > NAME_MAX_CHARS || !name.bytes().all(fits) {
                    return Err(NoHost);
                }
                (name.to_ascii_lowercase(), after)
            }
        };
        let port = match after.strip_prefix(':') {
            None if after.is_empty() => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| NoHost)?)
            }
            _ => return Err(NoHost),
        };
        Ok(Self { name, port })
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]", self.name)?
        } else {
            f.write_str(&self.name)?
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Host {
    fn is_loopback(&self) -> bool {
        self.name == "localhost"
            || self.name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// By what one speaks to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn of(text: &str) -> Option<Self> {
        match text {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where none is named.
    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// From where a page is: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    /// Without the port that the scheme has anyway.
    host: Host,
}

impl Origin {
    fn new(scheme: Scheme, host: Host) -> Self {
        let port = host.port.filter(|port| *port != scheme.port());
        Self { scheme, host: Host { port, ..host } }
    }
}

impl FromStr for Origin {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let (scheme, host) = text.split_once("://").ok_or(NoHost)?;
        Ok(Self::new(Scheme::of(scheme).ok_or(NoHost)?, host.parse()?))
    }
}

/// The address people know a server by: scheme, host and perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: Origin,
    text: String,
}

impl PublicUrl {
    /// The origin, without a slash at its end.
    pub fn origin(&self) -> &str {
        &self.text
    }

    /// Whether it goes over TLS.
    pub fn is_tls(&self) -> bool {
        self.origin.scheme == Scheme::Https
    }

    /// Whether a host is its own, with or without the port that the scheme has anyway.
    fn is_at(&self, host: &Host) -> bool {
        self.origin == Origin::new(self.origin.scheme, host.clone())
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let accepted = || {
            "the public address is https:// and a host, such as https://oversight.example.nhs.uk; http:// only of \
             this machine"
                .to_owned()
        };
        let uri: Uri = text.trim().parse().map_err(|_| accepted())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str().and_then(Scheme::of), uri.authority()) else {
            return Err(accepted());
        };
        let host: Host = authority.as_str().parse().map_err(|_| accepted())?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let is_safe = scheme == Scheme::Https || host.is_loopback();
        if !is_bare || !is_safe {
            return Err(accepted());
        }
        let origin = Origin::new(scheme, host);
        Ok(Self { text: format!("{}://{}", scheme.words(), origin.host), origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(public: &str) -> Names {
        let public = (!public.is_empty()).then(|| public.parse().unwrap());
        Names { public, ..Names::default() }
    }

    /// The status a request with these headers is refused with.
    fn refused(names: &Names, method: Method, address: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let request =
            headers.iter().fold(Request::builder().method(method).uri(address), |request, (name, value)| {
                request.header(*name, *value)
            });
        let request = request.body(axum::body::Body::empty()).unwrap();
        knock(&request, names).err().map(|problem| problem.status)
    }

    const PUBLIC: &str = "https://oversight.example.nhs.uk";

    #[test]
    fn a_public_address_is_safe_and_bare() {
        let public: PublicUrl = "https://Oversight.example.nhs.uk:443/".parse().unwrap();
        assert_eq!((public.origin(), public.is_tls()), (PUBLIC, true));
        let other: PublicUrl = "https://oversight.example.nhs.uk:8443".parse().unwrap();
        assert_eq!(other.origin(), "https://oversight.example.nhs.uk:8443");
        assert!(!"http://127.0.0.1:8080".parse::<PublicUrl>().unwrap().is_tls());
        for wrong in
            ["", "oversight", "http://example.org", "https://a@b", "https://a/b", "https://a?b", "ftp://a"]
        {
            assert!(wrong.parse::<PublicUrl>().unwrap_err().contains("https://"), "{wrong}");
        }
    }

    #[test]
    fn only_loopback_names_are_answered_to_beside_the_public_one() {
        for host in ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "[::1]:8080", "[0:0::1]", "LOCALHOST"] {
            assert!(is_loopback_name(host), "{host}");
            assert_eq!(refused(&names(PUBLIC), Method::GET, "/", &[("host", host)]), None, "{host}");
        }
        for host in [
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org:80",
            "10.0.0.1",
            "[::2]",
            "localhost.",
        ] {
            assert!(!is_loopback_name(host), "{host}");
            assert_eq!(refused(&names(PUBLIC), Method::GET, "/", &[("host", host)]), Some(403), "{host}");
        }
        for (host, status) in [
            ("oversight.EXAMPLE.nhs.uk", None),
            ("oversight.example.nhs.uk:443", None),
            ("oversight.example.nhs.uk:80", Some(403)),
            ("oversight.example.nhs.uk:8443", Some(403)),
            ("example.nhs.uk", Some(403)),
            ("oversight.example.nhs.uk.evil.org", Some(403)),
        ] {
            assert_eq!(refused(&names(PUBLIC), Method::GET, "/", &[("host", host)]), status, "{host}");
        }
    }

    #[test]
    fn a_host_that_is_missing_malformed_or_there_twice_is_refused() {
        let status =
            |address: &str, headers: &[(&str, &str)]| refused(&names(PUBLIC), Method::GET, address, headers);
        for host in [
            "",
            " ",
            "::1",
            "localhost:",
            "localhost:x",
            "localhost:+80",
            "localhost:99999",
            "localhost:80:80",
            "localhost, localhost",
            "a@localhost",
            "localhost/",
            "http://localhost",
            "[::1",
            "[::1]x",
            "[localhost]",
            &"a".repeat(NAME_MAX_CHARS + 1),
        ] {
            assert_eq!(status("/", &[("host", host)]), Some(400), "{host}");
        }
        assert_eq!(status("/", &[]), Some(400));
        assert_eq!(status("/", &[("host", "localhost"), ("host", "localhost")]), Some(400));
        assert_eq!(status("/", &[("host", "localhost"), ("host", "evil.org")]), Some(400));
        assert_eq!(status("http://localhost/", &[]), None);
        assert_eq!(status("http://localhost/", &[("host", "LOCALHOST")]), None);
        assert_eq!(status("http://localhost/", &[("host", "127.0.0.1")]), Some(400));
        assert_eq!(status("http://evil.org/", &[("host", "localhost")]), Some(400));
    }

    #[test]
    fn what_changes_something_comes_from_our_own_pages_by_scheme_host_and_port() {
        let loopback = "127.0.0.1:8080";
        for (public, host, origin, is_ours) in [
            (PUBLIC, "oversight.example.nhs.uk", PUBLIC, true),
            (PUBLIC, "oversight.example.nhs.uk", "https://oversight.example.nhs.uk:443", true),
            // A proxy that asks by another name than it was asked.
            (PUBLIC, loopback, PUBLIC, true),
            (PUBLIC, "oversight.example.nhs.uk", "http://oversight.example.nhs.uk", false),
            (PUBLIC, "oversight.example.nhs.uk", "https://oversight.example.nhs.uk:8443", false),
            (PUBLIC, "oversight.example.nhs.uk", "https://other.example.nhs.uk", false),
            (PUBLIC, "oversight.example.nhs.uk", "http://127.0.0.1:8080", false),
            (PUBLIC, loopback, "http://127.0.0.1:8080", true),
            ("", loopback, "http://127.0.0.1:8080", true),
            ("", "LOCALHOST", "http://localhost:80", true),
            ("", "[::1]:8080", "http://[::1]:8080", true),
            // Other programs on this machine.
            ("", loopback, "http://127.0.0.1:9999", false),
            ("", loopback, "http://127.0.0.1", false),
            ("", loopback, "http://localhost:8080", false),
            ("", loopback, "https://127.0.0.1:8080", false),
            ("", loopback, "null", false),
            ("", loopback, "", false),
            ("", loopback, "file://127.0.0.1:8080", false),
            ("", loopback, "http://127.0.0.1:8080/", false),
        ] {
            let headers = [("host", host), ("origin", origin)];
            let status = if is_ours { None } else { Some(403) };
            for method in [Method::POST, Method::PUT, Method::DELETE] {
                assert_eq!(
                    refused(&names(public), method, "/", &headers),
                    status,
                    "{public} {host} {origin}"
                );
            }
            assert_eq!(refused(&names(public), Method::GET, "/", &headers), None, "a look changes nothing");
        }
        let post = |more: &[(&str, &str)]| {
            let headers = [&[("host", loopback)][..], more].concat();
            refused(&names(""), Method::POST, "/", &headers)
        };
        assert_eq!(post(&[]), None, "programs say nothing");
        for (site, status) in [
            ("same-origin", None),
            ("none", None),
            ("same-site", Some(403)),
            ("cross-site", Some(403)),
            ("x", Some(403)),
        ] {
            assert_eq!(post(&[("sec-fetch-site", site)]), status, "{site}");
        }
        let own = "http://127.0.0.1:8080";
        assert_eq!(post(&[("origin", own), ("origin", "https://evil.org")]), Some(403));
        assert_eq!(post(&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]), Some(403));
    }
}
