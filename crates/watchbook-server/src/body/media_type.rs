//! Which content types are read as JSON.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use watchbook_api::{ErrorCode, Problem};

/// The characters of a refused value that an error repeats.
const SHOWN_CHARS: usize = 80;

/// Whether a body with these headers is read as JSON: no type at all, a JSON type, or the type that `curl -d` sends.
///
/// # Errors
/// `unsupported_media_type` for any other type, a character set that is not UTF-8, or a compressed body.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    if let Some(coding) = headers.get(CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        return Err(refused("a compressed body is not read; send it plain"));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("?");
    if is_read(text) {
        return Ok(());
    }
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    Err(refused(format!(
        "a body of the type {shown:?} is not read; send JSON as application/json"
    )))
}

fn refused(message: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::UnsupportedMediaType, message)
}

fn is_read(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    is_json(&essence) && parts.all(is_utf8)
}

fn is_json(essence: &str) -> bool {
    let has_suffix = |(kind, subtype): (&str, &str)| {
        !kind.is_empty() && subtype.strip_suffix("+json").is_some_and(|s| !s.is_empty())
    };
    matches!(
        essence,
        "" | "application/json" | "text/json" | "application/x-www-form-urlencoded"
    ) || essence.split_once('/').is_some_and(has_suffix)
}

/// Any parameter but a foreign character set.
fn is_utf8(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
