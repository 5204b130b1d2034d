//! What one writer does: creations and timeline lines, with and without idempotency keys, and requests that are sent again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::{Env, Message, ServiceName, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock as _, Command, Digest, Entropy as _, IncidentId,
    IncidentPatch, Key, Kind, NewIncident, Op, Severity, Source, Via,
};
use watchbook_store::auto::AutoStore;
use watchbook_store::system::{OsEntropy, SystemClock};
use watchbook_store::{Applied, Incidents as _, StoreError};

use crate::node::say;

/// How many incidents all writers share: enough writers on one that they meet.
const SHARED: usize = 40;
/// A pause after a call that could not be answered.
const PAUSE: Duration = Duration::from_millis(20);
/// When an impatient caller hangs up.
const HANGS_UP: Duration = Duration::from_millis(120);
/// A pause between two calls: so many writers are enough without keeping both cores busy.
const BREATH: Duration = Duration::from_millis(40);

/// What the writers of one process share.
pub(crate) struct Shared {
    incidents: Mutex<Vec<IncidentId>>,
    stopping: AtomicBool,
    stopped: AtomicU64,
}

impl Shared {
    pub(crate) async fn of(store: &AutoStore) -> Self {
        let query = IncidentQuery {
            filter: IncidentFilter::default(),
            sort: Sort::CreatedDesc,
            page: PageRequest {
                limit: SHARED,
                after: None,
            },
        };
        let known = store.list(query).await.map(|page| page.items);
        let incidents = known.unwrap_or_default().iter().map(|one| one.id).collect();
        Self {
            incidents: Mutex::new(incidents),
            stopping: AtomicBool::new(false),
            stopped: AtomicU64::new(0),
        }
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn stopped(&self, writers: u64) {
        while self.stopped.load(Ordering::Relaxed) < writers {
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn keep(&self, incident: IncidentId) {
        let mut incidents = self.incidents.lock();
        if incidents.len() >= SHARED {
            let old = below(incidents.len() as u64);
            incidents.swap_remove(usize::try_from(old).unwrap());
        }
        incidents.push(incident);
    }

    fn any(&self) -> Option<IncidentId> {
        let incidents = self.incidents.lock();
        let at = usize::try_from(below(incidents.len().max(1) as u64)).unwrap();
        incidents.get(at).copied()
    }
}

fn below(end: u64) -> u64 {
    let mut bytes = [0; 8];
    OsEntropy.fill(&mut bytes);
    u64::from_le_bytes(bytes) % end
}

/// Writes until the process stops.
pub(crate) async fn writes(writer: u64, store: AutoStore, shared: Arc<Shared>) {
    let mut again: Option<Command> = None;
    let mut hung_up = false;
    while !shared.stopping.load(Ordering::Relaxed) {
        let command = match again.take().filter(|_| hung_up || below(4) == 0) {
            Some(command) => sent_again(command),
            None => fresh(&shared),
        };
        if command.key.is_some() {
            again = Some(command.clone());
        }
        // Whoever hangs up sends the same request again: it may have been done.
        hung_up = is_impatient(&command) && !is_heard(&store, &command).await;
        if hung_up {
            continue;
        }
        if let Some(applied) = carry_out(&store, &command, &shared).await {
            tell(writer, &store, &command, &applied);
            if matches!(command.op, Op::Create(_)) {
                shared.keep(applied.incident.id);
            }
        }
        tokio::time::sleep(BREATH).await;
    }
    shared.stopped.fetch_add(1, Ordering::Relaxed);
}

/// Whether its caller hangs up early.
fn is_impatient(command: &Command) -> bool {
    command.key.is_some() && matches!(command.op, Op::Create(_)) && below(3) == 0
}

/// Whether the call is answered before its caller hangs up.
async fn is_heard(store: &AutoStore, command: &Command) -> bool {
    let call = store.apply(command.clone());
    tokio::time::timeout(HANGS_UP, call).await.is_ok()
}

/// Until it is answered: the same command, whatever happened to it. `None` for a refusal.
async fn carry_out(store: &AutoStore, command: &Command, shared: &Shared) -> Option<Applied> {
    loop {
        match store.apply(command.clone()).await {
            Ok(applied) => return Some(applied),
            Err(StoreError::Unavailable { .. } | StoreError::Unknown { .. })
                if !shared.stopping.load(Ordering::Relaxed) =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            Err(
                StoreError::Unavailable { .. }
                | StoreError::Unknown { .. }
                | StoreError::Refused(_),
            ) => {
                return None;
            }
            Err(error) => {
                say(&format!("failed {error}"));
                return None;
            }
        }
    }
}

/// The same request, as a client sends it again that did not hear the answer: with its key, and for a creation with
/// another new id.
fn sent_again(command: Command) -> Command {
    match command.op {
        Op::Create(_) => Command {
            incident: new_id(),
            ..command
        },
        _ => command,
    }
}

fn fresh(shared: &Shared) -> Command {
    let mut random = [0; 16];
    OsEntropy.fill(&mut random);
    let with_key = below(2) == 0;
    let change = if with_key {
        ChangeId::from_key("chaos", &format!("{random:?}"))
    } else {
        ChangeId::generate(&OsEntropy)
    };
    let (incident, op) = match (below(10), shared.any()) {
        (0..2, _) | (_, None) => (new_id(), creation()),
        (2..9, Some(incident)) => (incident, note()),
        (_, Some(incident)) => (incident, retitle()),
    };
    Command {
        change,
        incident,
        by: By {
            agent: AgentId::new("chaos").unwrap(),
            key: None,
            delegate: None,
            request: None,
            via: Via::Embedded,
            source: Source::Agent,
        },
        key: with_key.then(|| Key {
            body: Digest::of(b"the same"),
        }),
        if_match: None,
        fence: None,
        op,
    }
}

fn new_id() -> IncidentId {
    IncidentId::generate(SystemClock.now(), &OsEntropy)
}

fn creation() -> Op {
    Op::Create(Box::new(NewIncident {
        service: ServiceName::new("gateway").unwrap(),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P2,
        uncertain: false,
        title: Title::new("it is out of order").unwrap(),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: BTreeMap::new(),
        drill: false,
        roles: BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    }))
}

fn note() -> Op {
    Op::Append {
        kind: AppendType::Note,
        message: Message::new("somebody looked at it").unwrap(),
        meta: serde_json::Map::new(),
        at: None,
    }
}

fn retitle() -> Op {
    Op::Update(Box::new(IncidentPatch {
        title: Some(Title::new(format!("out of order since {}", below(1_000))).unwrap()),
        ..IncidentPatch::default()
    }))
}

fn tell(writer: u64, store: &AutoStore, command: &Command, applied: &Applied) {
    let side = if store.degraded_since().is_some() {
        "apart"
    } else {
        "database"
    };
    let created = match command.op {
        Op::Create(_) if command.key.is_some() => "created",
        _ => "-",
    };
    let (change, incident, lines) = (command.change, applied.incident.id, applied.events.len());
    say(&format!(
        "ack {writer} {change} {incident} {side} {created} {lines}"
    ));
}
