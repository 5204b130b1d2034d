//! Transfer 1–4: as it stands, once, whole, continued.

use std::sync::Arc;

use serde_json::json;
use watchbook_core::audit::{AuditClosing, AuditOpening, AuditOutcome};
use watchbook_core::text::Name;
use watchbook_core::{ArtifactName, Command, Digest, EventId, IncidentId, Op, Via};

use crate::conformance::scene::{note, plain, step};
use crate::conformance::{Harness, Scene, Snapshot, agent, message, prose, short, story};
use crate::contract::{
    Applied, Artifacts, Incidents, Keys, Planted, Store, StoreError, TrailLine, Transfer, Whole,
};
use crate::memory::MemoryStore;
use crate::system::SeededEntropy;

/// More incidents than any of the stories has.
const MANY: usize = 100;
const CONTENT: &[u8] = b"# What was done\n";

/// Another store with a story in it, which is to be taken over, and the keyed commands of that story.
async fn elsewhere<H: Harness>(harness: &H) -> (Scene<MemoryStore>, Vec<(Command, Applied)>) {
    let entropy = SeededEntropy::new(77);
    let memory = MemoryStore::new(Arc::new(harness.clock().clone()), &entropy);
    let scene = Scene::with(memory, harness.clock());
    let story = story::tell(&scene).await;
    let mut keyed = Vec::new();
    let id = scene.id();
    let ops = [
        (id, Op::Create(Box::new(plain("gateway returns 5xx")))),
        (id, note("5xx at 12 %")),
        (id, step(watchbook_core::Step::Acknowledge)),
        // This one changes nothing, and is remembered all the same.
        (id, step(watchbook_core::Step::Acknowledge)),
        (
            id,
            Op::Merge {
                into: story.imported,
                at: None,
                note: None,
            },
        ),
    ];
    for (number, (id, op)) in ops.into_iter().enumerate() {
        let command = scene.keyed(id, op, &format!("k{number}"), "body");
        let applied = scene.apply(command.clone()).await;
        keyed.push((command, applied));
    }
    attach(&scene, story.imported).await;
    (scene, keyed)
}

async fn attach(scene: &Scene<MemoryStore>, id: IncidentId) {
    let op = Op::Attach {
        name: ArtifactName::new("notes.md").unwrap(),
        sha256: Digest::of(CONTENT),
        bytes: CONTENT.len() as u64,
    };
    let command = scene.command(id, op);
    let attached = scene.store.attach(command, CONTENT.to_vec()).await;
    attached.expect("it is legal");
}

/// Everything, stretch by stretch.
async fn all(from: &dyn Transfer) -> Vec<Whole> {
    let (mut all, mut after): (Vec<Whole>, _) = (Vec::new(), None);
    loop {
        let some = from.export_after(after, 2).await;
        let some = some.expect("it can be given out");
        assert!(some.len() <= 2, "no more than were asked for");
        let Some(last) = some.last() else {
            return all;
        };
        after = Some(last.id);
        all.extend(some);
    }
}

async fn plant<H: Harness>(harness: &H, store: &H::Store, wholes: Vec<Whole>) -> Planted {
    let planted = harness.transfer(store).unwrap().plant(wholes, true).await;
    planted.expect("it fits")
}

async fn take_over<H: Harness>(harness: &H, from: &MemoryStore, store: &H::Store) -> Planted {
    let wholes = all(from).await;
    let to = harness.transfer(store).unwrap();
    for whole in &wholes {
        for artifact in from.get(whole.id).await.unwrap().artifacts {
            for version in artifact.versions {
                let sha256 = Some(version.sha256);
                let content = from.artifact(whole.id, &artifact.name, sha256).await;
                let bytes = content.unwrap().bytes;
                let kept = to.plant_bytes(whole.id, version.sha256, bytes).await;
                kept.expect("these are the bytes");
            }
        }
    }
    plant(harness, store, wholes).await
}

/// Lines, keys, states and files are the same on both sides, and so is what is given out again.
pub async fn what_was_taken_over_is_as_it_was<H: Harness>(harness: &H) {
    let (from, keyed) = elsewhere(harness).await;
    let store = harness.open().await;
    let planted = take_over(harness, &from.store, &store).await;
    let wholes = all(&from.store).await;
    let lines: usize = wholes.iter().map(|whole| whole.lines.len()).sum();
    let expected = Planted {
        incidents: wholes.len() as u64,
        lines: lines as u64,
        keys: keyed.len() as u64,
    };
    assert_eq!(planted, expected);
    assert_eq!(all(harness.transfer(&store).unwrap()).await, wholes);
    assert_eq!(Snapshot::of(&store).await, Snapshot::of(&from.store).await);
    let extents = harness.transfer(&store).unwrap().extents_after(None, MANY);
    let expected = from.store.extents_after(None, MANY).await.unwrap();
    assert_eq!(extents.await.unwrap(), expected);
    let name = ArtifactName::new("notes.md").unwrap();
    let imported = expected
        .iter()
        .find(|extent| extent.id == merged_into(&keyed));
    let content = store.artifact(imported.unwrap().id, &name, None).await;
    assert_eq!(content.unwrap().bytes, CONTENT);
}

fn merged_into(keyed: &[(Command, Applied)]) -> IncidentId {
    let merged = keyed
        .last()
        .map(|(_, applied)| applied.incident.merged_into);
    merged.flatten().unwrap()
}

/// A request that is made again after the move gets the first answer.
pub async fn keys_that_were_taken_over_answer_as_before<H: Harness>(harness: &H) {
    let (from, keyed) = elsewhere(harness).await;
    let store = harness.open().await;
    take_over(harness, &from.store, &store).await;
    let id = keyed[0].1.incident.id;
    for (command, first) in keyed {
        let again = store.apply(command).await.expect("a replay");
        let expected = Applied {
            replayed: true,
            durable: again.durable,
            ..first
        };
        assert_eq!(again, expected);
    }
    let to = Scene::with(store, harness.clock());
    let last = to.timeline(id).await.last().unwrap().seq;
    let unmerged = to
        .run(
            id,
            Op::Unmerge {
                at: None,
                note: None,
            },
        )
        .await;
    assert_eq!(unmerged.events[0].seq, last + 1, "it goes on");
}

/// After a power failure right behind the answer everything is there, if that was asked for.
pub async fn what_was_taken_over_durably_survives<H: Harness>(harness: &H) {
    let (from, _) = elsewhere(harness).await;
    let store = harness.open().await;
    take_over(harness, &from.store, &store).await;
    let before = Snapshot::of(&store).await;
    if !store.capabilities().persistent {
        return;
    }
    let store = harness.crash(store).await;
    assert_eq!(Snapshot::of(&store).await, before);
    assert_eq!(
        all(harness.transfer(&store).unwrap()).await,
        all(&from.store).await
    );
}

/// What was taken over without a sync is seen by every handle, also after a restart.
pub async fn what_was_taken_over_is_seen_elsewhere<H: Harness>(harness: &H) {
    let (from, _) = elsewhere(harness).await;
    let store = harness.open().await;
    let wholes = all(&from.store).await;
    let to = harness.transfer(&store).unwrap();
    to.plant(wholes.clone(), false).await.expect("it fits");
    let expected = Snapshot::of(&from.store).await;
    assert_eq!(Snapshot::of(&store).await, expected);
    if let Some(there) = harness.second(&store).await {
        assert_eq!(Snapshot::of(&there).await, expected);
    }
    if store.capabilities().persistent {
        let again = harness.reopen(store).await;
        assert_eq!(all(harness.transfer(&again).unwrap()).await, wholes);
    }
}

/// The audit trail comes along in its order and once, and the secret of the keys where no key is under another.
pub async fn the_trail_and_the_secret_come_along<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let to = harness.transfer(&scene.store).unwrap();
    let lines = trail(&scene);
    assert_eq!(to.plant_trail(lines.clone()).await.unwrap(), 3);
    assert_eq!(to.plant_trail(lines.clone()).await.unwrap(), 0, "once");
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let stretch = to.trail_after(after, 2).await.unwrap();
        found.extend(stretch.lines);
        after = stretch.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, lines);
    let secret = crate::contract::Pepper([7; 32]);
    to.plant_pepper(secret).await.expect("there are no keys");
    assert!(scene.store.pepper().await.unwrap() == secret, "the secret");
    let key = super::keys::record("zeta", scene.now());
    scene.store.put_key(key).await.unwrap();
    to.plant_pepper(secret).await.expect("it is the same");
    let other = to.plant_pepper(crate::contract::Pepper([8; 32])).await;
    assert!(matches!(other, Err(StoreError::OtherSecret)), "{other:?}");
    assert!(scene.store.pepper().await.unwrap() == secret, "the secret");
}

fn trail<S: Store>(scene: &Scene<S>) -> Vec<TrailLine> {
    let opening = |number: u128| AuditOpening {
        id: EventId::from_bits(number),
        at: scene.now(),
        agent: agent("sofiia"),
        key: None,
        delegate: None,
        via: Via::Local,
        request: Name::new("r1").unwrap(),
        tool: short("oncall_tool"),
        action: short("incident_list"),
        incident: None,
        dry_run: false,
        params: json!({}),
    };
    let closing = AuditClosing {
        id: EventId::from_bits(1),
        at: scene.now(),
        outcome: AuditOutcome::Ok,
        code: None,
        incident: None,
        took_ms: Some(3),
    };
    vec![
        TrailLine::Open(opening(1)),
        TrailLine::Close(closing),
        TrailLine::Open(opening(2)),
    ]
}

/// The second time nothing changes, and nothing is said to.
pub async fn what_is_there_is_not_taken_over_again<H: Harness>(harness: &H) {
    let (from, _) = elsewhere(harness).await;
    let store = harness.open().await;
    take_over(harness, &from.store, &store).await;
    let (before, commits) = (Snapshot::of(&store).await, store.health().await.commits);
    let again = take_over(harness, &from.store, &store).await;
    assert_eq!(again, Planted::default());
    assert_eq!(Snapshot::of(&store).await, before);
    assert_eq!(store.health().await.commits, commits);
}

/// When one of several incidents does not fit, the same call succeeds once it does.
pub async fn what_failed_can_be_repeated<H: Harness>(harness: &H) {
    let (from, _) = elsewhere(harness).await;
    let store = harness.open().await;
    let wholes = all(&from.store).await;
    let mut torn = wholes.clone();
    torn.last_mut().unwrap().lines.remove(0);
    let to = harness.transfer(&store).unwrap();
    let refused = to.plant(torn, true).await;
    assert!(
        matches!(refused, Err(StoreError::Diverged { .. })),
        "{refused:?}"
    );
    plant(harness, &store, wholes.clone()).await;
    assert_eq!(all(harness.transfer(&store).unwrap()).await, wholes);
    assert_eq!(Snapshot::of(&store).await, Snapshot::of(&from.store).await);
}

/// An incident that comes in several calls, line by line, is the same in the end; and lines are given out from any
/// number on.
pub async fn lines_that_follow_are_added<H: Harness>(harness: &H) {
    let (from, _) = elsewhere(harness).await;
    let store = harness.open().await;
    for whole in all(&from.store).await {
        for line in &whole.lines {
            let mut keys = whole.keys.clone();
            keys.retain(|key| key.seq == line.event.seq);
            let one = Whole {
                id: whole.id,
                lines: vec![line.clone()],
                keys,
            };
            assert_eq!(plant(harness, &store, vec![one]).await.lines, 1);
        }
        let to = harness.transfer(&store).unwrap();
        let wanted = [(whole.id, 1)];
        let rest = to.export(&wanted).await.unwrap();
        assert_eq!(rest, from.store.export(&wanted).await.unwrap());
    }
    let to = harness.transfer(&store).unwrap();
    assert_eq!(all(to).await, all(&from.store).await);
    assert_eq!(Snapshot::of(&store).await, Snapshot::of(&from.store).await);
}

/// A gap, another line under the same number, and a beginning that creates nothing are refused, and change nothing.
pub async fn lines_that_do_not_fit_are_refused<H: Harness>(harness: &H) {
    let (from, _) = elsewhere(harness).await;
    let store = harness.open().await;
    let wholes = all(&from.store).await;
    let longest = wholes.iter().max_by_key(|whole| whole.lines.len());
    let whole = longest.unwrap();
    let (first, rest) = whole.lines.split_at(3);
    let of = |lines: &[crate::contract::KeptLine]| Whole {
        id: whole.id,
        lines: lines.to_vec(),
        keys: Vec::new(),
    };
    let to = harness.transfer(&store).unwrap();
    let refused = to.plant(vec![of(rest)], true).await;
    let nothing = matches!(refused, Err(StoreError::Diverged { .. }));
    assert!(nothing, "a beginning that creates nothing: {refused:?}");
    plant(harness, &store, vec![of(first)]).await;
    let before = Snapshot::of(&store).await;
    let mut other = first.to_vec();
    other[1].event.message = message("something else");
    for (what, lines) in [("a gap", &rest[1..]), ("another line", &other)] {
        let refused = to.plant(vec![of(lines)], true).await;
        let diverged = matches!(&refused, Err(StoreError::Diverged { incident, .. })
            if *incident == whole.id);
        assert!(diverged, "{what}: {refused:?}");
        assert_eq!(Snapshot::of(&store).await, before, "{what}");
    }
}

/// A redaction that follows blacks out what is here, and a line from before it brings the text back no more.
pub async fn what_is_black_stays_black<H: Harness>(harness: &H) {
    let (from, _) = elsewhere(harness).await;
    let id = from.create(plain("a leak")).await.id;
    let told = from.run(id, note("the password is 1234")).await.events[0].id;
    let store = harness.open().await;
    let bright = from.store.export(&[(id, 0)]).await.unwrap();
    plant(harness, &store, bright.clone()).await;
    let reason = prose("a secret");
    from.run(
        id,
        Op::Redact {
            event: told,
            reason,
        },
    )
    .await;
    let black = from.store.export(&[(id, 0)]).await.unwrap();
    plant(harness, &store, black.clone()).await;
    assert_eq!(plant(harness, &store, bright).await, Planted::default());
    let to = harness.transfer(&store).unwrap();
    assert_eq!(to.export(&[(id, 0)]).await.unwrap(), black);
    let to = Scene::with(store, harness.clock());
    assert_eq!(to.timeline(id).await, from.timeline(id).await);
    let shown = format!("{:?}", to.timeline(id).await);
    assert!(!shown.contains("1234"), "{shown}");
}
