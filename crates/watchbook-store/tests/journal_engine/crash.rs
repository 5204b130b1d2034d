//! Power cuts at any moment: what was acknowledged is there, whole and once; what was refused is not.
//!
//! The same property must fail on a disk that does not sync, and on one that acknowledges before it syncs.

use std::sync::Arc;

use watchbook_store::disk::sim::{Fault, Op, SplitMix};
use watchbook_store::disk::{Disk, LateSync, NoSync, SimDisk};

use crate::fixture::as_disk;
use crate::workload::{Promise, Promises, Workload};

/// How many power cuts the property is tried with.
const SEEDS: u64 = 400;

/// Runs the workload of a seed on `disk`, which reaches `sim`, until the power fails at a moment that the seed
/// chooses: half the time at some change, otherwise anywhere. Gives what was promised until then.
fn cut(seed: u64, wrap: impl Fn(SimDisk) -> Arc<dyn Disk>) -> (SimDisk, Promises) {
    let workload = Workload::random(seed);
    let rehearsal = SimDisk::new();
    rehearsal.record();
    workload.run(&wrap(rehearsal.clone()));
    let mut random = SplitMix::new(seed ^ 0xdead_beef);
    let sim = SimDisk::new();
    sim.fail_at(moment(&rehearsal, &mut random), Fault::PowerCut);
    let promises = workload.run(&wrap(sim.clone()));
    (sim, promises)
}

fn moment(rehearsal: &SimDisk, random: &mut SplitMix) -> u64 {
    let changes = [Op::Write, Op::SetLen, Op::SyncData, Op::Rename, Op::SyncDir];
    let log = rehearsal.log();
    let changing = (0_u64..)
        .zip(&log)
        .filter(|(_, done)| changes.contains(&done.op));
    let changing: Vec<u64> = changing.map(|(number, _)| number).collect();
    if random.chance(50) {
        changing[usize::try_from(random.below(changing.len() as u64)).unwrap_or(0)]
    } else {
        random.below(rehearsal.operations())
    }
}

fn survives(seed: u64, wrap: impl Fn(SimDisk) -> Arc<dyn Disk>) -> Result<(), String> {
    let (sim, promises) = cut(seed, wrap);
    (0..2).try_for_each(|variant| promises.check(&sim.crash(seed << 8 | variant)))
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    for seed in 0..SEEDS {
        survives(seed, |sim| as_disk(&sim))
            .unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
}

#[test]
fn the_workload_is_worth_its_name() {
    let (mut acknowledged, mut in_doubt, mut rolled, mut sizes) = (0, 0, 0, 0);
    for seed in 0..50 {
        let (sim, promises) = cut(seed, |sim| as_disk(&sim));
        acknowledged += promises.count(Promise::Acknowledged);
        in_doubt += promises.count(Promise::InDoubt);
        rolled += usize::from(
            sim.peek(&crate::fixture::sim_path("events-000001.jsonl"))
                .is_some(),
        );
        sizes += usize::from(promises.has_large());
    }
    assert!(acknowledged > 500, "{acknowledged} acknowledged");
    assert!(in_doubt > 10, "{in_doubt} in doubt");
    assert!(rolled > 20, "{rolled} with more than one segment");
    assert!(sizes > 20, "{sizes} with commits of many sectors");
}

#[test]
fn nothing_is_lost_by_a_second_power_cut_during_the_recovery_from_the_first() {
    for seed in 0..SEEDS / 2 {
        let (sim, promises) = cut(seed, |sim| as_disk(&sim));
        let rehearsal = sim.crash(seed);
        drop(promises.check(&rehearsal));
        let again = sim.crash(seed);
        let mut random = SplitMix::new(seed ^ 0x5eed);
        again.fail_at(random.below(rehearsal.operations()), Fault::PowerCut);
        drop(promises.check(&again));
        promises
            .check_after_check(&again.crash(seed + 1))
            .unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
}

/// How many power cuts a mutant is given to show that it loses something. It takes a few.
const MUTANT_SEEDS: u64 = 200;

fn first_loss(wrap: impl Fn(SimDisk) -> Arc<dyn Disk> + Copy) -> Option<String> {
    let broken = (0..MUTANT_SEEDS).filter_map(|seed| survives(seed, wrap).err());
    broken.into_iter().find(|broken| broken.contains("is lost"))
}

#[test]
fn without_the_sync_the_property_fails() {
    let loss = first_loss(|sim| Arc::new(NoSync(sim)));
    assert!(
        loss.is_some(),
        "a disk that never syncs must lose something"
    );
}

#[test]
fn with_the_acknowledgement_before_the_sync_the_property_fails() {
    let loss = first_loss(|sim| Arc::new(LateSync(sim)));
    assert!(
        loss.is_some(),
        "a disk that syncs too late must lose something"
    );
}
