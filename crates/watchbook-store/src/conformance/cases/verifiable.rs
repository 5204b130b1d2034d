//! Capabilities, *verifiable*: the log is a chain with a head.

use crate::conformance::scene::{note, plain, step};
use crate::conformance::{Harness, Scene};
use crate::contract::Incidents;

/// The head is another one after each commit, and the same after reads, previews, refusals and what changes nothing.
pub async fn the_head_moves_with_each_commit_and_nothing_else<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let mut heads = vec![scene.store.health().await.head];
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    heads.push(scene.store.health().await.head);
    for _ in 0..3 {
        scene.run(id, note("still failing")).await;
        heads.push(scene.store.health().await.head);
    }
    let head = heads.last().copied().flatten();
    assert!(head.is_some());
    let different: std::collections::BTreeSet<_> = heads.iter().collect();
    assert_eq!(different.len(), heads.len());

    scene
        .refused(scene.command(id, step(watchbook_core::Step::Reopen)))
        .await;
    let previewed = scene.store.preview(scene.command(id, note("x"))).await;
    assert!(previewed.is_ok());
    scene.timeline(id).await;
    assert_eq!(scene.store.health().await.head, head);
}
