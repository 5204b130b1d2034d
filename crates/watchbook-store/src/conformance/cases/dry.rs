//! Incidents 9, *dry*: `preview` answers what `apply` would, and writes nothing.

use watchbook_core::{Command, NodeId, Op, Refused, Step};

use crate::conformance::scene::{followup, note, open_followup, plain, step};
use crate::conformance::{Harness, Scene, Snapshot, story};
use crate::contract::{Applied, Incidents, Store, StoreError};

/// A preview right before the write gives its answer, refusals included.
pub async fn a_preview_answers_what_apply_would<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let story = story::tell(&scene).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let into = story.imported;
    for op in [
        note("5xx at 12 %"),
        step(Step::Acknowledge),
        step(Step::Acknowledge),
        open_followup(followup("raise the pool size")),
        step(Step::Resolve),
        step(Step::Acknowledge),
        Op::Merge {
            into,
            at: None,
            note: None,
        },
        step(Step::Reopen),
        Op::Claim { seconds: 60 },
    ] {
        same_answer(&scene, scene.command(id, op)).await;
    }
    same_answer(&scene, scene.creation(plain("gateway returns 5xx"))).await;
}

async fn same_answer<S: Store>(scene: &Scene<S>, command: Command) {
    scene.tick();
    let previewed = scene.store.preview(command.clone()).await;
    let applied = scene.store.apply(command).await;
    assert_eq!(answer(previewed), answer(applied));
}

/// What must be the same; whether it would survive a power loss is no property of a preview, nor is which node will be
/// asked to carry it out.
fn answer(answer: Result<Applied, StoreError>) -> Result<Applied, Refused> {
    match answer {
        Ok(mut applied) => {
            for event in &mut applied.events {
                event.stamp.node = NodeId::from_bits(0);
            }
            Ok(Applied {
                durable: false,
                ..applied
            })
        }
        Err(StoreError::Refused(refused)) => Err(refused),
        Err(other) => panic!("neither an answer nor a refusal: {other:?}"),
    }
}

/// Previews of all sorts leave everything as it was, keys included.
pub async fn a_preview_writes_nothing<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let story = story::tell(&scene).await;
    let (before, commits) = (Snapshot::of(&scene.store).await, commits(&scene).await);
    let new = scene.id();
    let creation = |body| scene.keyed(new, Op::Create(Box::new(plain("previewed"))), "k1", body);
    let reopened = scene.keyed(story.main, step(Step::Reopen), "k2", "body");
    for command in [
        creation("body"),
        reopened,
        scene.command(story.main, note("x")),
    ] {
        let previewed = scene.store.preview(command).await.expect("it is legal");
        assert!(previewed.changed);
    }
    assert_eq!(Snapshot::of(&scene.store).await, before);
    assert_eq!(self::commits(&scene).await, commits);
    let written = scene.apply(creation("another body")).await;
    assert!(
        written.changed && !written.replayed,
        "a preview uses no key up"
    );
}

async fn commits<S: Incidents>(scene: &Scene<S>) -> u64 {
    scene.store.health().await.commits
}
