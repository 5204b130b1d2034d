//! Reconciling: what a log writes down when it takes in a commit that another log made apart from it.
//!
//! The lines of the commit keep everything but their numbers. Beside them stand derived lines: of values that lost
//! against others written at the same time (`conflict`), and of incidents that were opened twice (`twin`). What is
//! derived follows from two lines that did not know of each other and from nothing else, so whatever the order in which
//! the logs of several nodes are taken in, the same lines and the same state come of it.

mod conflict;
mod field;
mod line;
mod twin;

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::ArtifactName;
use crate::commit::{Commit, KeyUse, Record};
use crate::digest::Digest;
use crate::event::{Event, Set};
use crate::id::{ChangeId, EventId, IncidentId, NodeId};
use crate::lww::Mark;
use crate::redact;
use crate::state::IncidentState;
use crate::text::Short;

/// What a reconciliation may look at: the log that takes the commit in, held still.
pub trait Ground {
    /// An incident whose creation was folded.
    fn incident(&self, id: IncidentId) -> Option<&IncidentState>;

    /// Where a line with this id stands, if it is here.
    fn holds(&self, event: EventId) -> Option<Held>;

    /// The lines of an incident after number `seq` that set something.
    fn lines_after(&self, incident: IncidentId, seq: u32) -> Vec<&Event>;

    /// Whether the log that made the commit has a line of its own of this id, though another node stamped the one that
    /// is here: [`Reconciled::met`] of an earlier commit of that log named it.
    fn is_met(&self, event: EventId) -> bool;

    /// The creations here that were made by `change`, or for the alert group `group`.
    fn openings(&self, change: ChangeId, group: Option<&Short>) -> Vec<Opening<'_>>;

    /// The use of an idempotency key that is remembered here.
    fn key(&self, change: ChangeId) -> Option<&KeyUse>;

    /// Whether the bytes of an artifact are here, or come with the commit.
    fn has_bytes(&self, incident: IncidentId, sha256: Digest) -> bool;
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// The node that stamped it.
    pub node: NodeId,
}

/// A creation with the change that made it.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The change.
    pub change: ChangeId,
    /// The line.
    pub event: &'a Event,
}

/// A commit that was made apart.
#[derive(Debug, Clone, Copy)]
pub struct Apart<'a> {
    /// The node whose log made it.
    pub node: NodeId,
    /// The commit.
    pub commit: &'a Commit,
    /// Up to which number its writer had seen the lines of an incident here. Of other lines it had seen those that its
    /// own node stamped.
    pub seen: &'a [(IncidentId, u32)],
}

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// What is not here yet of the commit: its lines under their numbers here, and its key if the key stands for it from
    /// now on. `None` when all of it is here.
    pub commit: Option<Commit>,
    /// Derived lines, each commit to be written after the first.
    pub beside: Vec<Commit>,
    /// Lines of the commit that are here already, stamped by another node: to be remembered for
    /// [`Ground::is_met`].
    pub met: Vec<EventId>,
}

/// Why a commit cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It continues an incident that is not here.
    #[error(
        "incident {0} is not here; was the log restored from a copy that is older than this change?"
    )]
    NoIncident(IncidentId),
    /// It creates an incident whose id is in use.
    #[error("another incident {0} is here already")]
    Exists(IncidentId),
    /// Its idempotency key was used here for something else.
    #[error("its idempotency key was used here for another request, on incident {0}")]
    KeyReused(IncidentId),
    /// A line of it stands on another incident.
    #[error("its line {event} is here already, on incident {incident}")]
    Elsewhere {
        /// The line.
        event: EventId,
        /// The incident it stands on here.
        incident: IncidentId,
    },
    /// It names an artifact whose bytes are not here and did not come with it.
    #[error("the bytes of {name} on incident {incident} are missing")]
    NoBytes {
        /// The incident.
        incident: IncidentId,
        /// The name of the artifact.
        name: ArtifactName,
    },
}

/// Finds what is to be written of a commit that was made apart.
///
/// # Errors
/// Why nothing of it can be written.
pub fn reconcile(ground: &dyn Ground, apart: Apart<'_>) -> Result<Reconciled, Unfit> {
    check_key(ground, apart.commit)?;
    let mut lines: Vec<Event> = Vec::new();
    let mut met = Vec::new();
    for event in apart.commit.events() {
        match ground.holds(event.id) {
            None => lines.push(event.clone()),
            Some(held) if held.incident != event.incident_id => {
                return Err(Unfit::Elsewhere {
                    event: event.id,
                    incident: held.incident,
                });
            }
            Some(held) if held.node != apart.node => met.push(event.id),
            Some(_) => {}
        }
    }
    check_lines(ground, &lines)?;
    let key = remembered(ground, apart.commit)?;
    let mut beside = conflict::beside(ground, apart, &lines);
    beside.extend(twin::beside(ground, apart, &lines));
    let mut numbers = Numbers::new(ground);
    for line in lines
        .iter_mut()
        .chain(beside.iter_mut().flat_map(line::events_mut))
    {
        line.seq = numbers.next(line.incident_id);
    }
    Ok(Reconciled {
        commit: rest(ground, apart.commit, lines, key),
        beside,
        met,
    })
}

/// What is not here yet of `commit`, without what was blacked out before it came.
fn rest(
    ground: &dyn Ground,
    commit: &Commit,
    lines: Vec<Event>,
    key: Option<KeyUse>,
) -> Option<Commit> {
    let is_black = |line: &Event| {
        let state = ground.incident(line.incident_id);
        state.is_some_and(|state| state.is_redacted(line.id))
    };
    let lines = lines.into_iter().map(|line| {
        Record::Event(if is_black(&line) {
            redact::blank(&line)
        } else {
            line
        })
    });
    let records: Vec<Record> = lines.chain(key.map(Record::Key)).collect();
    (!records.is_empty()).then(|| Commit {
        change: commit.change,
        stamp: commit.stamp,
        by: commit.by.clone(),
        records,
    })
}

/// Whether a line makes its incident.
fn creates(line: &Event) -> bool {
    line.set.iter().any(|set| matches!(set, Set::CreatedAt(_)))
}

/// A key means one request. A creation may have been made twice for one key; it is another incident then.
fn check_key(ground: &dyn Ground, commit: &Commit) -> Result<(), Unfit> {
    let Some((used, here)) = commit
        .key()
        .and_then(|used| Some((used, ground.key(used.change)?)))
    else {
        return Ok(());
    };
    let is_one = used.incident == here.incident && used.body == here.body;
    if is_one || commit.events().any(creates) {
        Ok(())
    } else {
        Err(Unfit::KeyReused(here.incident))
    }
}

/// Every line needs its incident and its bytes.
fn check_lines(ground: &dyn Ground, lines: &[Event]) -> Result<(), Unfit> {
    let mut created = BTreeSet::new();
    for line in lines {
        let id = line.incident_id;
        match (creates(line), ground.incident(id)) {
            (true, Some(_)) => return Err(Unfit::Exists(id)),
            (true, None) => {
                created.insert(id);
            }
            (false, None) if !created.contains(&id) => return Err(Unfit::NoIncident(id)),
            (false, _) => {}
        }
        for set in &line.set {
            if let Set::Artifact { name, version } = set
                && !ground.has_bytes(id, version.sha256)
            {
                return Err(Unfit::NoBytes {
                    incident: id,
                    name: name.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The use of its key, if the key stands for it from now on: of several creations for one key, it stands for the
/// earliest.
fn remembered(ground: &dyn Ground, commit: &Commit) -> Result<Option<KeyUse>, Unfit> {
    let Some(used) = commit.key() else {
        return Ok(None);
    };
    let created = commit
        .events()
        .find(|line| creates(line) && line.incident_id == used.incident)
        .map(Event::mark);
    if created.is_none() && ground.incident(used.incident).is_none() {
        return Err(Unfit::NoIncident(used.incident));
    }
    let stands = ground
        .key(used.change)
        .is_none_or(|here| is_earlier(ground, created, here, used));
    Ok(stands.then(|| used.clone()))
}

fn is_earlier(ground: &dyn Ground, created: Option<Mark>, here: &KeyUse, used: &KeyUse) -> bool {
    let there = ground
        .incident(here.incident)
        .and_then(IncidentState::created);
    here.incident != used.incident
        && created
            .zip(there)
            .is_some_and(|(created, there)| created < there)
}

/// Whether the writer of the commit did not know of a line that is here.
fn is_unseen(ground: &dyn Ground, apart: Apart<'_>, line: &Event) -> bool {
    line.stamp.node != apart.node && !ground.is_met(line.id)
}

/// Gives out the next number of each incident.
struct Numbers<'a> {
    ground: &'a dyn Ground,
    given: BTreeMap<IncidentId, u32>,
}

impl<'a> Numbers<'a> {
    const fn new(ground: &'a dyn Ground) -> Self {
        Self {
            ground,
            given: BTreeMap::new(),
        }
    }

    fn next(&mut self, incident: IncidentId) -> u32 {
        let last = self.given.entry(incident).or_insert_with(|| {
            let state = self.ground.incident(incident);
            state.map_or(0, IncidentState::last_seq)
        });
        *last += 1;
        *last
    }
}
