//! The files of incidents.

use watchbook_api::{ArtifactView, IncidentAttachArtifact, IncidentGetArtifact, Problem, Reply};
use watchbook_core::{ArtifactName, ArtifactRecord, Incident};
use watchbook_store::{Applied, ArtifactContent, StoreError};

use super::answer::Answer;
use crate::call::Call;
use crate::problem;

/// Attaches a file, or a new version of one.
pub(super) async fn attach(
    call: &Call<'_>,
    params: IncidentAttachArtifact,
) -> Result<Answer, Problem> {
    let (incident, name) = (params.incident_id, params.name.clone());
    let (op, content) = params.into_op()?;
    let command = call.command(incident, op);
    let applied: Result<Applied, StoreError> = if call.dry_run {
        call.store().preview(command).await
    } else {
        call.store().attach(command, content).await
    };
    let applied = applied.map_err(|error| problem::of_store(&error))?;
    let view = record(&applied.incident, &name)
        .and_then(|record| ArtifactView::newest(incident, record))
        .ok_or_else(problem::internal)?;
    Ok(Answer::written(&applied, Reply::Artifact(Box::new(view))))
}

/// Reads a file: its newest version, or the one with the digest that is given.
pub(super) async fn get(call: &Call<'_>, params: IncidentGetArtifact) -> Result<Answer, Problem> {
    let IncidentGetArtifact {
        incident_id,
        name,
        sha256,
    } = params;
    let stored = call.store().artifact(incident_id, &name, sha256).await;
    let ArtifactContent { version, bytes } = stored.map_err(|error| problem::of_store(&error))?;
    let incident = call.store().get(incident_id).await;
    let incident = incident.map_err(|error| problem::of_store(&error))?;
    let record = record(&incident, &name).ok_or_else(problem::internal)?;
    // What is stored was text when it came in, and its digest was compared when it was read.
    let content = String::from_utf8(bytes).map_err(|_| problem::internal())?;
    let view = ArtifactView::of(incident_id, record, version).with_content(content);
    Ok(Answer::read(Reply::Artifact(Box::new(view))).about(incident_id))
}

fn record(incident: &Incident, name: &ArtifactName) -> Option<ArtifactRecord> {
    let named = |record: &&ArtifactRecord| record.name == *name;
    incident.artifacts.iter().find(named).cloned()
}
