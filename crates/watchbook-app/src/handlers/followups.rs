//! Follow-ups across incidents: finding them and changing them.

use watchbook_api::{
    EventView, FollowupView, IncidentFollowupUpdate, IncidentFollowups, List, Problem, Reply,
};
use watchbook_core::query::{FollowupItem, ListKind, Place};
use watchbook_core::{EventId, Incident};

use super::answer::Answer;
use super::timeline::own_event;
use crate::call::Call;
use crate::problem;

/// One page of follow-ups, in the order that is asked for.
pub(super) async fn list(call: &Call<'_>, params: IncidentFollowups) -> Result<Answer, Problem> {
    let now = call.now();
    let query = params.into_query(now);
    let sort = query.sort;
    let page = call.store().followups(query).await;
    let page = page.map_err(|error| problem::of_store(&error))?;
    let list = List::of(
        page,
        ListKind::Followups(sort),
        |item| Place::of_followup(&item.followup, sort),
        |item| FollowupView::of(item, now),
    );
    Ok(Answer::read(Reply::Followups(list)))
}

/// Changes a follow-up.
pub(super) async fn update(
    call: &Call<'_>,
    params: IncidentFollowupUpdate,
) -> Result<Answer, Problem> {
    let (incident, followup) = (params.incident_id, params.followup_id);
    let applied = call.change(incident, params.into_op()).await?;
    let item = item(&applied.incident, followup).ok_or_else(problem::internal)?;
    let event = own_event(&applied).map(|event| Box::new(EventView::from(event)));
    let reply = Reply::Followup {
        followup: Box::new(FollowupView::of(item, call.now())),
        event,
    };
    Ok(Answer::written(&applied, reply))
}

fn item(incident: &Incident, id: EventId) -> Option<FollowupItem> {
    let followup = incident.followups.iter().find(|one| one.id == id)?;
    Some(FollowupItem {
        incident_id: incident.id,
        service: incident.service.clone(),
        env: incident.env.clone(),
        severity: incident.severity,
        followup: followup.clone(),
    })
}
