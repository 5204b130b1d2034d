//! Answers that are not refusals.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;
use watchbook_api::Reply;

use crate::call::Done;
use crate::conditions;
use crate::refusal::Refusal;

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
pub(crate) fn incident(headers: &HeaderMap, done: &Done) -> Response {
    let body = done.to_json();
    let version = done.outcome.reply.incident().map(|view| &view.etag);
    let tag =
        version.and_then(|version| conditions::entity_tag(&version.to_string(), &body["result"]));
    match tag {
        Some(tag) => tagged(headers, tag, || json(&body)),
        None => json(&body),
    }
}

/// An artifact, as a file to save and never to show: a browser must not run what somebody attached.
///
/// # Errors
/// `internal` when the answer is no artifact with its content.
pub(crate) fn file(headers: &HeaderMap, done: Done) -> Result<Response, Refusal> {
    let Reply::Artifact(artifact) = done.outcome.reply else {
        return Err(Refusal::fault());
    };
    let content = artifact.content.ok_or_else(Refusal::fault)?;
    let tag = header(format!("\"{}\"", artifact.sha256))?;
    let media_type = HeaderValue::from_static(artifact.media_type);
    // The name has no character that would need quoting.
    let disposition = header(format!("attachment; filename=\"{}\"", artifact.name))?;
    Ok(tagged(headers, tag, || {
        let mut response = Response::new(Body::from(content));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, media_type);
        headers.insert(CONTENT_DISPOSITION, disposition);
        response
    }))
}

/// What is shown, with its tag; without it for a caller who has it already.
fn tagged(headers: &HeaderMap, tag: HeaderValue, shown: impl FnOnce() -> Response) -> Response {
    let mut response = if conditions::is_known(headers, &tag) {
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        shown()
    };
    response.headers_mut().insert(ETAG, tag);
    response.headers_mut().insert(CACHE_CONTROL, CHECKED);
    response
}

fn header(text: String) -> Result<HeaderValue, Refusal> {
    HeaderValue::try_from(text).map_err(|_| Refusal::fault())
}
