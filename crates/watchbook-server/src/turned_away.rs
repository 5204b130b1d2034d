//! Requests that are refused by their head alone: the call that each would have been goes to the door, for the audit.

use axum::extract::MatchedPath;
use axum::http::request::Parts;
use watchbook_api::{ActionKind, Problem};
use watchbook_app::Caller;

use crate::call::context_of;
use crate::credentials;
use crate::state::Server;

/// Where tools are called by their names.
const TOOLS: &str = "/v1/tools";

impl Server {
    /// Has the door audit a request that was refused before its body was read, if it was a call.
    pub(crate) async fn turn_away(&self, parts: &Parts, problem: &Problem) {
        let Some((tool, action)) = called(parts) else {
            return;
        };
        let caller = credentials::caller(&parts.headers, None);
        let caller = caller.unwrap_or(Caller::Keyless { claims: None });
        // Every request has an id by now, and every id of ours can be kept.
        let id = self.id_of(parts);
        if let Ok(context) = context_of(caller, &id) {
            self.app.turn_away(&context, tool, action, problem).await;
        }
    }
}

/// The tool and action that the head of a request names, empty where only the body would; `None` for what is no call:
/// probes, the first page, and addresses that do not exist.
fn called(parts: &Parts) -> Option<(&str, &str)> {
    let route = parts.extensions.get::<MatchedPath>()?;
    let read = |kind: ActionKind| Some((kind.tool().as_str(), kind.name()));
    match route.as_str() {
        TOOLS => Some(("", "")),
        "/v1/tools/{tool}" => {
            let tool = parts.uri.path().strip_prefix(TOOLS).unwrap_or_default();
            Some((tool.trim_start_matches('/'), ""))
        }
        "/v1/incidents" => read(ActionKind::IncidentList),
        "/v1/incidents/{id}" => read(ActionKind::IncidentGet),
        "/v1/incidents/{id}/events" => read(ActionKind::IncidentEvents),
        "/v1/incidents/{id}/artifacts/{name}" => read(ActionKind::IncidentGetArtifact),
        "/v1/followups" => read(ActionKind::IncidentFollowups),
        "/v1/followups/summary" => read(ActionKind::IncidentFollowupsSummary),
        _ => None,
    }
}
