//! Everything of one store, copied into another: incidents with the bytes of their artifacts, idempotency keys, the keys
//! of callers with their secret, and the audit trail.
//!
//! What is there already is passed over, and bytes come before the lines that name them: so a copy may be stopped at any
//! moment and begun again. In the end both sides are read and compared.

mod compare;
mod incidents;
mod rest;
mod walk;

use std::fmt;

use watchbook_core::{Digest, IncidentId};

use crate::contract::{Movable, StoreError};

/// The most lost files that a report names.
pub const MAX_LOST: usize = 100;

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It copies lines of timelines.
    Copying,
    /// It reads them on both sides and compares them.
    Comparing,
}

/// Who is told how a copy gets on.
pub trait Progress: fmt::Debug + Send + Sync {
    /// A phase begins; `lines` are to be done in it.
    fn begin(&self, phase: Phase, lines: u64);
    /// So many more lines are done.
    fn advance(&self, lines: u64);
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _phase: Phase, _lines: u64) {}

    fn advance(&self, _lines: u64) {}
}

/// What is to be copied, before anything is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Survey {
    /// Incidents of the source.
    pub incidents: u64,
    /// Their lines.
    pub lines: u64,
    /// Incidents that are missing, or miss lines, in the target.
    pub incidents_missing: u64,
    /// Lines that are missing in the target.
    pub lines_missing: u64,
    /// An incident that is in the target alone, or goes further there.
    pub foreign: Option<IncidentId>,
}

/// What a copy did, and what it found in the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// Incidents that were not there before.
    pub incidents: u64,
    /// Lines that were not there before.
    pub lines: u64,
    /// Idempotency keys that were not there before.
    pub idempotency_keys: u64,
    /// Versions of artifacts whose bytes were copied.
    pub artifacts: u64,
    /// Records of callers' keys that were not there before.
    pub keys: u64,
    /// Lines of the audit trail that were not there before.
    pub trail: u64,
    /// What both sides have now.
    pub compared: Compared,
}

/// What two stores have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Incidents that are the same on both sides.
    pub incidents: u64,
    /// Their lines.
    pub lines: u64,
    /// Versions of artifacts whose bytes are there and right.
    pub artifacts: u64,
    /// The digest of all lines in the order of ids and numbers, and of the artifacts' digests; the same on both sides.
    pub content: Option<Digest>,
    /// Files that the source names and cannot give: they are lost there. At most [`MAX_LOST`] are named.
    pub lost: Vec<String>,
}

/// Why a copy stopped. What was copied stays, and the same copy may be begun again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The source cannot be read.
    #[error("the source: {0}")]
    Source(#[source] StoreError),
    /// The target does not take it.
    #[error("the target: {0}")]
    Target(#[source] StoreError),
    /// The target has what the source has not.
    #[error(
        "the target has incident {0}, or lines of it, that the source does not have; name an empty target, or let both stand beside each other with --into-existing"
    )]
    Foreign(IncidentId),
    /// The sides are not the same in the end.
    #[error(
        "incident {incident} is not the same on both sides: {what}; was it written to meanwhile? Then copy again"
    )]
    Differs {
        /// The first incident that differs.
        incident: IncidentId,
        /// How.
        what: String,
    },
}

/// Looks at what is to be copied. Writes nothing.
///
/// # Errors
/// When a side cannot be read.
pub async fn survey(from: &dyn Movable, to: &dyn Movable) -> Result<Survey, CopyError> {
    let mut survey = Survey::default();
    let mut walk = walk::Walk::new(from, to);
    while let Some(step) = walk.next().await? {
        survey.incidents += u64::from(step.there > 0);
        survey.lines += u64::from(step.there);
        survey.incidents_missing += u64::from(step.there > step.here);
        survey.lines_missing += u64::from(step.there.saturating_sub(step.here));
        if step.here > step.there && survey.foreign.is_none() {
            survey.foreign = Some(step.id);
        }
    }
    Ok(survey)
}

/// Copies what is missing, and compares both sides in the end. A target with something else in it is refused unless
/// `into_existing`.
///
/// # Errors
/// [`CopyError`].
pub async fn copy(
    from: &dyn Movable,
    to: &dyn Movable,
    into_existing: bool,
    progress: &dyn Progress,
) -> Result<Copied, CopyError> {
    let survey = survey(from, to).await?;
    if let Some(foreign) = survey.foreign.filter(|_| !into_existing) {
        return Err(CopyError::Foreign(foreign));
    }
    let mut copied = Copied {
        // First of all: when the secrets do not go together nothing is copied.
        keys: rest::keys(from, to).await?,
        ..Copied::default()
    };
    progress.begin(Phase::Copying, survey.lines_missing);
    incidents::copy(from, to, progress, &mut copied).await?;
    copied.trail = rest::trail(from, to).await?;
    progress.begin(Phase::Comparing, survey.lines);
    copied.compared = compare::compare(from, to, progress).await?;
    Ok(copied)
}
