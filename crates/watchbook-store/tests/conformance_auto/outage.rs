//! A node through one outage: what works meanwhile, what waits, and what comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::audit::{AuditClosing, AuditOpening, AuditOutcome, AuditQuery};
use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::{Env, Message, Name, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock as _, Command, EventId, IncidentId, Kind, Lifecycle,
    NewIncident, Op, Resolution, Severity, Source, Status, Step, Via,
};
use watchbook_store::auto::{AutoOptions, AutoStore, MemoryShelter, Phase, Tended};
use watchbook_store::conformance::block_on;
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::{ManualClock, OsEntropy};
use watchbook_store::{Artifacts as _, AuditLog as _, Incidents as _, Loss, StoreError};

use crate::flaky::Flaky;
use crate::over_memory::{memory, shelter};

pub(crate) const RETRY: Duration = Duration::from_mins(5);

pub(crate) struct Outage {
    pub(crate) clock: ManualClock,
    pub(crate) real: Arc<MemoryStore>,
    pub(crate) database: Arc<Flaky>,
    pub(crate) shelter: Arc<MemoryShelter>,
    pub(crate) store: AutoStore,
}

impl Outage {
    /// A node that has met its database and mirrors it.
    pub(crate) async fn begin() -> Self {
        let clock = ManualClock::default();
        let real = memory(&clock, 1);
        let database = Arc::new(Flaky::steady(Arc::clone(&real)));
        let shelter = shelter(&clock);
        let store = node(&clock, &database, &shelter);
        store.start().await.expect("started");
        store.tend().await.expect("tended");
        Self {
            clock,
            real,
            database,
            shelter,
            store,
        }
    }

    pub(crate) async fn apply(&self, incident: IncidentId, op: Op) -> Result<Status, StoreError> {
        self.clock.advance(Duration::from_secs(1));
        let command = command(incident, op);
        let applied = self.store.apply(command).await?;
        Ok(applied.incident.status)
    }

    pub(crate) async fn created(&self) -> IncidentId {
        let id = IncidentId::generate(self.clock.now(), &OsEntropy);
        self.apply(id, creation()).await.expect("created");
        id
    }

    pub(crate) async fn back(&self) {
        self.database.lose(None);
        self.clock.advance(RETRY);
        assert_eq!(self.store.tend().await.expect("tended"), Tended::Back);
        assert_eq!(self.store.phase().expect("a phase"), Phase::Primary);
    }
}

pub(crate) fn node(
    clock: &ManualClock,
    database: &Arc<Flaky>,
    shelter: &Arc<MemoryShelter>,
) -> AutoStore {
    AutoStore::new(
        Arc::clone(database) as _,
        Arc::clone(shelter) as _,
        AutoOptions::new(Arc::new(clock.clone())),
    )
}

pub(crate) fn command(incident: IncidentId, op: Op) -> Command {
    Command {
        change: ChangeId::generate(&OsEntropy),
        incident,
        by: By {
            agent: AgentId::new("sofiia").expect("an agent"),
            key: None,
            delegate: None,
            request: None,
            via: Via::Embedded,
            source: Source::Agent,
        },
        key: None,
        if_match: None,
        fence: None,
        op,
    }
}

pub(crate) fn creation() -> Op {
    Op::Create(Box::new(NewIncident {
        service: ServiceName::new("gateway").expect("a service"),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P1,
        uncertain: false,
        title: Title::new("5xx rate over 5 %").expect("a title"),
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

pub(crate) fn note(text: &str) -> Op {
    Op::Append {
        kind: AppendType::Note,
        message: Message::new(text).expect("a message"),
        meta: serde_json::Map::new(),
        at: None,
    }
}

pub(crate) fn step(step: Step) -> Op {
    Op::Move(Box::new(Lifecycle {
        step,
        at: None,
        note: None,
        resolution: Resolution::default(),
    }))
}

pub(crate) fn all() -> IncidentQuery {
    IncidentQuery {
        filter: IncidentFilter::default(),
        sort: Sort::CreatedDesc,
        page: PageRequest {
            limit: 100,
            after: None,
        },
    }
}

#[test]
fn open_incidents_are_worked_on_while_the_database_is_gone() {
    block_on(async {
        let outage = Outage::begin().await;
        let before = outage.created().await;
        outage.database.lose(Some(Loss::Gone));
        assert_eq!(outage.store.get(before).await.expect("known").events, 1);
        assert!(outage.store.degraded_since().is_some());
        outage
            .apply(before, note("rolled back"))
            .await
            .expect("noted");
        let during = outage.created().await;
        let closed = outage.apply(before, step(Step::Close)).await;
        assert_eq!(closed.expect("closed"), Status::Closed);
        let listed = outage.store.list(all()).await.expect("listed");
        let ids: Vec<IncidentId> = listed.items.iter().map(|one| one.id).collect();
        assert_eq!(ids, [during, before]);
        assert!(outage.real.get(during).await.is_err(), "it waits");

        outage.back().await;
        let there = outage.real.get(before).await.expect("it is there");
        assert_eq!((there.status, there.events), (Status::Closed, 3));
        outage.real.get(during).await.expect("it was brought in");
        let status = outage.store.status().await.expect("a status");
        assert_eq!((status.pending, status.quarantined.len()), (0, 0));
        assert_eq!(status.counts.replayed, 3);
    });
}

#[test]
fn what_is_not_in_the_mirror_is_unavailable_and_not_missing() {
    block_on(async {
        let outage = Outage::begin().await;
        outage.database.lose(Some(Loss::Gone));
        let unknown = IncidentId::generate(outage.clock.now(), &OsEntropy);
        let answers = [
            outage.store.get(unknown).await.map(|_| ()),
            outage.apply(unknown, note("hello")).await.map(|_| ()),
            outage
                .store
                .events(
                    unknown,
                    PageRequest {
                        limit: 1,
                        after: None,
                    },
                )
                .await
                .map(|_| ()),
        ];
        for answer in answers {
            let error = answer.expect_err("nobody knows");
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
            assert!(
                error.to_string().contains("not in the local copy"),
                "{error}"
            );
        }
        outage.back().await;
        let missing = outage.store.get(unknown).await.expect_err("it is missing");
        assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
    });
}

#[test]
fn a_question_that_takes_too_long_is_no_reason_to_leave_the_database() {
    block_on(async {
        let outage = Outage::begin().await;
        outage.created().await;
        outage.database.dawdle();
        let options = AutoOptions {
            patience: Duration::from_millis(50),
            ..AutoOptions::new(Arc::new(outage.clock.clone()))
        };
        let (database, shelter) = (Arc::clone(&outage.database), Arc::clone(&outage.shelter));
        let store = AutoStore::new(database as _, shelter as _, options);
        let error = store.list(all()).await.expect_err("it takes for ever");
        assert!(
            error.to_string().contains("ask for less at once"),
            "{error}"
        );
        assert_eq!(store.phase().expect("a phase"), Phase::Primary);
        outage.created().await;
    });
}

#[test]
fn an_incident_that_was_opened_in_spite_of_another_stays_by_itself() {
    block_on(async {
        let outage = Outage::begin().await;
        let grouped = || match creation() {
            Op::Create(new) => Op::Create(Box::new(NewIncident {
                group_key: Some(Short::new("gateway/5xx").expect("a group")),
                ..*new
            })),
            other => other,
        };
        let first = IncidentId::generate(outage.clock.now(), &OsEntropy);
        outage.apply(first, grouped()).await.expect("created");
        outage
            .apply(first, step(Step::Close))
            .await
            .expect("closed");
        outage.database.lose(Some(Loss::Gone));
        // The group fires again, and whoever opens this one knows of the first.
        let again = IncidentId::generate(outage.clock.now(), &OsEntropy);
        outage.apply(again, grouped()).await.expect("created");
        outage.back().await;
        let there = outage.real.get(again).await.expect("it was brought in");
        assert_eq!(there.status, Status::Open);
    });
}

#[test]
fn the_database_is_tried_again_when_its_time_has_come() {
    block_on(async {
        let outage = Outage::begin().await;
        outage.database.lose(Some(Loss::Gone));
        outage.created().await;
        let tried = outage.database.failures();
        outage.clock.advance(Duration::from_secs(290));
        assert_eq!(outage.store.tend().await.expect("tended"), Tended::Nothing);
        outage.created().await;
        assert_eq!(outage.database.failures(), tried, "it is left alone");
        outage.clock.advance(Duration::from_secs(10));
        assert_eq!(outage.store.tend().await.expect("tended"), Tended::InVain);
        assert!(outage.database.failures() > tried);
        outage.database.lose(None);
        assert_eq!(outage.store.tend().await.expect("tended"), Tended::Nothing);
        outage.store.retry_now().expect("hurried");
        assert_eq!(outage.store.tend().await.expect("tended"), Tended::Back);
    });
}

#[test]
fn every_process_of_a_node_agrees() {
    block_on(async {
        let outage = Outage::begin().await;
        let other = node(&outage.clock, &outage.database, &outage.shelter);
        outage.database.lose(Some(Loss::Gone));
        let during = outage.created().await;
        assert_eq!(other.degraded_since(), outage.store.degraded_since());
        let tried = outage.database.failures();
        assert_eq!(other.get(during).await.expect("seen").events, 1);
        assert_eq!(
            outage.database.failures(),
            tried,
            "it does not wait for the database"
        );
        outage.back().await;
        assert!(other.degraded_since().is_none());
        assert_eq!(other.get(during).await.expect("seen").events, 1);
    });
}

#[test]
fn a_node_does_not_start_with_what_somebody_must_correct() {
    block_on(async {
        let outage = Outage::begin().await;
        outage.database.lose(Some(Loss::Misconfigured));
        let error = outage.store.start().await.expect_err("refused");
        assert!(error.to_string().contains("password"), "{error}");
        assert!(outage.store.degraded_since().is_none());
        // While it runs, it goes on, and says so.
        outage.created().await;
        let status = outage.store.status().await.expect("a status");
        assert!(status.condition.needs_hands, "{status:?}");
    });
}

#[test]
fn a_node_keeps_to_its_own_database() {
    block_on(async {
        let outage = Outage::begin().await;
        let stranger = Arc::new(Flaky::steady(memory(&outage.clock, 2)));
        let store = node(&outage.clock, &stranger, &outage.shelter);
        let error = store.start().await.expect_err("refused");
        assert!(error.to_string().contains("another store"), "{error}");
        // Nothing that waits is brought into it.
        outage.database.lose(Some(Loss::Gone));
        outage.created().await;
        outage.clock.advance(RETRY);
        assert_eq!(store.tend().await.expect("tended"), Tended::InVain);
        let status = store.status().await.expect("a status");
        assert!(
            status.condition.needs_hands && status.pending == 1,
            "{status:?}"
        );
    });
}

#[test]
fn what_does_not_fit_an_older_copy_is_set_aside() {
    block_on(async {
        let outage = Outage::begin().await;
        let lost = outage.created().await;
        outage.database.lose(Some(Loss::Gone));
        outage.apply(lost, note("one")).await.expect("noted");
        let during = outage.created().await;
        // The same store, restored from a copy that is older than the first incident.
        let restored = memory(&outage.clock, 1);
        let database = Arc::new(Flaky::steady(Arc::clone(&restored)));
        let store = node(&outage.clock, &database, &outage.shelter);
        outage.clock.advance(RETRY);
        assert_eq!(store.tend().await.expect("tended"), Tended::Back);
        let status = store.status().await.expect("a status");
        assert_eq!(status.quarantined.len(), 1, "{status:?}");
        let why = status.quarantined[0].why.as_str();
        assert!(why.contains("restored from a copy"), "{why}");
        restored.get(during).await.expect("the rest was brought in");
    });
}

#[test]
fn audit_entries_of_the_outage_are_brought_in_once() {
    block_on(async {
        let outage = Outage::begin().await;
        let (before, during) = (opening(1, &outage.clock), opening(2, &outage.clock));
        outage
            .store
            .open_entry(before.clone())
            .await
            .expect("opened");
        outage.database.lose(Some(Loss::Gone));
        outage
            .store
            .close_entry(closing(1, &outage.clock))
            .await
            .expect("closed");
        outage
            .store
            .open_entry(during.clone())
            .await
            .expect("opened");
        outage.store.sync_audit().await.expect("synced");
        outage.back().await;
        // It began while the database was gone, and ends when that is back.
        outage
            .store
            .close_entry(closing(2, &outage.clock))
            .await
            .expect("closed");
        let page = PageRequest {
            limit: 100,
            after: None,
        };
        let found = outage.real.search_audit(AuditQuery::default(), page).await;
        let found = found.expect("a trail").items;
        assert_eq!(found.len(), 2, "{found:?}");
        for entry in found {
            assert!(entry.closing.is_some(), "{entry:?}");
        }
    });
}

#[test]
fn bytes_that_were_attached_meanwhile_come_along() {
    block_on(async {
        let outage = Outage::begin().await;
        let incident = outage.created().await;
        outage.database.lose(Some(Loss::Gone));
        let content = b"# What was done\n".to_vec();
        let name: watchbook_core::ArtifactName = "notes.md".parse().expect("a name");
        let op = Op::Attach {
            name: name.clone(),
            sha256: watchbook_core::Digest::of(&content),
            bytes: content.len() as u64,
        };
        let attached = outage
            .store
            .attach(command(incident, op), content.clone())
            .await;
        attached.expect("attached");
        outage.back().await;
        let there = outage.real.artifact(incident, &name, None).await;
        assert_eq!(there.expect("it came along").bytes, content);
    });
}

pub(crate) fn opening(number: u128, clock: &ManualClock) -> AuditOpening {
    let short = |text: &str| Short::new(text).expect("a text");
    AuditOpening {
        id: EventId::from_bits(number),
        at: clock.now(),
        agent: AgentId::new("sofiia").expect("an agent"),
        key: None,
        delegate: None,
        via: Via::Keyless,
        request: Name::new(format!("req-{number}")).expect("a name"),
        tool: short("oncall_tool"),
        action: short("incident_get"),
        incident: None,
        dry_run: false,
        params: serde_json::json!({}),
    }
}

pub(crate) fn closing(number: u128, clock: &ManualClock) -> AuditClosing {
    AuditClosing {
        id: EventId::from_bits(number),
        at: clock.now(),
        outcome: AuditOutcome::Ok,
        code: None,
        incident: None,
        took_ms: Some(1),
    }
}
