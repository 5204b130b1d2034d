//! The key that a request shows.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use watchbook_api::{ErrorCode, Problem};
use watchbook_app::Caller;

use crate::text::checked;

/// The header that a key is usually shown in.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The only scheme of `Authorization` that is understood.
const BEARER: &str = "bearer";

/// Whom a request shows itself to be. `agent_id` is whom it says it is made as.
///
/// # Errors
/// `malformed` when it shows several keys, `unauthenticated` when it shows one in a way that is not understood,
/// `invalid_params` when `agent_id` is none.
pub(crate) fn caller(headers: &HeaderMap, agent_id: Option<&str>) -> Result<Caller, Problem> {
    let secret = key(headers)?;
    let claims = agent_id.map(|id| checked("/agent_id", id)).transpose()?;
    Ok(match secret {
        Some(secret) => Caller::Key { secret, claims },
        None => Caller::Keyless { claims },
    })
}

/// The key that is shown; an empty one is none.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let api_keys = headers.get_all(X_API_KEY).iter().map(text);
    let tokens = headers.get_all(AUTHORIZATION).iter().map(bearer);
    let mut shown: Option<String> = None;
    for key in api_keys.chain(tokens) {
        let key = key?;
        if key.is_empty() || shown.as_deref() == Some(key) {
            continue;
        }
        if shown.is_some() {
            let message = "the request shows two different keys; send one";
            return Err(Problem::new(ErrorCode::Malformed, message));
        }
        shown = Some(key.to_owned());
    }
    Ok(shown)
}

fn text(value: &HeaderValue) -> Result<&str, Problem> {
    let text = value
        .to_str()
        .map_err(|_| unauthenticated("this key is not one of watchbook's; they begin with wb_"))?;
    Ok(text.trim())
}

fn bearer(value: &HeaderValue) -> Result<&str, Problem> {
    let text = text(value)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if text.is_empty() || scheme.eq_ignore_ascii_case(BEARER) {
        return Ok(token.trim());
    }
    Err(unauthenticated(
        "this scheme of Authorization is not understood; send the key as `Authorization: Bearer wb_…` or as X-API-Key",
    ))
}

fn unauthenticated(message: &str) -> Problem {
    Problem::new(ErrorCode::Unauthenticated, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers<'a> = &'a [(&'static str, &'a str)];

    fn shown(headers: Headers<'_>) -> Result<Option<String>, ErrorCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            map.append(HeaderName::from_static(name), value);
        }
        key(&map).map_err(|problem| problem.code)
    }

    #[test]
    fn keys() {
        let one = Ok(Some("wb_1".to_owned()));
        let table: Vec<(Headers<'_>, Result<Option<String>, ErrorCode>)> = vec![
            (&[], Ok(None)),
            (&[("x-api-key", "")], Ok(None)),
            (&[("x-api-key", "  ")], Ok(None)),
            (&[("authorization", "")], Ok(None)),
            (&[("authorization", "Bearer")], Ok(None)),
            (&[("authorization", "Bearer ")], Ok(None)),
            (&[("x-api-key", "wb_1")], one.clone()),
            (&[("authorization", "Bearer wb_1")], one.clone()),
            (&[("authorization", "bEARER  wb_1 ")], one.clone()),
            (
                &[("x-api-key", "wb_1"), ("authorization", "Bearer wb_1")],
                one.clone(),
            ),
            (&[("x-api-key", ""), ("authorization", "Bearer wb_1")], one),
            (
                &[("x-api-key", "wb_1"), ("authorization", "Bearer wb_2")],
                Err(ErrorCode::Malformed),
            ),
            (
                &[("x-api-key", "wb_1"), ("x-api-key", "wb_2")],
                Err(ErrorCode::Malformed),
            ),
            (
                &[("authorization", "Basic dTpw")],
                Err(ErrorCode::Unauthenticated),
            ),
            (
                &[("authorization", "wb_1")],
                Err(ErrorCode::Unauthenticated),
            ),
            (&[("x-api-key", "wb_ä")], Err(ErrorCode::Unauthenticated)),
        ];
        for (headers, expected) in table {
            assert_eq!(shown(headers), expected, "{headers:?}");
        }
    }
}
