//! Incidents 1, *decided once*: by `decide`, on the state that all earlier commits fold to, and by nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::{
    ETag, Event, EventId, Incident, IncidentId, IncidentPatch, IncidentState, Lifecycle, Op,
    Refused, Resolution, Severity, Status, Step, fold,
};

use crate::conformance::scene::{note, plain, step};
use crate::conformance::{Harness, Scene, Snapshot, agent, prose, service, story, title};
use crate::contract::{Applied, Incidents, StoreError};

/// Every answer of a story with every operation is the fold of the events that were answered before.
pub async fn every_operation_leads_where_it_is_decided<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let story = story::tell(&scene).await;
    let mut states: BTreeMap<IncidentId, IncidentState> = BTreeMap::new();
    for (command, applied) in &story.told {
        for event in &applied.events {
            fold::apply(states.entry(event.incident_id).or_default(), event);
        }
        let folded = states[&command.incident].incident(command.incident);
        assert_eq!(folded.as_ref(), Some(&applied.incident), "{:?}", command.op);
        assert!(applied.changed, "{:?} changes something", command.op);
        assert!(!applied.replayed);
    }
    for id in [story.main, story.merged, story.imported, story.canceled] {
        assert_eq!(states[&id].incident(id), Some(scene.get(id).await));
    }
    ends(&scene.get(story.main).await, &scene.get(story.merged).await);
}

fn ends(main: &Incident, merged: &Incident) {
    assert_eq!((main.status, main.severity), (Status::Closed, Severity::P1));
    assert_eq!(main.title, title("gateway returns 5xx in eu-west-1"));
    assert_eq!(
        (merged.status, merged.merged_into),
        (Status::Merged, Some(main.id))
    );
}

/// A command that is refused says why, and changes nothing.
pub async fn a_refusal_leaves_no_trace<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let story = story::tell(&scene).await;
    let (before, commits) = (Snapshot::of(&scene.store).await, commits(&scene).await);
    for (id, op, expected) in illegal(&story, &scene) {
        let refused = scene.refused(scene.command(id, op.clone())).await;
        assert!(expected(&refused), "{op:?} was refused with {refused:?}");
    }
    assert_eq!(Snapshot::of(&scene.store).await, before);
    assert_eq!(self::commits(&scene).await, commits);
}

async fn commits<S: Incidents>(scene: &Scene<S>) -> u64 {
    scene.store.health().await.commits
}

type Illegal = (IncidentId, Op, fn(&Refused) -> bool);

fn illegal<S: crate::contract::Store>(story: &story::Story, scene: &Scene<S>) -> Vec<Illegal> {
    let nowhere = IncidentId::from_seed(scene.now(), 99_999);
    let nothing = EventId::from_bits(1);
    let late = Lifecycle {
        step: Step::Reopen,
        at: Some(scene.now().plus(Duration::from_hours(1))),
        note: None,
        resolution: Resolution::default(),
    };
    let reason = prose("secret");
    let (into, event) = (story.main, nothing);
    vec![
        (nowhere, note("x"), |r| matches!(r, Refused::NoIncident(_))),
        (story.main, Op::Create(Box::new(plain("x"))), |r| {
            matches!(r, Refused::Exists(_))
        }),
        (
            story.main,
            step(Step::Acknowledge),
            |r| matches!(r, Refused::IllegalMove { from: Status::Closed, allowed, .. } if !allowed.is_empty()),
        ),
        (story.canceled, step(Step::Reopen), |r| {
            matches!(r, Refused::IllegalMove { .. })
        }),
        (story.merged, note("x"), |r| {
            matches!(r, Refused::Frozen { into: Some(_), .. })
        }),
        (
            story.main,
            Op::Merge {
                into,
                at: None,
                note: None,
            },
            |r| matches!(r, Refused::IllegalMove { .. }),
        ),
        (story.main, Op::Release, |r| {
            matches!(r, Refused::NotClaimed { .. })
        }),
        (story.main, Op::Move(Box::new(late)), |r| {
            matches!(r, Refused::OutOfRange { .. })
        }),
        (story.main, Op::Redact { event, reason }, |r| {
            matches!(r, Refused::NoEvent { .. })
        }),
        (
            story.main,
            Op::Approve {
                proposal: nothing,
                note: None,
            },
            |r| matches!(r, Refused::NoProposal { .. }),
        ),
    ]
}

/// `if_match` with the current version is carried out, with any other it is refused and the current one named.
pub async fn a_write_to_an_old_version_is_refused<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let first = scene.create(plain("gateway returns 5xx")).await;
    let versioned = |etag: ETag, op: Op| {
        let mut command = scene.command(first.id, op);
        command.if_match = Some(etag);
        command
    };
    let second = scene
        .apply(versioned(first.etag, step(Step::Acknowledge)))
        .await
        .incident;
    assert_ne!(second.etag, first.etag);
    let refusal = scene
        .refusal(versioned(first.etag, step(Step::Resolve)))
        .await;
    let stale = Refused::Stale {
        incident: first.id,
        given: first.etag,
        current: second.etag,
    };
    assert_eq!(refusal, Some(stale));
    scene
        .run(first.id, note("notes leave the version as it is"))
        .await;
    scene
        .apply(versioned(second.etag, step(Step::Resolve)))
        .await;
}

/// How many writers a race has.
const RACERS: usize = 8;

/// Of many agents that claim an incident at the same time, one gets it; the others learn who.
pub async fn of_many_that_race_one_wins<H: Harness>(harness: &H) {
    let scene = Arc::new(Scene::open(harness).await);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..RACERS {
        let scene = Arc::clone(&scene);
        racers.spawn(async move {
            let mut command = scene.command(id, Op::Claim { seconds: 600 });
            command.by.agent = agent(&format!("racer-{racer}"));
            scene.store.apply(command).await
        });
    }
    settled(racers.join_all().await, &scene.get(id).await);
}

/// The same between two handles: each decides on what the other has written.
pub async fn two_handles_decide_on_one_state<H: Harness>(harness: &H) {
    let here = Scene::open(harness).await;
    let there = harness.second(&here.store).await.expect("a shared store");
    let id = here.create(plain("gateway returns 5xx")).await.id;
    let claim = |who: &str| {
        let mut command = here.command(id, Op::Claim { seconds: 600 });
        command.by.agent = agent(who);
        command
    };
    let (first, second) = (claim("here"), claim("there"));
    let (first, second) = tokio::join!(here.store.apply(first), there.apply(second));
    settled(vec![first, second], &here.get(id).await);
    assert_eq!(there.get(id).await.unwrap(), here.get(id).await);
}

fn settled(answers: Vec<Result<Applied, StoreError>>, incident: &Incident) {
    let winner = incident.claim.clone().expect("somebody holds it").holder;
    let mut won = 0;
    for answer in answers {
        match answer {
            Ok(applied) => {
                won += 1;
                let holder = applied.incident.claim.expect("it was claimed").holder;
                assert_eq!(holder, winner);
            }
            Err(StoreError::Refused(Refused::Claimed { holder, .. })) => assert_eq!(holder, winner),
            Err(other) => panic!("a claim ended in {other:?}"),
        }
    }
    assert_eq!(won, 1, "exactly one claim is granted");
    assert_eq!(incident.events, 2, "the creation and one claim");
}

/// Acknowledging twice, or changing a field to what it is, is answered and changes nothing.
pub async fn what_is_so_already_changes_nothing<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let first = scene.run(id, step(Step::Acknowledge)).await;
    assert!(first.changed);
    let same = IncidentPatch {
        severity: Some(first.incident.severity),
        ..IncidentPatch::default()
    };
    for op in [step(Step::Acknowledge), Op::Update(Box::new(same))] {
        let second = scene.run(id, op).await;
        let events: Vec<Event> = Vec::new();
        assert_eq!(
            (second.changed, second.replayed, &second.events),
            (false, false, &events)
        );
        assert_eq!(second.incident, first.incident);
    }
}

/// A creation names unfinished incidents of the same service, environment and signature, the newest first.
pub async fn a_creation_names_what_looks_the_same<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let mut same = Vec::new();
    for _ in 0..3 {
        scene.clock.advance(Duration::from_mins(1));
        same.insert(0, scene.create(plain("gateway returns 5xx")).await.id);
    }
    let done = scene.create(plain("gateway returns 5xx")).await.id;
    scene.run(done, step(Step::Resolve)).await;
    scene.create(plain("something else entirely")).await;
    let elsewhere = watchbook_core::NewIncident {
        service: service("search"),
        ..plain("gateway returns 5xx")
    };
    scene.create(elsewhere).await;
    scene.clock.advance(Duration::from_mins(1));
    let applied = scene
        .apply(scene.creation(plain("gateway returns 5xx")))
        .await;
    assert_eq!(applied.similar, same);
}

/// They are told in the order of their creation, even within the minute that their ids name.
pub async fn what_looks_the_same_is_told_by_its_creation<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let minute = scene.now();
    let create = |seed: u64| {
        let op = Op::Create(Box::new(plain("gateway returns 5xx")));
        scene.command(IncidentId::from_seed(minute, seed), op)
    };
    let mut newest_first = Vec::new();
    for seed in [105, 103, 109, 101] {
        let applied = scene.apply(create(seed)).await;
        assert_eq!(applied.similar, newest_first);
        newest_first.insert(0, applied.incident.id);
    }
    // What was created at the same moment is told by its id.
    let twin = scene.store.apply(create(102)).await.unwrap();
    assert_eq!(twin.similar, newest_first);
    newest_first.insert(0, twin.incident.id);
    assert_eq!(scene.apply(create(107)).await.similar, newest_first);
}
