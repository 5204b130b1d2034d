//! Capabilities: what a backend says it cannot do, it really cannot; what it says it can, the other cases check.

use crate::conformance::scene::plain;
use crate::conformance::{Harness, Scene};
use crate::contract::{Capabilities, Incidents};

/// A capability is declared missing only where it is missing, so that no case is skipped for convenience.
pub async fn what_is_declared_is_so<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let Capabilities {
        persistent,
        shared,
        verifiable,
    } = scene.store.capabilities();
    let applied = scene
        .apply(scene.creation(plain("gateway returns 5xx")))
        .await;
    let second = harness.second(&scene.store).await;
    assert_eq!(second.is_some(), shared, "a second handle");
    drop(second);
    let head = scene.store.health().await.head;
    assert_eq!(head.is_some(), verifiable, "a chain with a head");
    let reopened = harness.reopen(scene.store).await;
    let kept = reopened.get(applied.incident.id).await.is_ok();
    assert_eq!(
        kept, persistent,
        "what was written is there after reopening"
    );
    assert_eq!(
        reopened.capabilities(),
        Capabilities {
            persistent,
            shared,
            verifiable
        }
    );
    assert!(
        persistent || !applied.durable,
        "a store that forgets promises nothing"
    );
}
