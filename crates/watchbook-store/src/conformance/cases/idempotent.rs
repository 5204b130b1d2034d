//! Incidents 6, *idempotent*: one key, one change, one answer.

use std::sync::Arc;
use std::time::Duration;

use watchbook_core::query::{IncidentFilter, Sort};
use watchbook_core::{Command, IncidentId, Op, Refused, Step};

use crate::conformance::scene::{followup, note, open_followup, plain, step};
use crate::conformance::{Harness, Scene};
use crate::contract::{Applied, Incidents, Store};

/// How long a key is remembered at least.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// The answer of a replay is the answer of the first time, but for `replayed`.
fn is_replay_of(again: &Applied, first: &Applied) {
    let expected = Applied {
        replayed: true,
        durable: again.durable,
        ..first.clone()
    };
    assert_eq!(again, &expected);
}

fn creation<S: Store>(scene: &Scene<S>, id: IncidentId, key: &str, body: &str) -> Command {
    scene.keyed(
        id,
        Op::Create(Box::new(plain("gateway returns 5xx"))),
        key,
        body,
    )
}

/// The same request under the same key gets the first answer, whatever has happened since, and happens once.
pub async fn the_same_request_gets_the_first_answer<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    scene.create(plain("gateway returns 5xx")).await;
    let first = scene
        .apply(creation(&scene, scene.id(), "k1", "body"))
        .await;
    assert_eq!(
        (first.replayed, first.changed, first.similar.len()),
        (false, true, 1)
    );
    let id = first.incident.id;
    let noted = scene
        .apply(scene.keyed(id, note("5xx at 12 %"), "k2", "body"))
        .await;
    let followed = open_followup(followup("raise the pool size"));
    let followed = scene.apply(scene.keyed(id, followed, "k3", "body")).await;
    scene.run(id, step(Step::Resolve)).await;
    scene.clock.advance(Duration::from_hours(24));

    is_replay_of(
        &scene
            .apply(creation(&scene, scene.id(), "k1", "body"))
            .await,
        &first,
    );
    is_replay_of(
        &scene
            .apply(scene.keyed(id, note("5xx at 12 %"), "k2", "body"))
            .await,
        &noted,
    );
    let again = open_followup(followup("raise the pool size"));
    is_replay_of(
        &scene.apply(scene.keyed(id, again, "k3", "body")).await,
        &followed,
    );
    assert_eq!(scene.get(id).await.events, 4, "each happened once");
    assert_eq!(
        scene
            .found(IncidentFilter::default(), Sort::Created)
            .await
            .len(),
        2
    );
}

/// The same key with another body is refused, and nothing happens.
pub async fn another_body_is_refused<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let first = scene
        .apply(creation(&scene, scene.id(), "k1", "body"))
        .await;
    let other = creation(&scene, scene.id(), "k1", "another body");
    assert_eq!(scene.refusal(other).await, Some(Refused::KeyReused));
    let other = scene.keyed(first.incident.id, note("x"), "k1", "another body");
    assert_eq!(scene.refusal(other).await, Some(Refused::KeyReused));
    assert_eq!(
        scene
            .found(IncidentFilter::default(), Sort::Created)
            .await
            .len(),
        1
    );
    is_replay_of(
        &scene
            .apply(creation(&scene, scene.id(), "k1", "body"))
            .await,
        &first,
    );
}

/// A key is remembered although its request changed nothing: later the same request would.
pub async fn a_key_without_a_change_is_remembered<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    scene.run(id, step(Step::Acknowledge)).await;
    let acknowledge = || scene.keyed(id, step(Step::Acknowledge), "k1", "body");
    let first = scene.apply(acknowledge()).await;
    assert!(!first.changed);
    scene.run(id, step(Step::Mitigate)).await;
    scene.run(id, step(Step::Reopen)).await;
    is_replay_of(&scene.apply(acknowledge()).await, &first);
    assert_eq!(scene.get(id).await.status, watchbook_core::Status::Open);
}

/// A refused request has not used its key up.
pub async fn a_refusal_leaves_the_key_free<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let reopen = |body| scene.keyed(id, step(Step::Reopen), "k1", body);
    assert!(matches!(
        scene.refused(reopen("body")).await,
        Refused::IllegalMove { .. }
    ));
    scene.run(id, step(Step::Resolve)).await;
    let carried_out = scene.store.apply(reopen("another body")).await;
    let carried_out = carried_out.expect("the key is free");
    assert!(carried_out.changed && !carried_out.replayed);
}

/// A key is remembered for seven days, however much is written meanwhile.
pub async fn a_key_is_remembered_for_seven_days<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let first = scene
        .apply(creation(&scene, scene.id(), "k1", "body"))
        .await;
    let used = scene.now();
    for _ in 0..6 {
        scene.clock.advance(Duration::from_hours(24));
        scene.run(first.incident.id, note("still failing")).await;
    }
    scene
        .clock
        .set(used.plus(REMEMBERED).minus(Duration::from_secs(2)));
    is_replay_of(
        &scene
            .apply(creation(&scene, scene.id(), "k1", "body"))
            .await,
        &first,
    );
}

/// A key is remembered by a store that was closed and opened again.
pub async fn a_key_is_remembered_through_a_restart<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let command = creation(&scene, scene.id(), "k1", "body");
    let first = scene.apply(command.clone()).await;
    scene.run(first.incident.id, step(Step::Resolve)).await;
    let reopened = harness.reopen(scene.store).await;
    is_replay_of(&reopened.apply(command.clone()).await.unwrap(), &first);
    let crashed = harness.crash(reopened).await;
    is_replay_of(&crashed.apply(command).await.unwrap(), &first);
}

/// Callers of one case that use one key at once.
const CALLERS: usize = 20;

/// Many callers with one key at once make one incident and get one answer.
pub async fn one_key_many_callers_one_incident<H: Harness>(harness: &H) {
    let scene = Arc::new(Scene::open(harness).await);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let scene = Arc::clone(&scene);
        callers.spawn(async move {
            let command = creation(&scene, scene.id(), "k1", "body");
            scene
                .store
                .apply(command)
                .await
                .expect("the request is legal")
        });
    }
    let answers = callers.join_all().await;
    let first = answers.iter().filter(|answer| !answer.replayed);
    assert_eq!(first.count(), 1, "one carries it out");
    for answer in &answers {
        assert_eq!(answer.incident, answers[0].incident);
        assert_eq!(answer.events, answers[0].events);
    }
    assert_eq!(
        scene
            .found(IncidentFilter::default(), Sort::Created)
            .await
            .len(),
        1
    );
}

/// A key that was used on one handle is known on the other.
pub async fn a_key_counts_on_every_handle<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    let first = scene
        .apply(creation(&scene, scene.id(), "k1", "body"))
        .await;
    let again = there
        .apply(creation(&scene, scene.id(), "k1", "body"))
        .await;
    is_replay_of(&again.unwrap(), &first);
    let (one, other) = tokio::join!(
        scene
            .store
            .apply(creation(&scene, scene.id(), "k2", "body")),
        there.apply(creation(&scene, scene.id(), "k2", "body")),
    );
    assert_eq!(one.unwrap().incident, other.unwrap().incident);
    assert_eq!(
        scene
            .found(IncidentFilter::default(), Sort::Created)
            .await
            .len(),
        2
    );
}
