//! Capabilities: what a backend says it cannot do, it really cannot; what it says it can, the other cases check.

use watchbook_core::{ArtifactName, Digest, Op};

use crate::conformance::scene::plain;
use crate::conformance::{Harness, Need, Scene};
use crate::contract::{Artifacts, Capabilities, Incidents, Keys};

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

/// A harness does not offer just what it cannot do, so that no case is skipped for convenience.
pub async fn what_is_not_offered_cannot_be_done<H: Harness>(harness: &H) {
    let offers = |need| harness.offers().contains(&need);
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let content = b"what was done";
    let attach = Op::Attach {
        name: ArtifactName::new("notes.md").unwrap(),
        sha256: Digest::of(content),
        bytes: content.len() as u64,
    };
    let attach = scene.command(id, attach);
    let attached = scene.store.attach(attach, content.to_vec()).await;
    attached.expect("it is legal");
    scene.store.pepper().await.expect("it can be made");
    assert_eq!(!harness.files().is_empty(), offers(Need::Files), "files");
    let damaged = harness.damage(&scene.store, Digest::of(content));
    assert_eq!(damaged, offers(Need::Damage), "damage");
    let moves = harness.transfer(&scene.store).is_some();
    assert_eq!(moves, offers(Need::Transfer), "transfer");
    let absorbs = harness.absorbing(&scene.store).is_some();
    assert_eq!(absorbs, offers(Need::Absorbs), "absorbing");
    let failing = harness.fail_at(0);
    harness.calm();
    assert_eq!(failing, offers(Need::Faults), "faults");
    harness.keep_copy(&scene.store).await;
    let restored = harness.restore_copy(scene.store).await;
    assert_eq!(restored.is_some(), offers(Need::Restoration), "restoration");
}
