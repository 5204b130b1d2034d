//! Proposals: asking for a second pair of eyes, and being one.

use watchbook_api::{
    IncidentApprove, IncidentPropose, IncidentReject, Problem, ProposalView, Reply,
};

use super::answer::{Answer, incident_view};
use super::timeline::own_event;
use crate::call::Call;
use crate::problem;

/// Proposes a change.
pub(super) async fn propose(call: &Call<'_>, params: IncidentPropose) -> Result<Answer, Problem> {
    let incident = params.incident_id;
    let applied = call.change(incident, params.into_op()?).await?;
    let id = own_event(&applied).map(|event| event.id);
    let mut proposals = applied.incident.proposals.iter();
    let record = proposals.find(|record| Some(record.id) == id).cloned();
    let record = record.ok_or_else(problem::internal)?;
    let reply = Reply::Proposal {
        proposal: Box::new(ProposalView::of(record, call.now())),
        incident: incident_view(&applied, call.now()),
    };
    Ok(Answer::written(&applied, reply))
}

/// Agrees, and carries the change out in the same commit.
pub(super) async fn approve(call: &Call<'_>, params: IncidentApprove) -> Result<Answer, Problem> {
    let applied = call.change(params.incident_id, params.into_op()).await?;
    Ok(Answer::incident(&applied, call.now()))
}

/// Turns it down.
pub(super) async fn reject(call: &Call<'_>, params: IncidentReject) -> Result<Answer, Problem> {
    let applied = call.change(params.incident_id, params.into_op()).await?;
    Ok(Answer::incident(&applied, call.now()))
}
