//! What another log wrote while it was apart comes in whole or not at all, whatever the database meets meanwhile.

use std::sync::Arc;

use proptest::prelude::*;
use watchbook_core::query::PageRequest;
use watchbook_core::{Command, Timestamp};
use watchbook_core::{
    Commit, Decision, Event, EventId, Facts, HybridClock, IncidentId, IncidentState, NodeId, Prior,
    StoreId, decide, fold,
};
use watchbook_store::conformance::block_on;
use watchbook_store::memory::MemoryStore;
use watchbook_store::model::compare_absorbing;
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::system::SeededEntropy;
use watchbook_store::{Absorb, Absorbed, Apart, Incidents, Run, StoreError};

use crate::commands::{creation, note};
use crate::schema::Schema;

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_logs_leave_what_they_leave_in_memory(
        before in prop::collection::vec(any::<u64>(), 1..40),
        apart in prop::collection::vec(any::<u64>(), 1..120),
        mode in prop::sample::select(vec![ExecMode::Prepared, ExecMode::Unnamed]),
    ) {
        block_on(async {
            let schema = Schema::migrated().await;
            let clock = schema.clock.clone();
            let memory = MemoryStore::new(Arc::new(clock.clone()), &SeededEntropy::new(1));
            compare_absorbing(&memory, &schema.store(mode), &clock, (&before, &apart)).await;
        });
    }
}

/// A log that is apart: one incident after the other, each with some notes.
struct Log {
    clock: HybridClock,
    states: std::collections::BTreeMap<IncidentId, IncidentState>,
    run: Run,
}

impl Facts for Log {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.states.get(&id)
    }

    fn event(&self, _incident: IncidentId, _event: EventId) -> Option<&Event> {
        None
    }

    fn prior(&self, _command: &Command) -> Option<Prior> {
        None
    }

    fn similar(&self, _created: &Event) -> Vec<IncidentId> {
        Vec::new()
    }
}

impl Log {
    fn new() -> Self {
        let node = NodeId::from_bits(7);
        Self {
            clock: HybridClock::new(node),
            states: std::collections::BTreeMap::new(),
            run: Run {
                source: StoreId::from_bits(7),
                node,
                after: 0,
                commits: Vec::new(),
                upto: 0,
            },
        }
    }

    /// Incidents with notes, `commits` in all; and the run that brings them in.
    fn of(commits: u64) -> Run {
        let mut log = Self::new();
        let mut incident = None;
        for n in 0..commits {
            let command = match incident {
                Some(id) if n % 8 != 0 => note(id, "it goes on"),
                _ => creation(),
            };
            incident = Some(command.incident);
            log.tell(&command);
        }
        log.run
    }

    fn tell(&mut self, command: &Command) -> Commit {
        let now = Timestamp::from_millis(1_771_840_800_000);
        let stamp = self.clock.next(now);
        let Ok(Decision::Commit { commit, .. }) = decide(self, command, stamp) else {
            panic!("{command:?} is legal");
        };
        self.clock.observe(commit.last_stamp());
        for event in commit.events() {
            fold::apply(self.states.entry(event.incident_id).or_default(), event);
        }
        self.run.upto += 1;
        self.run.commits.push(Apart {
            n: self.run.upto,
            commit: commit.clone(),
            seen: Vec::new(),
            bytes: Vec::new(),
        });
        commit
    }
}

/// How many lines of a run are in the store.
async fn there(store: &PostgresStore, run: &Run) -> usize {
    let incidents: std::collections::BTreeSet<IncidentId> = run
        .commits
        .iter()
        .flat_map(|apart| apart.commit.events())
        .map(|event| event.incident_id)
        .collect();
    let mut lines = 0;
    for id in incidents {
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        if let Ok(page) = store.events(id, page).await {
            lines += page.items.len();
        }
    }
    lines
}

#[test]
fn of_two_servers_that_bring_in_one_run_one_does() {
    block_on(async {
        let schema = Schema::migrated().await;
        let run = Log::of(60);
        let both = [(); 2].map(|()| {
            let (store, run) = (schema.store(ExecMode::Prepared), run.clone());
            tokio::spawn(async move { store.absorb(run).await })
        });
        let mut taken = Vec::new();
        for one in both {
            taken.push(match one.await.unwrap() {
                Ok(Absorbed { taken, .. }) => taken,
                Err(StoreError::OutOfStep { here, .. }) => {
                    assert_eq!(here, 60);
                    0
                }
                Err(error) => panic!("{error}"),
            });
        }
        taken.sort_unstable();
        assert_eq!(taken, [0, 60]);
        assert_eq!(there(&schema.store(ExecMode::Prepared), &run).await, 60);
    });
}

#[test]
fn a_connection_that_is_cut_leaves_nothing_half_and_the_run_goes_in_afterwards() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let run = Log::of(40);
        // The run waits for this row in the middle of its statements, until its connection is cut.
        let blocker = schema.client().await;
        let id = run.commits[0].commit.events().next().unwrap().incident_id;
        let blocked = format!(
            "begin; insert into incident_events select '{id}', 1, '{}', 'c', now(), 'note', 'a', '{{}}', '{{}}'",
            run.commits[0].commit.events().next().unwrap().id
        );
        blocker.batch_execute(&blocked).await.unwrap();
        let absorbing = {
            let (store, run) = (store.clone(), run.clone());
            tokio::spawn(async move { store.absorb(run).await })
        };
        let cut = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where wait_event_type = 'Lock' and query like '%incident_events%' and pid <> pg_backend_pid()
             and pg_blocking_pids(pid) @> array[{}]",
            schema.pid(&blocker).await
        );
        while schema.execute(&cut).await == 0 {
            assert!(!absorbing.is_finished(), "it waits for the row");
            tokio::task::yield_now().await;
        }
        let error = absorbing.await.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        blocker.batch_execute("rollback").await.unwrap();
        assert_eq!(store.absorbed(run.source).await.unwrap(), 0);
        assert_eq!(there(&store, &run).await, 0);
        assert_eq!(store.absorb(run.clone()).await.unwrap().taken, 40);
        assert_eq!(there(&store, &run).await, 40);
    });
}

#[test]
fn a_commit_that_the_database_refuses_is_left_out_alone() {
    block_on(async {
        let schema = Schema::migrated().await;
        schema
            .execute("alter table incident_events add check (event ->> 'message' <> 'not here')")
            .await;
        let mut log = Log::new();
        let create = creation();
        log.tell(&create);
        for text in ["before", "not here", "after"] {
            log.tell(&note(create.incident, text));
        }
        let store = schema.store(ExecMode::Prepared);
        let absorbed = store.absorb(log.run.clone()).await.unwrap();
        let [unfit] = &absorbed.unfit[..] else {
            panic!("{absorbed:?}");
        };
        assert_eq!((absorbed.taken, unfit.n), (3, 3));
        insta::assert_snapshot!(unfit.why);
        assert_eq!(store.absorbed(log.run.source).await.unwrap(), 4);
        assert_eq!(there(&store, &log.run).await, 3);
    });
}

#[test]
fn a_run_of_the_greatest_length_comes_in_at_once() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let run = Log::of(256);
        assert_eq!(store.absorb(run.clone()).await.unwrap().taken, 256);
        assert_eq!(there(&store, &run).await, 256);
    });
}
