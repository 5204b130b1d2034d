//! Whether everything that was acknowledged is in the database exactly once, and everything agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use watchbook_core::{ChangeId, EventId, IncidentId, IncidentState, Status, fold};
use watchbook_store::auto::{Folder, Phase, Shelter as _};
use watchbook_store::jsonl::JsonlOptions;
use watchbook_store::system::{OsEntropy, SystemClock};
use watchbook_store::{Incidents as _, PostgresOptions, PostgresStore, Transfer as _, Whole};

use crate::node;

/// How many incidents are looked at at once.
const AT_ONCE: usize = 200;

/// What was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// How many lines each change wrote on the incident of its answer.
    changes: BTreeMap<(ChangeId, IncidentId), u64>,
    /// The changes of each writer on each incident, in the order in which they were acknowledged.
    orders: BTreeMap<(u64, IncidentId), Vec<ChangeId>>,
    /// The incidents that each creation with a key was answered with.
    created: BTreeMap<ChangeId, BTreeSet<IncidentId>>,
}

impl Ledger {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.changes.len() as u64
    }

    pub(crate) fn note(
        &mut self,
        (writer, change, incident): (&str, &str, &str),
        created: bool,
        lines: &str,
    ) {
        let writer: u64 = writer.parse().unwrap();
        let change: ChangeId = change.parse().unwrap();
        let incident: IncidentId = incident.parse().unwrap();
        let lines: u64 = lines.parse().unwrap();
        let is_new = self.changes.insert((change, incident), lines).is_none();
        if is_new && lines > 0 {
            let order = self.orders.entry((writer, incident)).or_default();
            order.push(change);
        }
        if created {
            self.created.entry(change).or_default().insert(incident);
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    incidents: u64,
    lines: u64,
    conflicts: u64,
    merged: u64,
    mirrored: u64,
    /// What is not as it must be, in words.
    faults: Vec<String>,
}

impl Verdict {
    pub(crate) async fn of(ledger: &Ledger, address: &str, dir: &Path, url: &str) -> Self {
        let mut verdict = Self::default();
        let database = database(address);
        let all = whole(&database).await;
        verdict.look_at_changes(ledger, &all);
        verdict.look_at_numbers(&all);
        verdict.look_at_orders(ledger, &all);
        verdict.look_at_keys(ledger, &all, &database).await;
        verdict.look_at_folds(&all, &database).await;
        verdict.look_at_mirror(&all, dir, url).await;
        verdict
    }

    pub(crate) fn check(&self) {
        assert!(
            self.faults.is_empty(),
            "{} faults, the first:\n{}",
            self.faults.len(),
            self.faults
                .iter()
                .take(10)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n")
        );
        assert!(self.lines > 0 && self.mirrored > 0, "{self}");
    }

    fn must(&mut self, is_so: bool, otherwise: impl FnOnce() -> String) {
        if !is_so {
            self.faults.push(otherwise());
        }
    }

    /// Each acknowledged change is there exactly once: the lines it was answered with, and no line twice.
    fn look_at_changes(&mut self, ledger: &Ledger, all: &BTreeMap<IncidentId, Whole>) {
        let mut seen: BTreeSet<EventId> = BTreeSet::new();
        let mut lines: BTreeMap<(ChangeId, IncidentId), u64> = BTreeMap::new();
        for whole in all.values() {
            for line in &whole.lines {
                self.lines += 1;
                let event = &line.event;
                self.conflicts += u64::from(event.kind.as_str() == "conflict");
                self.must(seen.insert(event.id), || {
                    format!("{} stands twice", event.id)
                });
                *lines.entry((line.change, whole.id)).or_default() += 1;
            }
        }
        self.incidents = all.len() as u64;
        for ((change, incident), expected) in &ledger.changes {
            let found = lines.get(&(*change, *incident)).copied().unwrap_or(0);
            self.must(found == *expected, || {
                format!("{change} on {incident} has {found} lines, acknowledged were {expected}")
            });
        }
    }

    fn look_at_numbers(&mut self, all: &BTreeMap<IncidentId, Whole>) {
        for whole in all.values() {
            let counts = whole
                .lines
                .iter()
                .zip(1..)
                .all(|(line, seq)| line.event.seq == seq);
            self.must(counts, || {
                format!("the lines of {} do not count from 1", whole.id)
            });
        }
    }

    /// What one writer was acknowledged on one incident stands in that order.
    fn look_at_orders(&mut self, ledger: &Ledger, all: &BTreeMap<IncidentId, Whole>) {
        for ((writer, incident), order) in &ledger.orders {
            let Some(whole) = all.get(incident) else {
                continue;
            };
            let places: Vec<Option<usize>> = order
                .iter()
                .map(|change| whole.lines.iter().position(|line| line.change == *change))
                .collect();
            self.must(places.is_sorted(), || {
                format!("writer {writer} on {incident}: {order:?} stand at {places:?}")
            });
        }
    }

    /// However many incidents one key opened on nodes apart, one of them is left.
    async fn look_at_keys(
        &mut self,
        ledger: &Ledger,
        all: &BTreeMap<IncidentId, Whole>,
        database: &PostgresStore,
    ) {
        let mut opened: BTreeMap<ChangeId, Vec<IncidentId>> = BTreeMap::new();
        for whole in all.values() {
            let first = whole.lines.first().map(|line| line.change);
            opened.entry(first.unwrap()).or_default().push(whole.id);
        }
        for (change, answered) in &ledger.created {
            let incidents = opened.get(change).cloned().unwrap_or_default();
            self.must(answered.iter().all(|id| incidents.contains(id)), || {
                format!("{change} was answered with {answered:?} and opened {incidents:?}")
            });
            let mut unmerged = 0;
            for id in &incidents {
                let incident = database.get(*id).await.unwrap();
                let is_merged = incident.status == Status::Merged;
                self.merged += u64::from(is_merged);
                unmerged += u64::from(!is_merged);
            }
            self.must(unmerged == 1, || {
                format!("{change} opened {incidents:?}, and {unmerged} of them stand")
            });
        }
    }

    /// The tables say what the lines fold to.
    async fn look_at_folds(&mut self, all: &BTreeMap<IncidentId, Whole>, database: &PostgresStore) {
        for whole in all.values() {
            let mut state = IncidentState::default();
            for line in &whole.lines {
                fold::apply(&mut state, &line.event);
            }
            let shown = database.get(whole.id).await.unwrap();
            self.must(state.incident(whole.id).as_ref() == Some(&shown), || {
                format!("{} is not the fold of its lines", whole.id)
            });
        }
    }

    /// The mirror holds the same lines, and nothing waits or was set aside.
    async fn look_at_mirror(&mut self, all: &BTreeMap<IncidentId, Whole>, dir: &Path, url: &str) {
        let store = node::open(dir, url);
        store.start().await.unwrap();
        store.tend().await.unwrap();
        let status = store.status().await.unwrap();
        let condition = &status.condition;
        self.must(
            condition.phase == Phase::Primary && status.pending == 0,
            || format!("something still waits: {status:?}"),
        );
        self.must(status.quarantined.is_empty(), || {
            format!("{:?}", status.quarantined)
        });
        let files = JsonlOptions::new(dir, Arc::new(SystemClock), Arc::new(OsEntropy));
        let mirror = Folder::new(dir, files).open(condition.generation).unwrap();
        for whole in all.values() {
            let mirrored = mirror.export(&[(whole.id, 0)]).await.unwrap();
            let is_same = mirrored
                .first()
                .is_some_and(|mirrored| mirrored.lines == whole.lines);
            self.mirrored += u64::from(is_same);
            self.must(is_same, || {
                let here = mirrored.first().map_or(0, |mirrored| mirrored.lines.len());
                format!(
                    "{} has {} lines, the mirror {here}",
                    whole.id,
                    whole.lines.len()
                )
            });
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            incidents,
            lines,
            conflicts,
            merged,
            mirrored,
            faults,
        } = self;
        write!(
            f,
            "{incidents} incidents with {lines} lines ({conflicts} of conflicts), {merged} merged because one key opened two, {mirrored} the same in the mirror; {} faults",
            faults.len()
        )
    }
}

fn database(address: &str) -> PostgresStore {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    PostgresStore::new(PostgresOptions::new(address, clock, entropy)).unwrap()
}

async fn whole(database: &PostgresStore) -> BTreeMap<IncidentId, Whole> {
    let mut all = BTreeMap::new();
    let mut after = None;
    loop {
        let some = database.export_after(after, AT_ONCE).await.unwrap();
        let Some(last) = some.last() else {
            return all;
        };
        after = Some(last.id);
        all.extend(some.into_iter().map(|whole| (whole.id, whole)));
    }
}
