//! A log that takes in what others wrote apart from it.

use std::collections::{BTreeMap, BTreeSet};

use watchbook_core::reconcile::{Apart, Ground, Held, Opening, Reconciled, Unfit, reconcile};
use watchbook_core::text::Short;
use watchbook_core::{
    ChangeId, Commit, Digest, Event, EventId, IncidentId, IncidentState, KeyUse, NodeId, Set, fold,
    redact,
};

/// Lines, states and keys; and which of its own lines each other log would find here under another stamp.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    lines: BTreeMap<IncidentId, Vec<(ChangeId, Event)>>,
    states: BTreeMap<IncidentId, IncidentState>,
    pub(crate) keys: BTreeMap<ChangeId, KeyUse>,
    met: BTreeSet<(NodeId, EventId)>,
}

/// The log as the log of one node finds it.
struct Here<'a> {
    log: &'a Log,
    node: NodeId,
}

impl Ground for Here<'_> {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.log.states.get(&id)
    }

    fn holds(&self, event: EventId) -> Option<Held> {
        let line = self.log.events().find(|line| line.id == event)?;
        Some(Held {
            incident: line.incident_id,
            node: line.stamp.node,
        })
    }

    fn lines_after(&self, incident: IncidentId, seq: u32) -> Vec<&Event> {
        let all = self.log.events();
        all.filter(|line| line.incident_id == incident && line.seq > seq && !line.set.is_empty())
            .collect()
    }

    fn is_met(&self, event: EventId) -> bool {
        self.log.met.contains(&(self.node, event))
    }

    fn openings(&self, change: ChangeId, group: Option<&Short>) -> Vec<Opening<'_>> {
        let is_for = |set: &Set| matches!(set, Set::GroupKey(key) if Some(key) == group);
        let first = self.log.lines.values().filter_map(|lines| lines.first());
        first
            .filter(|(by, line)| *by == change || line.set.iter().any(is_for))
            .map(|(change, event)| Opening {
                change: *change,
                event,
            })
            .collect()
    }

    fn key(&self, change: ChangeId) -> Option<&KeyUse> {
        self.log.keys.get(&change)
    }

    fn has_bytes(&self, _incident: IncidentId, _sha256: Digest) -> bool {
        true
    }
}

impl Log {
    /// Every line.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.lines.values().flatten().map(|(_, event)| event)
    }

    pub(crate) fn timeline(&self, id: IncidentId) -> Vec<&Event> {
        let lines = self.lines.get(&id).into_iter().flatten();
        lines.map(|(_, event)| event).collect()
    }

    pub(crate) const fn states(&self) -> &BTreeMap<IncidentId, IncidentState> {
        &self.states
    }

    /// Writes a commit of its own.
    pub(crate) fn take(&mut self, commit: &Commit) {
        if let Some(key) = commit.key() {
            self.keys.insert(key.change, key.clone());
        }
        for event in commit.events() {
            fold::apply(self.states.entry(event.incident_id).or_default(), event);
            let lines = self.lines.entry(event.incident_id).or_default();
            for set in &event.set {
                if let Set::Redacted(black) = set {
                    let black = lines.iter_mut().filter(|(_, line)| line.id == *black);
                    black.for_each(|(_, line)| *line = redact::blank(line));
                }
            }
            lines.push((commit.change, event.clone()));
        }
    }

    /// Takes in a commit of a node that was apart and had seen this much of the log.
    pub(crate) fn absorb(
        &mut self,
        node: NodeId,
        commit: &Commit,
        seen: &[(IncidentId, u32)],
    ) -> Result<Reconciled, Unfit> {
        let here = Here { log: self, node };
        let reconciled = reconcile(&here, Apart { node, commit, seen })?;
        for commit in reconciled.commit.iter().chain(&reconciled.beside) {
            self.take(commit);
        }
        self.met
            .extend(reconciled.met.iter().map(|event| (node, *event)));
        Ok(reconciled)
    }
}
