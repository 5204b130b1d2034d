//! Lines of the timeline: adding, reading, blacking out.

use watchbook_api::{
    EventView, IncidentAppendEvent, IncidentEvents, IncidentRedact, List, Problem, Reply,
};
use watchbook_core::query::{EventFilter, ListKind, MAX_LIMIT, Page, PageRequest, Place, page_of};
use watchbook_core::{Event, EventId, IncidentId, Refused};
use watchbook_store::Applied;

use super::answer::Answer;
use crate::call::Call;
use crate::problem;

/// Adds a line, or opens or changes a follow-up by one.
pub(super) async fn append(
    call: &Call<'_>,
    params: IncidentAppendEvent,
) -> Result<Answer, Problem> {
    let incident = params.incident_id;
    let applied = call.change(incident, params.into_op()?).await?;
    let event = own_event(&applied).ok_or_else(problem::internal)?;
    Ok(answered(&applied, event))
}

/// One page of the timeline, or of those of its lines that are meant.
pub(super) async fn list(call: &Call<'_>, params: IncidentEvents) -> Result<Answer, Problem> {
    let incident = params.incident_id;
    let (filter, request) = params.into_query();
    let page = if filter == EventFilter::default() {
        read(call, incident, request).await?
    } else {
        meant(call, incident, &filter, request).await?
    };
    let list = List::of(
        page,
        ListKind::Events,
        |event| Place::of_seq(event.seq),
        EventView::from,
    );
    Ok(Answer::read(Reply::Events(list)).about(incident))
}

async fn read(
    call: &Call<'_>,
    incident: IncidentId,
    request: PageRequest,
) -> Result<Page<Event>, Problem> {
    let page = call.store().events(incident, request).await;
    page.map_err(|error| problem::of_store(&error))
}

/// One page of the lines that are meant. Reads on until there is one more than fits, or the timeline ends, which is
/// bounded by [`watchbook_core::limit::EVENTS`].
async fn meant(
    call: &Call<'_>,
    incident: IncidentId,
    filter: &EventFilter,
    request: PageRequest,
) -> Result<Page<Event>, Problem> {
    let (mut found, mut after) = (Vec::new(), request.after);
    while found.len() <= request.limit {
        let limit = MAX_LIMIT;
        let page = read(call, incident, PageRequest { limit, after }).await?;
        found.extend(page.items.into_iter().filter(|event| filter.matches(event)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(page_of(found, request, |event| Place::of_seq(event.seq)))
}

/// Blacks out a line. The answer is the line that says so, or the line itself if that was done before.
pub(super) async fn redact(call: &Call<'_>, params: IncidentRedact) -> Result<Answer, Problem> {
    let (incident, line) = (params.incident_id, params.event_id);
    let applied = call.change(incident, params.into_op()).await?;
    let event = match own_event(&applied) {
        Some(event) => event,
        None => find(call, incident, line).await?,
    };
    Ok(answered(&applied, event))
}

fn answered(applied: &Applied, event: Event) -> Answer {
    let reply = Reply::Event(Box::new(EventView::from(event)));
    Answer::written(applied, reply)
}

/// The first line that was written on the incident itself.
pub(super) fn own_event(applied: &Applied) -> Option<Event> {
    let id = applied.incident.id;
    let own = |event: &&Event| event.incident_id == id;
    applied.events.iter().find(own).cloned()
}

/// Reads the timeline until the line is found. It is bounded by [`watchbook_core::limit::EVENTS`].
async fn find(call: &Call<'_>, incident: IncidentId, line: EventId) -> Result<Event, Problem> {
    let mut after = None;
    loop {
        let page = PageRequest {
            limit: MAX_LIMIT,
            after,
        };
        let page = read(call, incident, page).await?;
        if let Some(event) = page.items.into_iter().find(|event| event.id == line) {
            return Ok(event);
        }
        after = page.next;
        if after.is_none() {
            let missing = Refused::NoEvent {
                incident,
                event: line,
            };
            return Err(problem::of_refusal(&missing));
        }
    }
}
