//! Commits: what one change writes, all of it or nothing.
//!
//! These types *are* the durable record, format version 1: their serialised form is what a journal line or a
//! database row holds, frozen by golden files. What callers of the API see are the views of `watchbook-api`.

use serde::{Deserialize, Serialize};

use crate::actor::By;
use crate::digest::Digest;
use crate::event::Event;
use crate::id::{ChangeId, IncidentId};
use crate::stamp::Stamp;

/// What one change writes, all of it or nothing; frozen before the first attempt to store it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The change.
    pub change: ChangeId,
    /// When, in the order of all nodes. Its time is when the commit was made.
    pub stamp: Stamp,
    /// Who made it.
    pub by: By,
    /// What it consists of. Several incidents may be touched.
    pub records: Vec<Record>,
}

/// One part of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A timeline line.
    Event(Event),
    /// The use of an idempotency key.
    Key(KeyUse),
}

/// The use of an idempotency key, in the same commit as what it protects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The change that scope and key name.
    pub change: ChangeId,
    /// The digest of the request's body.
    pub body: Digest,
    /// The incident that the answer shows.
    pub incident: IncidentId,
    /// Unfinished incidents that looked like the same thing when this one was created.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub similar: Vec<IncidentId>,
}

impl Commit {
    /// The events, in order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.records.iter().filter_map(|record| match record {
            Record::Event(event) => Some(event),
            Record::Key(_) => None,
        })
    }

    /// The events, in order, taken out.
    pub fn into_events(self) -> impl Iterator<Item = Event> {
        self.records.into_iter().filter_map(|record| match record {
            Record::Event(event) => Some(event),
            Record::Key(_) => None,
        })
    }

    /// The key it used, if it used one.
    pub fn key(&self) -> Option<&KeyUse> {
        self.records.iter().find_map(|record| match record {
            Record::Key(key) => Some(key),
            Record::Event(_) => None,
        })
    }

    /// The greatest stamp in it: what a clock must have observed before it makes the next.
    pub fn last_stamp(&self) -> Stamp {
        self.events()
            .map(|event| event.stamp)
            .fold(self.stamp, Stamp::max)
    }
}
