//! Whole incidents, as one log gives them to another.

use std::fmt;

use async_trait::async_trait;
use watchbook_core::audit::{AuditClosing, AuditOpening};
use watchbook_core::{By, ChangeId, Digest, Event, IncidentId, KeyUse, Timestamp};

use super::{Pepper, StoreError};

/// An incident, and how far its timeline goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    /// The incident.
    pub id: IncidentId,
    /// The number of its last line.
    pub last_seq: u32,
}

/// A line of a timeline with what the log knows beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    /// The change that wrote it.
    pub change: ChangeId,
    /// Who made that change.
    pub by: By,
    /// The line.
    pub event: Event,
}

/// An idempotency key in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The use. Its incident is the one it is kept with.
    pub used: KeyUse,
    /// The last line of that incident right after the change.
    pub seq: u32,
    /// When it was used.
    pub at: Timestamp,
}

/// One incident with everything that is known of it but the bytes of its artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The incident.
    pub id: IncidentId,
    /// Lines in the order of `seq`, without gaps. In a whole incident the first is the creation; where an incident is
    /// continued, the first follows the last that is there.
    pub lines: Vec<KeptLine>,
    /// The keys that were used on it and are still remembered, in the order of `seq`.
    pub keys: Vec<KeptKey>,
}

/// One half of an audit entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrailLine {
    /// The first half.
    Open(AuditOpening),
    /// The second half.
    Close(AuditClosing),
}

/// How far a reader of the audit trail has come. Opaque: only the store that gave it can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrailPosition {
    /// The time of the last line, or of the file it stands in.
    pub at: Timestamp,
    /// What tells it from others of that time.
    pub number: u128,
}

/// A stretch of the audit trail, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailStretch {
    /// The halves of entries; an opening comes before its closing.
    pub lines: Vec<TrailLine>,
    /// Where to go on; `None` at the end.
    pub next: Option<TrailPosition>,
}

/// What a log took over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planted {
    /// Incidents that were not there before.
    pub incidents: u64,
    /// Lines that were not there before.
    pub lines: u64,
    /// Keys that were not there before.
    pub keys: u64,
}

/// Whole incidents, given out and taken over as they stand.
///
/// # Contract
/// 1. *As it stands.* What is taken over and given out again is the same: ids, numbers, stamps, texts, who and when.
/// 2. *Once.* Taking over what is there already changes nothing.
/// 3. *Whole.* A call takes over all of it or, with an error, an amount that the same call can be repeated on.
/// 4. *Continued.* Lines that follow the last one that is there are added to it. Lines that leave a gap, or that differ
///    from what is there under the same number, are [`StoreError::Diverged`](super::StoreError), and that incident
///    stays as it was. A line whose texts were blacked out on one side does not differ by that, and stays black.
#[async_trait]
pub trait Transfer: fmt::Debug + Send + Sync + 'static {
    /// The incidents that come after `after` in the order of ids: at most `limit`, and fewer when they are large.
    /// Empty at the end.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn export_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Whole>, StoreError>;

    /// Which incidents come after `after` in the order of ids, and how far each goes: at most `limit`. Empty at the end.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn extents_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError>;

    /// These incidents, as far as they are there, each with its lines after number `after`, and with the keys that were
    /// used on it since that line; in the order of ids. Those of which there is neither are left out. Takes as much
    /// memory as what was asked for.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn export(&self, wanted: &[(IncidentId, u32)]) -> Result<Vec<Whole>, StoreError>;

    /// Takes over whole incidents, or the next lines of incidents. They are visible once this has answered; they are
    /// durable only if `durable` asks for it.
    ///
    /// # Errors
    /// [`StoreError::Diverged`](super::StoreError) for what does not fit; others by meaning.
    async fn plant(&self, wholes: Vec<Whole>, durable: bool) -> Result<Planted, StoreError>;

    /// Keeps the bytes of an artifact that a planted line names, or will name. The same bytes again change nothing.
    ///
    /// # Errors
    /// When the bytes are not those of `sha256`, or cannot be kept.
    async fn plant_bytes(
        &self,
        incident: IncidentId,
        sha256: Digest,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError>;

    /// Takes over the secret under which keys are hashed. The same secret again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::OtherSecret`](super::StoreError) when there are keys here that are hashed under another one.
    async fn plant_pepper(&self, pepper: Pepper) -> Result<(), StoreError>;

    /// The audit trail after a position, the oldest lines first: about `limit` lines.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn trail_after(
        &self,
        after: Option<TrailPosition>,
        limit: usize,
    ) -> Result<TrailStretch, StoreError>;

    /// Takes over lines of an audit trail, the oldest first, and makes them durable. Those that are there already are
    /// left out. Says how many were not.
    ///
    /// # Errors
    /// When they cannot be written.
    async fn plant_trail(&self, lines: Vec<TrailLine>) -> Result<u64, StoreError>;
}

/// Everything that can be moved as a whole.
pub trait Movable: super::Store + Transfer {}

impl<T: super::Store + Transfer> Movable for T {}
