//! Whether the host that a request names is this server's: the defence against names that point here by fraud.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Uri, Version};
use watchbook_api::{ErrorCode, Problem};

use super::Ends;

/// The characters of a refused host that an error repeats.
const SHOWN_CHARS: usize = 100;

/// The names this server answers to besides those of loopback and its own address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    hosts: BTreeSet<String>,
    /// The origin of pages that are served under the public address.
    public_origin: Option<String>,
}

/// A setting that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSite {
    /// The public address is not one.
    #[error(
        "public_url {0:?} is not an address of this server; write it like https://watchbook.example.org"
    )]
    PublicUrl(String),
    /// An allowed host is not one.
    #[error("allowed host {0:?} is not a host name; write it like watchbook.example.org")]
    Host(String),
}

impl Sites {
    /// The names of a server with this public address that may also be called by these host names. Ports of allowed
    /// hosts are ignored: whoever reaches another port reaches another server.
    ///
    /// # Errors
    /// The first setting that names no host.
    pub fn new(public_url: Option<&str>, allowed_hosts: &[String]) -> Result<Self, BadSite> {
        let mut sites = Self::default();
        if let Some(url) = public_url {
            let (scheme, authority) = split(url).ok_or_else(|| BadSite::PublicUrl(url.into()))?;
            sites.hosts.insert(plain(authority.host()));
            sites.public_origin = Some(origin_of(&scheme, &authority));
        }
        for host in allowed_hosts {
            let authority = parse(host).ok_or_else(|| BadSite::Host(host.clone()))?;
            sites.hosts.insert(plain(authority.host()));
        }
        Ok(sites)
    }

    /// Whether pages of this origin are this server's own, under its public address.
    pub(crate) fn is_public_origin(&self, origin: &str) -> bool {
        self.public_origin
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(origin))
    }

    fn knows(&self, host: &str, ends: Ends) -> bool {
        let is_address = host.parse::<IpAddr>().is_ok_and(|address| {
            let address = address.to_canonical();
            address.is_loopback() || address == ends.local.ip().to_canonical()
        });
        is_address || host == "localhost" || self.hosts.contains(host)
    }
}

/// The authority that a request names, if this server answers for it. `None` for an old client that names none.
///
/// # Errors
/// `malformed` when there is none, several or no valid one; `misdirected` when it is somebody else's.
pub(crate) fn check(
    parts: &Parts,
    ends: Ends,
    sites: &Sites,
) -> Result<Option<Authority>, Problem> {
    let Some(named) = named(parts)? else {
        return Ok(None);
    };
    let refused = || {
        let shown: String = named.chars().take(SHOWN_CHARS).collect();
        Problem::new(
            ErrorCode::Misdirected,
            format!(
                "this watchbook does not answer for the host {shown:?}; call it by its own address, set server.public_url in watchbook.yml, or start it with --allow-host"
            ),
        )
    };
    let authority = parse(&named).ok_or_else(refused)?;
    if sites.knows(&plain(authority.host()), ends) {
        Ok(Some(authority))
    } else {
        Err(refused())
    }
}

/// What the request says it was sent to: the target's own host before the header (RFC 9112, 3.2.2).
fn named(parts: &Parts) -> Result<Option<String>, Problem> {
    if let Some(authority) = parts.uri.authority() {
        return Ok(Some(authority.as_str().to_owned()));
    }
    let malformed = |message| Problem::new(ErrorCode::Malformed, message);
    let mut values = parts.headers.get_all(HOST).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(malformed("there is more than one Host header; send one"));
    }
    match first {
        Some(value) => Ok(Some(String::from_utf8_lossy(value.as_bytes()).into_owned())),
        None if parts.version < Version::HTTP_11 => Ok(None),
        None => Err(malformed("the Host header is missing; send it")),
    }
}

/// A host with or without a port, and nothing else.
fn parse(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let is_plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    is_plain.then_some(authority)
}

fn split(url: &str) -> Option<(String, Authority)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri
        .scheme_str()
        .filter(|s| matches!(*s, "http" | "https"))?;
    let authority = parse(uri.authority()?.as_str())?;
    Some((scheme.to_owned(), authority))
}

/// The host as names are compared: lower case, without brackets and the dot of the root.
fn plain(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// An origin as browsers write it: without the port that its scheme has anyway.
fn origin_of(scheme: &str, authority: &Authority) -> String {
    let standard = if scheme == "https" { 443 } else { 80 };
    let host = authority.host().to_ascii_lowercase();
    match authority.port_u16() {
        Some(port) if port != standard => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests;
