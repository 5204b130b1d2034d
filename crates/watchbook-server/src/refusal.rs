//! A refusal on its way out: a problem and the status it is sent with.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use watchbook_api::{ErrorCode, Problem};

use crate::request_id::RequestId;
use crate::{limits, status};

/// The content type of every refusal (RFC 9457).
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// How to show a key (RFC 6750).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"watchbook\"");

/// A problem and the status it is sent with: the one of its code, except where HTTP knows a finer one.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    problem: Box<Problem>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            status: status::of(problem.code),
            problem: Box::new(problem),
        }
    }
}

impl Refusal {
    /// A body that did not arrive in time.
    pub(crate) fn slow_body(limit: Duration) -> Self {
        let seconds = limit.as_secs_f64();
        Self::busy(format!(
            "the body did not arrive within {seconds} s; send it again"
        ))
    }

    /// A method that the path does not know. The header `Allow` names those it does.
    pub(crate) fn method_not_allowed(message: String) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            problem: Box::new(Problem::new(ErrorCode::Malformed, message)),
        }
    }

    /// No room or no time left for the request.
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Problem::new(ErrorCode::Unavailable, message)
            .with_retry_after(limits::RETRY_AFTER)
            .into()
    }

    /// What goes out when a handler panicked. Says nothing of what happened.
    pub(crate) fn fault() -> Self {
        Problem::new(
            ErrorCode::Internal,
            "a fault of watchbook; its log has more under this request id",
        )
        .into()
    }

    /// What went wrong.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Writes the refusal out in `response`, as the answer to the request with this id. Headers that are there stay.
    pub(crate) fn write_to(self, response: &mut Response, id: &RequestId) {
        let Self { status, problem } = self;
        let members = problem.to_json(status.as_u16(), id.as_str());
        *response.body_mut() = Body::from(members.to_string());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        if let Some(wait) = wait(status, &problem) {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
    }
}

/// Rides along until the id of the request is at hand; [`crate::reception`] writes it out.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// How long to wait before the next try: always said with 429 and 503.
fn wait(status: StatusCode, problem: &Problem) -> Option<Duration> {
    let must = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    problem
        .retry_after
        .or_else(|| must.then_some(limits::RETRY_AFTER))
}

/// Seconds, rounded up, at least one: who waits that long has waited long enough.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
