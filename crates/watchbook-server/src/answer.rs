//! Answers that are not refusals.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

use crate::conditions;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// May be kept, but only by the caller itself, and must be checked by its tag before each use.
const CHECKED: HeaderValue = HeaderValue::from_static("private, no-cache");

/// A JSON answer.
pub(crate) fn json(body: &Value) -> Response {
    with_status(StatusCode::OK, body)
}

/// A JSON answer with another status than 200.
pub(crate) fn with_status(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// One incident, with its entity tag; only the tag when the caller has this representation already.
pub(crate) fn tagged(headers: &HeaderMap, body: &Value) -> Response {
    let shown = &body["result"];
    let version = shown["incident"]["etag"].as_str();
    let Some(tag) = version.and_then(|version| conditions::entity_tag(version, shown)) else {
        return json(body);
    };
    let mut response = if conditions::is_known(headers, &tag) {
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        json(body)
    };
    response.headers_mut().insert(ETAG, tag);
    response.headers_mut().insert(CACHE_CONTROL, CHECKED);
    response
}

/// An artifact as a file to save.
pub(crate) fn file(
    _headers: &HeaderMap,
    done: crate::call::Done,
) -> Result<Response, crate::refusal::Refusal> {
    Ok(json(&done.to_json()))
}
