//! A node with its files on a disk that runs full, loses power or is emptied, while its database comes and goes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use watchbook_core::{ArtifactName, Digest, IncidentId, Key, Op};
use watchbook_store::auto::{AutoOptions, AutoStore, Folder, Phase, Tended};
use watchbook_store::conformance::block_on;
use watchbook_store::disk::{Disk as _, SimDisk};
use watchbook_store::jsonl::JsonlOptions;
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::{ManualClock, OsEntropy};
use watchbook_store::{Artifacts as _, Incidents as _, Keys as _, Loss, Outcome, StoreError};

use crate::flaky::{Flaky, Turn};
use crate::full_disk::FullDisk;
use crate::outage::{RETRY, command, creation, note};
use crate::over_memory::memory;

/// A database and the disk of a node.
struct Site {
    clock: ManualClock,
    real: Arc<MemoryStore>,
    database: Arc<Flaky>,
    disk: SimDisk,
    full: FullDisk,
}

impl Site {
    fn new() -> Self {
        let clock = ManualClock::default();
        let real = memory(&clock, 1);
        let database = Arc::new(Flaky::steady(Arc::clone(&real)));
        let disk = SimDisk::new();
        Self {
            full: FullDisk::new(disk.clone()),
            clock,
            real,
            database,
            disk,
        }
    }

    /// The same database, and a disk after a power cut.
    fn after_power_cut(&self, seed: u64) -> Self {
        let disk = self.disk.crash(seed);
        Self {
            clock: self.clock.clone(),
            real: Arc::clone(&self.real),
            database: Arc::clone(&self.database),
            full: FullDisk::new(disk.clone()),
            disk,
        }
    }

    fn node(&self) -> AutoStore {
        let options = JsonlOptions::new(
            Path::new("/site"),
            Arc::new(self.clock.clone()),
            Arc::new(OsEntropy),
        );
        let options = JsonlOptions {
            disk: Arc::new(self.full.clone()),
            workers: 0,
            ..options
        };
        AutoStore::new(
            Arc::clone(&self.database) as _,
            Arc::new(Folder::new(Path::new("/site"), options)),
            AutoOptions::new(Arc::new(self.clock.clone())),
        )
    }

    /// A node that has met its database and mirrors it.
    async fn begin(&self) -> AutoStore {
        let store = self.node();
        store.start().await.expect("started");
        store.tend().await.expect("tended");
        store
    }

    async fn apply(&self, store: &AutoStore, id: IncidentId, op: Op) -> Result<(), StoreError> {
        self.clock.advance(Duration::from_secs(1));
        store.apply(command(id, op)).await.map(|_| ())
    }

    async fn created(&self, store: &AutoStore) -> IncidentId {
        let id = self.id();
        self.apply(store, id, creation()).await.expect("created");
        id
    }

    /// An incident that this node did not hear of.
    async fn created_elsewhere(&self) -> IncidentId {
        let id = self.id();
        let created = self.real.apply(command(id, creation())).await;
        created.expect("created");
        id
    }

    fn id(&self) -> IncidentId {
        IncidentId::generate(watchbook_core::Clock::now(&self.clock), &OsEntropy)
    }

    async fn back(&self, store: &AutoStore) -> Result<Tended, StoreError> {
        self.database.lose(None);
        self.clock.advance(RETRY);
        store.tend().await
    }
}

#[test]
fn a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room() {
    block_on(async {
        let site = Site::new();
        let store = site.begin().await;
        let before = site.created(&store).await;
        site.database.lose(Some(Loss::Gone));
        site.apply(&store, before, note("one")).await.expect("room");
        site.full.fill(Some("/site"));
        let error = site.apply(&store, before, note("two")).await;
        let error = error.expect_err("there is no room");
        assert_eq!(error.outcome(), Outcome::NotApplied, "{error}");
        let said = error.to_string();
        assert!(said.contains("free some space"), "{said}");
        assert_eq!(store.get(before).await.expect("read").events, 2);
        site.full.fill(None);
        site.apply(&store, before, note("two")).await.expect("room");
        assert_eq!(site.back(&store).await.expect("tended"), Tended::Back);
        assert_eq!(site.real.get(before).await.expect("there").events, 3);
    });
}

#[test]
fn a_full_disk_does_not_stand_between_the_node_and_its_database() {
    block_on(async {
        let site = Site::new();
        let store = site.begin().await;
        let before = site.created(&store).await;
        site.database.lose(Some(Loss::Gone));
        site.apply(&store, before, note("one")).await.expect("room");
        // What was written is safe, and there is room for notes, but none for another log.
        site.full.fill(Some("/site/ops/auto/logs"));
        assert_eq!(site.back(&store).await.expect("tended"), Tended::Back);
        site.apply(&store, before, note("two"))
            .await
            .expect("noted");
        assert_eq!(site.real.get(before).await.expect("there").events, 3);
        // The mirror is made when there is room.
        store.tend().await.expect_err("there is no room");
        site.full.fill(None);
        let put_off = store.tend().await.expect("put off");
        assert_eq!(put_off, Tended::Followed(0));
        site.clock.advance(RETRY);
        store.tend().await.expect("tended");
        site.database.lose(Some(Loss::Gone));
        assert_eq!(store.get(before).await.expect("mirrored").events, 3);
    });
}

#[test]
fn a_full_disk_does_not_lock_callers_out_of_a_healthy_database() {
    block_on(async {
        let site = Site::new();
        drop(site.begin().await);
        let store = site.node();
        site.full.fill(Some("/site"));
        store.keys().await.expect("the database has them");
        let id = site.created(&store).await;
        assert_eq!(site.real.get(id).await.expect("there").events, 1);
    });
}

#[test]
fn what_may_have_happened_is_not_denied_for_want_of_room() {
    block_on(async {
        let site = Site::new();
        let store = site.begin().await;
        let before = site.created(&store).await;
        site.full.fill(Some("/site"));
        site.database.script([Turn::After, Turn::After]);
        let error = site.apply(&store, before, note("one")).await;
        let error = error.expect_err("nobody heard of it");
        assert_eq!(site.real.get(before).await.expect("there").events, 2);
        assert!(matches!(error.outcome(), Outcome::Unknown(_)), "{error}");
    });
}

#[test]
fn what_was_acknowledged_without_the_database_survives_a_power_cut() {
    block_on(async {
        for seed in 0..48 {
            let site = Site::new();
            let store = site.begin().await;
            let before = site.created(&store).await;
            site.database.lose(Some(Loss::Gone));
            let during = site.created(&store).await;
            site.apply(&store, before, note("one"))
                .await
                .expect("noted");
            let site = site.after_power_cut(seed);
            drop(store);
            let store = site.node();
            assert_eq!(store.phase().expect("a phase"), Phase::Degraded);
            assert_eq!(store.get(before).await.expect("kept").events, 2);
            assert_eq!(store.get(during).await.expect("kept").events, 1);
            assert_eq!(site.back(&store).await.expect("tended"), Tended::Back);
            assert_eq!(site.real.get(before).await.expect("there").events, 2);
            assert_eq!(site.real.get(during).await.expect("there").events, 1);
        }
    });
}

#[test]
fn a_node_starts_after_a_power_cut_without_its_database() {
    block_on(async {
        for seed in 0..48 {
            let site = Site::new();
            let store = site.begin().await;
            let before = site.created(&store).await;
            for text in ["one", "two", "three"] {
                site.apply(&store, before, note(text)).await.expect("noted");
            }
            let site = site.after_power_cut(seed);
            drop(store);
            let store = site.node();
            site.database.lose(Some(Loss::Gone));
            let during = site.created(&store).await;
            site.apply(&store, during, note("one"))
                .await
                .expect("noted");
            assert_eq!(site.back(&store).await.expect("tended"), Tended::Back);
            assert_eq!(site.real.get(before).await.expect("there").events, 4);
            assert_eq!(site.real.get(during).await.expect("there").events, 2);
        }
    });
}

#[test]
fn a_condition_that_is_gone_is_not_taken_for_a_new_node() {
    block_on(async {
        let site = Site::new();
        let store = site.begin().await;
        site.created(&store).await;
        let condition = Path::new("/site/ops/auto/condition.json");
        site.disk.remove_file(condition).expect("removed");
        let error = site.node().phase().expect_err("nobody knows");
        assert!(error.to_string().contains("put it back"), "{error}");
    });
}

#[test]
fn a_power_cut_leaves_no_hole_in_the_mirror() {
    block_on(async {
        for seed in 0..48 {
            let site = Site::new();
            let theirs = site.created_elsewhere().await;
            let store = site.begin().await;
            let ours = site.created(&store).await;
            let followed = site.created_elsewhere().await;
            store.tend().await.expect("tended");
            let site = site.after_power_cut(seed);
            drop(store);
            let store = site.node();
            store.tend().await.expect("tended");
            site.database.lose(Some(Loss::Gone));
            for id in [theirs, ours, followed] {
                let known = store.get(id).await;
                assert!(known.is_ok(), "seed {seed}: {known:?}");
            }
        }
    });
}

#[test]
fn a_power_cut_after_the_way_back_leaves_no_hole_in_the_fresh_mirror() {
    block_on(async {
        for seed in 0..48 {
            let site = Site::new();
            let store = site.begin().await;
            let before = site.created(&store).await;
            site.database.lose(Some(Loss::Gone));
            let during = site.created(&store).await;
            assert_eq!(site.back(&store).await.expect("tended"), Tended::Back);
            let site = site.after_power_cut(seed);
            drop(store);
            let store = site.node();
            store.tend().await.expect("tended");
            site.database.lose(Some(Loss::Gone));
            for id in [before, during] {
                let known = store.get(id).await;
                assert!(known.is_ok(), "seed {seed}: {known:?}");
            }
        }
    });
}

#[test]
fn a_repeated_request_that_changed_nothing_does_not_wait_for_the_database() {
    block_on(async {
        let site = Site::new();
        let store = site.begin().await;
        let before = site.created(&store).await;
        let mut again = command(
            before,
            crate::outage::step(watchbook_core::Step::Acknowledge),
        );
        store.apply(again.clone()).await.expect("acknowledged");
        again.change = watchbook_core::ChangeId::from_key(&before.to_string(), "again");
        again.key = Some(Key {
            body: Digest::of(b"again"),
        });
        let unchanged = store.apply(again).await.expect("acknowledged already");
        assert!(unchanged.events.is_empty());
        site.database.lose(Some(Loss::Gone));
        store.get(before).await.expect("mirrored");
        let status = store.status().await.expect("a status");
        assert_eq!(status.pending, 0, "nothing was written here");
    });
}

#[test]
fn many_large_artifacts_come_along_in_small_runs() {
    block_on(async {
        let site = Site::new();
        let store = site.begin().await;
        let incident = site.created(&store).await;
        site.database.lose(Some(Loss::Gone));
        for number in 0..12_u8 {
            let content = vec![b'a' + number; 2 * 1024 * 1024];
            let op = Op::Attach {
                name: ArtifactName::new(&format!("{number}.txt")).expect("a name"),
                sha256: Digest::of(&content),
                bytes: content.len() as u64,
            };
            let attached = store.attach(command(incident, op), content).await;
            attached.expect("attached");
        }
        assert_eq!(site.back(&store).await.expect("tended"), Tended::Back);
        assert_eq!(site.real.get(incident).await.expect("there").events, 13);
        let most = site
            .database
            .most
            .bytes
            .load(std::sync::atomic::Ordering::Relaxed);
        assert!(most <= 10 * 1024 * 1024, "{most} bytes in one transaction");
    });
}

#[test]
fn a_folder_that_was_emptied_swallows_nothing() {
    block_on(async {
        let clock = ManualClock::default();
        let dir = TempDir::new().expect("a folder");
        let real = memory(&clock, 1);
        let database = Arc::new(Flaky::steady(Arc::clone(&real)));
        let node = || {
            let options =
                JsonlOptions::new(dir.path(), Arc::new(clock.clone()), Arc::new(OsEntropy));
            AutoStore::new(
                Arc::clone(&database) as _,
                Arc::new(Folder::new(dir.path(), options)),
                AutoOptions::new(Arc::new(clock.clone())),
            )
        };
        let store = node();
        store.start().await.expect("started");
        store.tend().await.expect("tended");
        let id = IncidentId::generate(watchbook_core::Clock::now(&clock), &OsEntropy);
        store.apply(command(id, creation())).await.expect("created");
        std::fs::remove_dir_all(dir.path().join("ops/auto")).expect("emptied");
        database.lose(Some(Loss::Gone));
        let during = IncidentId::generate(watchbook_core::Clock::now(&clock), &OsEntropy);
        let written = store.apply(command(during, creation())).await;
        database.lose(None);
        clock.advance(RETRY);
        drop(store);
        let again = node();
        again.tend().await.expect("tended");
        if written.is_ok() {
            real.get(during).await.expect("it was acknowledged");
        }
    });
}
