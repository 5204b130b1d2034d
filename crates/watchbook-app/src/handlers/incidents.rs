//! Creating, importing, reading and changing incidents.

use watchbook_api::{
    IncidentCreate, IncidentGet, IncidentImport, IncidentUpdate, IncidentView, List, Problem, Reply,
};
use watchbook_core::query::{IncidentQuery, ListKind, Place};
use watchbook_core::{ChangeId, IncidentId, Op, Refused, Timestamp};
use watchbook_store::{Applied, StoreError};

use super::answer::{Answer, incident_view};
use super::approvals::{self, Sensitive};
use crate::call::Call;
use crate::problem;

/// How many ids are drawn for one new incident before giving up. A minute has two thousand million of them.
const DRAWS: u32 = 8;

/// Creates an incident under an id that is free.
pub(super) async fn create(call: &Call<'_>, params: IncidentCreate) -> Result<Answer, Problem> {
    let applied = create_under_free_id(call, params.into_op()).await?;
    let reply = Reply::Created {
        incident: incident_view(&applied, call.now()),
        possible_duplicates: applied.similar.clone(),
    };
    Ok(Answer::written(&applied, reply))
}

async fn create_under_free_id(call: &Call<'_>, op: Op) -> Result<Applied, Problem> {
    let mut command = call.command(IncidentId::MIN, op);
    let mut drawn = 0;
    loop {
        command.incident = draw(command.change, drawn, call.now());
        drawn += 1;
        match call.submit(&command).await {
            Err(StoreError::Refused(Refused::Exists(_))) if drawn < DRAWS => {}
            result => {
                return result.map_err(|error| problem::of_command(&command.op, &error));
            }
        }
    }
}

/// The `drawn`-th id of a new incident. It follows from the change, so every attempt at one change draws the same ids.
fn draw(change: ChangeId, drawn: u32, now: Timestamp) -> IncidentId {
    // Events are counted from 0 upwards; ids are drawn from the other end.
    let bits = change.event(u32::MAX - drawn).to_bits();
    let seed = u64::try_from(bits >> 64).unwrap_or(0);
    IncidentId::from_seed(now, seed)
}

/// Brings in an incident of another program. What is there already stays as it is.
pub(super) async fn import(call: &Call<'_>, params: IncidentImport) -> Result<Answer, Problem> {
    let incident = params.incident_id();
    let applied = call.change(incident, params.into_op()).await?;
    Ok(Answer::incident(&applied, call.now()))
}

/// Shows one incident.
pub(super) async fn get(call: &Call<'_>, params: &IncidentGet) -> Result<Answer, Problem> {
    let incident = call.store().get(params.incident_id).await;
    let incident = incident.map_err(|error| problem::of_store(&error))?;
    let view = IncidentView::of(incident, call.now());
    let answer = Answer::read(Reply::Incident(Box::new(view)));
    Ok(answer.about(params.incident_id))
}

/// One page of incidents.
pub(super) async fn list(call: &Call<'_>, query: IncidentQuery) -> Result<Answer, Problem> {
    let sort = query.sort;
    let page = call.store().list(query).await;
    let page = page.map_err(|error| problem::of_store(&error))?;
    let list = List::of(
        page,
        ListKind::Incidents(sort),
        |incident| Place::of(incident, sort),
        |incident| IncidentView::of(incident, call.now()),
    );
    Ok(Answer::read(Reply::Incidents(list)))
}

/// Changes fields. A new severity or environment may need a second pair of eyes.
pub(super) async fn update(call: &Call<'_>, params: IncidentUpdate) -> Result<Answer, Problem> {
    let incident = params.incident_id;
    let (severity, env) = (params.severity, params.env.clone());
    let op = params.into_op();
    let applied = if severity.is_none() && env.is_none() {
        call.change(incident, op).await?
    } else {
        let sensitive = Sensitive::Becomes(severity, env);
        approvals::change(call, incident, op, sensitive).await?
    };
    Ok(Answer::incident(&applied, call.now()))
}
