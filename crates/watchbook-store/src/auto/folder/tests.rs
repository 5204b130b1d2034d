//! Two handles on one folder, as two processes have them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Folder;
use crate::auto::condition::{Condition, Phase};
use crate::auto::shelter::Shelter;
use crate::jsonl::JsonlOptions;
use crate::system::{ManualClock, SeededEntropy};

const NO_WAIT: Duration = Duration::ZERO;

fn folder(dir: &Path) -> Folder {
    let (clock, entropy) = (ManualClock::default(), SeededEntropy::new(1));
    Folder::new(
        dir,
        JsonlOptions::new(dir, Arc::new(clock), Arc::new(entropy)),
    )
}

fn set(folder: &Folder, phase: Phase, epoch: u64) {
    let changed = folder.change(&mut |_| {
        Some(Condition {
            phase,
            epoch,
            ..Condition::first()
        })
    });
    changed.expect("changed");
}

#[test]
fn what_one_process_changes_the_other_sees_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ours, other) = (folder(dir.path()), folder(dir.path()));
    assert_eq!(ours.condition().expect("read"), Condition::first());
    // The texts are of one length, and the system gives the number of a file that is gone to the next one.
    for epoch in 2..9 {
        for phase in [Phase::Primary, Phase::Degraded] {
            set(&other, phase, epoch);
            let seen = ours.condition().expect("read");
            assert_eq!((seen.phase, seen.epoch), (phase, epoch));
        }
        set(&other, Phase::Replaying, epoch);
        set(&other, Phase::Primary, epoch);
        assert_eq!(ours.condition().expect("read").phase, Phase::Primary);
    }
}

#[tokio::test]
async fn the_gate_closes_when_the_last_of_a_process_is_through() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ours, other) = (folder(dir.path()), folder(dir.path()));
    let first = ours.enter().await.expect("inside");
    let second = ours.enter().await.expect("inside");
    for closing in [&ours, &other] {
        assert!(closing.close(NO_WAIT).await.expect("asked").is_none());
    }
    drop(first);
    assert!(other.close(NO_WAIT).await.expect("asked").is_none());
    drop(second);
    let closed = other.close(NO_WAIT).await.expect("asked");
    assert!(closed.is_some());
    assert!(ours.inside().expect("asked").is_none());
    drop(closed);
    ours.enter().await.expect("inside");
}

#[tokio::test]
async fn who_is_inside_lets_nobody_in_while_another_waits_to_close() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ours, other) = (folder(dir.path()), folder(dir.path()));
    let _inside = ours.enter().await.expect("inside");
    let turn = other.lock_file("turn").expect("opened");
    assert!(turn.try_lock().expect("asked"));
    let mut entering = Box::pin(ours.enter());
    let waits = std::future::poll_fn(|context| {
        std::task::Poll::Ready(entering.as_mut().poll(context).is_pending())
    });
    assert!(waits.await);
    drop(turn);
    entering.await.expect("inside");
}
