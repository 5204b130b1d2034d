//! Incidents 5, *gap-free*: the lines of a timeline count 1, 2, 3 … in the order of the commits.

use std::sync::Arc;

use watchbook_core::{ChangeId, Event, IncidentId};

use crate::conformance::scene::{note, plain, timeline};
use crate::conformance::{Harness, Scene, story};
use crate::contract::Store;

/// The timelines of a story with merges and an import count from 1 without gaps, and their stamps rise.
pub async fn lines_count_from_one_without_gaps<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let story = story::tell(&scene).await;
    for id in [story.main, story.merged, story.imported, story.canceled] {
        let lines = scene.timeline(id).await;
        counts(&lines);
        let answered = story.told.iter().flat_map(|(_, applied)| &applied.events);
        let answered: Vec<_> = answered.filter(|event| event.incident_id == id).collect();
        let places = |event: &Event| (event.seq, event.id);
        assert_eq!(
            lines.iter().map(places).collect::<Vec<_>>(),
            answered.into_iter().map(places).collect::<Vec<_>>(),
            "in the order of the commits"
        );
    }
}

/// Writers of one case that write at once.
const WRITERS: usize = 8;
/// Lines that each of them writes.
const LINES: usize = 8;

/// Many writers on one incident share one count, and no line is lost or doubled.
pub async fn writers_at_once_share_one_count<H: Harness>(harness: &H) {
    let scene = Arc::new(Scene::open(harness).await);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let scene = Arc::clone(&scene);
        writers.spawn(async move {
            let mut written = Vec::new();
            for _ in 0..LINES {
                let command = scene.command(id, note("still failing"));
                written.push(append(&scene.store, command).await);
            }
            written
        });
    }
    let written = writers.join_all().await.concat();
    each_once(&scene.timeline(id).await, written);
}

/// The same with two handles that write in turns and at once.
pub async fn two_handles_share_one_count<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut written = Vec::new();
    for _ in 0..LINES {
        let commands = [(); 4].map(|()| scene.command(id, note("still failing")));
        let [first, second, third, fourth] = commands;
        written.push(append(&scene.store, first).await);
        written.push(append(&there, second).await);
        let at_once = tokio::join!(append(&scene.store, third), append(&there, fourth));
        written.extend([at_once.0, at_once.1]);
    }
    each_once(&scene.timeline(id).await, written);
    assert_eq!(timeline(&there, id).await, scene.timeline(id).await);
}

async fn append<S: Store>(store: &S, command: watchbook_core::Command) -> (ChangeId, u32) {
    let change = command.change;
    let applied = store.apply(command).await.expect("a note is legal");
    (change, applied.events[0].seq)
}

fn each_once(lines: &[Event], mut written: Vec<(ChangeId, u32)>) {
    counts(lines);
    written.sort_by_key(|(_, seq)| *seq);
    let answered: Vec<_> = written
        .iter()
        .map(|(change, seq)| (change.event(0), *seq))
        .collect();
    let shown: Vec<_> = lines
        .iter()
        .skip(1)
        .map(|line| (line.id, line.seq))
        .collect();
    assert_eq!(
        shown, answered,
        "each answered line once, under the number it was answered with"
    );
}

/// 1, 2, 3 …, with rising stamps, all of one incident.
fn counts(lines: &[Event]) {
    let numbers: Vec<u32> = lines.iter().map(|line| line.seq).collect();
    let expected: Vec<u32> = (1..).take(lines.len()).collect();
    assert_eq!(numbers, expected);
    assert!(
        lines.is_sorted_by(|one, next| one.stamp < next.stamp),
        "stamps rise"
    );
    let ids: std::collections::BTreeSet<IncidentId> =
        lines.iter().map(|line| line.incident_id).collect();
    assert_eq!(ids.len(), 1);
}
