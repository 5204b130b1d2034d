//! The feed of a journal: over segments, over redactions that write files anew, and on handles that never read before.

use std::path::Path;

use watchbook_store::disk::SimDisk;
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Feed as _, FeedPosition, StoreError};

use crate::site::{Site, block_on};

/// Small, so that there are several segments.
const SEGMENT: u64 = 4 << 10;
const NOTES: u32 = 30;

/// What is told after a position, and where it ends.
async fn read(store: &JsonlStore, mut at: FeedPosition, limit: usize) -> (Vec<u32>, FeedPosition) {
    let mut told = Vec::new();
    loop {
        let stretch = store.feed(at, limit).await.unwrap();
        at = stretch.next;
        if stretch.changes.is_empty() {
            return (told, at);
        }
        assert!(stretch.changes.len() <= limit);
        told.extend(stretch.changes.iter().map(|change| change.last_seq));
    }
}

#[test]
fn every_position_holds_over_segments_and_redactions() {
    block_on(async {
        let site = Site {
            segment_bytes: SEGMENT,
            ..Site::new(Path::new("/site"), 1)
        };
        let disk = SimDisk::new();
        let store = site.open(&disk);
        let first = store.feed_end().await.unwrap();
        let id = site.create(&store).await;
        let mut positions = vec![first, store.feed_end().await.unwrap()];
        for number in 0..NOTES {
            let note = site
                .note(&store, id, &format!("note {number}"))
                .await
                .unwrap();
            positions.push(store.feed_end().await.unwrap());
            if number % 10 == 9 {
                site.redact(&store, id, note).await.unwrap();
                positions.push(store.feed_end().await.unwrap());
            }
        }
        let sealed = site.dir.join("ops/incidents/events-000002.jsonl");
        assert!(
            watchbook_store::disk::Disk::metadata(&disk, &sealed).is_ok(),
            "several segments"
        );
        let last = u32::try_from(positions.len() - 1).unwrap();
        let (again, other) = (site.open(&disk), site.open(&disk));
        for (known, at) in (0..).zip(&positions) {
            let rest: Vec<u32> = (known + 1..=last).collect();
            for (store, limit) in [(&store, 7), (&again, 1), (&other, 100)] {
                let (told, end) = read(store, *at, limit).await;
                assert_eq!(told, rest, "after {at:?}");
                assert_eq!(Some(&end), positions.last());
            }
        }
    });
}

#[test]
fn a_position_of_another_directory_is_refused() {
    block_on(async {
        let (here, there) = (SimDisk::new(), SimDisk::new());
        let site = Site::new(Path::new("/site"), 1);
        let (one, other) = (site.open(&here), site.open(&there));
        site.create(&one).await;
        let at = one.feed_end().await.unwrap();
        let empty = other.feed(at, 10).await;
        assert!(matches!(empty, Err(StoreError::FeedRestarted)), "{empty:?}");
        site.create(&other).await;
        let full = other.feed(at, 10).await;
        assert!(matches!(full, Err(StoreError::FeedRestarted)), "{full:?}");
    });
}
