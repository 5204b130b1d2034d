//! The handlers: one for each action, private to the door. Each turns a call into a question or a command for the
//! store, and what comes back into the action's answer. What is legal is decided beneath, what is permitted before.

mod answer;
mod approvals;
mod artifacts;
mod audit;
mod claims;
mod followups;
mod identity;
mod incidents;
mod lifecycle;
mod proposals;
mod summary;
mod timeline;

use watchbook_api::{Action, Problem};

use crate::call::Call;

pub(crate) use answer::Answer;

/// Carries an action out. A new action does not build until it has a line here.
pub(crate) async fn handle(call: &Call<'_>, action: Action) -> Result<Answer, Problem> {
    match action {
        Action::IncidentCreate(params) => incidents::create(call, params).await,
        Action::IncidentImport(params) => incidents::import(call, params).await,
        Action::IncidentGet(params) => incidents::get(call, &params).await,
        Action::IncidentList(params) => incidents::list(call, params.into_query()).await,
        Action::IncidentSearch(params) => incidents::list(call, params.into_query()).await,
        Action::IncidentUpdate(params) => incidents::update(call, params).await,
        Action::IncidentAcknowledge(params) => {
            lifecycle::step(call, params.incident_id, params.into_op()).await
        }
        Action::IncidentMitigate(params) => {
            lifecycle::step(call, params.incident_id, params.into_op()).await
        }
        Action::IncidentResolve(params) => {
            lifecycle::step(call, params.incident_id, params.into_op()).await
        }
        Action::IncidentClose(params) => lifecycle::close(call, params).await,
        Action::IncidentReopen(params) => {
            lifecycle::step(call, params.incident_id, params.into_op()).await
        }
        Action::IncidentMerge(params) => lifecycle::merge(call, params).await,
        Action::IncidentUnmerge(params) => {
            lifecycle::step(call, params.incident_id, params.into_op()).await
        }
        Action::IncidentCancel(params) => {
            lifecycle::step(call, params.incident_id, params.into_op()).await
        }
        Action::IncidentAppendEvent(params) => timeline::append(call, params).await,
        Action::IncidentEvents(params) => timeline::list(call, params).await,
        Action::IncidentRedact(params) => timeline::redact(call, params).await,
        Action::IncidentAttachArtifact(params) => artifacts::attach(call, params).await,
        Action::IncidentGetArtifact(params) => artifacts::get(call, params).await,
        Action::IncidentFollowups(params) => followups::list(call, params).await,
        Action::IncidentFollowupUpdate(params) => followups::update(call, params).await,
        Action::IncidentFollowupsSummary(params) => summary::summarise(call, params).await,
        Action::IncidentClaim(params) => claims::claim(call, params).await,
        Action::IncidentRelease(params) => claims::release(call, params).await,
        Action::IncidentPropose(params) => proposals::propose(call, params).await,
        Action::IncidentApprove(params) => proposals::approve(call, params).await,
        Action::IncidentReject(params) => proposals::reject(call, params).await,
        Action::AuditSearch(params) => audit::search(call, params).await,
        Action::Whoami(_) => Ok(identity::whoami(call)),
    }
}
