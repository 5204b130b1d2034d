//! Power cuts and failing disks: nothing acknowledged is lost, doubled or partial, and nothing refused comes back.
//!
//! The workload runs on a simulated disk that forgets any subset of what was not synced. The same property must *fail*
//! on a disk without the sync and on one that acknowledges first: else it would prove nothing.
#![expect(
    clippy::unwrap_used,
    reason = "test code, also outside of `#[test]`: it fails by a panic"
)]

mod promise;
mod site;

use std::io;
use std::sync::Arc;

use watchbook_store::disk::sim::{Fault, Op};
use watchbook_store::disk::{Disk, LateSync, NoSync, SimDisk};
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::system::SeededEntropy;

use crate::promise::{Finding, There, Told};
use crate::site::Site;

const SEEDS: u64 = 1_000;
/// Enough for a broken disk to be caught many times over.
const MUTANT_SEEDS: u64 = 100;

/// How many operations of the disk the workload takes.
fn length() -> u64 {
    let (site, disk) = (Site::new(0), SimDisk::new());
    block_on(async {
        let store = site.open(Arc::new(disk.clone())).unwrap();
        let told = site.work(&store, &disk).await;
        assert!(
            told.all_acknowledged() && told.all_gone_at_once(),
            "{told:?}"
        );
    });
    disk.operations()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn unless(finding: Option<Finding>) -> Result<(), Finding> {
    finding.map_or(Ok(()), Err)
}

/// Cuts the power somewhere in the workload, and says what is wrong afterwards.
fn power_cut(seed: u64, length: u64, wrap: impl Fn(SimDisk) -> Arc<dyn Disk>) -> Option<Finding> {
    let (site, disk, dice) = (Site::new(seed), SimDisk::new(), SeededEntropy::new(seed));
    // One in eight runs to its end, so that a cut right after the last answer is among them.
    let cut = dice.next_u64() % (length + length / 8);
    if cut < length {
        disk.fail_at(cut, Fault::PowerCut);
    }
    block_on(async {
        let told = match site.open(wrap(disk.clone())) {
            Ok(store) => site.work(&store, &disk).await,
            Err(_) => Told::default(),
        };
        survives(&site, &disk.crash(seed), &told).await.err()
    })
}

/// Whether the store that the power cut left keeps every promise, and works on.
async fn survives(site: &Site, after: &SimDisk, told: &Told) -> Result<(), Finding> {
    // Before anybody opens it: what was gone from the files does not come back by the loss of what was not synced.
    unless(told.still_told(after, true))?;
    let store = site
        .open(Arc::new(after.clone()))
        .map_err(|error| Finding::Closed(format!("{error:?}")))?;
    unless(told.broken(&There::of(&store).await?))?;
    verifies(&store)?;
    works_on(site, &store, after).await?;
    // A cut between permission and rewriting leaves the text to the next writer.
    unless(told.still_told(after, false))?;
    unless(told.broken(&There::of(&store).await?))
}

fn verifies(store: &JsonlStore) -> Result<(), Finding> {
    if !store.exists().unwrap() {
        return Ok(());
    }
    match store.verify(None) {
        Ok(verified) if verified.is_whole() => Ok(()),
        other => Err(Finding::Unverified(format!("{other:?}"))),
    }
}

/// The whole workload again, which must be taken.
async fn works_on(site: &Site, store: &JsonlStore, disk: &SimDisk) -> Result<Told, Finding> {
    let told = site.work(store, disk).await;
    if told.all_acknowledged() && told.all_gone_at_once() {
        Ok(told)
    } else {
        Err(Finding::Stuck(format!("{told:?}")))
    }
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let length = length();
    for seed in 0..SEEDS {
        assert_eq!(
            power_cut(seed, length, |disk| Arc::new(disk)),
            None,
            "seed {seed}"
        );
    }
}

#[test]
fn the_suite_notices_a_disk_without_the_sync() {
    let lost = losses(|disk| Arc::new(NoSync(disk)));
    assert!(
        lost > 5,
        "only {lost} of {MUTANT_SEEDS} seeds lost anything"
    );
}

#[test]
fn the_suite_notices_an_acknowledgement_before_the_sync() {
    let lost = losses(|disk| Arc::new(LateSync(disk)));
    assert!(
        lost > 5,
        "only {lost} of {MUTANT_SEEDS} seeds lost anything"
    );
}

/// How many power cuts lose what was acknowledged. Nothing else that may be wrong counts: it would be noticed for
/// another reason than the one that the disk is broken for.
fn losses(wrap: impl Fn(SimDisk) -> Arc<dyn Disk> + Copy) -> usize {
    let length = length();
    (0..MUTANT_SEEDS)
        .filter(|seed| matches!(power_cut(*seed, length, wrap), Some(Finding::Lost(_))))
        .count()
}

#[test]
fn each_single_fault_at_each_step_is_told_truly() {
    let faults = [
        Fault::Error(io::ErrorKind::StorageFull),
        Fault::Error(io::ErrorKind::Other),
        Fault::Short(7, io::ErrorKind::StorageFull),
    ];
    for step in 0..length() {
        for fault in faults {
            let done = block_on(single_fault(step, fault));
            assert_eq!(done, Ok(()), "step {step}, {fault:?}");
        }
    }
}

async fn single_fault(step: u64, failing: Fault) -> Result<(), Finding> {
    let (site, disk) = (Site::new(step), SimDisk::new());
    disk.fail_at(step, failing);
    // An opening that failed is tried again, as a person would.
    let store = site
        .open(Arc::new(disk.clone()))
        .or_else(|_| site.open(Arc::new(disk.clone())))
        .map_err(|error| Finding::Closed(format!("{error:?}")))?;
    let told = site.work(&store, &disk).await;
    unless(told.broken(&There::of(&store).await?))?;
    let again = works_on(&site, &store, &disk).await?;
    let after = disk.crash(step);
    let reopened = site
        .open(Arc::new(after.clone()))
        .map_err(|error| Finding::Closed(format!("{error:?}")))?;
    let left = There::of(&reopened).await?;
    for told in [&told, &again] {
        unless(told.broken(&left))?;
        unless(told.still_told(&disk, false))?;
        unless(told.still_told(&after, false))?;
    }
    verifies(&reopened)
}

#[test]
fn a_redaction_that_failed_twice_is_finished_by_the_next_writer() {
    let mut unfinished = 0;
    for op in [Op::Write, Op::Rename, Op::SyncData, Op::SyncDir] {
        for nth in 0..20 {
            for later in 0..3 {
                unfinished += usize::from(block_on(failing_twice(op, nth, later)));
            }
        }
    }
    assert!(
        unfinished > 5,
        "only {unfinished} redactions were left to the next writer"
    );
}

/// Lets the `nth` operation of this sort fail, and the one `later` behind it. Whether that left a text in a file.
async fn failing_twice(op: Op, nth: u64, later: u64) -> bool {
    let (site, disk) = (Site::new(nth), SimDisk::new());
    let store = site.open(Arc::new(disk.clone())).unwrap();
    disk.fail_nth(op, nth, Fault::Error(io::ErrorKind::StorageFull));
    disk.fail_nth(op, nth + later, Fault::Error(io::ErrorKind::StorageFull));
    let told = site.work(&store, &disk).await;
    let context = format!("{op:?} {nth} and {later} behind it");
    disk.heal();
    let works_on = works_on(&site, &store, &disk).await;
    assert!(works_on.is_ok(), "{context}: {works_on:?}");
    assert_eq!(told.still_told(&disk, false), None, "{context}");
    !told.all_gone_at_once()
}
