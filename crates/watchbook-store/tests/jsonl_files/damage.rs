//! Damage makes its incident read-only, whatever it did to the bytes that would name that incident.

use std::path::Path;

use watchbook_core::query::PageRequest;
use watchbook_core::{IncidentId, Op};
use watchbook_store::disk::{Disk as _, SimDisk};
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Incidents as _, StoreError};

use crate::site::{Site, block_on};

const JOURNAL: &str = "/site/ops/incidents/events.jsonl";
const RECORDS: &str = "/site/ops/incidents/incidents.jsonl";
const HEAD: &str = "/site/ops/incidents/.watchbook/head";
/// Lines of the journal, counted from 0, the header being 0.
const CREATION: usize = 1;
const MIDDLE: usize = 3;
const LAST: usize = 5;

/// A directory in which one incident gets damaged, and another one must not be touched by that.
struct Scene {
    site: Site,
    disk: SimDisk,
    hit: IncidentId,
    other: IncidentId,
}

impl Scene {
    /// Lines 1, 3 and 5 are of the one incident, 2, 4 and 6 of the other.
    async fn new() -> Self {
        let (site, disk) = (Site::new(Path::new("/site"), 7), SimDisk::new());
        let store = site.open(&disk);
        let (hit, other) = (site.create(&store).await, site.create(&store).await);
        for text in ["first", "second"] {
            site.note(&store, hit, text).await.unwrap();
            site.note(&store, other, text).await.unwrap();
        }
        Self {
            site,
            disk,
            hit,
            other,
        }
    }

    /// Changes the lines of the journal. The head goes as well, as it does when files are copied by hand.
    fn harm(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        let bytes = self.disk.peek(JOURNAL.as_ref()).unwrap();
        let mut lines: Vec<Vec<u8>> = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        change(&mut lines);
        self.disk.tamper(JOURNAL.as_ref(), &lines.concat()).unwrap();
        self.disk.remove_file(HEAD.as_ref()).unwrap();
    }

    /// The incident takes no writes, the other one takes them, and both are read.
    async fn check(&self, what: &str) {
        let store = self.site.open(&self.disk);
        let refused = self.site.note(&store, self.hit, "no").await;
        assert!(
            matches!(refused, Err(StoreError::Corrupt(_))),
            "{what}: {refused:?}"
        );
        let into = self.hit;
        let merge = self.site.command(
            self.other,
            Op::Merge {
                into,
                at: None,
                note: None,
            },
        );
        for merged in [store.preview(merge.clone()).await, store.apply(merge).await] {
            assert!(merged.is_err(), "{what}: it would get a line");
        }
        assert_eq!(numbers(&store, self.other).await, [1, 2, 3], "{what}");
        self.site.note(&store, self.other, "yes").await.unwrap();
        assert_eq!(numbers(&store, self.other).await, [1, 2, 3, 4], "{what}");
        // The same again for whoever opens it later.
        let again = self.site.open(&self.disk);
        let refused = self.site.note(&again, self.hit, "no").await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{what}");
        assert!(
            again.health().await.read_only.is_none(),
            "{what}: the rest goes on"
        );
        assert!(!again.health().await.damaged.is_empty(), "{what}");
    }
}

async fn numbers(store: &JsonlStore, id: IncidentId) -> Vec<u32> {
    let page = PageRequest {
        limit: 100,
        after: None,
    };
    let events = store.events(id, page).await.unwrap().items;
    events.iter().map(|event| event.seq).collect()
}

#[test]
fn a_line_that_is_gone_stops_the_incident_that_it_was_of() {
    for line in [CREATION, MIDDLE, LAST] {
        block_on(async {
            let scene = Scene::new().await;
            scene.harm(|lines| drop(lines.remove(line)));
            scene.check(&format!("line {line} is gone")).await;
        });
    }
}

#[test]
fn a_change_within_the_id_stops_the_incident_that_it_was() {
    for line in [CREATION, MIDDLE, LAST] {
        block_on(async {
            let scene = Scene::new().await;
            let id = scene.hit.to_string();
            scene.harm(|lines| {
                let at = memchr::memmem::find_iter(&lines[line], id.as_bytes()).collect::<Vec<_>>();
                for at in at {
                    let last = at + id.len() - 1;
                    lines[line][last] = if lines[line][last] == b'0' {
                        b'1'
                    } else {
                        b'0'
                    };
                }
            });
            scene
                .check(&format!("an id in line {line} is another"))
                .await;
        });
    }
}

#[test]
fn a_gap_in_the_numbers_is_enough_where_there_is_no_second_copy() {
    block_on(async {
        let scene = Scene::new().await;
        scene.harm(|lines| drop(lines.remove(MIDDLE)));
        scene.disk.remove_file(RECORDS.as_ref()).unwrap();
        scene.check("without records").await;
    });
}

#[test]
fn the_second_copy_is_kept_until_the_damage_is_repaired() {
    block_on(async {
        let scene = Scene::new().await;
        let records = scene.disk.peek(RECORDS.as_ref()).unwrap();
        scene.harm(|lines| drop(lines.remove(LAST)));
        let store = scene.site.open(&scene.disk);
        scene.site.note(&store, scene.other, "yes").await.unwrap();
        store.close().unwrap();
        let kept = scene.disk.peek(RECORDS.as_ref()).unwrap();
        assert!(kept.starts_with(&records), "nothing that was recorded went");
        store.repair().unwrap();
        scene.site.note(&store, scene.hit, "after").await.unwrap();
        assert_eq!(store.verify(None).unwrap().damaged, []);
    });
}
