//! Every incident with its timeline, and the commits that made them.

use std::collections::BTreeMap;

use watchbook_core::{
    ChangeId, Clock, Command, Commit, Decision, Digest, Event, EventId, Facts, HybridClock,
    Incident, IncidentId, IncidentState, KeyUse, NodeId, Prior, Set, Timestamp, decide, fold,
    limit, redact,
};

use super::absorb::TakenIn;
use super::{KEY_MEMORY, MAX_COMMITS, full};
use crate::contract::{Applied, Changed, StoreError};
use crate::ledger::Ledger;

/// Every incident with its timeline. A preview works on a clone, so nothing of it can stay.
#[derive(Debug, Clone)]
pub(super) struct Book {
    clock: HybridClock,
    commits: u64,
    pub(super) incidents: BTreeMap<IncidentId, Entry>,
    pub(super) remembered: BTreeMap<ChangeId, Remembered>,
    pub(super) artifacts: BTreeMap<Digest, Vec<u8>>,
    pub(super) taken_in: TakenIn,
    pub(super) leases: Ledger,
    /// What each commit changed, for the feed. No longer than there are lines.
    changes: Vec<Changed>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) state: IncidentState,
    pub(super) lines: Vec<Line>,
}

/// An event, the change that wrote it, and the number of the commit it came with.
#[derive(Debug, Clone)]
pub(super) struct Line {
    commit: u64,
    pub(super) change: ChangeId,
    pub(super) event: Event,
}

/// An idempotency key in use.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) key: KeyUse,
    commit: u64,
    at: Timestamp,
}

impl Book {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            clock: HybridClock::new(node),
            commits: 0,
            incidents: BTreeMap::new(),
            remembered: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            taken_in: TakenIn::default(),
            leases: Ledger::default(),
            changes: Vec::new(),
        }
    }

    pub(super) const fn commits(&self) -> u64 {
        self.commits
    }

    pub(super) fn changes(&self) -> &[Changed] {
        &self.changes
    }

    pub(super) fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.incidents
            .get(&id)
            .and_then(|entry| entry.state.incident(id))
            .ok_or_else(|| not_found(id))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Incident> {
        self.incidents
            .iter()
            .filter_map(|(id, entry)| entry.state.incident(*id))
    }

    pub(super) fn events(&self, id: IncidentId) -> Result<Vec<Event>, StoreError> {
        let entry = self.incidents.get(&id).ok_or_else(|| not_found(id))?;
        Ok(entry.lines.iter().map(|line| line.event.clone()).collect())
    }

    /// Decides on `command`, and takes what it leads to.
    pub(super) fn apply(
        &mut self,
        command: &Command,
        clock: &dyn Clock,
    ) -> Result<Applied, StoreError> {
        if self.commits >= MAX_COMMITS {
            return Err(full("commits"));
        }
        let stamp = self.clock.next(clock.now());
        self.forget_before(stamp.time.minus(KEY_MEMORY));
        match decide(self, command, stamp)? {
            Decision::Unchanged => self.unchanged(command.incident),
            Decision::Replay => self.replay(command),
            Decision::Commit {
                commit,
                changed,
                similar,
            } => {
                if let Some(fence) = &command.fence {
                    self.leases.check(fence, clock.now())?;
                }
                let events: Vec<Event> = commit.events().cloned().collect();
                self.take(&commit);
                Ok(Applied {
                    incident: self.get(command.incident)?,
                    events,
                    similar,
                    changed,
                    replayed: false,
                    durable: false,
                })
            }
        }
    }

    fn forget_before(&mut self, horizon: Timestamp) {
        self.remembered.retain(|_, key| key.at >= horizon);
    }

    fn unchanged(&self, id: IncidentId) -> Result<Applied, StoreError> {
        Ok(Applied {
            incident: self.get(id)?,
            events: Vec::new(),
            similar: Vec::new(),
            changed: false,
            replayed: false,
            durable: false,
        })
    }

    pub(super) fn take(&mut self, commit: &Commit) {
        self.commits += 1;
        self.clock.observe(commit.last_stamp());
        if let Some(key) = commit.key() {
            let remembered = Remembered {
                key: key.clone(),
                commit: self.commits,
                at: commit.stamp.time,
            };
            self.remembered.insert(key.change, remembered);
        }
        for event in commit.events() {
            let entry = self.incidents.entry(event.incident_id).or_default();
            entry.take(Line {
                commit: self.commits,
                change: commit.change,
                event: event.clone(),
            });
        }
        let lines = commit.events().map(|event| (event.incident_id, event.seq));
        self.changes.extend(Changed::of(lines));
    }

    /// The answer of the first time: the incident as it was right after that commit, without what was blacked out since.
    fn replay(&self, command: &Command) -> Result<Applied, StoreError> {
        let unknown = || not_found(command.incident);
        let Remembered { key, commit, .. } =
            self.remembered.get(&command.change).ok_or_else(unknown)?;
        let entry = self.incidents.get(&key.incident).ok_or_else(unknown)?;
        let events: Vec<Event> = self.lines_of(*commit).cloned().collect();
        Ok(Applied {
            incident: entry
                .at(*commit)
                .incident(key.incident)
                .ok_or_else(unknown)?,
            changed: !events.is_empty(),
            events,
            similar: key.similar.clone(),
            replayed: true,
            durable: false,
        })
    }

    /// The events of one commit, in the order in which they were written.
    fn lines_of(&self, commit: u64) -> impl Iterator<Item = &Event> {
        let mut events: Vec<&Event> = self
            .incidents
            .values()
            .flat_map(|entry| &entry.lines)
            .filter(|line| line.commit == commit)
            .map(|line| &line.event)
            .collect();
        events.sort_by_key(|event| event.stamp);
        events.into_iter()
    }
}

impl Entry {
    fn take(&mut self, taken: Line) {
        fold::apply(&mut self.state, &taken.event);
        let redacted = taken.event.set.iter().filter_map(|set| match set {
            Set::Redacted(id) => Some(*id),
            _ => None,
        });
        for id in redacted {
            for line in self.lines.iter_mut().filter(|line| line.event.id == id) {
                line.event = redact::blank(&line.event);
            }
        }
        self.lines.push(taken);
    }

    /// The state right after a commit.
    fn at(&self, commit: u64) -> IncidentState {
        let mut state = IncidentState::default();
        for line in self.lines.iter().filter(|line| line.commit <= commit) {
            fold::apply(&mut state, &line.event);
        }
        state
    }
}

impl Facts for Book {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.incidents.get(&id).map(|entry| &entry.state)
    }

    fn event(&self, incident: IncidentId, event: EventId) -> Option<&Event> {
        let entry = self.incidents.get(&incident)?;
        let mut events = entry.lines.iter().map(|line| &line.event);
        events.find(|line| line.id == event)
    }

    fn prior(&self, command: &Command) -> Option<Prior> {
        let remembered = self.remembered.get(&command.change)?;
        Some(Prior {
            body: remembered.key.body,
        })
    }

    fn similar(&self, created: &Event) -> Vec<IncidentId> {
        let mut new = IncidentState::default();
        fold::apply(&mut new, created);
        let Some(new) = new.outline() else {
            return Vec::new();
        };
        let known = self.incidents.iter();
        let mut alike: Vec<(Timestamp, IncidentId)> = known
            .filter_map(|(id, entry)| Some((*id, entry.state.outline()?)))
            .filter(|(_, known)| {
                known.status.is_unfinished()
                    && known.service == new.service
                    && known.env == new.env
                    && known.signature == new.signature
            })
            .map(|(id, known)| (known.created_at, id))
            .collect();
        alike.sort_unstable_by(|left, right| right.cmp(left));
        let newest_first = alike.into_iter().map(|(_, id)| id);
        newest_first.take(limit::SIMILAR).collect()
    }
}

fn not_found(id: IncidentId) -> StoreError {
    StoreError::NotFound {
        what: "incident",
        name: id.to_string(),
    }
}
