//! Eight processes write to the same incidents while a ninth reads and a tenth verifies.

use std::collections::{HashMap, HashSet};

use crate::process::{assert_gap_free, creation, lines, note, open, role, say, spawn, timeline};
use tempfile::TempDir;
use watchbook_core::{ChangeId, EventId, IncidentId};
use watchbook_store::Incidents;
use watchbook_store::jsonl::JsonlStore;

const WRITERS: usize = 8;
const CALLS: usize = 4;
/// Changes that each call makes one after the other: 4 × 125 = 500 for each process.
const CHANGES: usize = 125;
const SHARED: usize = 20;
/// The name of the file whose presence tells reader and verifier that the writers are done.
const DONE: &str = "writers-are-done";

#[test]
fn chaos_many_processes_share_one_directory() {
    let dir = TempDir::new().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shared = runtime.block_on(async {
        let store = open(dir.path());
        let mut ids = Vec::new();
        for index in 0..SHARED {
            ids.push(
                store
                    .apply(creation(&format!("shared {index}")))
                    .await
                    .unwrap()
                    .incident
                    .id,
            );
        }
        ids
    });
    let names: Vec<String> = shared.iter().map(ToString::to_string).collect();
    std::fs::write(
        dir.path().join("shared"),
        names.join(
            "
",
        ),
    )
    .unwrap();
    let mut watchers = ["read", "verify"].map(|role| spawn("shared::worker", role, dir.path()));
    let mut writers: Vec<_> = (0..WRITERS)
        .map(|_| spawn("shared::worker", "write", dir.path()))
        .collect();
    let mut acked = HashMap::new();
    for writer in &mut writers {
        for line in lines(writer) {
            if let ["ack", change, incident] = line.split(' ').collect::<Vec<_>>().as_slice() {
                acked.insert(
                    change.parse::<ChangeId>().unwrap(),
                    incident.parse::<IncidentId>().unwrap(),
                );
            }
        }
        assert!(writer.wait().unwrap().success());
    }
    std::fs::write(dir.path().join(DONE), "").unwrap();
    for watcher in &mut watchers {
        let rounds = lines(watcher).filter(|line| line == "round").count();
        assert!(watcher.wait().unwrap().success());
        assert!(rounds > 2, "the watcher looked only {rounds} times");
    }
    assert_eq!(acked.len(), WRITERS * CALLS * CHANGES);
    runtime.block_on(check(&open(dir.path()), &acked, &shared));
}

async fn check(store: &JsonlStore, acked: &HashMap<ChangeId, IncidentId>, shared: &[IncidentId]) {
    let mut there: HashMap<EventId, IncidentId> = HashMap::new();
    for id in shared {
        let events = timeline(store, *id).await;
        assert_gap_free(&events);
        for event in events {
            assert!(
                there.insert(event.id, *id).is_none(),
                "{} is there twice",
                event.id
            );
        }
    }
    for (change, incident) in acked {
        assert_eq!(
            there.get(&change.event(0)),
            Some(incident),
            "{change} was acknowledged and is not there"
        );
    }
    assert_eq!(
        there.len(),
        acked.len() + shared.len(),
        "there is more than was acknowledged"
    );
    let verified = store.verify(None).unwrap();
    assert!(verified.is_whole(), "{verified:?}");
}

/// Not a test by itself: the processes. Without a role it has nothing to do.
#[test]
fn worker() {
    let Some((role, dir)) = role() else { return };
    let shared: Vec<IncidentId> = std::fs::read_to_string(dir.join("shared"))
        .unwrap()
        .lines()
        .map(|id| id.parse().unwrap())
        .collect();
    let store = open(&dir);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let done = || dir.join(DONE).exists();
    runtime.block_on(async {
        match role.as_str() {
            "write" => write(&store, &shared).await,
            "read" => read(&store, &shared, done).await,
            _ => verify(&store, done),
        }
    });
}

async fn write(store: &JsonlStore, shared: &[IncidentId]) {
    let calls = (0..CALLS).map(|call| {
        let (store, shared) = (store.clone(), shared.to_vec());
        tokio::spawn(async move {
            for change in 0..CHANGES {
                let incident = shared[(call + change) % shared.len()];
                let command = note(incident, &format!("{call}/{change}"));
                let id = command.change;
                store.apply(command).await.unwrap();
                say(&format!("ack {id} {incident}"));
            }
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

/// What was once read must be there at every later reading, in the same place.
async fn read(store: &JsonlStore, shared: &[IncidentId], done: impl Fn() -> bool) {
    let mut seen: HashMap<IncidentId, Vec<EventId>> = HashMap::new();
    loop {
        let last = done();
        for id in shared {
            let now: Vec<EventId> = timeline(store, *id)
                .await
                .iter()
                .map(|event| event.id)
                .collect();
            let before = seen.insert(*id, now.clone()).unwrap_or_default();
            assert!(
                now.starts_with(&before),
                "a line of {id} that was read before is gone"
            );
            assert_eq!(now.iter().collect::<HashSet<_>>().len(), now.len());
        }
        say("round");
        if last {
            return;
        }
    }
}

fn verify(store: &JsonlStore, done: impl Fn() -> bool) {
    loop {
        let last = done();
        let verified = store.verify(None).unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        say("round");
        if last {
            return;
        }
    }
}
