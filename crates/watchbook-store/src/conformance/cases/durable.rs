//! Incidents 3, *durable*: what was answered survives, and nothing is shown that may not.

use watchbook_core::query::{IncidentFilter, Sort};

use crate::conformance::scene::plain;
use crate::conformance::watch::Watched;
use crate::conformance::{Harness, Scene, Snapshot, story};
use crate::contract::Incidents;

/// Everything is there after an ordinary restart.
pub async fn what_was_answered_survives_a_restart<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    story::tell(&scene).await;
    let before = Snapshot::of(&scene.store).await;
    let reopened = harness.reopen(scene.store).await;
    assert_eq!(Snapshot::of(&reopened).await, before);
}

/// Each write that was answered as durable is there after a power failure right behind the answer.
pub async fn what_was_answered_survives_a_crash<H: Harness>(harness: &H) {
    let mut scene = Scene::open(harness).await;
    for round in 0..4 {
        let new = plain(&format!("outage {round}"));
        let applied = scene.apply(scene.creation(new)).await;
        assert!(applied.durable, "a persistent store says so");
        let before = Snapshot::of(&scene.store).await;
        scene = scene.replace(|store| harness.crash(store)).await;
        assert_eq!(
            Snapshot::of(&scene.store).await,
            before,
            "after crash {round}"
        );
    }
}

/// Whatever a reader has seen while a write was on its way is there after a power failure at that moment.
pub async fn nothing_is_shown_before_it_is_durable<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let command = scene.creation(plain("gateway returns 5xx"));
    let id = command.incident;
    let mut write = Watched::new(scene.store.apply(command));
    loop {
        let answered = write.step().await.is_some();
        let shown = scene.store.get(id).await.is_ok()
            || !scene
                .found(IncidentFilter::default(), Sort::Created)
                .await
                .is_empty()
            || scene.store.health().await.commits > 0;
        if shown {
            break;
        }
        assert!(!answered, "the write is answered, and not shown");
    }
    drop(write);
    let crashed = harness.crash(scene.store).await;
    let read = crashed.get(id).await;
    assert!(
        read.is_ok(),
        "it was shown, and the crash took it away: {read:?}"
    );
}
