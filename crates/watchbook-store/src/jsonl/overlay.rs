//! The state of one batch: what the book says, and what the batch has decided so far but not stored yet.

use std::collections::{HashMap, HashSet};

use watchbook_core::{
    ChangeId, Command, Commit, Decision, Digest, Event, EventId, Facts, Incident, IncidentId,
    IncidentState, Likeness, Op, Prior, ProposedChange, Refused, Stamp, decide, fold, limit,
};

use crate::contract::{Applied, StoreError};

use super::book::{Book, PackError};

/// The state of one batch.
#[derive(Debug)]
pub(crate) struct Overlay<'a> {
    book: &'a Book,
    states: HashMap<IncidentId, IncidentState>,
    keys: HashMap<ChangeId, Digest>,
    redacting: Option<Event>,
    decided: HashMap<ChangeId, Applied>,
    folded: HashSet<IncidentId>,
}

/// The states that a batch led to, ready to be published.
pub(crate) type Outcome = Vec<(IncidentId, IncidentState)>;

impl<'a> Overlay<'a> {
    pub(crate) fn new(book: &'a Book) -> Self {
        Self {
            book,
            states: HashMap::new(),
            keys: HashMap::new(),
            redacting: None,
            decided: HashMap::new(),
            folded: HashSet::new(),
        }
    }

    /// Decides on a command. `redacting` is the event that a redaction is about, if it was found.
    ///
    /// # Errors
    /// The inner one is the refusal; the outer one means that the book is damaged.
    pub(crate) fn decide(
        &mut self,
        command: &Command,
        stamp: Stamp,
        redacting: Option<Event>,
    ) -> Result<Result<Decision, Refused>, PackError> {
        self.load(command)?;
        self.redacting = redacting;
        Ok(decide(&*self, command, stamp))
    }

    /// Folds a commit that will be stored with this batch.
    pub(crate) fn fold(&mut self, commit: &Commit) {
        for event in commit.events() {
            self.folded.insert(event.incident_id);
            fold::apply(self.states.entry(event.incident_id).or_default(), event);
        }
        if let Some(key) = commit.key() {
            self.keys.insert(key.change, key.body);
        }
    }

    /// The states of all incidents that the batch changes.
    pub(crate) fn into_outcome(self) -> Outcome {
        let Self { states, folded, .. } = self;
        states
            .into_iter()
            .filter(|(id, _)| folded.contains(id))
            .collect()
    }

    /// An incident as it is in this batch.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn incident(&self, id: IncidentId) -> Result<Incident, StoreError> {
        let found = self.states.get(&id).and_then(|state| state.incident(id));
        found.ok_or(StoreError::Refused(Refused::NoIncident(id)))
    }

    /// The answer to a command that changes nothing.
    ///
    /// # Errors
    /// When the incident is not there.
    pub(crate) fn unchanged(&self, command: &Command) -> Result<Applied, StoreError> {
        Ok(Applied {
            incident: self.incident(command.incident)?,
            events: Vec::new(),
            similar: Vec::new(),
            changed: false,
            replayed: false,
            durable: true,
        })
    }

    /// Keeps the answer of a command with a key, for the same command later in the batch.
    pub(crate) fn remember(&mut self, command: &Command, applied: &Applied) {
        if command.key.is_some() {
            self.decided.insert(command.change, applied.clone());
        }
    }

    /// The answer of a command that was decided earlier in this batch.
    pub(crate) fn decided(&self, change: ChangeId) -> Option<&Applied> {
        self.decided.get(&change)
    }

    /// Makes the states that a command may look at ready.
    fn load(&mut self, command: &Command) -> Result<(), PackError> {
        self.load_one(command.incident)?;
        let other = match &command.op {
            Op::Merge { into, .. } => Some(*into),
            Op::Propose(proposal) => target(&proposal.change),
            Op::Unmerge { .. } => self
                .states
                .get(&command.incident)
                .and_then(|state| state.incident(command.incident)?.merged_into),
            Op::Approve { proposal, .. } => self
                .states
                .get(&command.incident)
                .and_then(|state| state.proposal(*proposal))
                .and_then(|record| target(&record.change)),
            _ => None,
        };
        other.map_or(Ok(()), |id| self.load_one(id))
    }

    fn load_one(&mut self, id: IncidentId) -> Result<(), PackError> {
        if !self.states.contains_key(&id)
            && let Some(state) = self.book.state(id)
        {
            self.states.insert(id, state?);
        }
        Ok(())
    }
}

const fn target(change: &ProposedChange) -> Option<IncidentId> {
    match change {
        ProposedChange::Merge(into) => Some(*into),
        ProposedChange::Close(_) | ProposedChange::Severity(_) | ProposedChange::Env(_) => None,
    }
}

impl Facts for Overlay<'_> {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.states
            .get(&id)
            .filter(|state| state.outline().is_some())
    }

    fn event(&self, incident: IncidentId, event: EventId) -> Option<&Event> {
        self.redacting
            .as_ref()
            .filter(|found| found.incident_id == incident && found.id == event)
    }

    fn prior(&self, command: &Command) -> Option<Prior> {
        let remembered = || self.book.keys().get(command.change).map(|slot| slot.body);
        let body = self
            .keys
            .get(&command.change)
            .copied()
            .or_else(remembered)?;
        Some(Prior { body })
    }

    fn similar(&self, created: &Event) -> Vec<IncidentId> {
        let Some(likeness) = Likeness::of(created) else {
            return Vec::new();
        };
        // What the batch has looked at or changed is told by its own state.
        let stored = self
            .book
            .similar(likeness.service, likeness.env.as_str(), likeness.signature)
            .filter(|(_, id)| !self.states.contains_key(id));
        let mut alike: Vec<(i64, IncidentId)> = stored.take(limit::SIMILAR).collect();
        let decided = self.states.iter().filter_map(|(id, state)| {
            let created = likeness.matched(state)?;
            Some((created.millis(), *id))
        });
        alike.extend(decided.filter(|(_, id)| *id != created.incident_id));
        alike.sort_unstable_by(|left, right| right.cmp(left));
        alike.truncate(limit::SIMILAR);
        alike.into_iter().map(|(_, id)| id).collect()
    }
}
