//! Claims: taking an incident for a while, and giving it back.

use watchbook_api::{IncidentClaim, IncidentRelease, Problem};

use super::answer::Answer;
use crate::call::Call;

/// Takes it, or takes it for longer.
pub(super) async fn claim(call: &Call<'_>, params: IncidentClaim) -> Result<Answer, Problem> {
    let applied = call.change(params.incident_id, params.into_op()).await?;
    Ok(Answer::incident(&applied, call.now()))
}

/// Gives it back.
pub(super) async fn release(call: &Call<'_>, params: IncidentRelease) -> Result<Answer, Problem> {
    let applied = call.change(params.incident_id, params.into_op()).await?;
    Ok(Answer::incident(&applied, call.now()))
}
