//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::state::Server;

/// The version of watchbook.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `/healthz`: the process lives. Says nothing of the store, so that nobody restarts a server because a disk is full.
pub(crate) async fn live() -> Response {
    answer::json(&json!({"ok": true, "status": "live", "version": VERSION}))
}

/// `/readyz`: whether reads and writes work; 503 when one of them does not. Degraded is ready.
pub(crate) async fn ready(State(server): State<Arc<Server>>) -> Response {
    let health = server.app.health().await;
    let is_ready = health.readable && health.read_only.is_none();
    let status = match (health.readable, &health.read_only, health.degraded_since) {
        (false, _, _) => "unreachable",
        (true, Some(_), _) => "read_only",
        (true, None, Some(_)) => "degraded",
        (true, None, None) => "ready",
    };
    let mut body = json!({
        "ok": is_ready,
        "status": status,
        "backend": health.backend,
        "readable": health.readable,
        "writable": is_ready,
        "why": health.read_only,
        "degraded_since": health.degraded_since.map(|since| since.to_string()),
        "damaged_places": health.damaged.len(),
        "audit_gaps": server.app.audit_gaps(),
        "version": VERSION,
    });
    if let (Some(auto), Some(members)) = (auto(&server), body.as_object_mut()) {
        members.insert("auto".to_owned(), auto);
    }
    let code = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    answer::with_status(code, &body)
}

/// How a store with a second choice stands to its first.
fn auto(server: &Server) -> Option<Value> {
    let standing = server.app.standing()?;
    let counters: Map<String, Value> = standing
        .counters
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect();
    Some(json!({
        "phase": standing.phase,
        "since": standing.since.map(|since| since.to_string()),
        "why": standing.why,
        "needs_hands": standing.needs_hands,
        "next_try": standing.next_try.map(|at| at.to_string()),
        "counters": counters,
    }))
}
