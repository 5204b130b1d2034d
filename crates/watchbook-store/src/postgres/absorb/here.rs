//! The part of the log that a run touches, in memory: read once, changed commit by commit, saved once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use watchbook_core::reconcile::{Ground, Held, Opening, Reconciled};
use watchbook_core::text::Short;
use watchbook_core::{
    By, ChangeId, Commit, Digest, Event, EventId, IncidentId, IncidentState, KeyUse, Set, Stamp,
    Timestamp, fold, redact,
};

use crate::contract::Apart;

/// The part of the log that a run touches.
#[derive(Debug, Default)]
pub(super) struct Here {
    pub(super) incidents: BTreeMap<IncidentId, Standing>,
    pub(super) held: HashMap<EventId, Held>,
    /// Lines that set something.
    pub(super) lines: HashMap<IncidentId, Vec<Event>>,
    pub(super) openings: Vec<(ChangeId, Event)>,
    pub(super) met: HashSet<EventId>,
    pub(super) keys: HashMap<ChangeId, KeyUse>,
    pub(super) bytes: HashSet<(IncidentId, Digest)>,
    /// Lines that the run blacks out.
    pub(super) texts: HashMap<EventId, Event>,
    pub(super) made: Made,
}

/// An incident with the version of its row; 0 if it has none yet.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) version: i64,
    pub(super) last_stamp: Option<Stamp>,
    pub(super) state: IncidentState,
}

/// What the run makes of it.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) touched: BTreeSet<IncidentId>,
    pub(super) lines: Vec<MadeLine>,
    pub(super) keys: BTreeMap<ChangeId, MadeKey>,
    /// Lines that were here and have no texts from now on.
    pub(super) blanks: HashMap<EventId, Event>,
    pub(super) met: Vec<EventId>,
    pub(super) bytes: BTreeMap<(IncidentId, Digest), Vec<u8>>,
}

#[derive(Debug)]
pub(super) struct MadeLine {
    pub(super) change: ChangeId,
    pub(super) by: By,
    pub(super) event: Event,
}

#[derive(Debug)]
pub(super) struct MadeKey {
    pub(super) used: KeyUse,
    /// The last line of its incident right after the change.
    pub(super) seq: u32,
    pub(super) at: Timestamp,
    /// Whether it was not remembered before.
    pub(super) is_new: bool,
}

impl Here {
    /// What a commit finds.
    pub(super) const fn with<'a>(&'a self, apart: &'a Apart) -> Found<'a> {
        Found { here: self, apart }
    }

    /// Takes what is to be written of a commit.
    pub(super) fn take(&mut self, reconciled: Reconciled, apart: &Apart) {
        let Reconciled {
            commit,
            beside,
            met,
        } = reconciled;
        let sound = |bytes: &&(IncidentId, Digest, Vec<u8>)| Digest::of(&bytes.2) == bytes.1;
        for (incident, digest, bytes) in apart.bytes.iter().filter(sound) {
            self.bytes.insert((*incident, *digest));
            let kept = &mut self.made.bytes;
            kept.insert((*incident, *digest), bytes.clone());
        }
        for commit in commit.into_iter().chain(beside) {
            self.write(commit);
        }
        self.met.extend(&met);
        self.made.met.extend(met);
    }

    fn write(&mut self, commit: Commit) {
        let key = commit.key().cloned();
        let (change, by, at) = (commit.change, commit.by.clone(), commit.stamp.time);
        for event in commit.into_events() {
            self.add(change, &event);
            let by = by.clone();
            self.made.lines.push(MadeLine { change, by, event });
        }
        if let Some(used) = key {
            self.remember(used, at);
        }
    }

    fn add(&mut self, change: ChangeId, event: &Event) {
        let id = event.incident_id;
        self.made.touched.insert(id);
        let standing = self.incidents.entry(id).or_default();
        standing.last_stamp = standing.last_stamp.max(Some(event.stamp));
        fold::apply(&mut standing.state, event);
        let node = event.stamp.node;
        self.held.insert(event.id, Held { incident: id, node });
        for set in &event.set {
            match set {
                Set::Redacted(black) => self.black_out(id, *black),
                Set::CreatedAt(_) => self.openings.push((change, event.clone())),
                _ => {}
            }
        }
        if !event.set.is_empty() {
            self.lines.entry(id).or_default().push(event.clone());
        }
    }

    /// Takes the texts from a line of this incident. A line of another one is not meant, whatever its id.
    fn black_out(&mut self, incident: IncidentId, id: EventId) {
        let is_meant = |line: &Event| (line.incident_id, line.id) == (incident, id);
        let mut made = self.made.lines.iter_mut();
        if let Some(line) = made.find(|line| is_meant(&line.event)) {
            line.event = redact::blank(&line.event);
        } else if let Some(line) = self.texts.get(&id).filter(|line| is_meant(line)) {
            self.made.blanks.insert(id, redact::blank(line));
        }
    }

    fn remember(&mut self, used: KeyUse, at: Timestamp) {
        let standing = self.incidents.get(&used.incident);
        let seq = standing.map_or(0, |standing| standing.state.last_seq());
        let was = self.keys.insert(used.change, used.clone());
        let before = self.made.keys.get(&used.change);
        let is_new = before.map_or(was.is_none(), |before| before.is_new);
        let key = MadeKey {
            used,
            seq,
            at,
            is_new,
        };
        self.made.keys.insert(key.used.change, key);
    }
}

/// What a commit finds: the log, and what comes with it.
pub(super) struct Found<'a> {
    here: &'a Here,
    apart: &'a Apart,
}

impl Ground for Found<'_> {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.here.incidents.get(&id).map(|standing| &standing.state)
    }

    fn holds(&self, event: EventId) -> Option<Held> {
        self.here.held.get(&event).copied()
    }

    fn lines_after(&self, incident: IncidentId, seq: u32) -> Vec<&Event> {
        let lines = self.here.lines.get(&incident).into_iter().flatten();
        lines.filter(|line| line.seq > seq).collect()
    }

    fn is_met(&self, event: EventId) -> bool {
        self.here.met.contains(&event)
    }

    fn openings(&self, change: ChangeId, group: Option<&Short>) -> Vec<Opening<'_>> {
        let is_for = |set: &Set| matches!(set, Set::GroupKey(key) if Some(key) == group);
        let all = self.here.openings.iter();
        all.filter(|(by, event)| *by == change || event.set.iter().any(is_for))
            .map(|(change, event)| Opening {
                change: *change,
                event,
            })
            .collect()
    }

    fn key(&self, change: ChangeId) -> Option<&KeyUse> {
        self.here.keys.get(&change)
    }

    fn has_bytes(&self, incident: IncidentId, sha256: Digest) -> bool {
        let comes = |(on, digest, bytes): &(IncidentId, Digest, Vec<u8>)| {
            (*on, *digest) == (incident, sha256) && Digest::of(bytes) == sha256
        };
        self.here.bytes.contains(&(incident, sha256)) || self.apart.bytes.iter().any(comes)
    }
}
