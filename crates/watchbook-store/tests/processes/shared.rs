//! Eight processes of four threads write to the same incidents while a ninth process reads and a tenth verifies.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Child;

use crate::process::{
    all, assert_gap_free, creation, field, followup, followup_done, lines, merge, note, open, role,
    say, spawn, step, timeline,
};
use tempfile::TempDir;
use watchbook_core::{ChangeId, Command, EventId, IncidentId, Step};
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Incidents, StoreError};

const WRITERS: usize = 8;
const THREADS: usize = 4;
/// Changes that each thread makes one after the other, whatever is refused on the way: 4 × 125 = 500 for each process.
const CHANGES: usize = 125;
const SHARED: usize = 20;
/// The name of the file whose presence tells reader and verifier that the writers are done.
const DONE: &str = "writers-are-done";

/// What was acknowledged: the incident of each change, and how many lines it made.
type Acked = HashMap<ChangeId, (IncidentId, u32)>;

#[test]
fn chaos_many_processes_share_one_directory() {
    let dir = TempDir::new().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shared = runtime.block_on(create_shared(dir.path()));
    let watchers = ["read", "verify"].map(|role| spawn("shared::worker", role, dir.path()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| spawn("shared::worker", &format!("write{writer}"), dir.path()))
        .collect();
    let mut acked = Acked::new();
    for mut writer in writers {
        let own = acknowledged(&mut writer);
        assert!(writer.wait().unwrap().success());
        assert_eq!(own.len(), THREADS * CHANGES);
        acked.extend(own);
    }
    assert_eq!(acked.len(), WRITERS * THREADS * CHANGES);
    std::fs::write(dir.path().join(DONE), "").unwrap();
    let [read, verified] = watchers.map(rounds);
    assert!(
        meanwhile(&read) > 2,
        "the reader saw nothing grow while the writers wrote: {read:?}"
    );
    assert!(
        meanwhile(&verified) > 0,
        "no verification ran while the writers wrote: {verified:?}"
    );
    runtime.block_on(check(&open(dir.path()), &acked, &shared));
}

async fn create_shared(dir: &Path) -> Vec<IncidentId> {
    let store = open(dir);
    let mut ids = Vec::new();
    for index in 0..SHARED {
        let created = store.apply(creation(&format!("shared {index}"))).await;
        ids.push(created.unwrap().incident.id);
    }
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    std::fs::write(dir.join("shared"), names.join("\n")).unwrap();
    ids
}

fn acknowledged(writer: &mut Child) -> Acked {
    let mut acked = Acked::new();
    for line in lines(writer) {
        if let ["ack", change, incident, lines] = line.split(' ').collect::<Vec<_>>().as_slice() {
            let what = (incident.parse().unwrap(), lines.parse().unwrap());
            let first = acked.insert(change.parse().unwrap(), what).is_none();
            assert!(first, "{change} was acknowledged twice");
        }
    }
    acked
}

/// How much a watcher found, round by round.
fn rounds(mut watcher: Child) -> Vec<usize> {
    let found = lines(&mut watcher)
        .filter_map(|line| line.strip_prefix("found ")?.parse().ok())
        .collect();
    assert!(watcher.wait().unwrap().success());
    found
}

/// How many rounds found some of what the writers wrote, and not yet all: the writers were at it.
fn meanwhile(found: &[usize]) -> usize {
    let all = found.last().copied().unwrap_or_default();
    let growing: HashSet<usize> = found.iter().copied().collect();
    let amid = |found: &&usize| **found > SHARED && **found < all;
    growing.iter().filter(amid).count()
}

async fn check(store: &JsonlStore, acked: &Acked, shared: &[IncidentId]) {
    let mut there: HashMap<EventId, IncidentId> = HashMap::new();
    for id in all(store).await {
        let events = timeline(store, id).await;
        assert_gap_free(&events);
        for event in events {
            let first = there.insert(event.id, id).is_none();
            assert!(first, "{} is there twice", event.id);
        }
    }
    let mut lines = shared.len();
    for (change, (incident, count)) in acked {
        for index in 0..*count {
            let own = [change.event(index), change.creation(*incident, index)];
            let line = own.iter().find_map(|id| there.get(id));
            let is_its_own = |on: &IncidentId| on == incident || index > 0;
            assert!(
                line.is_some_and(is_its_own),
                "line {index} of {change} was acknowledged and is not there"
            );
        }
        lines += *count as usize;
    }
    assert_eq!(there.len(), lines, "there is not what was acknowledged");
    let verified = store.verify(None).unwrap();
    assert!(verified.is_whole(), "{verified:?}");
    assert_eq!(verified.commits, (shared.len() + acked.len()) as u64);
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
    let done = || dir.join(DONE).exists();
    match role.as_str() {
        "read" => block_on(read(&store, &shared, done)),
        "verify" => verify(&store, done),
        writer => std::thread::scope(|threads| {
            let number: usize = writer.trim_start_matches("write").parse().unwrap();
            for thread in 0..THREADS {
                let (store, shared) = (&store, &shared);
                threads.spawn(move || block_on(write(store, shared, number * THREADS + thread)));
            }
        }),
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// One thread: changes of every sort, until so many were made.
async fn write(store: &JsonlStore, shared: &[IncidentId], thread: usize) {
    let (mut acked, mut turn, mut opened) = (0, thread, None);
    while acked < CHANGES {
        turn += 1;
        let incident = shared[turn % shared.len()];
        // The sort and the incident are drawn from one number: seven is prime to twenty, so all of them meet.
        let text = format!("{thread}/{turn}");
        let wanted = match (turn % 7, opened.take()) {
            (0, _) => step(incident, Step::Mitigate),
            (1, _) => step(incident, Step::Reopen),
            (2, _) => field(incident, &text),
            (3, _) => followup(incident, &text),
            (4, Some((incident, followup))) => followup_done(incident, followup),
            (5, _) => {
                let side = creation(&format!("side {text}"));
                let created = side.incident;
                acked += usize::from(told(store, side).await.is_some());
                if acked == CHANGES {
                    return;
                }
                merge(created, incident)
            }
            _ => note(incident, &text),
        };
        let (is_followup, on) = (turn % 7 == 3, wanted.incident);
        let change = told(store, wanted).await;
        acked += usize::from(change.is_some());
        if is_followup {
            opened = change.map(|change| (on, change.event(0)));
        }
    }
}

/// Carries a command out and says so. The change that was made, if one was: a move that came too late is none.
async fn told(store: &JsonlStore, command: Command) -> Option<ChangeId> {
    let change = command.change;
    match store.apply(command).await {
        Ok(applied) if applied.changed => {
            assert!(applied.durable);
            let (incident, lines) = (applied.incident.id, applied.events.len());
            say(&format!("ack {change} {incident} {lines}"));
            Some(change)
        }
        other => {
            let came_too_late = matches!(other, Ok(_) | Err(StoreError::Refused(_)));
            assert!(came_too_late, "{change}: {other:?}");
            None
        }
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
        let lines: usize = seen.values().map(Vec::len).sum();
        say(&format!("found {lines}"));
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
        say(&format!("found {}", verified.commits));
        if last {
            return;
        }
    }
}
