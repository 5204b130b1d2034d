//! Headers that tell a browser to do nothing with an answer but show it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The headers and their values. Nothing may be loaded, run, framed or sent from an answer, guessed from its bytes, or
/// kept.
const TABLE: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// Adds those headers that the answer does not set itself.
pub(crate) fn add(headers: &mut HeaderMap) {
    for (name, value) in TABLE {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
}
