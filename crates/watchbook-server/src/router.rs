//! Every address there is, on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use watchbook_api::{ErrorCode, Problem};

use crate::refusal::Refusal;
use crate::state::Server;
use crate::{health, reads, reception, tools, welcome};

/// The characters of an unknown path that an error repeats.
const SHOWN_CHARS: usize = 100;

/// Every address, with what happens to each request around it.
pub(crate) fn build(server: Arc<Server>) -> Router {
    let with_a_place = from_fn_with_state(Arc::clone(&server), reception::with_a_place);
    let receive = from_fn_with_state(Arc::clone(&server), reception::receive);
    Router::new()
        .route("/v1/tools", post(tools::generic))
        .route("/v1/tools/{tool}", post(tools::named))
        .route("/v1/incidents", get(reads::incidents))
        .route("/v1/incidents/{id}", get(reads::incident))
        .route("/v1/incidents/{id}/events", get(reads::events))
        .route("/v1/incidents/{id}/artifacts/{name}", get(reads::artifact))
        .route("/v1/followups", get(reads::followups))
        .route("/v1/followups/summary", get(reads::summary))
        .route_layer(with_a_place)
        .route("/", get(welcome::page))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(receive)
        .with_state(server)
}

/// What a path names, decoded.
///
/// # Errors
/// `malformed` when it is not UTF-8.
pub(crate) fn segment<T>(path: Result<Path<T>, PathRejection>) -> Result<T, Problem> {
    let Path(named) = path.map_err(|_| {
        let message = "the path cannot be read; encode it as UTF-8 with percent signs";
        Problem::new(ErrorCode::Malformed, message)
    })?;
    Ok(named)
}

async fn nothing_here(uri: Uri) -> Refusal {
    let path = uri.path();
    let shown: String = path.chars().take(SHOWN_CHARS).collect();
    let next = if path.len() > 1 && path.ends_with('/') {
        "leave out the slash at the end"
    } else {
        "tools are under /v1/tools, reads under /v1/incidents and /v1/followups"
    };
    Problem::new(
        ErrorCode::NotFound,
        format!("there is nothing at {shown}; {next}"),
    )
    .into()
}

async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    let shown: String = uri.path().chars().take(SHOWN_CHARS).collect();
    Refusal::method_not_allowed(format!(
        "{shown} does not take {method}; the header Allow names what it takes"
    ))
}

#[cfg(test)]
mod tests;
