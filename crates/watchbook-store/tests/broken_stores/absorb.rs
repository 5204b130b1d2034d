//! Stores that are wrong about what others wrote while they were apart.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::{ChangeId, Commit, Event, Record, Set};
use watchbook_store::{Absorb, Absorbed, Run, StoreError};

use crate::twist::{Real, Twist, unavailable};

fn events(commit: &mut Commit) -> impl Iterator<Item = &mut Event> {
    commit.records.iter_mut().filter_map(|record| match record {
        Record::Event(event) => Some(event),
        Record::Key(_) => None,
    })
}

/// Takes a run as it comes, wherever its source stands.
#[derive(Debug)]
pub(crate) struct TakesAnyRun;

#[async_trait]
impl Twist for TakesAnyRun {
    async fn absorb(&self, real: &Real, run: Run) -> Result<Absorbed, StoreError> {
        let absorbed = real.disk.memory().absorb(run).await;
        absorbed.or_else(|_| Ok(Absorbed::default()))
    }
}

/// Gives each commit a stamp of the moment at which it comes.
#[derive(Debug, Default)]
pub(crate) struct StampsOnArrival {
    arrived: AtomicU32,
}

#[async_trait]
impl Twist for StampsOnArrival {
    async fn absorb(&self, real: &Real, mut run: Run) -> Result<Absorbed, StoreError> {
        let long = Duration::from_hours(1);
        for apart in &mut run.commits {
            let arrived = self.arrived.fetch_add(1, Ordering::SeqCst);
            for event in events(&mut apart.commit) {
                event.stamp.time = event.stamp.time.plus(long * arrived);
            }
        }
        real.disk.memory().absorb(run).await
    }
}

/// Knows no line by its id.
#[derive(Debug)]
pub(crate) struct WritesLinesAgain;

#[async_trait]
impl Twist for WritesLinesAgain {
    async fn absorb(&self, real: &Real, mut run: Run) -> Result<Absorbed, StoreError> {
        for apart in &mut run.commits {
            for event in events(&mut apart.commit) {
                event.id = event.id.derived("again");
            }
        }
        real.disk.memory().absorb(run).await
    }
}

/// Behaves as if everybody had seen everything.
#[derive(Debug)]
pub(crate) struct OverridesInSilence;

#[async_trait]
impl Twist for OverridesInSilence {
    async fn absorb(&self, real: &Real, mut run: Run) -> Result<Absorbed, StoreError> {
        for apart in &mut run.commits {
            for (_, seq) in &mut apart.seen {
                *seq = u32::MAX;
            }
        }
        real.disk.memory().absorb(run).await
    }
}

/// Looks for no twins.
#[derive(Debug)]
pub(crate) struct KeepsBoth;

#[async_trait]
impl Twist for KeepsBoth {
    async fn absorb(&self, real: &Real, mut run: Run) -> Result<Absorbed, StoreError> {
        for apart in &mut run.commits {
            let mut other = apart.commit.change;
            for event in events(&mut apart.commit) {
                event.set.retain(|set| !matches!(set, Set::GroupKey(_)));
                other = ChangeId::from_bits(event.id.to_bits());
            }
            apart.commit.change = other;
        }
        real.disk.memory().absorb(run).await
    }
}

/// Takes commits without what comes with them.
#[derive(Debug)]
pub(crate) struct LeavesBytesBehind;

#[async_trait]
impl Twist for LeavesBytesBehind {
    async fn absorb(&self, real: &Real, mut run: Run) -> Result<Absorbed, StoreError> {
        for apart in &mut run.commits {
            apart.bytes.clear();
        }
        real.disk.memory().absorb(run).await
    }
}

/// Takes in that something was blacked out, and leaves it readable.
#[derive(Debug)]
pub(crate) struct TakesInNoRedaction;

#[async_trait]
impl Twist for TakesInNoRedaction {
    async fn absorb(&self, real: &Real, mut run: Run) -> Result<Absorbed, StoreError> {
        for apart in &mut run.commits {
            for event in events(&mut apart.commit) {
                event.set.retain(|set| !matches!(set, Set::Redacted(_)));
            }
        }
        real.disk.memory().absorb(run).await
    }
}

/// Gives up where a commit does not fit.
#[derive(Debug)]
pub(crate) struct StopsAtWhatDoesNotFit;

#[async_trait]
impl Twist for StopsAtWhatDoesNotFit {
    async fn absorb(&self, real: &Real, run: Run) -> Result<Absorbed, StoreError> {
        let absorbed = real.disk.memory().absorb(run).await?;
        if absorbed.unfit.is_empty() {
            Ok(absorbed)
        } else {
            Err(unavailable())
        }
    }
}
