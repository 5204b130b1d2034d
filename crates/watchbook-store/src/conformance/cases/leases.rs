//! Leases 1–5: alone, ending, growing, fenced, seen.

use std::time::Duration;

use watchbook_core::text::Name;
use watchbook_core::{ArtifactName, Command, Digest, Fence, IncidentId, LeaseName, Op};

use crate::conformance::scene::{note, plain};
use crate::conformance::{Harness, Scene, Snapshot};
use crate::contract::{Artifacts, Incidents, Lease, Leases, Outcome, Store, StoreError, Taken};

/// Long enough that it does not run out by itself while a case runs.
const SPAN: Duration = Duration::from_mins(10);

fn digest() -> LeaseName {
    LeaseName::new("task/digest").unwrap()
}

fn holder(name: &str) -> Name {
    Name::new(name).unwrap()
}

async fn ask<S: Leases>(store: &S, who: &str) -> Taken {
    let asked = store.acquire(&digest(), &holder(who), SPAN).await;
    asked.expect("it can be asked for")
}

/// The lease, for one who must get it.
async fn take<S: Leases>(store: &S, who: &str) -> Lease {
    match ask(store, who).await {
        Taken::Given(lease) => lease,
        Taken::Held(lease) => panic!("{who} did not get it: {lease:?}"),
    }
}

/// Whether this one gets it.
async fn gets<S: Leases>(store: &S, who: &str) -> bool {
    matches!(ask(store, who).await, Taken::Given(_))
}

fn fenced(command: Command, fence: &Fence) -> Command {
    Command {
        fence: Some(fence.clone()),
        ..command
    }
}

/// Who asks while another has it is told who that is; another name is another lease.
pub async fn one_holder_at_a_time<H: Harness>(harness: &H) {
    let store = harness.open().await;
    let lease = take(&store, "alpha").await;
    assert_eq!(lease.holder, holder("alpha"));
    assert_eq!(lease.fence.name, digest());
    assert_eq!(ask(&store, "beta").await, Taken::Held(lease.clone()));
    let other = LeaseName::new("task/other").unwrap();
    let other = store.acquire(&other, &holder("beta"), SPAN).await.unwrap();
    let held = store.leases().await.unwrap();
    assert_eq!(held, [Some(lease), other.given()].map(Option::unwrap));
}

/// Of many that ask at the same moment just one gets it.
pub async fn of_many_that_ask_at_once_one_gets_it<H: Harness>(harness: &H) {
    let store = harness.open().await;
    let got = tokio::join!(
        gets(&store, "alpha"),
        gets(&store, "beta"),
        gets(&store, "gamma"),
        gets(&store, "delta"),
    );
    let got: [bool; 4] = got.into();
    assert_eq!(got.iter().filter(|got| **got).count(), 1, "{got:?}");
}

/// What is given back is free at once; giving back what was given anew since takes nothing away.
pub async fn a_lease_ends_when_it_is_released<H: Harness>(harness: &H) {
    let store = harness.open().await;
    let first = take(&store, "alpha").await;
    store.release(&first.fence).await.unwrap();
    assert_eq!(store.leases().await.unwrap(), []);
    assert!(gets(&store, "beta").await, "what was released is free");
    store.release(&first.fence).await.unwrap();
    assert!(!gets(&store, "alpha").await, "beta still has it");
    let renewed = store.renew(&first.fence, SPAN).await;
    assert!(
        matches!(renewed, Err(StoreError::Fenced(_))),
        "it was released: {renewed:?}"
    );
}

/// What is renewed goes on; what is not runs out, and cannot be renewed then.
pub async fn a_lease_ends_in_its_time<H: Harness>(harness: &H) {
    let store = harness.open().await;
    let lease = take(&store, "alpha").await;
    harness.pass(&store, SPAN / 2).await;
    let renewed = store.renew(&lease.fence, SPAN).await.expect("it is held");
    assert_eq!(renewed.fence, lease.fence);
    harness.pass(&store, SPAN / 4 * 3).await;
    assert!(!gets(&store, "beta").await, "it was renewed");
    harness.pass(&store, SPAN / 2).await;
    assert_eq!(store.leases().await.unwrap(), []);
    let late = store.renew(&lease.fence, SPAN).await;
    assert!(
        matches!(late, Err(StoreError::Fenced(_))),
        "it ran out: {late:?}"
    );
    assert!(gets(&store, "beta").await, "it ran out");
}

/// The token grows with each giving: after a release, after running out, and to the same holder.
pub async fn tokens_grow<H: Harness>(harness: &H) {
    let store = harness.open().await;
    let first = take(&store, "alpha").await.fence;
    let second = take(&store, "alpha").await.fence;
    store.release(&second).await.unwrap();
    let third = take(&store, "beta").await.fence;
    harness.pass(&store, SPAN * 2).await;
    let fourth = take(&store, "alpha").await.fence;
    let tokens = [first, second, third, fourth].map(|fence| fence.token);
    assert!(tokens.is_sorted_by(|one, next| one < next), "{tokens:?}");
}

/// A power failure takes no token back, also not that of a lease that had ended.
pub async fn tokens_grow_through_a_crash<H: Harness>(harness: &H) {
    let mut store = harness.open().await;
    let mut last = 0;
    for _ in 0..3 {
        let fence = take(&store, "alpha").await.fence;
        assert!(fence.token > last, "{} after {last}", fence.token);
        last = fence.token;
        store.release(&fence).await.unwrap();
        store = harness.crash(store).await;
    }
}

/// Who has the lease writes; who had it is refused, and nothing changes.
pub async fn a_write_goes_through_only_under_its_fence<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let first = take(&scene.store, "alpha").await.fence;
    let op = || note("ran the digest");
    let keyed = fenced(scene.keyed(id, op(), "digest", "same"), &first);
    assert!(scene.store.apply(keyed.clone()).await.is_ok(), "it is held");
    harness.pass(&scene.store, SPAN * 2).await;
    is_fenced(&scene, fenced(scene.command(id, op()), &first)).await;
    let second = take(&scene.store, "beta").await.fence;
    is_fenced(&scene, fenced(scene.command(id, op()), &first)).await;
    let again = fenced(scene.command(id, op()), &second);
    assert!(scene.store.apply(again).await.is_ok(), "it is held");
    let unknown = Fence {
        name: LeaseName::new("task/never").unwrap(),
        token: second.token,
    };
    is_fenced(&scene, fenced(scene.command(id, op()), &unknown)).await;
    let replayed = scene.store.apply(keyed).await;
    assert!(
        replayed.is_ok_and(|applied| applied.replayed),
        "what was written under the fence is answered again"
    );
}

/// A creation, a merge and an attachment are held to the fence like a line.
pub async fn a_fence_covers_every_kind_of_write<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let [id, into] = [
        scene.create(plain("gateway returns 5xx")).await.id,
        scene.create(plain("gateway is slow")).await.id,
    ];
    let stale = take(&scene.store, "alpha").await.fence;
    let held = take(&scene.store, "alpha").await.fence;
    is_fenced(&scene, fenced(scene.creation(plain("another")), &stale)).await;
    let merge = |into: IncidentId| Op::Merge {
        into,
        at: None,
        note: None,
    };
    is_fenced(&scene, fenced(scene.command(id, merge(into)), &stale)).await;
    let content = b"what was done".to_vec();
    let attach = || Op::Attach {
        name: ArtifactName::new("notes.md").unwrap(),
        sha256: Digest::of(&content),
        bytes: content.len() as u64,
    };
    let late = fenced(scene.command(id, attach()), &stale);
    let before = Snapshot::of(&scene.store).await;
    let refused = scene.store.attach(late, content.clone()).await;
    assert!(matches!(refused, Err(StoreError::Fenced(_))), "{refused:?}");
    assert_eq!(Snapshot::of(&scene.store).await, before);
    let in_time = fenced(scene.command(id, attach()), &held);
    let attached = scene.store.attach(in_time, content.clone()).await;
    assert!(attached.is_ok(), "{attached:?}");
    let merged = fenced(scene.command(id, merge(into)), &held);
    assert!(scene.store.apply(merged).await.is_ok(), "it is held");
}

/// The command is refused by its fence, certainly did not happen, and shows nowhere.
async fn is_fenced<S: Store>(scene: &Scene<S>, command: Command) {
    let before = Snapshot::of(&scene.store).await;
    let rehearsed = scene.store.preview(command.clone()).await;
    assert!(
        matches!(rehearsed, Err(StoreError::Fenced(_))),
        "a preview says so: {rehearsed:?}"
    );
    let fence = command.fence.clone();
    match scene.store.apply(command).await {
        Err(error @ StoreError::Fenced(_)) => {
            assert_eq!(error.outcome(), Outcome::NotApplied);
        }
        other => panic!("{fence:?} does not hold: {other:?}"),
    }
    assert_eq!(Snapshot::of(&scene.store).await, before, "nothing changed");
}

/// What is taken here is seen there, cannot be taken there, and is a fence there.
pub async fn every_handle_sees_a_lease<H: Harness>(harness: &H) {
    let here = Scene::open(harness).await;
    let there = harness.second(&here.store).await.expect("a shared store");
    let id = here.create(plain("gateway returns 5xx")).await.id;
    let lease = take(&here.store, "alpha").await;
    assert_eq!(there.leases().await.unwrap().first(), Some(&lease));
    assert!(!gets(&there, "beta").await, "alpha has it, elsewhere");
    let command = fenced(here.command(id, note("ran")), &lease.fence);
    assert!(there.apply(command).await.is_ok(), "the fence holds there");
    there.release(&lease.fence).await.unwrap();
    let command = fenced(here.command(id, note("ran")), &lease.fence);
    let refused = here.store.apply(command).await;
    assert!(
        matches!(refused, Err(StoreError::Fenced(_))),
        "it was released there: {refused:?}"
    );
}

/// A lease outlives its handle, and a power failure.
pub async fn a_lease_is_there_after_a_restart<H: Harness>(harness: &H) {
    let store = harness.open().await;
    let lease = take(&store, "alpha").await;
    let store = harness.reopen(store).await;
    assert_eq!(store.leases().await.unwrap().first(), Some(&lease));
    let store = harness.crash(store).await;
    assert!(!gets(&store, "beta").await, "alpha has it");
    let renewed = store.renew(&lease.fence, SPAN).await;
    assert!(renewed.is_ok(), "it is held: {renewed:?}");
}
