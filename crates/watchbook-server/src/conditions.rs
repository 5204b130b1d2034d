//! HTTP's own words for what the tools call `idempotency_key` and `if_match`, and the tags of what is read.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use watchbook_api::{ErrorCode, Problem};

/// The header for `idempotency_key` (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What stands between the version of an incident and the digest of its representation.
const SEPARATOR: char = '.';
/// The bytes of a digest that a tag shows: enough to tell two representations of one incident apart.
const DIGEST_BYTES: usize = 8;

/// Puts the headers of a write among its parameters.
///
/// # Errors
/// `malformed` when header and parameter are both there and differ, or a header cannot be read.
pub(crate) fn apply(headers: &HeaderMap, params: &mut Map<String, Value>) -> Result<(), Problem> {
    if let Some(key) = single(headers, &IDEMPOTENCY_KEY)? {
        put(params, "idempotency_key", key, "Idempotency-Key", |given| {
            given
        })?;
    }
    match single(headers, &IF_MATCH)? {
        // Any version will do: the write says itself when there is none.
        None | Some("*") => Ok(()),
        Some(list) if list.contains(',') => Err(malformed(
            "If-Match lists several versions; send the one that was read",
        )),
        Some(tag) => put(params, "if_match", version(tag), "If-Match", version),
    }
}

/// Puts what a header says among the parameters. A parameter that is there must say the same, read by `read`.
fn put(
    params: &mut Map<String, Value>,
    name: &str,
    value: &str,
    header: &str,
    read: fn(&str) -> &str,
) -> Result<(), Problem> {
    let differs = match params.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::String(given)) => read(given) != value,
        Some(_) => true,
    };
    if differs {
        return Err(malformed(format!(
            "the header {header} and the parameter {name} differ; send one of them"
        )));
    }
    params.insert(name.to_owned(), value.into());
    Ok(())
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(malformed(format!(
            "the header {name} is there more than once; send one"
        )));
    }
    let unreadable = |_| malformed(format!("the header {name} is not plain ASCII text"));
    let text = first.to_str().map_err(unreadable)?.trim();
    Ok((!text.is_empty()).then_some(text))
}

/// The incident's version in an entity tag: without quotes, and without the digest that [`entity_tag`] adds.
fn version(tag: &str) -> &str {
    let plain = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    plain
        .split_once(SEPARATOR)
        .map_or(plain, |(version, _)| version)
}

/// The entity tag of a representation: the incident's version, for `If-Match`, and a digest of what is shown.
///
/// The version alone would not do: a note, an artifact or a deadline that passes changes what is shown, but not the
/// state that a write depends on.
pub(crate) fn entity_tag(version: &str, shown: &Value) -> Option<HeaderValue> {
    let digest = Sha256::digest(shown.to_string());
    let short = digest
        .iter()
        .take(DIGEST_BYTES)
        .fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte));
    HeaderValue::from_str(&format!("\"{version}{SEPARATOR}{short:016x}\"")).ok()
}

/// Whether the caller has this representation already (RFC 9110, 13.1.2: weak comparison).
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let own = tag.to_str().unwrap_or_default();
    let lists = headers.get_all(IF_NONE_MATCH).iter();
    let mut tags = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim);
    tags.any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == own)
}

fn malformed(message: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::Malformed, message)
}

#[cfg(test)]
mod tests;
