//! SIGKILL under load: whatever was acknowledged is there, once and whole.

use std::collections::{HashMap, HashSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use crate::process::{
    IMPORTED_LINES, all, assert_gap_free, creation, import, lines, note, open, role, say, spawn,
    timeline,
};
use tempfile::TempDir;
use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::{ChangeId, EventId, IncidentId};
use watchbook_store::Incidents;
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::system::SeededEntropy;

/// The signal that nobody can catch.
const SIGKILL: i32 = 9;
/// How often a worker is killed.
const KILLS: usize = 200;
/// How many calls a worker has under way.
const CALLS: usize = 8;
/// How many incidents all workers share.
const SHARED: usize = 4;

/// What the workers have said.
#[derive(Default)]
struct Said {
    started: HashSet<ChangeId>,
    acked: HashMap<ChangeId, IncidentId>,
}

/// One worker's end.
struct Kill {
    /// How many calls it had acknowledged.
    acked: usize,
    /// How many it had begun and not acknowledged.
    in_flight: usize,
}

#[test]
fn chaos_what_was_acknowledged_survives_sigkill() {
    let dir = TempDir::new().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shared = runtime.block_on(create_shared(&open(dir.path())));
    let dice = SeededEntropy::new(11);
    let mut said = Said::default();
    let kills: Vec<Kill> = (0..KILLS)
        // Never before each caller had a turn, so that the kill meets a worker under load.
        .map(|_| CALLS + usize::try_from(dice.next_u64() % 16).unwrap())
        .map(|acks| kill_one(dir.path(), acks, &mut said))
        .collect();
    let in_flight = kills.iter().filter(|kill| kill.in_flight > 0).count();
    assert!(
        in_flight * 10 >= KILLS * 8,
        "only {in_flight} of {KILLS} kills interrupted a call"
    );
    let acked: usize = kills.iter().map(|kill| kill.acked).sum();
    assert_eq!(said.acked.len(), acked, "a change was acknowledged twice");
    runtime.block_on(check(&open(dir.path()), &said, &shared));
}

async fn create_shared(store: &JsonlStore) -> Vec<IncidentId> {
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
}

/// Lets a worker run until it has said so many acknowledgements, and kills it.
fn kill_one(dir: &Path, acks: usize, said: &mut Said) -> Kill {
    let mut child = spawn("kill::worker", "write", dir);
    let (mut started, mut acked) = (0_usize, 0_usize);
    for line in lines(&mut child) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["start", change] => {
                started += 1;
                said.started.insert(change.parse().unwrap());
            }
            ["ack", change, incident] => {
                acked += 1;
                said.acked
                    .insert(change.parse().unwrap(), incident.parse().unwrap());
                if acked == acks {
                    child.kill().unwrap();
                }
            }
            // What the test harness of the worker prints.
            _ => {}
        }
    }
    let status = child.wait().unwrap();
    assert_eq!(
        status.signal(),
        Some(SIGKILL),
        "the worker ended by itself after {acked} of {acks} acknowledgements: {status}"
    );
    assert!(acked >= acks, "killed after {acked} of {acks}");
    Kill {
        acked,
        in_flight: started - acked,
    }
}

async fn check(store: &JsonlStore, said: &Said, shared: &[IncidentId]) {
    let mut there: HashMap<EventId, IncidentId> = HashMap::new();
    for id in all(store).await {
        let events = timeline(store, id).await;
        assert_gap_free(&events);
        let created_by_us = usize::from(shared.contains(&id));
        let whole = created_by_us == 1 || events.len() == IMPORTED_LINES;
        assert!(whole, "{id} has {} of {IMPORTED_LINES} lines", events.len());
        for event in events.into_iter().skip(created_by_us) {
            let first = there.insert(event.id, id).is_none();
            assert!(first, "{} is there twice", event.id);
        }
    }
    for (change, incident) in &said.acked {
        assert_eq!(
            there.get(&change.event(0)),
            Some(incident),
            "{change} was acknowledged and is not there"
        );
    }
    assert_asked_for(&there, &said.started);
    let verified = store.verify(None).unwrap();
    assert!(verified.is_whole(), "{verified:?}");
}

/// Panics when a line is there that no worker had begun to write.
fn assert_asked_for(there: &HashMap<EventId, IncidentId>, started: &HashSet<ChangeId>) {
    let lines = u32::try_from(IMPORTED_LINES).unwrap();
    let events = |change: &ChangeId| {
        let change = *change;
        (0..lines).map(move |index| change.event(index))
    };
    let asked: HashSet<EventId> = started.iter().flat_map(events).collect();
    let unasked: Vec<_> = there
        .iter()
        .filter(|(event, _)| !asked.contains(event))
        .collect();
    assert!(unasked.is_empty(), "nobody asked for {unasked:?}");
}

/// Not a test by itself: the process that is killed. Without a role it has nothing to do.
#[test]
fn worker() {
    let Some((_, dir)) = role() else { return };
    let store = open(&dir);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let oldest = PageRequest {
            limit: SHARED,
            after: None,
        };
        let filter = IncidentFilter {
            words: vec!["shared".to_owned()],
            ..IncidentFilter::default()
        };
        let query = IncidentQuery {
            filter,
            sort: Sort::Created,
            page: oldest,
        };
        let shared: Vec<IncidentId> = store
            .list(query)
            .await
            .unwrap()
            .items
            .into_iter()
            .map(|incident| incident.id)
            .collect();
        let calls = (0..CALLS)
            .map(|index| tokio::spawn(write_forever(store.clone(), shared[index % SHARED], index)));
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
    });
}

async fn write_forever(store: JsonlStore, shared: IncidentId, index: usize) {
    for round in 0_u64.. {
        let command = if index.is_multiple_of(2) {
            note(shared, &format!("note {round}"))
        } else {
            import("imported")
        };
        let change = command.change;
        say(&format!("start {change}"));
        let applied = store.apply(command).await.unwrap();
        assert!(applied.durable);
        say(&format!("ack {change} {}", applied.incident.id));
    }
}
