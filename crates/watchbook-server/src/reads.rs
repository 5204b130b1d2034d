//! Reads under addresses of their own, for people, scripts and caches: the same actions, with the query as parameters.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use watchbook_api::{ActionKind, Problem, from_query};

use crate::answer;
use crate::arrival::{Arrival, Asked};
use crate::call::Done;
use crate::envelope::{Envelope, Unreadable};
use crate::refusal::Refusal;
use crate::router::segment;
use crate::state::Server;

/// `GET /v1/incidents`.
pub(crate) async fn incidents(
    State(server): State<Arc<Server>>,
    arrival: Arrival,
) -> Result<Response, Refusal> {
    let done = read(&server, &arrival, ActionKind::IncidentList, &[]).await?;
    Ok(answer::json(&done.to_json()))
}

/// `GET /v1/incidents/{id}`.
pub(crate) async fn incident(
    State(server): State<Arc<Server>>,
    path: Result<Path<String>, PathRejection>,
    arrival: Arrival,
) -> Result<Response, Refusal> {
    let id = segment(path)?;
    let named = [("incident_id", id.as_str())];
    let done = read(&server, &arrival, ActionKind::IncidentGet, &named).await?;
    Ok(answer::incident(&arrival.headers, &done))
}

/// `GET /v1/incidents/{id}/events`.
pub(crate) async fn events(
    State(server): State<Arc<Server>>,
    path: Result<Path<String>, PathRejection>,
    arrival: Arrival,
) -> Result<Response, Refusal> {
    let id = segment(path)?;
    let named = [("incident_id", id.as_str())];
    let done = read(&server, &arrival, ActionKind::IncidentEvents, &named).await?;
    Ok(answer::json(&done.to_json()))
}

/// `GET /v1/incidents/{id}/artifacts/{name}`.
pub(crate) async fn artifact(
    State(server): State<Arc<Server>>,
    path: Result<Path<(String, String)>, PathRejection>,
    arrival: Arrival,
) -> Result<Response, Refusal> {
    let (id, name) = segment(path)?;
    let named = [("incident_id", id.as_str()), ("name", name.as_str())];
    let done = read(&server, &arrival, ActionKind::IncidentGetArtifact, &named).await?;
    answer::file(&arrival.headers, done)
}

/// `GET /v1/followups`.
pub(crate) async fn followups(
    State(server): State<Arc<Server>>,
    arrival: Arrival,
) -> Result<Response, Refusal> {
    let done = read(&server, &arrival, ActionKind::IncidentFollowups, &[]).await?;
    Ok(answer::json(&done.to_json()))
}

/// `GET /v1/followups/summary`.
pub(crate) async fn summary(
    State(server): State<Arc<Server>>,
    arrival: Arrival,
) -> Result<Response, Refusal> {
    let kind = ActionKind::IncidentFollowupsSummary;
    let done = read(&server, &arrival, kind, &[]).await?;
    Ok(answer::json(&done.to_json()))
}

/// Carries out the action `kind` with what the path names and the query says. A name of the path may not be said again.
async fn read(
    server: &Server,
    arrival: &Arrival,
    kind: ActionKind,
    named: &[(&str, &str)],
) -> Result<Done, Problem> {
    let mut envelope = Envelope {
        tool: kind.tool().as_str().to_owned(),
        action: kind.name().to_owned(),
        ..Envelope::default()
    };
    match fill(&mut envelope, arrival, named) {
        Ok(()) => server.carry_out(arrival, envelope).await,
        Err(problem) => {
            let read = envelope;
            let unreadable = Unreadable { read, problem };
            Err(server.refuse_unreadable(arrival, unreadable).await)
        }
    }
}

fn fill(envelope: &mut Envelope, arrival: &Arrival, named: &[(&str, &str)]) -> Result<(), Problem> {
    let Asked { agent_id, pairs } = arrival.query()?;
    envelope.agent_id = agent_id;
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    envelope.params = from_query(pairs.into_iter().chain(named.iter().map(owned)))?;
    Ok(())
}
