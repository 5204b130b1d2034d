//! Real processes that write to one directory: the test binary runs itself again as a worker.
//!
//! A worker says on its standard output what it is about to do (`start <change>`) and what was acknowledged
//! (`ack <change> <incident>`), so that the parent knows it whatever becomes of the worker.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;

use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::{Env, Message, Name, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock, Command, Entropy, Event, EventId, FollowupPatch,
    FollowupStatus, ImportedEvent, ImportedIncident, IncidentId, IncidentPatch, Kind, Lifecycle,
    NewFollowup, NewIncident, Op, Resolution, Severity, Source, Step, Timestamp, Via,
};
use watchbook_store::Incidents;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{OsEntropy, SystemClock};

/// The role a worker plays, and where: `<role> <directory>`.
const ROLE: &str = "WATCHBOOK_TEST_ROLE";

pub(crate) fn open(dir: &Path) -> JsonlStore {
    JsonlStore::open(JsonlOptions::new(
        dir,
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
    ))
    .unwrap()
}

/// The role that this process was started for, if it is a worker.
pub(crate) fn role() -> Option<(String, std::path::PathBuf)> {
    let role = std::env::var(ROLE).ok()?;
    // The test harness has begun a line of its own.
    say("");
    let (role, dir) = role.split_once(' ')?;
    Some((role.to_owned(), dir.into()))
}

/// Starts this test binary again as a worker; `entry` is the test that plays the roles.
pub(crate) fn spawn(entry: &str, role: &str, dir: &Path) -> Child {
    Process::new(std::env::current_exe().unwrap())
        .args([entry, "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, format!("{role} {}", dir.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

pub(crate) fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
}

pub(crate) fn say(line: &str) {
    // One write, so that lines of several threads stay whole and nothing waits in a buffer when the process dies.
    std::io::stdout()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
    std::io::stdout().flush().unwrap();
}

fn by() -> By {
    By {
        agent: AgentId::new("tester").unwrap(),
        key: None,
        delegate: None,
        request: None,
        via: Via::Embedded,
        source: Source::Agent,
    }
}

fn command(incident: IncidentId, op: Op) -> Command {
    Command {
        change: ChangeId::generate(&OsEntropy),
        incident,
        by: by(),
        key: None,
        if_match: None,
        fence: None,
        op,
    }
}

fn new_incident(title: &str) -> NewIncident {
    NewIncident {
        service: ServiceName::new("gateway").unwrap(),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P1,
        uncertain: false,
        title: Title::new(title).unwrap(),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: std::collections::BTreeMap::new(),
        drill: false,
        roles: std::collections::BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    }
}

/// A new incident of its own.
pub(crate) fn creation(title: &str) -> Command {
    let id = IncidentId::generate(SystemClock.now(), &OsEntropy);
    command(id, Op::Create(Box::new(new_incident(title))))
}

pub(crate) fn note(incident: IncidentId, text: &str) -> Command {
    let message = Message::new(text).unwrap();
    let op = Op::Append {
        kind: AppendType::Note,
        message,
        meta: serde_json::Map::new(),
        at: None,
    };
    command(incident, op)
}

/// A step of an incident's life.
pub(crate) fn step(incident: IncidentId, step: Step) -> Command {
    let lifecycle = Lifecycle {
        step,
        at: None,
        note: None,
        resolution: Resolution::default(),
    };
    command(incident, Op::Move(Box::new(lifecycle)))
}

/// A new value of a label.
pub(crate) fn field(incident: IncidentId, value: &str) -> Command {
    let label = (Name::new("cell").unwrap(), Some(Short::new(value).unwrap()));
    let patch = IncidentPatch {
        labels: [label].into(),
        ..IncidentPatch::default()
    };
    command(incident, Op::Update(Box::new(patch)))
}

pub(crate) fn followup(incident: IncidentId, title: &str) -> Command {
    let new = NewFollowup {
        title: Title::new(title).unwrap(),
        message: None,
        owner: None,
        priority: Severity::P2,
        due: None,
        status: FollowupStatus::Open,
        external_ref: None,
        meta: serde_json::Map::new(),
    };
    command(incident, Op::OpenFollowup(Box::new(new)))
}

pub(crate) fn followup_done(incident: IncidentId, followup: EventId) -> Command {
    let patch = FollowupPatch {
        status: Some(FollowupStatus::Done),
        ..FollowupPatch::default()
    };
    let (patch, note) = (Box::new(patch), None);
    command(
        incident,
        Op::UpdateFollowup {
            followup,
            patch,
            note,
        },
    )
}

pub(crate) fn merge(incident: IncidentId, into: IncidentId) -> Command {
    command(
        incident,
        Op::Merge {
            into,
            at: None,
            note: None,
        },
    )
}

/// How many lines an imported incident has: its creation and its past, all of one commit.
pub(crate) const IMPORTED_LINES: usize = 4;

/// An incident that comes with its past: several lines that are there together or not at all.
pub(crate) fn import(title: &str) -> Command {
    let at = Timestamp::from_millis(1_700_000_000_000);
    let event = |text: &str| ImportedEvent {
        at,
        message: Message::new(text).unwrap(),
        stage: None,
        meta: serde_json::Map::new(),
    };
    let events = vec![event("one"), event("two"), event("three")];
    let imported = ImportedIncident {
        incident: new_incident(title),
        created_at: at,
        events,
    };
    let mut bytes = [0; 8];
    OsEntropy.fill(&mut bytes);
    let id = IncidentId::from_seed(at, u64::from_le_bytes(bytes));
    command(id, Op::Import(Box::new(imported)))
}

/// The whole timeline of an incident.
pub(crate) async fn timeline(store: &JsonlStore, id: IncidentId) -> Vec<Event> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .events(id, PageRequest { limit: 500, after })
            .await
            .unwrap();
        events.extend(page.items);
        after = page.next;
        if after.is_none() {
            return events;
        }
    }
}

/// Every incident, page by page.
pub(crate) async fn all(store: &JsonlStore) -> Vec<IncidentId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit: 500, after };
        let query = IncidentQuery {
            filter: IncidentFilter::default(),
            sort: Sort::Created,
            page,
        };
        let page = store.list(query).await.unwrap();
        ids.extend(page.items.into_iter().map(|incident| incident.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

/// Panics unless the lines count 1, 2, 3 …
pub(crate) fn assert_gap_free(events: &[Event]) {
    let numbers: Vec<u32> = events.iter().map(|event| event.seq).collect();
    assert_eq!(
        numbers,
        (1..=u32::try_from(events.len()).unwrap()).collect::<Vec<_>>()
    );
}
