//! Every incident with its timeline, and the commits that made them.

use std::collections::BTreeMap;

use watchbook_core::{
    ChangeId, Clock, Command, Commit, Decision, Digest, Event, EventId, Facts, HybridClock,
    Incident, IncidentId, IncidentState, KeyUse, NodeId, Prior, Set, Timestamp, decide, fold,
    limit, redact,
};

use super::absorb::TakenIn;
use super::own::Made;
use super::{KEY_MEMORY, MAX_COMMITS, full};
use crate::contract::{Applied, Changed, KeptKey, KeptLine, StoreError};
use crate::ledger::Ledger;

/// Every incident with its timeline. A preview works on a clone, so nothing of it can stay.
#[derive(Debug, Clone)]
pub(super) struct Book {
    clock: HybridClock,
    commits: u64,
    pub(super) incidents: BTreeMap<IncidentId, Entry>,
    pub(super) remembered: BTreeMap<ChangeId, KeptKey>,
    pub(super) artifacts: BTreeMap<Digest, Vec<u8>>,
    pub(super) taken_in: TakenIn,
    pub(super) leases: Ledger,
    /// The commits that were decided here, each with what its writer had seen of other logs' lines.
    pub(super) made: Vec<Made>,
    /// What each commit changed, for the feed. No longer than there are lines.
    changes: Vec<Changed>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) state: IncidentState,
    pub(super) lines: Vec<KeptLine>,
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
            made: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// The node whose stamps its own commits bear.
    pub(super) const fn node(&self) -> NodeId {
        self.clock.node()
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
                let seen = self.seen(&commit);
                self.take(&commit);
                self.made.push(Made {
                    n: self.commits,
                    commit,
                    seen,
                });
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
        for event in commit.events() {
            let entry = self.incidents.entry(event.incident_id).or_default();
            entry.take(KeptLine {
                change: commit.change,
                by: commit.by.clone(),
                event: event.clone(),
            });
        }
        if let Some(key) = commit.key() {
            self.remember(key.clone(), self.last_seq(key.incident), commit.stamp.time);
        }
        let lines = commit.events().map(|event| (event.incident_id, event.seq));
        self.changes.extend(Changed::of(lines));
    }

    fn remember(&mut self, used: KeyUse, seq: u32, at: Timestamp) {
        let kept = KeptKey { used, seq, at };
        self.remembered.insert(kept.used.change, kept);
    }

    /// Takes over a line that follows the last one of its incident.
    pub(super) fn take_over(&mut self, line: KeptLine) {
        self.clock.observe(line.event.stamp);
        self.changes
            .extend(Changed::of([(line.event.incident_id, line.event.seq)]));
        let entry = self.incidents.entry(line.event.incident_id).or_default();
        entry.take(line);
    }

    /// Takes over a key; whether it was not there before.
    pub(super) fn take_over_key(&mut self, key: KeptKey) -> bool {
        self.remembered.insert(key.used.change, key).is_none()
    }

    /// Counts what was taken over as one commit.
    pub(super) fn count_one(&mut self) -> Result<(), StoreError> {
        if self.commits >= MAX_COMMITS {
            return Err(full("commits"));
        }
        self.commits += 1;
        Ok(())
    }

    /// The earlier use of a key.
    pub(super) fn key(&self, change: ChangeId) -> Option<&KeptKey> {
        self.remembered.get(&change)
    }

    /// The keys that were used on an incident since `horizon`, in the order of their use.
    pub(super) fn keys_of(&self, id: IncidentId, horizon: Timestamp) -> Vec<KeptKey> {
        let own = |key: &&KeptKey| key.used.incident == id && key.at >= horizon;
        let mut keys: Vec<KeptKey> = self.remembered.values().filter(own).cloned().collect();
        keys.sort_by_key(|key| (key.seq, key.at, key.used.change));
        keys
    }

    /// The number of the last line of an incident; 0 if it is not there.
    pub(super) fn last_seq(&self, id: IncidentId) -> u32 {
        let entry = self.incidents.get(&id);
        entry.map_or(0, |entry| entry.state.last_seq())
    }

    /// The state of an incident; the empty one if it is not there.
    pub(super) fn state(&self, id: IncidentId) -> IncidentState {
        let entry = self.incidents.get(&id);
        entry.map(|entry| entry.state.clone()).unwrap_or_default()
    }

    /// The lines of an incident after number `after`.
    pub(super) fn lines_after(&self, id: IncidentId, after: u32) -> Vec<KeptLine> {
        let entry = self.incidents.get(&id);
        let lines = entry.into_iter().flat_map(|entry| &entry.lines);
        let later = lines.filter(|line| line.event.seq > after);
        later.cloned().collect()
    }

    /// The incidents after `after`, each with the number of its last line.
    pub(super) fn after(
        &self,
        after: Option<IncidentId>,
    ) -> impl Iterator<Item = (IncidentId, u32)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let later = self.incidents.range((from, Unbounded));
        later.map(|(id, entry)| (*id, entry.state.last_seq()))
    }

    /// The answer of the first time: the incident as it was right after that commit, without what was blacked out since.
    fn replay(&self, command: &Command) -> Result<Applied, StoreError> {
        let unknown = || not_found(command.incident);
        let KeptKey { used, seq, .. } = self.remembered.get(&command.change).ok_or_else(unknown)?;
        let entry = self.incidents.get(&used.incident).ok_or_else(unknown)?;
        // Nodes that were apart may have carried it out as well: only what stands with the incident of the key is meant.
        let mut own = entry.lines.iter().map(|line| (line.change, &line.event));
        let made = own.find(|(change, _)| *change == command.change);
        let made = made.map(|(_, event)| (event.stamp.time, event.stamp.node));
        let lines = self.lines_of(command.change);
        let lines = lines.filter(|event| Some((event.stamp.time, event.stamp.node)) == made);
        let events: Vec<Event> = lines.cloned().collect();
        Ok(Applied {
            incident: entry.at(*seq).incident(used.incident).ok_or_else(unknown)?,
            changed: !events.is_empty(),
            events,
            similar: used.similar.clone(),
            replayed: true,
            durable: false,
        })
    }

    /// The events of one change, in the order in which they were written.
    fn lines_of(&self, change: ChangeId) -> impl Iterator<Item = &Event> {
        let mut events: Vec<&Event> = self
            .incidents
            .values()
            .flat_map(|entry| &entry.lines)
            .filter(|line| line.change == change)
            .map(|line| &line.event)
            .collect();
        events.sort_by_key(|event| event.stamp);
        events.into_iter()
    }
}

impl Entry {
    fn take(&mut self, line: KeptLine) {
        fold::apply(&mut self.state, &line.event);
        let redacted = line.event.set.iter().filter_map(|set| match set {
            Set::Redacted(id) => Some(*id),
            _ => None,
        });
        for id in redacted {
            for line in self.lines.iter_mut().filter(|line| line.event.id == id) {
                line.event = redact::blank(&line.event);
            }
        }
        self.lines.push(line);
    }

    /// The state right after a line.
    fn at(&self, seq: u32) -> IncidentState {
        let mut state = IncidentState::default();
        for line in self.lines.iter().filter(|line| line.event.seq <= seq) {
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
            body: remembered.used.body,
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
