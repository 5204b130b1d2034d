//! Every action there is: one table, from which everything else about them is derived.

mod admin;
mod appended;
mod artifacts;
mod followups;
mod incidents;
mod lifecycle;
mod lists;
mod spec;
mod table;
mod teamwork;
mod timeline;

pub use admin::{AuditSearch, Whoami};
pub use appended::LineType;
pub use artifacts::{IncidentAttachArtifact, IncidentGetArtifact};
pub use followups::{
    FollowupState, IncidentFollowupUpdate, IncidentFollowups, IncidentFollowupsSummary,
};
pub use incidents::{IncidentCreate, IncidentGet, IncidentImport, IncidentUpdate, PastEvent};
pub use lifecycle::{
    IncidentAcknowledge, IncidentCancel, IncidentClose, IncidentMerge, IncidentMitigate,
    IncidentReopen, IncidentResolve, IncidentUnmerge,
};
pub use lists::{IncidentList, IncidentSearch};
pub use spec::{Access, ActionSpec};
pub use table::{Action, ActionKind};
pub use teamwork::{
    IncidentApprove, IncidentClaim, IncidentPropose, IncidentReject, IncidentRelease, ProposedKind,
};
pub use timeline::{IncidentAppendEvent, IncidentEvents, IncidentRedact};
