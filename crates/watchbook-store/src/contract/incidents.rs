//! Incidents and their timelines.

use std::fmt;

use async_trait::async_trait;
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest};
use watchbook_core::{Command, Event, Incident, IncidentId, Timestamp};

use super::{Capabilities, Health, Standing, StoreError};

/// What became of a command that was carried out, or found to be carried out already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The incident right after the commit. For a replay: as it was right after the first time.
    pub incident: Incident,
    /// The events that were written, of all incidents of the commit. For a replay: the same as the first time.
    pub events: Vec<Event>,
    /// Unfinished incidents that looked like the same thing when this one was created, the newest first by creation,
    /// and by id where that is the same.
    pub similar: Vec<IncidentId>,
    /// Whether anything changed. Acknowledging twice changes nothing the second time.
    pub changed: bool,
    /// Whether the idempotency key was known, and this is the answer of the first time.
    pub replayed: bool,
    /// Whether it would survive a power loss at this moment.
    pub durable: bool,
}

/// Incidents and their timelines.
///
/// # Contract
/// 1. *Decided once.* A command is decided by [`watchbook_core::decide()`] on the state that all earlier commits fold
///    to, and by nothing else. A refusal leaves no trace.
/// 2. *Atomic.* A commit is seen whole or not at all, by readers of every incident it touches, in every process.
/// 3. *Durable.* When `apply` has answered with `durable: true`, the commit survives the death of the process and of
///    the machine. Nothing is shown to any reader before that.
/// 4. *Read your writes.* After `apply` has answered, every later read of the same handle shows it.
/// 5. *Gap-free.* The `seq` of an incident's events counts 1, 2, 3 … in the order of the commits.
/// 6. *Idempotent.* The same change id with the same body gives the first answer again (`replayed`); with another body
///    it is refused ([`watchbook_core::Refused::KeyReused`]). A key is remembered for at least 7 days.
/// 7. *Honest about the unknown.* An error says whether the change may have happened ([`StoreError::outcome`]). Only
///    what certainly did not happen may be tried again under another id.
/// 8. *Stable pages.* Reading a list page by page gives every item that was there all the time exactly once.
/// 9. *Dry.* `preview` answers what `apply` would, and writes nothing.
/// 10. *Folded.* `get` is the fold of `events`: nothing else is ever shown.
/// 11. *Black.* After a redaction no read gives the texts of the redacted event; its place and its changes stay.
/// 12. *In their order.* A list of incidents is in the order that was asked for, and a list of follow-ups begins with
///    the earliest deadline and ends with those that have none.
#[async_trait]
pub trait Incidents: fmt::Debug + Send + Sync + 'static {
    /// What this backend can do beyond the contract, and what it cannot.
    fn capabilities(&self) -> Capabilities;

    /// How it is doing.
    async fn health(&self) -> Health;

    /// Since when answers come from its second choice; `None` if they do not, or if it has none. Cheap: every answer
    /// says so.
    fn degraded_since(&self) -> Option<Timestamp> {
        None
    }

    /// How it stands to its first choice; `None` if it has no second. Cheap: asks neither of them anything.
    fn standing(&self) -> Option<Standing> {
        None
    }

    /// Decides on a command and stores what it leads to.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with the reason; others by meaning. See [`StoreError::outcome`].
    async fn apply(&self, command: Command) -> Result<Applied, StoreError>;

    /// What [`Self::apply`] would answer. Writes nothing.
    ///
    /// # Errors
    /// The same as [`Self::apply`].
    async fn preview(&self, command: Command) -> Result<Applied, StoreError>;

    /// One incident.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is none with this id.
    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError>;

    /// One page of incidents.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError>;

    /// One page of an incident's timeline, in the order of `seq`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such incident.
    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError>;

    /// One page of follow-ups across incidents, the earliest deadline first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError>;
}
