//! Moving an incident through its life, and making it part of another.

use watchbook_api::{IncidentClose, IncidentMerge, Problem};
use watchbook_core::{IncidentId, Op};
use watchbook_rbac::Change;

use super::answer::Answer;
use super::approvals::{self, Sensitive};
use crate::call::Call;

/// A move that needs nobody else.
pub(super) async fn step(call: &Call<'_>, incident: IncidentId, op: Op) -> Result<Answer, Problem> {
    let applied = call.change(incident, op).await?;
    Ok(Answer::incident(&applied, call.now()))
}

/// Closes it. The policy may want a second pair of eyes.
pub(super) async fn close(call: &Call<'_>, params: IncidentClose) -> Result<Answer, Problem> {
    let incident = params.incident_id;
    sensitive(call, incident, params.into_op(), Change::Close).await
}

/// Makes it part of another. The policy may want a second pair of eyes.
pub(super) async fn merge(call: &Call<'_>, params: IncidentMerge) -> Result<Answer, Problem> {
    let incident = params.incident_id;
    sensitive(call, incident, params.into_op(), Change::Merge).await
}

async fn sensitive(
    call: &Call<'_>,
    incident: IncidentId,
    op: Op,
    change: Change,
) -> Result<Answer, Problem> {
    let applied = approvals::change(call, incident, op, Sensitive::Ends(change)).await?;
    Ok(Answer::incident(&applied, call.now()))
}
