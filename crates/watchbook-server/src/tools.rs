//! `POST /v1/tools/{tool}` and `POST /v1/tools`: every action there is.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::answer;
use crate::arrival::Arrival;
use crate::body::{self, ReadObject};
use crate::envelope::{self, Envelope, Unreadable};
use crate::refusal::Refusal;
use crate::router;
use crate::state::Server;

/// A call of the tool that the path names.
pub(crate) async fn named(
    State(server): State<Arc<Server>>,
    path: Result<Path<String>, PathRejection>,
    arrival: Arrival,
    body: Body,
) -> Result<Response, Refusal> {
    let tool = router::segment(path)?;
    carry_out(&server, Some(&tool), &arrival, body).await
}

/// A call of the tool that the body names.
pub(crate) async fn generic(
    State(server): State<Arc<Server>>,
    arrival: Arrival,
    body: Body,
) -> Result<Response, Refusal> {
    carry_out(&server, None, &arrival, body).await
}

async fn carry_out(
    server: &Server,
    tool: Option<&str>,
    arrival: &Arrival,
    body: Body,
) -> Result<Response, Refusal> {
    let read = body::read_object(&arrival.headers, body, &server.limits, &server.memory).await;
    let ReadObject { object, share } = match read {
        Ok(read) => read,
        Err(refusal) => return Err(audited(server, tool, arrival, refusal).await),
    };
    let envelope = match envelope::read(tool, object) {
        Ok(envelope) => envelope,
        Err(unreadable) => {
            return Err(server.refuse_unreadable(arrival, *unreadable).await.into());
        }
    };
    let done = server.carry_out(arrival, envelope).await?;
    drop(share);
    Ok(answer::json(&done.to_json()))
}

/// A body that could not be read is a call all the same, and in the audit.
async fn audited(
    server: &Server,
    tool: Option<&str>,
    arrival: &Arrival,
    refusal: Refusal,
) -> Refusal {
    let read = Envelope {
        tool: tool.unwrap_or_default().to_owned(),
        ..Envelope::default()
    };
    let problem = refusal.problem().clone();
    let told = server
        .refuse_unreadable(arrival, Unreadable { read, problem })
        .await;
    // Whoever is not known learns that first; otherwise the finer status of the refusal stays.
    if told == *refusal.problem() {
        refusal
    } else {
        told.into()
    }
}
