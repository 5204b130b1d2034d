//! The events of a decision while they are being written.

use serde_json::{Map, Value};

use crate::actor::Source;
use crate::command::{Command, Op};
use crate::event::{Event, EventType, Set};
use crate::id::{EventId, IncidentId};
use crate::refused::{Countable, Refused};
use crate::stamp::Stamp;
use crate::state::IncidentState;
use crate::text::Message;
use crate::time::Timestamp;

use crate::limit;

/// Collects events, and gives each its id, its stamp and its number in the timeline.
pub(super) struct Draft<'a> {
    pub(super) command: &'a Command,
    pub(super) stamp: Stamp,
    pub(super) events: Vec<Event>,
    last_seq: Vec<(IncidentId, u32)>,
}

/// One line before it has its place.
pub(super) struct Line {
    pub(super) kind: EventType,
    pub(super) message: Message,
    pub(super) meta: Map<String, Value>,
    pub(super) at: Timestamp,
    pub(super) set: Vec<Set>,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(command: &'a Command, stamp: Stamp) -> Self {
        Self {
            command,
            stamp,
            events: Vec::new(),
            last_seq: Vec::new(),
        }
    }

    /// The present.
    pub(super) const fn now(&self) -> Timestamp {
        self.stamp.time
    }

    /// The id that the next event will have.
    pub(super) fn next_id(&self) -> EventId {
        let Command {
            change,
            incident,
            op,
            ..
        } = self.command;
        match op {
            Op::Create(_) => change.creation(*incident, self.index()),
            _ => change.event(self.index()),
        }
    }

    fn index(&self) -> u32 {
        u32::try_from(self.events.len()).unwrap_or(u32::MAX)
    }

    /// Goes on with the timeline of an incident that has room for more.
    pub(super) fn continue_after(
        &mut self,
        id: IncidentId,
        state: &IncidentState,
    ) -> Result<(), Refused> {
        let limit = if self.command.op.adds() {
            limit::EVENTS
        } else {
            limit::EVENTS + limit::EVENTS_RESERVED
        };
        if state.events as usize >= limit {
            return Err(Refused::TooMany {
                what: Countable::Events,
                limit,
            });
        }
        self.last_seq.push((id, state.last_seq));
        Ok(())
    }

    /// Whether a line was written yet.
    pub(super) const fn has_lines(&self) -> bool {
        !self.events.is_empty()
    }

    fn next_seq(&mut self, incident: IncidentId) -> u32 {
        if let Some((_, seq)) = self.last_seq.iter_mut().find(|(id, _)| *id == incident) {
            *seq += 1;
            return *seq;
        }
        self.last_seq.push((incident, 1));
        1
    }

    /// Writes a line on the command's own incident.
    pub(super) fn push(&mut self, line: Line) {
        self.push_on(self.command.incident, line);
    }

    /// Writes a line on another incident of the same commit.
    pub(super) fn push_on(&mut self, incident: IncidentId, line: Line) {
        let Line {
            kind,
            message,
            meta,
            at,
            set,
        } = line;
        let event = Event {
            id: self.next_id(),
            incident_id: incident,
            seq: self.next_seq(incident),
            stamp: self.stamp.step(self.index()),
            at,
            kind,
            message,
            meta,
            actor: self.command.by.agent.clone(),
            source: self.source(),
            set,
            redacted: false,
        };
        self.events.push(event);
    }

    const fn source(&self) -> Source {
        self.command.by.source
    }

    /// Checks a time that the caller gave. If there is none: the present, but not before `earliest`, which may lie a
    /// little ahead where clocks differ.
    pub(super) fn time(
        &self,
        at: Option<Timestamp>,
        earliest: Timestamp,
    ) -> Result<Timestamp, Refused> {
        let latest = self.now().plus(limit::AHEAD);
        match at {
            None => Ok(self.now().max(earliest)),
            Some(at) if (earliest..=latest).contains(&at) => Ok(at),
            Some(at) => Err(Refused::OutOfRange {
                at,
                earliest,
                latest,
            }),
        }
    }
}

/// An object from pairs.
pub(super) fn facts<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A value as it is written.
pub(super) fn text(value: &impl ToString) -> Value {
    Value::String(value.to_string())
}
