//! A backup holds everything, of one moment, and proves it; a restore leaves nothing or a whole store.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use watchbook_core::audit::{AuditOpening, AuditQuery};
use watchbook_core::query::PageRequest;
use watchbook_core::text::{Name, Short};
use watchbook_core::{AgentId, Clock as _, Digest, EventId, KeyRecord, Via};
use watchbook_store::disk::sim::Fault;
use watchbook_store::disk::{Disk, RealDisk, SimDisk};
use watchbook_store::jsonl::{BackupReport, JsonlStore, RestoreError, restore};
use watchbook_store::{AuditLog as _, Incidents as _, Keys as _, Pepper};

use crate::site::{Site, all, block_on, contents};

/// How often the power is cut at each step.
const CUTS: u64 = 4;
/// Every so many bytes of a backup one is changed: a prime, so that all places in a block are met.
const STRIDE: usize = 11;

/// Fills a store with everything that a backup holds.
async fn fill(site: &Site, store: &JsonlStore) -> Pepper {
    store
        .put_key(KeyRecord {
            id: Name::new("0123456789").unwrap(),
            hash: Digest::of(b"a key"),
            agent: AgentId::new("sofiia").unwrap(),
            label: None,
            delegate: false,
            ingest_only: false,
            created_at: site.clock.now(),
            created_by: AgentId::new("human:ada").unwrap(),
            expires_at: None,
            revoked_at: None,
        })
        .await
        .unwrap();
    let opening = AuditOpening {
        id: EventId::generate(&*site.entropy),
        at: site.clock.now(),
        agent: AgentId::new("sofiia").unwrap(),
        key: None,
        delegate: None,
        via: Via::Embedded,
        request: Name::new("req_1").unwrap(),
        tool: Short::new("oncall_tool").unwrap(),
        action: Short::new("incident_list").unwrap(),
        incident: None,
        dry_run: false,
        params: Value::Null,
    };
    store.open_entry(opening).await.unwrap();
    let (id, other) = (site.create(store).await, site.create(store).await);
    let secret = site.note(store, id, "secret").await.unwrap();
    site.attach(store, id, ("log.txt", "one")).await.unwrap();
    site.attach(store, id, ("log.txt", "two")).await.unwrap();
    site.attach(store, other, ("copy.txt", "two"))
        .await
        .unwrap();
    site.redact(store, id, secret).await.unwrap();
    store.pepper().await.unwrap()
}

fn backup(store: &JsonlStore) -> (BackupReport, Vec<u8>) {
    let mut bytes = Vec::new();
    let report = store.backup(&mut bytes).unwrap();
    (report, bytes)
}

fn unpack(
    site: &Site,
    disk: Arc<dyn Disk>,
    mut backup: &[u8],
) -> Result<BackupReport, RestoreError> {
    let options = site.options(disk);
    restore(&options.disk, &options.clock, &options.layout, &mut backup)
}

/// A simulated site that is backed up: the site, what can be read of it, and the backup.
fn backed_up() -> (Site, Value, Vec<u8>) {
    let (site, disk) = (Site::new(Path::new("/site"), 11), SimDisk::new());
    let (contents, bytes) = block_on(async {
        let store = site.open(&disk);
        fill(&site, &store).await;
        (contents(&store).await, backup(&store).1)
    });
    (site, contents, bytes)
}

#[test]
fn it_holds_versions_keys_pepper_and_audit() {
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (site, restored) = (Site::new(here.path(), 1), Site::new(there.path(), 2));
    block_on(async {
        let store = site.open_real();
        let pepper = fill(&site, &store).await;
        let (report, bytes) = backup(&store);
        let again = unpack(&restored, Arc::new(RealDisk), &bytes).unwrap();
        assert_eq!(again, report);
        let copy = restored.open_real();
        assert_eq!(contents(&copy).await, contents(&store).await);
        assert_eq!(copy.pepper().await.unwrap(), pepper);
        let page = PageRequest {
            limit: 10,
            after: None,
        };
        let audit = copy.search_audit(AuditQuery::default(), page).await;
        assert_eq!(audit.unwrap().items.len(), 1);
        let verified = copy.verify(Some(report.head)).unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        assert_eq!((verified.artifacts, verified.redactions), (3, 1));
        for name in ["keys.json", "pepper"] {
            let path = there.path().join("ops/incidents/.watchbook").join(name);
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let refused = unpack(&restored, Arc::new(RealDisk), &bytes);
        assert!(
            matches!(refused, Err(RestoreError::NotEmpty(_))),
            "{refused:?}"
        );
        assert_eq!(contents(&copy).await, contents(&store).await);
    });
}

#[test]
fn artifacts_that_lie_elsewhere_come_back_there() {
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let site = Site::new(here.path(), 3);
    let mut restored = Site::new(there.path(), 4);
    restored.artifacts = Some(there.path().join("elsewhere"));
    block_on(async {
        let store = site.open_real();
        fill(&site, &store).await;
        let (_, bytes) = backup(&store);
        unpack(&restored, Arc::new(RealDisk), &bytes).unwrap();
        let copy = restored.open_real();
        assert_eq!(contents(&copy).await, contents(&store).await);
        let id = all(&copy).await[0].id.to_string();
        assert!(there.path().join("elsewhere").join(&id).exists());
        assert!(!there.path().join("ops/incidents").join(&id).exists());
    });
}

#[test]
fn a_backup_while_others_write_is_of_one_moment() {
    let dir = TempDir::new().unwrap();
    let site = Arc::new(Site::new(dir.path(), 5));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let store = site.open_real();
    runtime.block_on(fill(&site, &store));
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer = {
        let (site, done) = (Arc::clone(&site), Arc::clone(&done));
        runtime.spawn(async move {
            // Another process as far as the files are concerned.
            let store = site.open_real();
            let id = all(&store).await[0].id;
            let mut round = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                site.note(&store, id, "meanwhile").await.unwrap();
                let content = format!("round {}", round % 150);
                site.attach(&store, id, ("log.txt", &content))
                    .await
                    .unwrap();
                round += 1;
            }
        })
    };
    for round in 0..20 {
        let before = runtime.block_on(store.health()).commits;
        let (report, bytes) = backup(&store);
        assert!(
            report.commits >= before,
            "all that was acknowledged before is in it"
        );
        let disk = SimDisk::new();
        let copied = Site::new(Path::new("/site"), round);
        unpack(&copied, Arc::new(disk.clone()), &bytes).unwrap();
        let copy = copied.open(&disk);
        let verified = copy.verify(Some(report.head)).unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        assert_eq!(verified.commits, report.commits);
        runtime.block_on(contents(&copy));
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    runtime.block_on(writer).unwrap();
}

/// Nothing is there, or the whole store; gives whether it is there.
async fn whole_or_nothing(site: &Site, disk: &SimDisk, wanted: &Value, what: &str) -> bool {
    let store = site.open(disk);
    if !store.exists().unwrap() {
        assert!(all(&store).await.is_empty(), "{what}");
        return false;
    }
    assert_eq!(contents(&store).await, *wanted, "{what}");
    assert!(store.verify(None).unwrap().is_whole(), "{what}");
    true
}

#[test]
fn a_changed_byte_is_refused_or_changes_nothing() {
    let (site, wanted, bytes) = backed_up();
    let mut refused = 0;
    for at in (0..bytes.len()).step_by(STRIDE) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let disk = SimDisk::new();
        let what = format!("byte {at}");
        let unpacked = unpack(&site, Arc::new(disk.clone()), &changed);
        let there = block_on(whole_or_nothing(&site, &disk, &wanted, &what));
        assert_eq!(there, unpacked.is_ok(), "{what}: {unpacked:?}");
        refused += usize::from(!there);
    }
    // What fills a block up behind a file is no part of it.
    assert!(
        refused > bytes.len() / STRIDE / 3,
        "only {refused} were refused"
    );
}

#[test]
fn a_backup_that_is_cut_anywhere_is_refused() {
    let (site, wanted, bytes) = backed_up();
    let list = bytes
        .windows(8)
        .rposition(|bytes| bytes == b"\"format\"")
        .unwrap();
    for len in (0..=list).step_by(97) {
        let disk = SimDisk::new();
        let unpacked = unpack(&site, Arc::new(disk.clone()), &bytes[..len]);
        assert!(unpacked.is_err(), "cut at {len}");
        assert!(!block_on(whole_or_nothing(&site, &disk, &wanted, "cut")));
        // Another try with the whole backup begins anew.
        if len % 5 == 0 {
            unpack(&site, Arc::new(disk.clone()), &bytes).unwrap();
            assert!(block_on(whole_or_nothing(&site, &disk, &wanted, "again")));
        }
    }
}

#[test]
fn a_power_cut_while_restoring_leaves_nothing_or_a_whole_store() {
    for artifacts in [None, Some("/elsewhere".into())] {
        let (mut site, wanted, bytes) = backed_up();
        site.artifacts = artifacts;
        let whole = SimDisk::new();
        unpack(&site, Arc::new(whole.clone()), &bytes).unwrap();
        let (mut nothing, mut there) = (0, 0);
        for step in 0..=whole.operations() {
            let disk = SimDisk::new();
            disk.fail_at(step, Fault::PowerCut);
            let unpacked = unpack(&site, Arc::new(disk.clone()), &bytes);
            for seed in 0..CUTS {
                let after = disk.crash(seed);
                let what = format!("step {step}, seed {seed}");
                if block_on(whole_or_nothing(&site, &after, &wanted, &what)) {
                    there += 1;
                    continue;
                }
                assert!(unpacked.is_err(), "{what}: told to be restored");
                nothing += 1;
                unpack(&site, Arc::new(after.clone()), &bytes).unwrap();
                assert!(block_on(whole_or_nothing(&site, &after, &wanted, &what)));
            }
        }
        assert!(nothing > 0 && there >= CUTS, "{nothing} and {there}");
    }
}

#[test]
fn what_is_there_is_not_replaced() {
    let (site, _, bytes) = backed_up();
    for (dir, file) in [
        ("/site/ops/incidents", "events-000001.jsonl"),
        ("/site/ops/incidents", "notes.txt"),
        ("/site/ops/audit", "audit-2026-02-23.jsonl"),
    ] {
        let disk = SimDisk::new();
        let path = Path::new(dir).join(file);
        watchbook_store::disk::create_dir_all(&disk, Path::new(dir)).unwrap();
        disk.tamper(&path, b"theirs").unwrap();
        let refused = unpack(&site, Arc::new(disk.clone()), &bytes);
        assert!(
            matches!(&refused, Err(RestoreError::NotEmpty(place)) if *place == path),
            "{refused:?}"
        );
        assert_eq!(disk.peek(&path).unwrap(), b"theirs");
    }
}
