//! What happens between two steps of a node, or of two of its processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use watchbook_core::audit::AuditQuery;
use watchbook_core::query::PageRequest;
use watchbook_core::text::Name;
use watchbook_core::{Command, Fence, LeaseName};
use watchbook_store::auto::Tended;
use watchbook_store::conformance::block_on;
use watchbook_store::{
    AuditLog as _, Incidents as _, Leases as _, Loss, Outcome, StoreError, Taken,
};

use crate::flaky::Turn;
use crate::outage::{Outage, RETRY, closing, command, creation, note, opening};

#[test]
fn what_the_first_try_may_have_done_is_not_denied_by_the_second() {
    block_on(async {
        let outage = Outage::begin().await;
        // Not in the mirror: the local log will refuse it.
        let far = watchbook_core::IncidentId::generate(
            watchbook_core::Clock::now(&outage.clock),
            &watchbook_store::system::OsEntropy,
        );
        let created = outage.real.apply(command(far, creation())).await;
        created.expect("created");
        // Cut at the commit; the second try finds nobody.
        outage
            .database
            .script([Turn::After, Turn::Before(Loss::Gone)]);
        outage.database.lose(Some(Loss::Gone));
        let error = outage.apply(far, note("one")).await.expect_err("lost");
        assert_eq!(outage.real.get(far).await.expect("there").events, 2);
        assert!(matches!(error.outcome(), Outcome::Unknown(_)), "{error}");
    });
}

#[test]
fn audit_entries_of_the_last_moment_come_along() {
    block_on(async {
        let outage = Outage::begin().await;
        outage.database.lose(Some(Loss::Gone));
        outage
            .store
            .get(outage.created().await)
            .await
            .expect("read");
        for number in 1..4 {
            let opened = outage
                .store
                .open_entry(opening(number, &outage.clock))
                .await;
            opened.expect("opened");
            let closed = outage
                .store
                .close_entry(closing(number, &outage.clock))
                .await;
            closed.expect("closed");
        }
        // Each time some were brought in, another call begins and ends.
        let calls = Arc::new(Mutex::new(Vec::new()));
        let last = Arc::new(AtomicU32::new(100));
        let (store, clock) = (outage.store.clone(), outage.clock.clone());
        let (begun, number) = (Arc::clone(&calls), Arc::clone(&last));
        outage.database.when_trail_came(Some(Box::new(move || {
            let number = u128::from(number.fetch_add(1, Ordering::Relaxed));
            let (store, clock) = (store.clone(), clock.clone());
            begun.lock().push(tokio::spawn(async move {
                let opened = store.open_entry(opening(number, &clock)).await;
                opened.expect("opened");
                let closed = store.close_entry(closing(number, &clock)).await;
                closed.expect("closed");
            }));
        })));
        outage.back().await;
        outage.database.when_trail_came(None);
        let calls = std::mem::take(&mut *calls.lock());
        assert!(!calls.is_empty());
        let all = calls.len() + 3;
        for call in calls {
            call.await.expect("a call");
        }
        let page = PageRequest {
            limit: 100,
            after: None,
        };
        let found = outage.real.search_audit(AuditQuery::default(), page).await;
        let found = found.expect("a trail").items;
        assert_eq!(found.len(), all, "{found:?}");
        assert!(
            found.iter().all(|entry| entry.closing.is_some()),
            "{found:?}"
        );
    });
}

#[test]
fn a_long_trail_is_not_brought_in_again_and_again() {
    const CALLS: usize = 1_500;
    block_on(async {
        let outage = Outage::begin().await;
        outage.database.lose(Some(Loss::Gone));
        outage.created().await;
        for number in 0..CALLS as u128 {
            outage.clock.advance(Duration::from_millis(10));
            let opened = outage
                .store
                .open_entry(opening(number, &outage.clock))
                .await;
            opened.expect("opened");
            let closed = outage
                .store
                .close_entry(closing(number, &outage.clock))
                .await;
            closed.expect("closed");
        }
        outage.back().await;
        let planted = outage.database.most.trail.load(Ordering::Relaxed);
        // The gate is closed for the last look: it must not be about everything.
        assert!(planted <= 2 * CALLS + 500, "{planted} lines");
    });
}

#[test]
fn a_clock_that_went_back_does_not_put_the_next_try_off() {
    block_on(async {
        let outage = Outage::begin().await;
        let right = watchbook_core::Clock::now(&outage.clock);
        outage.clock.advance(Duration::from_hours(24 * 365));
        outage.database.lose(Some(Loss::Gone));
        outage.created().await;
        outage.database.lose(None);
        outage.clock.set(right);
        outage.clock.advance(RETRY);
        assert_eq!(outage.store.tend().await.expect("tended"), Tended::Back);
    });
}

#[test]
fn long_incidents_are_mirrored_in_stretches() {
    block_on(async {
        let outage = Outage::begin().await;
        for _ in 0..12 {
            let id = outage.created().await;
            for number in 0..400 {
                let noted = outage
                    .real
                    .apply(command(id, note(&format!("note {number}"))))
                    .await;
                noted.expect("noted");
            }
        }
        outage.store.tend().await.expect("tended");
        let followed = outage.database.most.lines.swap(0, Ordering::Relaxed);
        assert!(followed <= 2_400, "{followed} lines at once");
        outage.database.lose(Some(Loss::Gone));
        outage.created().await;
        outage.back().await;
        let renewed = outage.database.most.lines.load(Ordering::Relaxed);
        assert!(renewed <= 2_400, "{renewed} lines at once");
    });
}

#[test]
fn a_lease_of_one_side_is_worth_nothing_on_the_other() {
    const SPAN: Duration = Duration::from_hours(1);
    async fn given(store: &impl watchbook_store::Leases, holder: &str) -> Fence {
        let (name, holder) = (LeaseName::new("task/digest"), Name::new(holder));
        let (name, holder) = (name.expect("a name"), holder.expect("a name"));
        match store.acquire(&name, &holder, SPAN).await.expect("a store") {
            Taken::Given(lease) => lease.fence,
            Taken::Held(lease) => panic!("{lease:?}"),
        }
    }
    block_on(async {
        let outage = Outage::begin().await;
        let id = outage.created().await;
        let fenced = |fence: &Fence| Command {
            fence: Some(fence.clone()),
            ..command(id, note("as the only one"))
        };
        outage.database.lose(Some(Loss::Gone));
        outage.store.get(id).await.expect("mirrored");
        let of_the_node = given(&outage.store, "we").await;
        let held = outage.store.apply(fenced(&of_the_node)).await;
        held.expect("it holds here");
        let renewed = outage.store.renew(&of_the_node, SPAN).await;
        assert_eq!(renewed.expect("it holds here").fence, of_the_node);
        outage.back().await;
        // The first lease there, too, and another has it.
        let of_the_database = given(&*outage.real, "they").await;
        let refused = outage.store.apply(fenced(&of_the_node)).await;
        assert!(matches!(refused, Err(StoreError::Fenced(_))), "{refused:?}");
        outage.database.lose(Some(Loss::Gone));
        outage.store.get(id).await.expect("mirrored");
        let again = given(&outage.store, "we").await;
        assert_ne!(again, of_the_node);
        for fence in [of_the_node, of_the_database] {
            let refused = outage.store.apply(fenced(&fence)).await;
            assert!(matches!(refused, Err(StoreError::Fenced(_))), "{refused:?}");
            let refused = outage.store.renew(&fence, SPAN).await;
            assert!(matches!(refused, Err(StoreError::Fenced(_))), "{refused:?}");
        }
    });
}
