//! The domain of watchbook: its nouns, and the two functions everything else stands on.
//!
//! [`decide()`] turns a [`Command`] into a [`Commit`] or refuses it; [`fold`] turns
//! commits into [`IncidentState`]. Both are pure: no I/O, no async, no clock, no
//! randomness. Whoever calls them passes in the time ([`Clock`]), the order
//! ([`Stamp`]) and the ids.
//!
//! Legality lives in `decide` alone, so any set of commits folds, in any order of
//! arrival, to one state: a log may be replayed, merged with another node's, or
//! read backwards, and everyone ends up with the same incident.

mod actor;
pub mod artifact;
pub mod audit;
mod command;
mod commit;
mod decide;
mod digest;
mod event;
pub mod fold;
mod followup;
mod footprint;
mod id;
mod incident;
mod key;
mod kind;
mod lease;
mod likeness;
pub mod limit;
mod lww;
pub mod query;
pub mod reconcile;
pub mod redact;
mod refused;
mod severity;
mod signature;
mod stamp;
mod state;
mod status;
pub mod text;
mod time;

pub use actor::{AgentId, By, Source, Via};
pub use artifact::{ArtifactName, ArtifactVersion};
pub use command::{
    AppendType, Command, FollowupPatch, ImportedEvent, ImportedIncident, IncidentPatch, Key,
    Lifecycle, NewFollowup, NewIncident, Op, Proposal, ProposedChange, Resolution, Step,
};
pub use commit::{Commit, KeyUse, Record};
pub use decide::{Decision, Facts, Prior, decide};
pub use digest::Digest;
pub use event::{Event, EventType, FollowupField, Set, Verdict};
pub use followup::{Due, Followup, FollowupStatus};
pub use footprint::Footprint;
pub use id::{ChangeId, EventId, IncidentId, NodeId, ParseIdError, StoreId};
pub use incident::{ArtifactRecord, Claim, ETag, Incident, ProposalRecord, ProposalStatus};
pub use key::KeyRecord;
pub use kind::Kind;
pub use lease::{Fence, LeaseName};
pub use likeness::Likeness;
pub use lww::{Lww, Mark};
pub use refused::{Countable, Refused};
pub use severity::Severity;
pub use signature::Signature;
pub use stamp::{HybridClock, Stamp};
pub use state::{IncidentState, Outline};
pub use status::{Move, Stage, Status};
pub use time::{Clock, Entropy, ParseTimestampError, Timestamp};
