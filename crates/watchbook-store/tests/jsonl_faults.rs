//! Power cuts and failing disks: nothing acknowledged is lost, doubled or partial, and nothing refused comes back.
//!
//! The workload runs on a simulated disk that forgets any subset of what was not synced. The same property must *fail*
//! on a disk without the sync and on one that acknowledges first: else it would prove nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::{Env, Message, Prose, ServiceName, Title};
use watchbook_core::{
    AgentId, AppendType, ArtifactName, By, ChangeId, Clock as _, Command, Digest, EventId,
    ImportedEvent, ImportedIncident, IncidentId, Kind, NewIncident, Op, Severity, Source, Via,
};
use watchbook_store::disk::sim::Fault;
use watchbook_store::disk::{Disk, LateSync, NoSync, SimDisk};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, SeededEntropy};
use watchbook_store::{Applied, Artifacts as _, Incidents as _, Outcome, StoreError};

const SEEDS: u64 = 1_000;
/// Enough for a broken disk to be caught many times over.
const MUTANT_SEEDS: u64 = 100;

/// What became of a call.
#[derive(Debug, Default)]
struct Told {
    acked: Vec<EventId>,
    refused: Vec<EventId>,
    unknown: Vec<EventId>,
}

impl Told {
    fn note(&mut self, change: ChangeId, answer: Result<Applied, StoreError>) {
        match answer {
            Ok(applied) => self
                .acked
                .extend(applied.events.iter().map(|event| event.id)),
            Err(error) => match error.outcome() {
                Outcome::NotApplied => self.refused.push(change.event(0)),
                Outcome::Unknown(_) => self.unknown.push(change.event(0)),
            },
        }
    }
}

struct Site {
    clock: ManualClock,
    entropy: Arc<SeededEntropy>,
}

impl Site {
    fn new(seed: u64) -> Self {
        Self {
            clock: ManualClock::default(),
            entropy: Arc::new(SeededEntropy::new(seed)),
        }
    }

    fn open(&self, disk: Arc<dyn Disk>) -> Result<JsonlStore, StoreError> {
        let entropy = Arc::clone(&self.entropy);
        let options = JsonlOptions::new(Path::new("/site"), Arc::new(self.clock.clone()), entropy);
        JsonlStore::open(JsonlOptions {
            disk,
            workers: 0,
            ..options
        })
    }

    fn command(&self, incident: IncidentId, op: Op) -> Command {
        let agent = AgentId::new("tester").unwrap();
        let by = By {
            agent,
            key: None,
            delegate: None,
            request: None,
            via: Via::Embedded,
            source: Source::Agent,
        };
        Command {
            change: ChangeId::generate(&*self.entropy),
            incident,
            by,
            key: None,
            if_match: None,
            op,
        }
    }

    /// Every sort of write once or more; stops at nothing.
    async fn work(&self, store: &JsonlStore) -> Told {
        let mut told = Told::default();
        let ids = [0, 1].map(|_| IncidentId::generate(self.clock.now(), &*self.entropy));
        for id in ids {
            self.tell(
                &mut told,
                store,
                self.command(id, Op::Create(Box::new(new_incident()))),
            )
            .await;
        }
        let first = self.note_on(ids[0], "secret");
        let secret = first.change.event(0);
        self.tell(&mut told, store, first).await;
        let imported = self.command(
            IncidentId::generate(self.clock.now(), &*self.entropy),
            import(&self.clock),
        );
        self.tell(&mut told, store, imported).await;
        let content = b"what was done".to_vec();
        let attach = Op::Attach {
            name: ArtifactName::new("notes.md").unwrap(),
            sha256: Digest::of(&content),
            bytes: content.len() as u64,
        };
        let attach = self.command(ids[0], attach);
        told.note(attach.change, store.attach(attach, content).await);
        let redact = Op::Redact {
            event: secret,
            reason: Prose::new("a password").unwrap(),
        };
        self.tell(&mut told, store, self.command(ids[0], redact))
            .await;
        self.tell(
            &mut told,
            store,
            self.command(
                ids[1],
                Op::Merge {
                    into: ids[0],
                    at: None,
                    note: None,
                },
            ),
        )
        .await;
        self.tell(&mut told, store, self.note_on(ids[0], "the last"))
            .await;
        told
    }

    fn note_on(&self, incident: IncidentId, text: &str) -> Command {
        let message = Message::new(text).unwrap();
        let op = Op::Append {
            kind: AppendType::Note,
            message,
            meta: serde_json::Map::new(),
            at: None,
        };
        self.command(incident, op)
    }

    async fn tell(&self, told: &mut Told, store: &JsonlStore, command: Command) {
        told.note(command.change, store.apply(command).await);
    }
}

fn new_incident() -> NewIncident {
    NewIncident {
        service: ServiceName::new("gateway").unwrap(),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P1,
        uncertain: false,
        title: Title::new("gateway returns 5xx").unwrap(),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: BTreeMap::new(),
        drill: false,
        roles: BTreeMap::new(),
        started_at: None,
        detected_at: None,
    }
}

fn import(clock: &ManualClock) -> Op {
    let event = |text: &str| ImportedEvent {
        at: clock.now(),
        message: Message::new(text).unwrap(),
        stage: None,
        meta: serde_json::Map::new(),
    };
    let (incident, events) = (new_incident(), vec![event("one"), event("two")]);
    Op::Import(Box::new(ImportedIncident {
        incident,
        created_at: clock.now(),
        events,
    }))
}

/// Everything that is there; panics when something is doubled, partial or out of order.
async fn there(store: &JsonlStore) -> HashSet<EventId> {
    let page = PageRequest {
        limit: 500,
        after: None,
    };
    let query = IncidentQuery {
        filter: IncidentFilter::default(),
        sort: Sort::Created,
        page,
    };
    let mut all = HashSet::new();
    for incident in store.list(query).await.unwrap().items {
        let events = store.events(incident.id, page).await.unwrap().items;
        let numbers: Vec<u32> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..=incident.events).collect::<Vec<_>>());
        for event in events {
            assert!(all.insert(event.id), "{} is there twice", event.id);
        }
    }
    all
}

/// What is wrong with what is there, given what was told.
fn fault(told: &Told, there: &HashSet<EventId>) -> Option<String> {
    if let Some(lost) = told.acked.iter().find(|event| !there.contains(event)) {
        return Some(format!("{lost} was acknowledged and is lost"));
    }
    told.refused
        .iter()
        .find(|event| there.contains(event))
        .map(|event| format!("{event} was refused and is there"))
}

/// How many operations of the disk the workload takes.
fn length() -> u64 {
    let (site, disk) = (Site::new(0), SimDisk::new());
    block_on(async {
        let store = site.open(Arc::new(disk.clone())).unwrap();
        let told = site.work(&store).await;
        assert_eq!((told.refused.len(), told.unknown.len()), (0, 0), "{told:?}");
    });
    disk.operations()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// Cuts the power somewhere in the workload, and says what is wrong afterwards.
fn power_cut(seed: u64, length: u64, wrap: impl Fn(SimDisk) -> Arc<dyn Disk>) -> Option<String> {
    let (site, disk, dice) = (Site::new(seed), SimDisk::new(), SeededEntropy::new(seed));
    // One in eight runs to its end, so that a cut right after the last answer is among them.
    let cut = dice.next_u64() % (length + length / 8);
    if cut < length {
        disk.fail_at(cut, Fault::PowerCut);
    }
    block_on(async {
        let told = match site.open(wrap(disk.clone())) {
            Ok(store) => site.work(&store).await,
            Err(_) => Told::default(),
        };
        let after = disk.crash(seed);
        let store = site.open(Arc::new(after)).ok()?;
        let wrong = fault(&told, &there(&store).await);
        if wrong.is_none() && store.exists().unwrap() {
            let verified = store.verify(None).unwrap();
            assert!(verified.is_whole(), "seed {seed}: {verified:?}");
            let written = site.work(&store).await;
            assert_eq!(
                written.refused.len() + written.unknown.len(),
                0,
                "seed {seed}: {written:?}"
            );
        }
        wrong
    })
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let length = length();
    for seed in 0..SEEDS {
        assert_eq!(
            power_cut(seed, length, |disk| Arc::new(disk)),
            None,
            "seed {seed}"
        );
    }
}

#[test]
fn the_suite_notices_a_disk_without_the_sync() {
    let length = length();
    let lost = (0..MUTANT_SEEDS)
        .filter(|seed| loses(*seed, length, |disk| Arc::new(NoSync(disk))))
        .count();
    assert!(lost > 5, "only {lost} of {MUTANT_SEEDS} seeds noticed");
}

#[test]
fn the_suite_notices_an_acknowledgement_before_the_sync() {
    let length = length();
    let lost = (0..MUTANT_SEEDS)
        .filter(|seed| loses(*seed, length, |disk| Arc::new(LateSync(disk))))
        .count();
    assert!(lost > 5, "only {lost} of {MUTANT_SEEDS} seeds noticed");
}

/// Whether the property fails in whatever way.
fn loses(
    seed: u64,
    length: u64,
    wrap: impl Fn(SimDisk) -> Arc<dyn Disk> + std::panic::UnwindSafe,
) -> bool {
    !matches!(
        std::panic::catch_unwind(|| power_cut(seed, length, wrap)),
        Ok(None)
    )
}

#[test]
fn each_single_fault_at_each_step_is_told_truly() {
    let faults = [
        Fault::Error(io::ErrorKind::StorageFull),
        Fault::Error(io::ErrorKind::Other),
        Fault::Short(7, io::ErrorKind::StorageFull),
    ];
    for step in 0..length() {
        for fault in faults {
            single_fault(step, fault);
        }
    }
}

fn single_fault(step: u64, failing: Fault) {
    let (site, disk) = (Site::new(step), SimDisk::new());
    disk.fail_at(step, failing);
    block_on(async {
        let context = format!("step {step}, {failing:?}");
        let store = match site.open(Arc::new(disk.clone())) {
            Ok(store) => store,
            // An opening that failed is tried again, as a person would.
            Err(_) => site.open(Arc::new(disk.clone())).unwrap(),
        };
        let told = site.work(&store).await;
        assert_eq!(
            fault(&told, &there(&store).await),
            None,
            "{context}, still running"
        );
        let again = site.work(&store).await;
        assert_eq!(
            again.refused.len() + again.unknown.len(),
            0,
            "{context}: it does not recover: {again:?}"
        );
        let reopened = site.open(Arc::new(disk.crash(step))).unwrap();
        let left = there(&reopened).await;
        for told in [&told, &again] {
            assert_eq!(fault(told, &left), None, "{context}, after a crash");
        }
        let verified = reopened.verify(None).unwrap();
        assert!(verified.is_whole(), "{context}: {verified:?}");
    });
}
