//! Artifacts 1–3: bytes first, kept, checked.

use watchbook_core::artifact::{ArtifactError, MAX_BYTES};
use watchbook_core::{ArtifactName, Command, Digest, IncidentId, Op};

use crate::conformance::scene::{note, plain};
use crate::conformance::watch::Watched;
use crate::conformance::{Harness, Scene, Snapshot};
use crate::contract::{Artifacts, Incidents, Store, StoreError};

fn file(text: &str) -> ArtifactName {
    ArtifactName::new(text).unwrap()
}

fn attaching<S: Store>(scene: &Scene<S>, id: IncidentId, name: &str, content: &[u8]) -> Command {
    let op = Op::Attach {
        name: file(name),
        sha256: Digest::of(content),
        bytes: content.len() as u64,
    };
    scene.command(id, op)
}

/// From the first moment in which an attachment shows, its bytes can be read.
pub async fn bytes_are_there_before_their_event<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let command = attaching(&scene, id, "a.md", b"# what happened");
    let mut attach = Watched::new(scene.store.attach(command, b"# what happened".to_vec()));
    loop {
        let answered = attach.step().await;
        let shown = !scene.get(id).await.artifacts.is_empty();
        if shown {
            let read = scene.store.artifact(id, &file("a.md"), None).await;
            let read = read.expect("what is shown can be read");
            assert_eq!(read.bytes, b"# what happened");
        }
        if let Some(answer) = answered {
            assert_eq!(answer.expect("it is legal").incident.artifacts.len(), 1);
            assert!(shown);
            return;
        }
    }
}

/// An attachment without bytes is refused, unless the store has just these bytes already.
pub async fn an_event_cannot_name_bytes_that_are_not_there<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let before = Snapshot::of(&scene.store).await;
    let answer = scene
        .store
        .apply(attaching(&scene, id, "a.md", b"nowhere"))
        .await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
    assert_eq!(Snapshot::of(&scene.store).await, before);
}

/// Bytes of an attachment that was answered are there after a power failure.
pub async fn bytes_survive_a_crash<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let content = b"{\"rate\": 0.12}";
    let command = attaching(&scene, id, "a.json", content);
    scene
        .store
        .attach(command, content.to_vec())
        .await
        .expect("it is legal");
    let scene = scene.replace(|store| harness.crash(store)).await;
    let read = scene
        .store
        .artifact(id, &file("a.json"), None)
        .await
        .expect("it is there");
    assert_eq!(read.bytes, content);
    assert_eq!(read.version.sha256, Digest::of(content));
}

/// A new version under the same name leaves the older ones readable by their digest; the same bytes again change nothing.
pub async fn older_versions_stay_reachable<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let versions: [&[u8]; 3] = [b"first", b"second", b"first"];
    for content in versions {
        scene.tick();
        let command = attaching(&scene, id, "notes.txt", content);
        let applied = scene.store.attach(command, content.to_vec()).await;
        assert!(applied.expect("it is legal").changed);
    }
    let again = attaching(&scene, id, "notes.txt", b"first");
    let again = scene.store.attach(again, b"first".to_vec()).await;
    assert!(!again.expect("it is legal").changed);
    for content in versions {
        let version = Some(Digest::of(content));
        let read = scene.store.artifact(id, &file("notes.txt"), version).await;
        assert_eq!(read.expect("it is reachable").bytes, content);
    }
    let current = scene.store.artifact(id, &file("notes.txt"), None).await;
    assert_eq!(current.expect("it is there").bytes, b"first");
    assert_eq!(scene.get(id).await.artifacts[0].versions.len(), 3);
    absent(&scene, id).await;
}

async fn absent<S: Store>(scene: &Scene<S>, id: IncidentId) {
    let nowhere = IncidentId::from_seed(scene.now(), 99_999);
    let never = Some(Digest::of(b"never"));
    for (id, name, version) in [
        (nowhere, "notes.txt", None),
        (id, "other.txt", None),
        (id, "notes.txt", never),
    ] {
        let read = scene.store.artifact(id, &file(name), version).await;
        assert!(matches!(read, Err(StoreError::NotFound { .. })), "{read:?}");
    }
}

type Wrong = (&'static str, Vec<u8>, fn(&ArtifactError) -> bool);

fn wrong() -> Vec<Wrong> {
    vec![
        ("a.json", b"{\"a\":".to_vec(), |e| {
            matches!(e, ArtifactError::NotJson { .. })
        }),
        ("a.md", b"\xff\xfe".to_vec(), |e| {
            matches!(e, ArtifactError::NotText { at: 0 })
        }),
        ("a.txt", b"a\0b".to_vec(), |e| {
            matches!(e, ArtifactError::NotText { .. })
        }),
        ("a.txt", vec![b'x'; MAX_BYTES + 1], |e| {
            matches!(e, ArtifactError::TooLarge { .. })
        }),
    ]
}

/// Bytes that are not what their name, digest or length says are refused, and nothing has changed.
pub async fn wrong_bytes_are_refused<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let before = Snapshot::of(&scene.store).await;
    for (name, content, expected) in wrong() {
        let command = attaching(&scene, id, name, &content);
        match scene.store.attach(command, content).await {
            Err(StoreError::BadArtifact(error)) => assert!(expected(&error), "{name}: {error}"),
            other => panic!("{name} was not refused: {other:?}"),
        }
    }
    let right = attaching(&scene, id, "a.md", b"right");
    let mut longer = right.clone();
    if let Op::Attach { bytes, .. } = &mut longer.op {
        *bytes += 1;
    }
    let no_attachment = scene.command(id, note("x"));
    for (command, content) in [
        (right, b"wrong"),
        (longer, b"right"),
        (no_attachment, b"right"),
    ] {
        let answer = scene.store.attach(command, content.to_vec()).await;
        assert!(
            matches!(
                answer,
                Err(StoreError::BadArtifact(ArtifactError::Mismatch))
            ),
            "{answer:?}"
        );
    }
    assert_eq!(Snapshot::of(&scene.store).await, before);
    largest(&scene, id).await;
}

/// The largest one is taken.
async fn largest<S: Store>(scene: &Scene<S>, id: IncidentId) {
    let content = vec![b'x'; MAX_BYTES];
    let command = attaching(scene, id, "largest.txt", &content);
    scene
        .store
        .attach(command, content.clone())
        .await
        .expect("the largest is legal");
    let read = scene.store.artifact(id, &file("largest.txt"), None).await;
    assert_eq!(read.expect("it is there").bytes, content);
}

/// Bytes that were changed behind the store's back are reported as damaged, and everything else goes on.
pub async fn damaged_bytes_are_not_given_out<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    for (name, content) in [("a.md", b"sound"), ("b.md", b"spoil")] {
        let command = attaching(&scene, id, name, content);
        scene
            .store
            .attach(command, content.to_vec())
            .await
            .expect("it is legal");
    }
    let damaged = harness.damage(&scene.store, Digest::of(b"spoil"));
    assert!(damaged, "the harness offers damage");
    let read = scene.store.artifact(id, &file("b.md"), None).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    let sound = scene.store.artifact(id, &file("a.md"), None).await;
    assert_eq!(sound.expect("it is sound").bytes, b"sound");
    scene.run(id, note("still failing")).await;
}
