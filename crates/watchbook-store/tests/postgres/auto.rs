//! Nodes whose database is gone for a while: how long callers wait, and what nodes that were apart agree on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;
use watchbook_core::text::{Name, Short, Title};
use watchbook_core::{
    Command, Event, Incident, IncidentId, IncidentPatch, Lifecycle, Op, Resolution, Severity, Step,
};
use watchbook_store::auto::{AutoOptions, AutoStore, Folder, Phase, Shelter as _, Tended};
use watchbook_store::conformance::block_on;
use watchbook_store::jsonl::JsonlOptions;
use watchbook_store::memory::MemoryStore;
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::proxy::{Fault, Proxy};
use watchbook_store::system::SeededEntropy;
use watchbook_store::{Incidents as _, Transfer as _, Whole};

use crate::commands::{command, creation, keyed_creation, note};
use crate::schema::{Schema, proxy};

const RETRY: Duration = Duration::from_mins(5);
/// How long other tests may keep a transaction open.
const PATIENT: Duration = Duration::from_secs(30);
/// How long a busy machine may take for what takes no time.
const SLACK: Duration = Duration::from_secs(5);

/// A node behind a proxy of its own.
struct Node {
    dir: TempDir,
    proxy: Proxy,
    store: AutoStore,
    schema: Arc<Schema>,
    number: u64,
}

impl Node {
    /// A node that has met its database and mirrors it.
    async fn begin(schema: &Arc<Schema>, number: u64, patience: Duration) -> Self {
        let (dir, proxy) = (TempDir::new().expect("a folder"), proxy());
        let mut options = schema.options_through(&proxy);
        options.entropy = Arc::new(SeededEntropy::new(50 + number));
        let database = PostgresStore::new(options).expect("an address");
        let clock = Arc::new(schema.clock.clone());
        let store = AutoStore::new(
            Arc::new(database),
            Arc::new(folder(dir.path(), schema, number)),
            AutoOptions {
                patience,
                ..AutoOptions::new(clock)
            },
        );
        store.start().await.expect("started");
        let tended = store.tend().await.expect("tended");
        assert_eq!(tended, Tended::Followed(0), "{:?}", store.status().await);
        Self {
            dir,
            proxy,
            store,
            schema: Arc::clone(schema),
            number,
        }
    }

    async fn apply(&self, command: &Command) {
        self.schema.clock.advance(Duration::from_secs(1));
        let applied = self.store.apply(command.clone()).await;
        applied.expect("acknowledged");
    }

    async fn back(&self) {
        self.proxy.set(Fault::Pass).await;
        self.schema.clock.advance(RETRY);
        let tended = self.store.tend().await.expect("tended");
        let condition = self.store.status().await.expect("a status").condition;
        assert_eq!(tended, Tended::Back, "{condition:?}");
    }

    /// What the local log has of these incidents once it has as many lines as the database: that tells of them when all
    /// transactions of the cluster have ended that are older, those of other tests among them.
    async fn following(&self, ids: &[IncidentId], there: &[Whole]) -> Vec<Whole> {
        let lines = |wholes: &[Whole]| wholes.iter().map(|whole| whole.lines.len()).sum::<usize>();
        let follows = async {
            loop {
                self.store.tend().await.expect("tended");
                let here = self.mirrored(ids).await;
                if lines(&here) == lines(there) {
                    return here;
                }
            }
        };
        let followed = timeout(PATIENT, follows).await;
        followed.expect("the local log does not follow the database")
    }

    /// What the local log has of these incidents.
    async fn mirrored(&self, ids: &[IncidentId]) -> Vec<Whole> {
        let status = self.store.status().await.expect("a status");
        assert_eq!(status.condition.phase, Phase::Primary);
        assert_eq!((status.pending, status.quarantined.len()), (0, 0));
        let folder = folder(self.dir.path(), &self.schema, self.number);
        let log = folder.open(status.condition.generation).expect("a log");
        exported(&*log, ids).await
    }
}

fn folder(dir: &Path, schema: &Schema, number: u64) -> Folder {
    let clock = Arc::new(schema.clock.clone());
    let entropy = Arc::new(SeededEntropy::new(1_000 + number));
    Folder::new(dir, JsonlOptions::new(dir, clock, entropy))
}

async fn exported<T: watchbook_store::Transfer + ?Sized>(
    log: &T,
    ids: &[IncidentId],
) -> Vec<Whole> {
    let wanted: Vec<(IncidentId, u32)> = ids.iter().map(|id| (*id, 0)).collect();
    let mut wholes = log.export(&wanted).await.expect("exported");
    wholes.sort_by_key(|whole| whole.id);
    wholes
}

#[test]
fn a_silent_database_holds_up_one_write_and_no_further_ones() {
    const PATIENCE: Duration = Duration::from_millis(700);
    block_on(async {
        for fault in [Fault::Hang, Fault::Refuse, Fault::Reset] {
            let schema = Arc::new(Schema::migrated().await);
            let node = Node::begin(&schema, 1, PATIENCE).await;
            let created = creation();
            node.apply(&created).await;
            node.proxy.set(fault).await;
            let first = note(created.incident, "the first");
            let written = timeout(PATIENCE + SLACK, node.apply(&first)).await;
            written.unwrap_or_else(|_| panic!("{fault:?}: the first write waits too long"));
            assert_eq!(node.store.phase().expect("a phase"), Phase::Degraded);
            let connections = node.proxy.accepted();
            for number in 0..50 {
                let text = format!("note {number}");
                node.apply(&note(created.incident, &text)).await;
            }
            assert_eq!(node.proxy.accepted(), connections, "{fault:?}");
            node.back().await;
            let direct = schema.store(ExecMode::Prepared);
            let there = direct.get(created.incident).await.expect("there");
            assert_eq!(there.events, 52, "{fault:?}");
        }
    });
}

/// A write that waits for a lock is given up and carried out on this node; then the database carries it out after all.
async fn carried_out_late(is_before_the_replay: bool) {
    let schema = Arc::new(Schema::migrated().await);
    let node = Node::begin(&schema, 1, Duration::from_millis(500)).await;
    let created = creation();
    node.apply(&created).await;
    let lock = format!(
        "select from incidents where id = '{}' for update",
        created.incident
    );
    let holder = schema.begin(&lock).await;
    let late = note(created.incident, "late");
    node.apply(&late).await;
    assert_eq!(node.store.phase().expect("a phase"), Phase::Degraded);
    let direct = schema.store(ExecMode::Prepared);
    let there = async || {
        let wholes = exported(&direct, &[created.incident]).await;
        let mut lines = wholes.into_iter().flat_map(|whole| whole.lines);
        lines.any(|line| line.change == late.change)
    };
    if !is_before_the_replay {
        schema.clock.advance(RETRY);
        // It cannot get past the lock either.
        drop(node.store.tend().await);
        assert_ne!(node.store.phase().expect("a phase"), Phase::Primary);
    }
    holder.batch_execute("commit").await.expect("committed");
    if is_before_the_replay {
        let late = timeout(PATIENT, async { while !there().await {} }).await;
        late.expect("nobody carried it out late");
    }
    node.back().await;
    assert!(there().await);
    let incident = direct.get(created.incident).await.expect("there");
    assert_eq!(incident.events, 2);
    let status = node.store.status().await.expect("a status");
    assert_eq!(status.quarantined, []);
}

#[test]
fn a_write_that_the_database_carries_out_late_is_there_once() {
    block_on(async {
        carried_out_late(true).await;
        carried_out_late(false).await;
    });
}

#[test]
fn long_incidents_and_heavy_notes_come_along() {
    const LINES: usize = 10_000;
    block_on(async {
        let schema = Arc::new(Schema::migrated().await);
        let direct = schema.store(ExecMode::Prepared);
        let clock = Arc::new(schema.clock.clone());
        let memory = MemoryStore::new(clock, &SeededEntropy::new(1));
        let created = creation();
        let id = created.incident;
        memory.apply(created).await.expect("created");
        for number in 1..LINES {
            let noted = memory.apply(note(id, &format!("note {number}"))).await;
            noted.expect("noted");
        }
        let wholes = exported(&memory, &[id]).await;
        direct.plant(wholes, true).await.expect("planted");
        let node = Node::begin(&schema, 1, Duration::from_secs(2)).await;
        node.proxy.set(Fault::Refuse).await;
        assert_eq!(node.store.get(id).await.expect("mirrored").events, 10_000);
        for number in 0..300 {
            let mut heavy = note(id, &format!("heavy note {number}"));
            if let Op::Append { meta, .. } = &mut heavy.op {
                meta.insert("log".to_owned(), "x".repeat(60 * 1024).into());
            }
            node.apply(&heavy).await;
        }
        node.back().await;
        let there = direct.get(id).await.expect("there");
        assert_eq!(there.events, 10_300);
        let here = node.following(&[id], &exported(&direct, &[id]).await).await;
        assert_eq!(here[0].lines.len(), 10_300);
    });
}

/// What each node does while it is apart. The same for all orders of coming back.
struct Plan {
    base: Vec<Command>,
    apart: Vec<Vec<Command>>,
}

impl Plan {
    /// Different writes to one incident; and incidents of their own for one group of alerts and for one request.
    fn new(nodes: u64) -> Self {
        let base = creation();
        let apart = (0..nodes).map(|node| apart(base.incident, node)).collect();
        Self {
            base: vec![base],
            apart,
        }
    }

    fn incidents(&self) -> Vec<IncidentId> {
        let all = self.base.iter().chain(self.apart.iter().flatten());
        let ids: BTreeSet<IncidentId> = all.map(|command| command.incident).collect();
        ids.into_iter().collect()
    }
}

fn apart(incident: IncidentId, node: u64) -> Vec<Command> {
    let severity = [Severity::P2, Severity::P3, Severity::P4][usize::try_from(node % 3).unwrap()];
    let mut labels = BTreeMap::new();
    labels.insert(
        Name::new("team").unwrap(),
        Some(Short::new(format!("team-{node}")).unwrap()),
    );
    let patch = IncidentPatch {
        severity: Some(severity),
        title: Some(Title::new(format!("as node {node} sees it")).unwrap()),
        labels,
        ..IncidentPatch::default()
    };
    let step = |step| {
        Op::Move(Box::new(Lifecycle {
            step,
            at: None,
            note: None,
            resolution: Resolution::default(),
        }))
    };
    let mut grouped = creation();
    if let Op::Create(new) = &mut grouped.op {
        new.group_key = Some(Short::new("gateway/5xx").unwrap());
    }
    let keyed = keyed_creation("one request");
    let (in_group, on_request) = (grouped.incident, keyed.incident);
    let last = [Step::Resolve, Step::Close, Step::Mitigate][usize::try_from(node % 3).unwrap()];
    vec![
        note(incident, &format!("node {node} was here")),
        command(incident, Op::Update(Box::new(patch))),
        grouped,
        command(incident, step(Step::Acknowledge)),
        keyed,
        note(in_group, &format!("node {node} looks into it")),
        command(on_request, step(Step::Acknowledge)),
        command(incident, step(last)),
    ]
}

/// What is to be the same, whatever the order of coming back: each incident, and its lines but for their numbers.
type Outcome = BTreeMap<IncidentId, (serde_json::Value, BTreeSet<String>)>;

async fn outcome(plan: &Plan, order: &[usize]) -> Outcome {
    let schema = Arc::new(Schema::migrated().await);
    let mut options = schema.options();
    options.entropy = Arc::new(SeededEntropy::new(7));
    let direct = PostgresStore::new(options).expect("an address");
    for command in &plan.base {
        let created = direct.apply(command.clone()).await;
        created.expect("created");
    }
    let mut nodes = Vec::new();
    for number in 0..plan.apart.len() as u64 {
        nodes.push(Node::begin(&schema, number, Duration::from_secs(2)).await);
    }
    for node in &nodes {
        node.proxy.set(Fault::Refuse).await;
    }
    for step in 0..plan.apart[0].len() {
        for (node, commands) in nodes.iter().zip(&plan.apart) {
            node.apply(&commands[step]).await;
        }
    }
    for number in order {
        nodes[*number].back().await;
    }
    let ids = plan.incidents();
    let there = exported(&direct, &ids).await;
    for node in &nodes {
        let here = node.following(&ids, &there).await;
        for (here, there) in here.iter().zip(&there) {
            assert_eq!(here.id, there.id);
            // A key that two nodes used stands for the earlier incident in the database, and here for the one that was
            // known first; they are one by now.
            assert_eq!(here.lines, there.lines, "node {}, {order:?}", node.number);
        }
        assert_eq!(here.len(), there.len());
    }
    let mut outcome = Outcome::new();
    for whole in there {
        let incident: Incident = direct.get(whole.id).await.expect("there");
        let lines = whole.lines.into_iter().map(|line| {
            let event = Event {
                seq: 0,
                ..line.event
            };
            format!("{} {event:?}", line.change)
        });
        let incident = serde_json::to_value(incident).expect("JSON");
        outcome.insert(whole.id, (incident, lines.collect()));
    }
    outcome
}

fn check_orders(nodes: u64, orders: &[&[usize]]) {
    block_on(async {
        let plan = Plan::new(nodes);
        let expected = outcome(&plan, orders[0]).await;
        let conflicts = expected.values().flat_map(|(_, lines)| lines);
        assert!(conflicts.clone().any(|line| line.contains("Conflict")));
        assert!(conflicts.clone().any(|line| line.contains("group_key")));
        assert!(
            conflicts
                .clone()
                .any(|line| line.contains("idempotency_key"))
        );
        for order in &orders[1..] {
            let found = outcome(&plan, order).await;
            for (id, expected) in &expected {
                assert_eq!(&found[id], expected, "{id} in the order {order:?}");
            }
        }
    });
}

#[test]
fn two_nodes_that_were_apart_agree_whoever_comes_back_first() {
    check_orders(2, &[&[0, 1], &[1, 0]]);
}

#[test]
fn three_nodes_that_were_apart_agree_in_every_order() {
    check_orders(
        3,
        &[
            &[0, 1, 2],
            &[0, 2, 1],
            &[1, 0, 2],
            &[1, 2, 0],
            &[2, 0, 1],
            &[2, 1, 0],
        ],
    );
}
