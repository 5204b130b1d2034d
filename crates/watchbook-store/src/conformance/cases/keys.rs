//! Keys 1–5: durable, seen, private, steady, in their order.

use watchbook_core::text::Name;
use watchbook_core::{Digest, KeyRecord, Timestamp};

use crate::conformance::{FileSeen, Harness, Scene, agent, short};
use crate::contract::{Keys, Store};

pub(super) fn record(id: &str, now: Timestamp) -> KeyRecord {
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
}

/// Records and revocations are there after a power failure right behind each answer.
pub async fn records_survive_a_crash<H: Harness>(harness: &H) {
    let mut scene = Scene::open(harness).await;
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
}

/// The pepper that is made at the first call is given at every later one, whatever happens to keys.
pub async fn the_pepper_stays<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let pepper = scene.store.pepper().await.unwrap();
    for id in ["zeta", "alpha"] {
        let stored = scene.store.put_key(record(id, scene.now())).await;
        stored.expect("it can be stored");
        let now = scene.store.pepper().await.unwrap();
        assert!(pepper == now, "the pepper stays");
    }
}

/// The pepper is there after a power failure right behind the first answer, and after the next one.
pub async fn the_pepper_stays_through_a_crash<H: Harness>(harness: &H) {
    let mut scene = Scene::open(harness).await;
    let pepper = scene.store.pepper().await.unwrap();
    for _ in 0..2 {
        scene = scene.replace(|store| harness.crash(store)).await;
        let now = scene.store.pepper().await.unwrap();
        assert!(pepper == now, "the pepper stays");
    }
}

/// Two handles that ask for the first time at once get one pepper, and keep it.
pub async fn every_handle_has_one_pepper<H: Harness>(harness: &H) {
    let here = Scene::open(harness).await.store;
    let there = harness.second(&here).await.expect("a shared store");
    let (first, second) = tokio::join!(here.pepper(), there.pepper());
    let (first, second) = (first.unwrap(), second.unwrap());
    let (again, elsewhere) = (here.pepper().await.unwrap(), there.pepper().await.unwrap());
    let one = [second, again, elsewhere]
        .iter()
        .all(|other| *other == first);
    assert!(one, "one pepper");
}

/// A record that was stored or revoked here is seen there.
pub async fn every_handle_sees_a_record<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
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

/// Whatever file says a key's hash or the pepper is readable by its owner alone; and some file does say the hash, or the
/// case looks at the wrong ones.
pub async fn secrets_are_readable_by_their_owner_alone<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let (hashes, peppers) = secrets(&scene).await;
    let files = harness.files();
    let tells = |file: &FileSeen, secrets: &[Vec<u8>]| {
        let told = |secret: &Vec<u8>| holds(&file.content, secret);
        secrets.iter().any(told)
    };
    let kept = files.iter().any(|file| tells(file, &hashes));
    assert!(kept, "no file that the harness shows holds the record");
    // The owner's bits are the seventh to ninth: with six zeros at the end nobody else may do anything.
    for file in &files {
        let secret = tells(file, &hashes) || tells(file, &peppers);
        let (path, mode) = (file.path.display(), file.mode);
        assert!(
            !secret || mode.trailing_zeros() >= 6,
            "{path} tells a secret and has mode {mode:o}"
        );
    }
}

/// Stores a record, and gives its hash and the pepper, each in all the ways in which they may be written.
async fn secrets<S: Store>(scene: &Scene<S>) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let record = record("zeta", scene.now());
    let hash = record.hash;
    let stored = scene.store.put_key(record).await;
    stored.expect("it can be stored");
    let pepper = Digest::from_bytes(scene.store.pepper().await.unwrap().0);
    scene.store.sync_audit().await.expect("it can be synced");
    let ways = |secret: Digest| vec![secret.as_bytes().to_vec(), secret.to_string().into_bytes()];
    (ways(hash), ways(pepper))
}

/// Nothing that a store prints of itself says the pepper.
pub async fn secrets_are_not_printed<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let (_, peppers) = secrets(&scene).await;
    let printed = format!("{:?}", scene.store);
    let list = format!("{:?}", &peppers[0]);
    let told = holds(printed.as_bytes(), &peppers[1]) || printed.contains(&list);
    assert!(!told, "the pepper is printed");
}

fn holds(content: &[u8], secret: &[u8]) -> bool {
    content.windows(secret.len()).any(|window| window == secret)
}
