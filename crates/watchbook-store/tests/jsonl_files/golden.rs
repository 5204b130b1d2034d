//! A whole directory of format version 1, frozen: today's code writes exactly these files, and reads them back.
//!
//! What was written once must be readable for ever. So a failure here is never mended by changing a file: what is new gets
//! a new field with a default, or a new version beside this one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use watchbook_core::audit::{AuditClosing, AuditOpening, AuditOutcome};
use watchbook_core::text::{Name, Short};
use watchbook_core::{
    AgentId, Clock as _, Command, Digest, EventId, IncidentId, Key, KeyRecord, Op, Via,
};
use watchbook_store::disk::{Disk, RealDisk, SimDisk};
use watchbook_store::jsonl::{JsonlStore, restore};
use watchbook_store::{AuditLog as _, Incidents as _, Keys as _};

use crate::site::{Site, all, block_on, contents, new_incident};

/// Small enough for the journal to have a sealed segment, with the form of its header.
const SEGMENT_BYTES: u64 = 4 << 10;
/// What the directory holds, beside the directory.
const BACKUP: &str = "backup.tar";
const MANIFEST: &str = "watchbook-backup.json";
const EXPECTED: &str = "expected.json";

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn site(dir: &Path) -> Site {
    let mut site = Site::new(dir, 20_260_223);
    site.segment_bytes = SEGMENT_BYTES;
    site
}

/// One call as the door makes it: an audit entry around it.
async fn audited(site: &Site, store: &JsonlStore, command: Command) -> EventId {
    let id = EventId::generate(&*site.entropy);
    let opening = AuditOpening {
        id,
        at: site.clock.now(),
        agent: command.by.agent.clone(),
        key: command.by.key.clone(),
        delegate: None,
        via: Via::Key,
        request: Name::new("req_1").unwrap(),
        tool: Short::new("oncall_tool").unwrap(),
        action: Short::new("incident_create").unwrap(),
        incident: None,
        dry_run: false,
        params: json!({"service": "gateway", "severity": "P1"}),
    };
    store.open_entry(opening).await.unwrap();
    let applied = store.apply(command).await.unwrap();
    let closing = AuditClosing {
        id,
        at: site.clock.advance(Duration::from_millis(12)),
        outcome: AuditOutcome::Ok,
        code: None,
        incident: Some(applied.incident.id),
        took_ms: Some(12),
    };
    store.close_entry(closing).await.unwrap();
    applied.events[0].id
}

/// A creation with everything that the head of a commit can hold, and with an idempotency key.
fn keyed_creation(site: &Site, id: IncidentId) -> Command {
    let mut command = site.command(id, Op::Create(Box::new(new_incident())));
    command.by.key = Some(Name::new("0123456789").unwrap());
    command.by.request = Some(Name::new("req_1").unwrap());
    command.by.via = Via::Key;
    command.key = Some(Key {
        body: Digest::of(b"{}"),
    });
    command
}

fn key(site: &Site) -> KeyRecord {
    let now = site.clock.now();
    KeyRecord {
        id: Name::new("0123456789").unwrap(),
        hash: Digest::of(b"a key"),
        agent: AgentId::new("sofiia").unwrap(),
        label: Some(Short::new("pager").unwrap()),
        delegate: true,
        ingest_only: false,
        created_at: now,
        created_by: AgentId::new("human:ada").unwrap(),
        expires_at: Some(now.plus(Duration::from_hours(24))),
        revoked_at: Some(now.plus(Duration::from_hours(1))),
    }
}

/// Writes the directory: every sort of record and of file.
async fn write(site: &Site, store: &JsonlStore) {
    let id = site.new_id();
    store.pepper().await.unwrap();
    store.put_key(key(site)).await.unwrap();
    audited(site, store, keyed_creation(site, id)).await;
    let secret = site
        .note(store, id, "the password is hunter2")
        .await
        .unwrap();
    site.attach(store, id, ("log.txt", "one\n")).await.unwrap();
    site.attach(store, id, ("log.txt", "two\n")).await.unwrap();
    site.redact(store, id, secret).await.unwrap();
    let other = site.create(store).await;
    let merge = site.command(
        other,
        Op::Merge {
            into: id,
            at: None,
            note: None,
        },
    );
    store.apply(merge).await.unwrap();
    for number in 1..=3 {
        site.note(store, id, &format!("note {number}"))
            .await
            .unwrap();
    }
    store.sync_audit().await.unwrap();
}

/// The files that are frozen; lock, head and checkpoint belong to one machine, or are caches.
fn is_frozen(path: &str) -> bool {
    !["lock", "turn", "head", "index", "projected"]
        .iter()
        .any(|name| path.ends_with(&format!(".watchbook/{name}")))
}

/// Every frozen file below a folder of a disk, by its path in it.
fn frozen(disk: &dyn Disk, dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(path) = waiting.pop() {
        if let Ok(names) = disk.read_dir(&path) {
            waiting.extend(names.iter().map(|name| path.join(name)));
            continue;
        }
        let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
        if is_frozen(&name) {
            let file = disk.open(&path, watchbook_store::disk::Open::Read).unwrap();
            let len = usize::try_from(file.metadata().unwrap().len).unwrap();
            let mut bytes = vec![0; len];
            watchbook_store::disk::read_exact_at(&*file, &mut bytes, 0).unwrap();
            files.insert(name, bytes);
        }
    }
    files
}

/// What today's code writes.
async fn written() -> BTreeMap<String, Vec<u8>> {
    let (site, disk) = (site(Path::new("/site")), SimDisk::new());
    let store = site.open(&disk);
    write(&site, &store).await;
    let mut backup = Vec::new();
    let report = store.backup(&mut backup).unwrap();
    let mut files = frozen(&disk, Path::new("/site"));
    files.insert(BACKUP.to_owned(), backup);
    let manifest = serde_json::to_vec_pretty(&report).unwrap();
    files.insert(MANIFEST.to_owned(), manifest);
    let expected = serde_json::to_string_pretty(&contents(&store).await).unwrap();
    files.insert(EXPECTED.to_owned(), (expected + "\n").into_bytes());
    files
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(golden().join(EXPECTED)).unwrap()).unwrap()
}

/// Writes the files that are missing, for whoever adds them to look at, and gives their names.
fn write_missing(files: &BTreeMap<String, Vec<u8>>) -> Vec<&String> {
    let missing = files
        .iter()
        .filter(|(name, _)| !golden().join(name).exists());
    missing
        .map(|(name, bytes)| {
            let path = golden().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
            name
        })
        .collect()
}

#[test]
fn todays_code_writes_the_frozen_bytes() {
    block_on(async {
        let written = written().await;
        let sealed = "ops/incidents/events-000001.jsonl";
        assert!(written.contains_key(sealed), "no segment was sealed");
        let missing = write_missing(&written);
        assert!(
            missing.is_empty(),
            "were missing and were written; look at them: {missing:?}"
        );
        for (name, bytes) in &written {
            let kept = std::fs::read(golden().join(name)).unwrap();
            let differs = kept.iter().zip(bytes).position(|(kept, now)| kept != now);
            assert_eq!(
                (differs, kept.len()),
                (None, bytes.len()),
                "{name} is another from there on"
            );
        }
        let there = frozen(&RealDisk, &golden());
        assert!(there.keys().eq(written.keys()), "{:?}", there.keys());
    });
}

/// The frozen directory, in a place where it may be written to.
fn copy() -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, bytes) in frozen(&RealDisk, &golden()) {
        let path = dir.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    dir
}

#[test]
fn the_frozen_directory_opens_verifies_reads_and_goes_on() {
    let dir = copy();
    block_on(async {
        let site = site(dir.path());
        let store = site.open_real();
        assert_eq!(contents(&store).await, expected());
        let manifest = std::fs::read(golden().join(MANIFEST)).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let head: Digest = manifest["head"].as_str().unwrap().parse().unwrap();
        let verified = store.verify(Some(head)).unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        assert_eq!((verified.redactions, verified.artifacts), (1, 2));
        let pepper = std::fs::read(dir.path().join("ops/incidents/.watchbook/pepper")).unwrap();
        assert_eq!(store.pepper().await.unwrap().0.as_slice(), pepper);
        let id = all(&store).await[0].id;
        site.note(&store, id, "today").await.unwrap();
        assert!(store.verify(Some(head)).unwrap().is_whole());
    });
}

#[test]
fn the_frozen_backup_is_restored() {
    let dir = TempDir::new().unwrap();
    block_on(async {
        let site = site(dir.path());
        let options = site.options(Arc::new(RealDisk));
        let backup = std::fs::read(golden().join(BACKUP)).unwrap();
        restore(
            &options.disk,
            &options.clock,
            &options.layout,
            &mut backup.as_slice(),
        )
        .unwrap();
        let store = site.open_real();
        assert_eq!(contents(&store).await, expected());
        assert!(store.verify(None).unwrap().is_whole());
    });
}
