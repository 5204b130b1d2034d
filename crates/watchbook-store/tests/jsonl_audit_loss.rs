//! A power cut takes audit lines whose commits stand: every acknowledged write has exactly one entry afterwards.
//!
//! The trail is synced now and then, the simulated disk forgets any subset of what came after the last sync.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, json};
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditOutcome, AuditQuery};
use watchbook_core::query::{PageRequest, Place};
use watchbook_core::text::{Env, Message, Name, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock as _, Command, EventId, IncidentId, Kind, NewIncident,
    Op, Severity, Source, Timestamp, Via,
};
use watchbook_store::disk::sim::{self, Fault};
use watchbook_store::disk::{Disk as _, SimDisk};
use watchbook_store::journal::{self, Journal, Settings};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, SeededEntropy};
use watchbook_store::{AuditLog as _, Incidents as _};

const SEEDS: u64 = 300;
/// The mark of how far the trail is durable.
const MARK: &str = "/site/ops/incidents/.watchbook/audited";

struct Site {
    disk: SimDisk,
    clock: ManualClock,
    entropy: Arc<SeededEntropy>,
    /// The incident that everything is about.
    incident: IncidentId,
    /// The requests of acknowledged writes.
    acked: Vec<String>,
    calls: u32,
    /// How long a call takes.
    pace: Duration,
}

/// What a call does.
#[derive(Clone, Copy)]
enum Does {
    Create,
    Note,
    Redact(EventId),
    Read,
}

impl Site {
    fn new(seed: u64) -> Self {
        let clock = ManualClock::default();
        let entropy = Arc::new(SeededEntropy::new(seed));
        Self {
            disk: SimDisk::new(),
            incident: IncidentId::generate(clock.now(), &*entropy),
            clock,
            entropy,
            acked: Vec::new(),
            calls: 0,
            pace: Duration::from_millis(5),
        }
    }

    fn open(&self) -> JsonlStore {
        let entropy = Arc::clone(&self.entropy);
        let options = JsonlOptions::new(Path::new("/site"), Arc::new(self.clock.clone()), entropy);
        JsonlStore::open(JsonlOptions {
            disk: Arc::new(self.disk.clone()),
            workers: 0,
            ..options
        })
        .unwrap()
    }

    /// One call as the door makes it. Gives the id of the first line it wrote.
    async fn call(&mut self, store: &JsonlStore, does: Does) -> Option<EventId> {
        self.calls += 1;
        let request = format!("req-{}", self.calls);
        self.call_as(store, does, &request).await
    }

    async fn call_as(&mut self, store: &JsonlStore, does: Does, request: &str) -> Option<EventId> {
        let id = EventId::generate(&*self.entropy);
        let begun = self.clock.now();
        let opening = AuditOpening {
            id,
            at: begun,
            agent: agent(),
            key: None,
            delegate: None,
            via: Via::Keyless,
            request: Name::new(request).unwrap(),
            tool: Short::new("oncall_tool").unwrap(),
            action: Short::new("incident_any").unwrap(),
            incident: None,
            dry_run: false,
            params: json!({ "long": "x".repeat(300) }),
        };
        // When the power fails on the way, nobody is answered any more.
        store.open_entry(opening).await.ok()?;
        let mut wrote = None;
        if let Some(op) = op(does) {
            let applied = store.apply(self.command(op, request)).await.ok()?;
            self.acked.push(request.to_owned());
            wrote = applied.events.first().map(|event| event.id);
        }
        let at = self.clock.advance(self.pace);
        let closing = AuditClosing {
            id,
            at,
            outcome: AuditOutcome::Ok,
            code: None,
            incident: Some(self.incident),
            took_ms: Some(1),
        };
        store.close_entry(closing).await.ok()?;
        wrote
    }

    fn command(&self, op: Op, request: &str) -> Command {
        Command {
            change: ChangeId::generate(&*self.entropy),
            incident: self.incident,
            by: By {
                agent: agent(),
                key: None,
                delegate: None,
                request: Some(Name::new(request).unwrap()),
                via: Via::Keyless,
                source: Source::Agent,
            },
            key: None,
            if_match: None,
            fence: None,
            op,
        }
    }

    /// A few calls that are synced, and a few that are not. The power is cut behind them.
    async fn work(&mut self, seed: u64) {
        let store = self.open();
        self.call(&store, Does::Create).await;
        self.call(&store, Does::Note).await;
        store.sync_audit().await.unwrap();
        for does in [Does::Note, Does::Read, Does::Note, Does::Note] {
            self.call(&store, does).await;
        }
        self.cut(seed);
    }

    fn cut(&mut self, seed: u64) {
        self.disk = self.disk.crash(seed);
    }

    /// Opens it again and makes a call: whatever is missing is restored before that.
    async fn back(&mut self) -> JsonlStore {
        let store = self.open();
        self.call(&store, Does::Read).await;
        store
    }

    /// Checks that each acknowledged write has exactly one entry. Gives all entries.
    async fn check(&self, store: &JsonlStore, what: &str) -> Vec<AuditEntry> {
        let entries = all(store, AuditQuery::default(), 500).await;
        let mut requests: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &entries {
            *requests.entry(entry.opening.request.as_str()).or_default() += 1;
        }
        for acked in &self.acked {
            let of_it = requests.get(acked.as_str()).copied().unwrap_or(0);
            assert_eq!(of_it, 1, "{what}: entries of {acked}: {entries:#?}");
        }
        entries
    }
}

fn agent() -> AgentId {
    AgentId::new("sofiia").unwrap()
}

fn op(does: Does) -> Option<Op> {
    Some(match does {
        Does::Create => Op::Create(Box::new(NewIncident {
            service: ServiceName::new("gateway").unwrap(),
            affects: Vec::new(),
            env: Env::prod(),
            severity: Severity::P2,
            uncertain: false,
            title: Title::new("slow").unwrap(),
            summary: None,
            kind: Kind::Latency,
            signature: None,
            labels: BTreeMap::new(),
            drill: false,
            roles: BTreeMap::new(),
            started_at: None,
            detected_at: None,
            group_key: None,
        })),
        Does::Note => Op::Append {
            kind: AppendType::Note,
            message: Message::new("seen").unwrap(),
            meta: Map::new(),
            at: None,
        },
        Does::Redact(event) => Op::Redact {
            event,
            reason: Prose::new("a password").unwrap(),
        },
        Does::Read => return None,
    })
}

/// All entries that are meant, read in pages of `limit`.
async fn all(store: &JsonlStore, query: AuditQuery, limit: usize) -> Vec<AuditEntry> {
    let (mut after, mut entries) = (None, Vec::new());
    loop {
        let page = PageRequest { limit, after };
        let page = store.search_audit(query.clone(), page).await.unwrap();
        entries.extend(page.items);
        after = page.next;
        if after.is_none() {
            return entries;
        }
    }
}

fn restored(entries: &[AuditEntry]) -> usize {
    let anew = |entry: &&AuditEntry| entry.opening.restored_from().is_some();
    entries.iter().filter(anew).count()
}

#[tokio::test]
async fn what_a_power_cut_took_from_the_trail_is_restored_once() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..SEEDS {
        let mut site = Site::new(seed);
        site.work(seed).await;
        let before = all(&site.open(), AuditQuery::default(), 500).await;
        let store = site.back().await;
        let after = site.check(&store, &format!("seed {seed}")).await;
        let restored = restored(&after);
        lost += restored;
        kept += usize::from(restored == 0);
        for entry in &before {
            assert!(after.contains(entry), "seed {seed}: what survived stays");
        }
        store.sync_audit().await.unwrap();
        let again = site.back().await;
        let entries = site.check(&again, &format!("seed {seed}, again")).await;
        assert_eq!(
            entries.len(),
            after.len() + 1,
            "seed {seed}: once is enough"
        );
    }
    // Without this the test would prove nothing.
    assert!(
        lost > 100,
        "only {lost} entries were lost over {SEEDS} power cuts"
    );
    assert!(kept > 10, "only {kept} power cuts took nothing");
}

#[tokio::test]
async fn two_processes_at_once_restore_each_entry_once() {
    for seed in 0..50 {
        let mut site = Site::new(seed);
        site.work(seed).await;
        let stores = [site.open(), site.open()];
        let [first, second] = stores.each_ref().map(|store| {
            let store = store.clone();
            std::thread::spawn(move || store.repair().unwrap().audit_restored)
        });
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        let entries = site.check(&stores[0], &format!("seed {seed}")).await;
        assert_eq!(first + second, restored(&entries) as u64, "seed {seed}");
        assert!(
            first == 0 || second == 0,
            "seed {seed}: one of them did it all"
        );
    }
}

#[tokio::test]
async fn a_power_cut_while_entries_are_restored_doubles_none() {
    for step in 0..60 {
        for seed in 0..12 {
            let mut site = Site::new(seed);
            site.work(seed).await;
            let store = site.open();
            site.disk
                .fail_at(site.disk.operations() + step, Fault::PowerCut);
            site.call(&store, Does::Note).await;
            drop(store);
            site.cut(seed + step);
            let store = site.back().await;
            let entries = site
                .check(&store, &format!("seed {seed}, step {step}"))
                .await;
            for entry in entries
                .iter()
                .filter(|entry| entry.opening.restored_from().is_some())
            {
                assert!(entry.closing.is_some(), "seed {seed}, step {step}: whole");
            }
        }
    }
}

#[tokio::test]
async fn a_trail_without_its_mark_or_its_day_is_restored_too() {
    for seed in 0..50 {
        let mut site = Site::new(seed);
        let store = site.open();
        for does in [Does::Create, Does::Note, Does::Note] {
            site.call(&store, does).await;
        }
        drop(store);
        site.cut(seed);
        drop(site.disk.remove_file(Path::new(MARK)));
        drop(
            site.disk
                .remove_file(Path::new("/site/ops/audit/audit-2026-02-23.jsonl")),
        );
        let store = site.back().await;
        let entries = site.check(&store, &format!("seed {seed}")).await;
        assert_eq!(restored(&entries), site.acked.len(), "seed {seed}");
    }
}

/// Which of two processes makes a call, and how many milliseconds after the midnight.
type AroundMidnight = &'static [(usize, i64)];

#[tokio::test]
async fn midnight_loses_nothing() {
    let table: [(&str, AroundMidnight); 3] = [
        ("the other has yesterday open", &[(1, -300), (0, 100)]),
        ("the other has today open", &[(0, -300), (1, 100)]),
        ("yesterday was not synced yet", &[(0, -300), (0, 600_000)]),
    ];
    for (what, calls) in table {
        for seed in 0..50 {
            let mut site = Site::new(seed);
            let midnight = site.clock.now().end_of_day().millis();
            let stores = [site.open(), site.open()];
            site.call(&stores[0], Does::Create).await;
            site.call(&stores[1], Does::Read).await;
            for (process, at) in calls {
                site.clock.set(Timestamp::from_millis(midnight + at));
                site.call(&stores[*process], Does::Note).await;
            }
            // Late enough for the first process to see the new day.
            site.clock.advance(Duration::from_millis(500));
            stores[0].sync_audit().await.unwrap();
            site.cut(seed);
            let store = site.back().await;
            site.check(&store, &format!("{what}, seed {seed}")).await;
        }
    }
}

#[tokio::test]
async fn who_could_not_look_does_not_vouch_for_the_trail() {
    for seed in 0..10 {
        let mut site = Site::new(seed);
        site.work(seed).await;
        let store = site.open();
        {
            let busy = Journal::open(
                Arc::new(site.disk.clone()),
                Arc::new(site.clock.clone()),
                journal::Place::new("/site/ops/incidents", "events"),
                Settings::default(),
            );
            let busy = busy.unwrap();
            let _locked = busy.lock(Duration::ZERO).unwrap();
            site.call(&store, Does::Read).await;
            store.sync_audit().await.unwrap();
        }
        let other = site.back().await;
        site.check(&other, &format!("seed {seed}")).await;
    }
}

#[tokio::test]
async fn files_that_were_replaced_since_the_mark_are_no_obstacle() {
    for seed in 0..50 {
        let mut site = Site::new(seed);
        let store = site.open();
        site.call(&store, Does::Create).await;
        let secret = site.call(&store, Does::Note).await.unwrap();
        store.sync_audit().await.unwrap();
        site.call(&store, Does::Redact(secret)).await;
        site.call(&store, Does::Note).await;
        site.cut(seed);
        let store = site.back().await;
        site.check(&store, &format!("seed {seed}")).await;
    }
}

#[tokio::test]
async fn one_request_id_for_every_call_hides_hardly_anything() {
    for seed in 0..100 {
        let mut site = Site::new(seed);
        let store = site.open();
        site.call_as(&store, Does::Create, "same").await;
        store.sync_audit().await.unwrap();
        for _ in 0..3 {
            site.call_as(&store, Does::Note, "same").await;
        }
        site.cut(seed);
        let store = site.back().await;
        let entries = all(&store, AuditQuery::default(), 500).await;
        let same = entries
            .iter()
            .filter(|entry| entry.opening.request.as_str() == "same");
        // The entry of the creation is older than the mark; what it could stand for was not written by it.
        let same = same.count();
        assert!(
            (3..=4).contains(&same),
            "seed {seed}: {same} entries of 4 calls"
        );
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_doubles_nothing() {
    let mut site = Site::new(1);
    let store = site.open();
    site.call(&store, Does::Create).await;
    let back = site.clock.now().minus(Duration::from_hours(30));
    site.clock.set(back);
    for _ in 0..3 {
        site.call(&store, Does::Note).await;
    }
    for mark in [true, false] {
        let other = site.back().await;
        let entries = site.check(&other, "set back").await;
        assert_eq!(restored(&entries), 0, "with a mark: {mark}");
        drop(site.disk.remove_file(Path::new(MARK)));
    }
}

#[tokio::test]
async fn a_program_that_embeds_the_store_gets_no_entries() {
    let site = Site::new(1);
    let store = site.open();
    let mut command = site.command(op(Does::Create).unwrap(), "none");
    command.by.request = None;
    store.apply(command).await.unwrap();
    assert_eq!(store.repair().unwrap().audit_restored, 0);
    assert_eq!(all(&store, AuditQuery::default(), 500).await, []);
}

#[tokio::test]
async fn restored_entries_are_found_where_they_belong() {
    for seed in 0..100 {
        let mut site = Site::new(seed);
        site.pace = Duration::from_secs(50);
        let store = site.open();
        site.call(&store, Does::Create).await;
        store.sync_audit().await.unwrap();
        for _ in 0..10 {
            site.call(&store, Does::Note).await;
        }
        site.cut(seed);
        let store = site.back().await;
        let entries = site.check(&store, &format!("seed {seed}")).await;
        assert!(entries.is_sorted_by_key(|entry| Place::of_audit(&entry.opening)));
        for limit in [1, 2, 4, 8] {
            let paged = all(&store, AuditQuery::default(), limit).await;
            assert_eq!(paged, entries, "seed {seed} in pages of {limit}");
        }
        let froms: Vec<Timestamp> = entries.iter().map(|entry| entry.opening.at).collect();
        for from in froms {
            let query = AuditQuery {
                from: Some(from),
                ..AuditQuery::default()
            };
            let meant = entries.iter().filter(|entry| entry.opening.at >= from);
            let found = all(&store, query, 500).await;
            assert_eq!(
                found,
                meant.cloned().collect::<Vec<_>>(),
                "seed {seed} from {from}"
            );
        }
    }
}

#[tokio::test]
async fn a_line_that_a_full_disk_cut_off_takes_no_other_with_it() {
    let mut site = Site::new(1);
    let store = site.open();
    site.call(&store, Does::Create).await;
    let full = Fault::Short(20, std::io::ErrorKind::StorageFull);
    site.disk.fail_nth(sim::Op::Write, 0, full);
    assert_eq!(site.call(&store, Does::Note).await, None, "refused");
    site.call(&store, Does::Note).await.unwrap();
    let entries = site.check(&store, "a full disk").await;
    assert_eq!(entries.len(), 2);
}

#[tokio::test]
async fn a_page_goes_on_behind_what_was_restored() {
    let site = Site::new(1);
    let store = site.open();
    let begun = site.clock.now();
    // The last ten survived; the first six were appended behind them.
    let minutes = (6..16).chain(0..6);
    for minute in minutes {
        let lost = minute < 6;
        let opening = AuditOpening {
            id: EventId::from_bits(minute.into()),
            at: begun.plus(Duration::from_mins(minute)),
            agent: agent(),
            key: None,
            delegate: None,
            via: Via::Keyless,
            request: Name::new(format!("req-{minute}")).unwrap(),
            tool: Short::new(if lost { "journal" } else { "oncall_tool" }).unwrap(),
            action: Short::new("note").unwrap(),
            incident: None,
            dry_run: false,
            params: json!({ "restored_from_commit": minute }),
        };
        store.open_entry(opening).await.unwrap();
    }
    for limit in [1, 3, 5, 7, 500] {
        let found = all(&store, AuditQuery::default(), limit).await;
        let found: Vec<u128> = found
            .iter()
            .map(|entry| entry.opening.id.to_bits())
            .collect();
        assert_eq!(
            found,
            (0..16).rev().collect::<Vec<u128>>(),
            "in pages of {limit}"
        );
    }
}
