//! What an event leaves behind in the state of its incident.

use serde::Deserialize;

use crate::actor::{AgentId, Source};
use crate::event::Set;
use crate::id::{EventId, IncidentId};
use crate::stamp::Stamp;
use crate::time::Timestamp;

/// The part of an [`Event`](crate::Event) that [`fold`](crate::fold) looks at, read from the same record.
///
/// Message and meta are most of a record and none of the state, so whoever only folds need not take them in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Footprint {
    /// The event's id.
    pub id: EventId,
    /// The incident it belongs to.
    pub incident_id: IncidentId,
    /// Its number in the timeline.
    pub seq: u32,
    /// Its place in the order that all nodes agree on.
    pub stamp: Stamp,
    /// When it happened, as the writer says.
    pub at: Timestamp,
    /// Who wrote it.
    pub actor: AgentId,
    /// What sort of writer that is.
    pub source: Source,
    /// What it changes.
    #[serde(default)]
    pub set: Vec<Set>,
    /// Whether its texts were blacked out.
    #[serde(default)]
    pub redacted: bool,
}

impl Footprint {
    /// Whether it changes the state that `revision` counts.
    pub fn changes_state(&self) -> bool {
        self.set.iter().any(Set::is_state)
    }
}
