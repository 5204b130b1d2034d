//! What happens to every request, whatever it asks: an id, the guards, a time limit, an answer even when a handler
//! panics, and the headers of every answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::time::timeout;
use watchbook_api::{ErrorCode, Problem};

use crate::guard::{self, Ends};
use crate::refusal::Refusal;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::security_headers;
use crate::state::Server;

/// Receives a request and sees its answer off.
pub(crate) async fn receive(
    State(server): State<Arc<Server>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = server.ids.of(request.headers());
    request.extensions_mut().insert(id.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let answered = answer(&server, request, next).await;
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        tell(&refusal, &id);
        refusal.write_to(&mut response, &id);
    }
    security_headers::add(response.headers_mut());
    if let Some(id) = id.to_header() {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    log(&id, &method, &path, response.status());
    response
}

async fn answer(server: &Server, request: Request, next: Next) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let Some(ends) = parts.extensions.get::<Ends>().copied() else {
        tracing::error!("a request came in without the addresses of its connection");
        return Err(Refusal::fault());
    };
    if let Err(problem) = guard::check(&parts, ends, &server.sites, &server.app).await {
        server.turn_away(&parts, &problem).await;
        return Err(problem.into());
    }
    let handled = AssertUnwindSafe(next.run(Request::from_parts(parts, body))).catch_unwind();
    match timeout(server.limits.request_time, handled).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(_panic)) => Err(Refusal::fault()),
        Err(_) => Err(Refusal::busy(
            "the request took too long; a write may still succeed, so repeat it with the same idempotency key",
        )),
    }
}

/// Gives a request a place, or turns it away: who waits in a queue that does not move would have left anyway.
///
/// # Errors
/// `unavailable` when every place is taken.
pub(crate) async fn with_a_place(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if let Ok(_place) = server.places.try_acquire() {
        return Ok(next.run(request).await);
    }
    let refusal = Refusal::busy("too many requests are under way; repeat this one in a moment");
    let (head, _body) = request.into_parts();
    server.turn_away(&head, refusal.problem()).await;
    Err(refusal)
}

/// Puts what is suspicious or our own fault into the log; what callers get wrong is theirs.
fn tell(refusal: &Refusal, id: &RequestId) {
    let Problem { code, message, .. } = refusal.problem();
    let id = id.as_str();
    match code {
        ErrorCode::Internal => tracing::error!(request = id, %code, "{message}"),
        ErrorCode::Misdirected | ErrorCode::Unavailable => {
            tracing::warn!(request = id, %code, "{message}");
        }
        _ => tracing::debug!(request = id, %code, "{message}"),
    }
}

/// The query is left out: it may hold what nobody should read in a log.
fn log(id: &RequestId, method: &Method, path: &str, status: StatusCode) {
    let (id, status) = (id.as_str(), status.as_u16());
    tracing::info!(request = id, %method, path, status, "answered");
}

#[cfg(test)]
mod tests;
