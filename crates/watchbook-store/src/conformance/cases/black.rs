//! Incidents 11, *black*: after a redaction no read gives the texts; the place and the changes stay.

use std::collections::BTreeMap;

use watchbook_core::query::{IncidentFilter, Sort};
use watchbook_core::{
    Event, EventId, EventType, FollowupPatch, IncidentId, IncidentPatch, Lifecycle, NewIncident,
    Op, Proposal, ProposedChange, Resolution, Set, Step,
};

use crate::conformance::scene::{followup, note, open_followup, plain};
use crate::conformance::story::name;
use crate::conformance::{Harness, Scene, Snapshot, message, prose, short, title};
use crate::contract::Store;

/// The text that must be nowhere.
const SECRET: &str = "hunter2";

/// An incident whose every line says the secret, and the request that created it.
struct Leak {
    id: IncidentId,
    lines: Vec<EventId>,
    creation: watchbook_core::Command,
}

async fn leak<S: Store>(scene: &Scene<S>) -> Leak {
    let new = NewIncident {
        summary: Some(prose(SECRET)),
        labels: BTreeMap::from([(name("password"), short(SECRET))]),
        roles: BTreeMap::from([(name("scribe"), short(SECRET))]),
        ..plain(&format!("{SECRET} was posted"))
    };
    let id = scene.id();
    let creation = scene.keyed(id, Op::Create(Box::new(new)), "k1", "body");
    let mut lines = vec![scene.apply(creation.clone()).await.events[0].id];
    for op in telling() {
        lines.push(scene.run(id, op).await.events[0].id);
    }
    let followup = lines[2];
    let patch = FollowupPatch {
        external_ref: Some(Some(short(SECRET))),
        reason: Some(prose(SECRET)),
        ..FollowupPatch::default()
    };
    let op = Op::UpdateFollowup {
        followup,
        patch: Box::new(patch),
        note: None,
    };
    lines.push(scene.run(id, op).await.events[0].id);
    Leak {
        id,
        lines,
        creation,
    }
}

/// Operations that each put the secret somewhere else.
fn telling() -> [Op; 5] {
    let mut owned = followup(SECRET);
    owned.owner = Some(short(SECRET));
    owned.meta = serde_json::Map::from_iter([("command".to_owned(), SECRET.into())]);
    let patch = IncidentPatch {
        title: Some(title(SECRET)),
        labels: BTreeMap::from([(name("token"), Some(short(SECRET)))]),
        ..IncidentPatch::default()
    };
    let resolution = Resolution {
        summary: Some(prose(SECRET)),
        root_cause: Some(prose(SECRET)),
    };
    let proposal = Proposal {
        change: ProposedChange::Close(resolution.clone()),
        reason: message(SECRET),
        seconds: 600,
    };
    let resolve = Lifecycle {
        step: Step::Resolve,
        at: None,
        note: Some(message(SECRET)),
        resolution,
    };
    [
        note(SECRET),
        open_followup(owned),
        Op::Update(Box::new(patch)),
        Op::Propose(Box::new(proposal)),
        Op::Move(Box::new(resolve)),
    ]
}

async fn redact<S: Store>(scene: &Scene<S>, leak: &Leak) {
    for event in leak.lines.iter().copied() {
        let reason = prose("a password");
        scene.run(leak.id, Op::Redact { event, reason }).await;
    }
}

/// Nothing that the store gives out says the secret.
async fn says_nothing<S: Store>(store: &S, leak: &Leak) {
    let shown = Snapshot::of(store).await;
    assert!(
        !format!("{shown:?}").contains(SECRET),
        "a read gives a redacted text: {shown:#?}"
    );
    let replayed = store
        .apply(leak.creation.clone())
        .await
        .expect("the key is known");
    assert!(replayed.replayed);
    assert!(
        !format!("{replayed:?}").contains(SECRET),
        "a replay gives a redacted text: {replayed:#?}"
    );
    let filter = IncidentFilter {
        words: vec![SECRET.to_owned()],
        ..IncidentFilter::default()
    };
    let query = watchbook_core::query::IncidentQuery {
        filter,
        sort: Sort::Created,
        page: watchbook_core::query::PageRequest::default(),
    };
    assert!(
        store.list(query).await.unwrap().items.is_empty(),
        "a search finds a redacted text"
    );
}

/// After every line that says it is redacted, no read says it: not the incident, not the timeline, not the follow-ups,
/// not the answer to a retry, and a search for it finds nothing.
pub async fn a_redacted_text_is_nowhere<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let leak = leak(&scene).await;
    redact(&scene, &leak).await;
    says_nothing(&scene.store, &leak).await;
}

/// The same after a restart.
pub async fn a_redacted_text_stays_away<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let leak = leak(&scene).await;
    redact(&scene, &leak).await;
    let reopened = harness.reopen(scene.store).await;
    says_nothing(&reopened, &leak).await;
}

/// The same for readers of another handle, which had read the texts before.
pub async fn a_redacted_text_is_nowhere_elsewhere<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    let leak = leak(&scene).await;
    let before = Snapshot::of(&there).await;
    assert!(format!("{before:?}").contains(SECRET));
    redact(&scene, &leak).await;
    says_nothing(&there, &leak).await;
}

/// A redacted line keeps its number, times, writer and type, and what it changed but for the text; the redaction is a
/// line of its own.
pub async fn a_redacted_line_keeps_its_place<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let leak = leak(&scene).await;
    let (before, shown) = (scene.timeline(leak.id).await, scene.get(leak.id).await);
    redact(&scene, &leak).await;
    let after = scene.timeline(leak.id).await;
    for (was, is) in before.iter().zip(&after) {
        assert!(is.redacted && !was.redacted);
        assert_eq!(place(is), place(was));
    }
    let told = &after[before.len()..];
    assert_eq!(told.len(), leak.lines.len());
    assert!(
        told.iter()
            .all(|line| line.kind == EventType::Redaction && !line.redacted)
    );
    let left = scene.get(leak.id).await;
    assert_eq!(
        (left.status, left.revision, left.etag),
        (shown.status, shown.revision, shown.etag)
    );
    assert_eq!(
        (left.created_at, left.resolved_at),
        (shown.created_at, shown.resolved_at)
    );
    assert_eq!(left.title, title("[redacted]"));
    assert_eq!((left.labels.len(), left.followups.len()), (2, 1));
}

/// Everything of a line that a redaction leaves as it is.
fn place(event: &Event) -> impl PartialEq + std::fmt::Debug {
    let changes: Vec<_> = event
        .set
        .iter()
        .map(std::mem::discriminant::<Set>)
        .collect();
    let Event {
        id,
        incident_id,
        seq,
        stamp,
        at,
        kind,
        actor,
        source,
        ..
    } = event;
    (
        (*id, *incident_id, *seq, *stamp),
        (*at, *kind, actor.clone(), *source),
        changes,
    )
}
