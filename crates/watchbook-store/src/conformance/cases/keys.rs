//! Keys 1–3: durable, seen, private.

use watchbook_core::text::Name;
use watchbook_core::{Digest, KeyRecord, Timestamp};

use crate::conformance::{FileSeen, Harness, Scene, agent, short};
use crate::contract::{AuditLog as _, Keys, Store};

fn record(id: &str, now: Timestamp) -> KeyRecord {
    KeyRecord {
        id: Name::new(id).unwrap(),
        hash: Digest::of(id.as_bytes()),
        agent: agent("sofiia"),
        label: Some(short("laptop")),
        delegate: true,
        ingest_only: false,
        created_at: now,
        created_by: agent("human:ada"),
        expires_at: None,
        revoked_at: None,
    }
}

/// A record with the same id is replaced in its place; the others stay, in the order in which they were made.
pub async fn a_record_is_replaced_by_its_id<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    assert_eq!(scene.store.keys().await.unwrap(), []);
    let mut records = ["zeta", "alpha", "mid"].map(|id| record(id, scene.now()));
    for record in &records {
        scene
            .store
            .put_key(record.clone())
            .await
            .expect("it can be stored");
    }
    assert_eq!(scene.store.keys().await.unwrap(), records);
    records[1].revoked_at = Some(scene.now());
    scene
        .store
        .put_key(records[1].clone())
        .await
        .expect("it can be stored");
    assert_eq!(scene.store.keys().await.unwrap(), records);
    let pepper = scene.store.pepper().await.unwrap();
    assert!(
        pepper == scene.store.pepper().await.unwrap(),
        "the pepper stays"
    );
}

/// Records, revocations and the pepper are there after a power failure right behind each answer.
pub async fn records_survive_a_crash<H: Harness>(harness: &H) {
    let mut scene = Scene::open(harness).await;
    let pepper = scene.store.pepper().await.unwrap();
    let mut expected = Vec::new();
    for id in ["zeta", "alpha"] {
        expected.push(record(id, scene.now()));
        scene
            .store
            .put_key(record(id, scene.now()))
            .await
            .expect("it can be stored");
        scene = scene.replace(|store| harness.crash(store)).await;
        assert_eq!(scene.store.keys().await.unwrap(), expected);
    }
    expected[0].revoked_at = Some(scene.now());
    scene
        .store
        .put_key(expected[0].clone())
        .await
        .expect("it can be stored");
    let store = harness.crash(scene.store).await;
    assert_eq!(store.keys().await.unwrap(), expected);
    assert!(pepper == store.pepper().await.unwrap(), "the pepper stays");
}

/// A record that was stored or revoked here is seen there, with the same pepper.
pub async fn every_handle_sees_a_record<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    let same = scene.store.pepper().await.unwrap() == there.pepper().await.unwrap();
    assert!(same, "one pepper");
    let mut stored = record("zeta", scene.now());
    for round in 0..2 {
        stored.revoked_at = (round == 1).then(|| scene.now());
        scene
            .store
            .put_key(stored.clone())
            .await
            .expect("it can be stored");
        assert_eq!(there.keys().await.unwrap(), [stored.clone()]);
    }
    there
        .put_key(record("alpha", scene.now()))
        .await
        .expect("it can be stored");
    assert_eq!(
        scene.store.keys().await.unwrap(),
        there.keys().await.unwrap()
    );
}

/// Whatever file says a key's hash or the pepper is readable by its owner alone, and nothing that is printed says them.
pub async fn secrets_are_readable_by_their_owner_alone<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let record = record("zeta", scene.now());
    scene
        .store
        .put_key(record.clone())
        .await
        .expect("it can be stored");
    let pepper = scene.store.pepper().await.unwrap();
    scene.store.sync_audit().await.expect("it can be synced");
    let secrets = [
        record.hash.as_bytes().to_vec(),
        record.hash.to_string().into_bytes(),
        pepper.0.to_vec(),
        Digest::from_bytes(pepper.0).to_string().into_bytes(),
    ];
    // The owner's bits are the seventh to ninth: with six zeros at the end nobody else may do anything.
    for FileSeen {
        path,
        mode,
        content,
    } in harness.files()
    {
        let tells = secrets.iter().any(|secret| holds(&content, secret));
        assert!(
            !tells || mode.trailing_zeros() >= 6,
            "{} tells a secret and has mode {mode:o}",
            path.display()
        );
    }
    printed(&scene.store, &secrets);
}

fn printed<S: Store>(store: &S, secrets: &[Vec<u8>]) {
    let printed = format!("{store:?}");
    let hexed = &secrets[3];
    assert!(!holds(printed.as_bytes(), hexed), "the pepper is printed");
    let list = format!("{:?}", &secrets[2]);
    assert!(!printed.contains(&list), "the pepper is printed");
}

fn holds(content: &[u8], secret: &[u8]) -> bool {
    content.windows(secret.len()).any(|window| window == secret)
}
