//! Incidents 2, *atomic*: a commit is seen whole or not at all.

use watchbook_core::{IncidentId, Op, Status};

use crate::conformance::scene::plain;
use crate::conformance::watch::Watched;
use crate::conformance::{Harness, Scene, story};
use crate::contract::{Incidents, Store};

/// While a merge is on its way and after it, readers see it on both incidents or on neither.
pub async fn a_merge_shows_on_both_or_neither<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    merge_watched(&scene, &scene.store).await;
}

/// The same for readers of another handle.
pub async fn a_merge_shows_on_both_or_neither_elsewhere<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    merge_watched(&scene, &there).await;
}

async fn merge_watched<S: Store>(scene: &Scene<S>, reader: &S) {
    let id = scene.create(plain("gateway is slow")).await.id;
    let into = scene.create(plain("gateway returns 5xx")).await.id;
    let command = scene.command(
        id,
        Op::Merge {
            into,
            at: None,
            note: None,
        },
    );
    let mut merge = Watched::new(scene.store.apply(command));
    loop {
        let answer = merge.step().await;
        seen_together(reader, id, into).await;
        if let Some(answer) = answer {
            answer.expect("the merge is legal");
            break;
        }
    }
    assert!(
        shows_source(reader, id).await,
        "the merge is answered, and not seen"
    );
}

/// Who sees one half sees the other, whichever is looked at first.
async fn seen_together<S: Incidents>(reader: &S, id: IncidentId, into: IncidentId) {
    if shows_source(reader, id).await {
        assert!(
            shows_target(reader, into).await,
            "merged away, but not into anything"
        );
    }
    if shows_target(reader, into).await {
        assert!(shows_source(reader, id).await, "merged into, but not away");
    }
}

async fn shows_source<S: Incidents>(reader: &S, id: IncidentId) -> bool {
    reader.get(id).await.expect("it was created").status == Status::Merged
}

async fn shows_target<S: Incidents>(reader: &S, into: IncidentId) -> bool {
    reader.get(into).await.expect("it was created").events == 2
}

/// While an import is on its way, readers see the incident with its whole past or nothing of it.
pub async fn an_import_shows_whole_or_not_at_all<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.id();
    let past = story::past(&scene);
    let lines = u32::try_from(past.events.len() + 1).expect("a short past");
    let command = scene.command(id, Op::Import(Box::new(past)));
    let mut import = Watched::new(scene.store.apply(command));
    loop {
        let answer = import.step().await;
        if let Ok(incident) = scene.store.get(id).await {
            assert_eq!(incident.events, lines, "a part of the past is missing");
            assert_eq!(scene.timeline(id).await.len(), lines as usize);
        }
        if let Some(answer) = answer {
            assert_eq!(answer.expect("the import is legal").incident.events, lines);
            return;
        }
    }
}
