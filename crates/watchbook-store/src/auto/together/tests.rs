//! Entering a log in memory, with the turn held by the test so that several wait at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use watchbook_core::text::{Env, ServiceName, Title};
use watchbook_core::{
    AgentId, By, ChangeId, Command, IncidentId, Kind, NewIncident, Op, Severity, Source, Via,
};

use super::{MOST, Together};
use crate::contract::{Incidents as _, StoreError, Transfer as _, Whole};
use crate::memory::MemoryStore;
use crate::system::{ManualClock, SeededEntropy};

const GENERATION: u64 = 3;

fn store(seed: u64) -> MemoryStore {
    MemoryStore::new(Arc::new(ManualClock::default()), &SeededEntropy::new(seed))
}

fn creation(number: u64) -> Command {
    let incident = NewIncident {
        service: ServiceName::new("checkout").expect("a service"),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P2,
        uncertain: false,
        title: Title::new("Checkout answers 502").expect("a title"),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: BTreeMap::new(),
        drill: false,
        roles: BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    };
    Command {
        change: ChangeId::from_bits(u128::from(number)),
        incident: IncidentId::from_seed(watchbook_core::Timestamp::EPOCH, number),
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
        op: Op::Create(Box::new(incident)),
    }
}

/// So many incidents as another store gives them out.
async fn wholes(count: u64) -> Vec<Arc<[Whole]>> {
    let source = store(1);
    for number in 0..count {
        source.apply(creation(number)).await.expect("created");
    }
    let all = source.export_after(None, 1_000).await.expect("given");
    all.into_iter().map(|whole| vec![whole].into()).collect()
}

async fn count(log: &MemoryStore) -> usize {
    log.extents_after(None, 1_000).await.expect("read").len()
}

/// The lines of a whole with a hole before them.
fn with_a_hole(whole: &Arc<[Whole]>) -> Arc<[Whole]> {
    let mut wholes = whole.to_vec();
    wholes[0].lines[0].event.seq = 7;
    wholes.into()
}

#[tokio::test]
async fn those_who_wait_enter_together_and_one_that_does_not_fit_holds_up_nobody() {
    let (log, together, wholes) = (store(2), Together::default(), wholes(3).await);
    let hole = with_a_hole(&wholes[1]);
    let turn = together.turn.lock().await;
    let at = (GENERATION, &log as _);
    let (first, second, third, ()) = tokio::join!(
        together.enter(at, &wholes[0]),
        together.enter(at, &hole),
        together.enter(at, &wholes[2]),
        async {
            assert_eq!(together.waiting.lock().len(), 3);
            drop(turn);
        },
    );
    first.expect("entered");
    assert!(
        matches!(second, Err(StoreError::Diverged { .. })),
        "{second:?}"
    );
    third.expect("entered");
    assert_eq!(count(&log).await, 2);
}

#[tokio::test]
async fn more_than_go_together_all_enter() {
    let all = u64::try_from(MOST).expect("few") + 3;
    let (log, together, wholes) = (store(2), Together::default(), wholes(all).await);
    // Callers who have hung up wait before the one who is left; what they wrote enters as well.
    for whole in &wholes[1..] {
        drop(together.wait(GENERATION, whole));
    }
    let entered = together.enter((GENERATION, &log), &wholes[0]).await;
    entered.expect("entered");
    assert_eq!(count(&log).await, wholes.len());
}

#[tokio::test]
async fn who_was_carried_by_a_caller_that_hung_up_waits_again() {
    let (log, together, wholes) = (store(2), Together::default(), wholes(1).await);
    let turn = together.turn.lock().await;
    let (entered, ()) = tokio::join!(together.enter((GENERATION, &log as _), &wholes[0]), async {
        assert_eq!(together.first(GENERATION).len(), 1);
        drop(turn);
    },);
    entered.expect("entered");
    assert_eq!(count(&log).await, 1);
}

#[tokio::test]
async fn what_waited_for_another_generation_does_not_enter_this_one() {
    let (log, together, wholes) = (store(2), Together::default(), wholes(2).await);
    let mut old = together.wait(GENERATION - 1, &wholes[0]);
    let entered = together.enter((GENERATION, &log), &wholes[1]).await;
    entered.expect("entered");
    old.try_recv().expect_err("nobody carried it");
    assert_eq!(count(&log).await, 1);
}
