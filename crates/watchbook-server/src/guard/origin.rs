//! Whether a web page that is not this server's own is behind a request.

use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method};
use watchbook_api::{ErrorCode, Problem};

use super::Sites;

/// The page that people open from links, in messages and elsewhere.
const PAGE: &str = "/";

/// Refuses what another site's page makes a browser send.
///
/// # Errors
/// `forbidden` for a foreign `Origin` and for a `Sec-Fetch-Site` that is not this site's.
pub(crate) fn check(
    parts: &Parts,
    authority: Option<&Authority>,
    sites: &Sites,
) -> Result<(), Problem> {
    check_origin(&parts.headers, authority, sites)?;
    let site = parts.headers.get("sec-fetch-site");
    let is_foreign = site
        .is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"same-site" | b"none"));
    if is_foreign && !opens_a_page(parts) {
        return Err(refused("a page of another site"));
    }
    Ok(())
}

fn check_origin(
    headers: &HeaderMap,
    authority: Option<&Authority>,
    sites: &Sites,
) -> Result<(), Problem> {
    for origin in headers.get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or("?");
        let is_own = authority.is_some_and(|authority| is_same(origin, authority));
        if !is_own && !sites.is_public_origin(origin) {
            return Err(refused("a page of another origin"));
        }
    }
    Ok(())
}

/// Whether the page was served under the very address that the request goes to. The scheme is not compared: behind a
/// proxy that ends TLS this server cannot know it, and another scheme on the same port is the same server.
fn is_same(origin: &str, authority: &Authority) -> bool {
    let (standard, rest) = match origin.split_once("://") {
        Some(("http", rest)) => (":80", rest),
        Some(("https", rest)) => (":443", rest),
        _ => return false,
    };
    let own = authority.as_str();
    let own = own.strip_suffix(standard).unwrap_or(own);
    rest.eq_ignore_ascii_case(own)
}

/// Somebody followed a link to the page for people: it shows nothing to the page that had the link.
fn opens_a_page(parts: &Parts) -> bool {
    let says = |name, value: &[u8]| {
        let header = parts.headers.get(name);
        header.is_some_and(|header| header.as_bytes() == value)
    };
    parts.method == Method::GET
        && parts.uri.path() == PAGE
        && says("sec-fetch-mode", b"navigate")
        && says("sec-fetch-dest", b"document")
}

fn refused(who: &str) -> Problem {
    Problem::new(
        ErrorCode::Forbidden,
        format!("{who} sent this request through a browser; such requests are refused"),
    )
}

#[cfg(test)]
mod tests;
