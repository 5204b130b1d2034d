//! Who may speak to this server at all, whatever they ask: the right host, no foreign web page, and without keys
//! nobody from outside this machine.
//!
//! A browser attaches its user's reach, not his intent: any page can make it send requests to loopback. Hence the
//! host is checked (a name that an attacker points at 127.0.0.1), then the page that asks, then the way it came.

mod forwarded;
mod host;
mod origin;

use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use watchbook_api::{ErrorCode, Problem};
use watchbook_app::App;

pub use host::{BadSite, Sites};

/// The two ends of the connection that a request came in by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// The caller's address.
    pub(crate) peer: SocketAddr,
    /// The address that the caller reached.
    pub(crate) local: SocketAddr,
}

/// Whether this request may be looked at.
///
/// # Errors
/// `malformed` or `misdirected` for its host, `forbidden` for its origin, and without keys for its way.
pub(crate) async fn check(
    parts: &Parts,
    ends: Ends,
    sites: &Sites,
    app: &App,
) -> Result<(), Problem> {
    let authority = host::check(parts, ends, sites)?;
    origin::check(parts, authority.as_ref(), sites)?;
    check_way(&parts.headers, ends, app).await
}

/// Without keys everybody is believed, so only this machine is served, and no proxy may stand in between: behind one
/// every caller looks like this machine.
async fn check_way(headers: &HeaderMap, ends: Ends, app: &App) -> Result<(), Problem> {
    let proxy = forwarded::sign_of_a_proxy(headers);
    let is_near = ends.peer.ip().to_canonical().is_loopback();
    if proxy.is_none() && is_near {
        return Ok(());
    }
    match app.is_keyless().await {
        Ok(false) => Ok(()),
        Ok(true) => Err(keyless(proxy)),
        Err(error) => {
            tracing::error!(%error, "the keys cannot be read");
            let message = "the keys cannot be read, so nobody can be known; repeat the call later";
            Err(Problem::new(ErrorCode::Unavailable, message)
                .with_retry_after(crate::limits::RETRY_AFTER))
        }
    }
}

fn keyless(proxy: Option<&str>) -> Problem {
    let what = proxy.map_or_else(
        || "this request comes from another one".to_owned(),
        |name| format!("the header {name} says that this request was forwarded"),
    );
    Problem::new(
        ErrorCode::Forbidden,
        format!(
            "without keys watchbook serves its own machine only, and {what}; make a key with `watchbook key create` and send it as X-API-Key"
        ),
    )
}

#[cfg(test)]
mod tests;
