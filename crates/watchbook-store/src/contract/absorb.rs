//! Commits of a log that was apart, brought in.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::reconcile::Reconciled;
use watchbook_core::{Commit, Digest, IncidentId, NodeId, StoreId};

use super::StoreError;

/// The most commits that one transaction brings in.
pub const MAX_ABSORBED: usize = 256;

/// A commit that another log made while it was apart, and what its writer had seen of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// Its number in the log that made it.
    pub n: u64,
    /// The commit. The numbers of its lines are those of the other log.
    pub commit: Commit,
    /// For each incident of the commit that was known from here: up to which number the writer had seen its lines. Of
    /// other lines it had seen those of its own node. When the commit creates an incident for an alert group, also the
    /// incidents of that group that the writer knew from here: it opened another one in spite of them, so they are not
    /// merged.
    pub seen: Vec<(IncidentId, u32)>,
    /// The bytes of artifacts that the commit names.
    pub bytes: Vec<(IncidentId, Digest, Vec<u8>)>,
}

/// A run of commits that another log made while it was apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The log that made them: its progress is written down under this id.
    pub source: StoreId,
    /// The node whose stamps the log's own commits bear.
    pub node: NodeId,
    /// Up to which number its commits must be here already; 0 before the first.
    pub after: u64,
    /// The commits, in their order, at most [`MAX_ABSORBED`].
    pub commits: Vec<Apart>,
    /// The number up to which its commits are here then. At least that of the last commit.
    pub upto: u64,
}

/// A commit that cannot be brought in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Its number in the log that made it.
    pub n: u64,
    /// Why.
    pub why: String,
}

/// What became of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// Commits that were brought in now.
    pub taken: u64,
    /// Commits that were here already under their own ids.
    pub known: u64,
    /// Lines written beside those of the commits: of overridden values, and of incidents that were opened twice.
    pub conflicts: u64,
    /// Commits that were left out. They do not hold up the others.
    pub unfit: Vec<Unfit>,
}

impl Run {
    /// Whether it can be brought in where the commits of its source are here up to number `here`.
    ///
    /// # Errors
    /// [`StoreError::OutOfStep`] when it does not begin there, or does not go on from there in order;
    /// [`StoreError::Unavailable`] when it has too many commits.
    pub(crate) fn check(&self, here: u64) -> Result<(), StoreError> {
        let mut last = self.after;
        let rises = self.commits.iter().all(|apart| {
            let rises = apart.n > last;
            last = apart.n;
            rises
        });
        if self.after != here || !rises || self.upto < last {
            return Err(StoreError::OutOfStep {
                given: self.after,
                here,
            });
        }
        if self.commits.len() > MAX_ABSORBED {
            return Err(StoreError::Unavailable {
                why: format!(
                    "one run brings in at most {MAX_ABSORBED} commits; send them in several"
                ),
                retry_after: Duration::ZERO,
                source: None,
            });
        }
        Ok(())
    }
}

impl Absorbed {
    /// Counts a commit that was brought in.
    pub(crate) fn count(&mut self, reconciled: &Reconciled) {
        let Reconciled { commit, beside, .. } = reconciled;
        *if commit.is_some() {
            &mut self.taken
        } else {
            &mut self.known
        } += 1;
        self.conflicts += beside
            .iter()
            .map(|commit| commit.records.len() as u64)
            .sum::<u64>();
    }

    /// Adds what became of further commits.
    #[cfg(feature = "postgres")]
    pub(crate) fn add(&mut self, more: Self) {
        let Self {
            taken,
            known,
            conflicts,
            unfit,
        } = more;
        self.taken += taken;
        self.known += known;
        self.conflicts += conflicts;
        self.unfit.extend(unfit);
    }
}

/// A log that takes in what others wrote while they were apart from it.
///
/// # Contract
/// 1. *Exactly once.* A run is brought in, and its progress written down, in one transaction. A run that does not begin
///    where the progress stands is refused as [`StoreError::OutOfStep`](super::StoreError).
/// 2. *In any order.* The lines and the state that come of several logs do not depend on the order in which their runs
///    come in; only the numbers of lines do.
/// 3. *Known by its id.* A line that is here already is not written again.
/// 4. *Nothing is lost.* A value that another overrides leaves a `conflict` line. Incidents that were opened twice for
///    one idempotency key or one alert group are merged: the earlier survives, and both ids answer.
/// 5. *Nothing is held up.* A commit that cannot be brought in is reported and left out; the rest goes on.
#[async_trait]
pub trait Absorb: fmt::Debug + Send + Sync + 'static {
    /// The id of this log: commits are only brought in where they belong.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn store_id(&self) -> Result<StoreId, StoreError>;

    /// Up to which number the commits of `source` are here; 0 if none is.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn absorbed(&self, source: StoreId) -> Result<u64, StoreError>;

    /// Brings in a run.
    ///
    /// # Errors
    /// [`StoreError::OutOfStep`](super::StoreError) when its progress stands elsewhere; others by meaning. Nothing of
    /// the run is here then, unless the outcome is unknown, which [`Self::absorbed`] settles.
    async fn absorb(&self, run: Run) -> Result<Absorbed, StoreError>;
}
