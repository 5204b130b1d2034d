//! One line of a timeline, as callers see it.

use serde_json::{Map, Value};
use watchbook_core::text::Message;
use watchbook_core::{AgentId, Event, EventId, EventType, IncidentId, Source, Timestamp};

use super::view;

view! {
    /// One line of a timeline.
    EventView {
        /// Its id. A follow-up and a proposal have the id of the event that opened them.
        id: EventId,
        /// The incident it belongs to.
        incident_id: IncidentId,
        /// Its number in the timeline: 1, 2, 3 … without gaps. The creation is 1.
        seq: u32,
        /// When it happened, as the writer says.
        at: Timestamp,
        /// When it was recorded.
        recorded_at: Timestamp,
        /// What sort of line it is.
        kind as "type": EventType,
        /// What it says.
        message: Message,
        /// Further facts.
        meta: Map<String, Value>,
        /// Who wrote it.
        actor: AgentId,
        /// What sort of writer that is: human, agent, alert or system.
        source: Source,
        /// Whether its texts were blacked out.
        redacted: bool,
    }
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let recorded_at = event.recorded_at();
        let Event {
            id,
            incident_id,
            seq,
            stamp: _,
            at,
            kind,
            message,
            meta,
            actor,
            source,
            set: _,
            redacted,
        } = event;
        Self {
            id,
            incident_id,
            seq,
            at,
            recorded_at,
            kind,
            message,
            meta,
            actor,
            source,
            redacted,
        }
    }
}
