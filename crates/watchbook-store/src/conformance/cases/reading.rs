//! Incidents 4, *read your writes*.

use watchbook_core::query::{FollowupQuery, IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::{Incident, Step};

use crate::conformance::scene::{followup, note, open_followup, plain, step, timeline};
use crate::conformance::{Harness, Scene};
use crate::contract::Store;

/// After each answer, every kind of read shows the write.
pub async fn a_write_is_read_back_at_once<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    write_and_read(&scene, &scene.store).await;
}

/// The same through another handle: once it is answered here, it is seen there.
pub async fn a_write_is_read_back_elsewhere<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    write_and_read(&scene, &there).await;
}

async fn write_and_read<S: Store>(scene: &Scene<S>, reader: &S) {
    let created = scene.create(plain("gateway returns 5xx")).await;
    shows(reader, &created, 0).await;
    for (op, followups) in [
        (note("5xx at 12 %"), 0),
        (step(Step::Acknowledge), 0),
        (open_followup(followup("raise the pool size")), 1),
        (step(Step::Resolve), 1),
    ] {
        let written = scene.run(created.id, op).await.incident;
        shows(reader, &written, followups).await;
    }
}

/// Every read of a store with one incident shows it as it was answered.
async fn shows<S: Store>(reader: &S, written: &Incident, followups: usize) {
    let all = IncidentQuery {
        filter: IncidentFilter::default(),
        sort: Sort::UpdatedDesc,
        page: PageRequest::default(),
    };
    assert_eq!(&reader.get(written.id).await.unwrap(), written, "get");
    let listed = reader.list(all).await.unwrap().items;
    assert_eq!(listed.first(), Some(written), "list");
    let lines = timeline(reader, written.id).await;
    assert_eq!(lines.len(), written.events as usize, "events");
    let open = reader.followups(FollowupQuery::default()).await.unwrap();
    assert_eq!(open.items.len(), followups, "follow-ups");
}
