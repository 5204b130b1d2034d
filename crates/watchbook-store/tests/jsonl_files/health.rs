//! Health tells the truth: what stands in the way of writing is told before and after somebody tries, until it is gone.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use watchbook_core::audit::AuditOpening;
use watchbook_core::text::{Name, Short};
use watchbook_core::{AgentId, Clock as _, EventId, Via};
use watchbook_store::disk::sim::Op;
use watchbook_store::disk::{Disk as _, SimDisk};
use watchbook_store::journal::FsyncPolicy;
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{AuditLog as _, Incidents as _, StoreError};

use crate::site::{Site, block_on};

const JOURNAL: &str = "/site/ops/incidents/events.jsonl";
/// How long what was found out by trying is believed.
const BELIEVED: Duration = Duration::from_secs(1);

fn site() -> Site {
    Site::new(Path::new("/site"), 13)
}

async fn read_only(store: &JsonlStore) -> Option<String> {
    store.health().await.read_only
}

async fn audit(site: &Site, store: &JsonlStore) -> Result<(), StoreError> {
    store
        .open_entry(AuditOpening {
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
        })
        .await
}

#[test]
fn a_failed_write_is_told_until_writing_works_again() {
    let (site, disk) = (site(), SimDisk::new());
    block_on(async {
        let store = site.open(&disk);
        let id = site.create(&store).await;
        assert_eq!(read_only(&store).await, None);
        disk.fail_all(Op::Write, io::ErrorKind::StorageFull);
        assert!(site.note(&store, id, "no").await.is_err());
        for _ in 0..3 {
            let why = read_only(&store).await.unwrap();
            assert!(why.contains("free some space"), "{why}");
            site.clock.advance(BELIEVED);
        }
        disk.heal();
        assert_eq!(
            read_only(&store).await,
            None,
            "nobody has written meanwhile"
        );
        site.note(&store, id, "yes").await.unwrap();
    });
}

#[test]
fn a_sync_that_failed_later_is_told_and_gets_over() {
    let (mut site, disk) = (site(), SimDisk::new());
    site.fsync = FsyncPolicy::Interval;
    block_on(async {
        let store = site.open(&disk);
        let id = site.create(&store).await;
        disk.fail_all(Op::SyncData, io::ErrorKind::Other);
        assert!(store.sync_audit().await.is_err());
        assert!(read_only(&store).await.is_some());
        disk.heal();
        site.clock.advance(BELIEVED);
        assert_eq!(
            read_only(&store).await,
            None,
            "nobody has written meanwhile"
        );
        site.note(&store, id, "yes").await.unwrap();
    });
}

#[test]
fn a_trail_that_takes_no_entries_is_told_as_nothing_is_written_without_it() {
    let (site, disk) = (site(), SimDisk::new());
    block_on(async {
        let store = site.open(&disk);
        site.create(&store).await;
        audit(&site, &store).await.unwrap();
        disk.fail_all(Op::Write, io::ErrorKind::Other);
        assert!(audit(&site, &store).await.is_err());
        let why = read_only(&store).await.unwrap();
        assert!(why.contains("cannot be written"), "{why}");
        disk.heal();
        // A moment later it is tried; or an entry that is taken settles it at once.
        audit(&site, &store).await.unwrap();
        site.clock.advance(BELIEVED);
        assert_eq!(read_only(&store).await, None);
    });
}

#[test]
fn a_trial_leaves_nothing_and_is_made_once_a_second_at_most() {
    let (site, disk) = (site(), SimDisk::new());
    block_on(async {
        let store = site.open(&disk);
        let id = site.create(&store).await;
        let names = || {
            disk.read_dir("/site/ops/incidents/.watchbook".as_ref())
                .unwrap()
        };
        let before = names();
        disk.fail_all(Op::SyncData, io::ErrorKind::Other);
        assert!(site.note(&store, id, "no").await.is_err());
        disk.record();
        let trials = || {
            let log = disk.log();
            let opened = log.iter().filter(|done| done.op == Op::Open);
            opened.filter(|done| done.path.ends_with(".trial")).count()
        };
        for _ in 0..5 {
            assert!(read_only(&store).await.is_some());
        }
        assert_eq!(trials(), 1);
        site.clock.advance(BELIEVED);
        assert!(read_only(&store).await.is_some());
        assert_eq!(trials(), 2);
        assert_eq!(names(), before);
    });
}

#[test]
fn a_journal_that_was_cut_is_told_before_anybody_writes() {
    let (site, disk) = (site(), SimDisk::new());
    block_on(async {
        let store = site.open(&disk);
        let id = site.create(&store).await;
        site.note(&store, id, "last").await.unwrap();
        let bytes = disk.peek(JOURNAL.as_ref()).unwrap();
        disk.tamper(JOURNAL.as_ref(), &bytes[..bytes.len() - 10])
            .unwrap();
        for store in [&store, &site.open(&disk)] {
            let why = read_only(store).await.unwrap();
            assert!(why.contains("the file was cut"), "{why}");
        }
        disk.tamper(JOURNAL.as_ref(), &bytes).unwrap();
        site.clock.advance(BELIEVED);
        assert_eq!(read_only(&store).await, None);
    });
}

#[test]
fn where_there_is_no_store_none_is_made() {
    let (site, disk) = (site(), SimDisk::new());
    block_on(async {
        let store = site.open(&disk);
        disk.record();
        assert_eq!(read_only(&store).await, None);
        assert!(
            disk.log()
                .iter()
                .all(|done| done.op != Op::Write && done.op != Op::CreateDir)
        );
        assert_eq!(disk.read_dir("/".as_ref()).unwrap(), Vec::<String>::new());
    });
}
