//! Derived lines: written by watchbook itself, the same wherever they are derived.

use serde_json::{Map, Value};

use crate::actor::{AgentId, By, Source, Via};
use crate::commit::{Commit, Record};
use crate::event::{Event, EventType, Set};
use crate::id::{ChangeId, EventId, IncidentId};
use crate::stamp::Stamp;
use crate::text::Message;

/// A derived line before it has its number.
pub(super) struct Derived {
    pub(super) id: EventId,
    pub(super) incident: IncidentId,
    pub(super) stamp: Stamp,
    pub(super) kind: EventType,
    pub(super) message: String,
    pub(super) meta: Map<String, Value>,
    pub(super) set: Vec<Set>,
}

impl Derived {
    pub(super) fn into_event(self) -> Event {
        Event {
            id: self.id,
            incident_id: self.incident,
            seq: 0,
            stamp: self.stamp,
            at: self.stamp.time,
            kind: self.kind,
            message: Message::written(self.message),
            meta: self.meta,
            actor: AgentId::ours(),
            source: Source::System,
            set: self.set,
            redacted: false,
        }
    }
}

/// Whether a line was derived, not written.
pub(super) fn is_derived(line: &Event) -> bool {
    line.source == Source::System
        && line.actor == AgentId::ours()
        && matches!(line.kind, EventType::Merge | EventType::Conflict)
}

/// The commit of derived lines. Its change is named by the first, so that no answer to another change shows them.
pub(super) fn commit(stamp: Stamp, lines: impl IntoIterator<Item = Event>) -> Option<Commit> {
    let records: Vec<Record> = lines.into_iter().map(Record::Event).collect();
    let first = match records.first()? {
        Record::Event(event) => event.id,
        Record::Key(_) => return None,
    };
    Some(Commit {
        change: ChangeId::from_bits(first.to_bits()),
        stamp,
        by: By {
            agent: AgentId::ours(),
            key: None,
            delegate: None,
            request: None,
            via: Via::Job,
            source: Source::System,
        },
        records,
    })
}

/// The events of a commit, to be numbered.
pub(super) fn events_mut(commit: &mut Commit) -> impl Iterator<Item = &mut Event> {
    commit.records.iter_mut().filter_map(|record| match record {
        Record::Event(event) => Some(event),
        Record::Key(_) => None,
    })
}
