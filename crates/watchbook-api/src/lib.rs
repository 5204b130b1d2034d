//! The wire contract: what can be asked of watchbook, and in which shapes it answers. No HTTP, no I/O, no clock.
//!
//! One table ([`ActionKind`]) holds every action. [`decode()`] turns a tool, an action and JSON parameters into a
//! typed [`Request`] or a [`Problem`] that names everything wrong with them at once; [`encode()`] turns a typed
//! [`Reply`] into the JSON envelope, held to the caller's budget. HTTP, MCP, the command line and programs in the
//! same process all use these two, so an action is defined once.

mod action;
mod budget;
mod code;
mod decode;
mod digest;
mod encode;
mod fault;
mod json;
mod meta;
mod nearest;
mod options;
mod param;
mod problem;
mod reference;
mod reply;
mod request;
mod schema;
mod selection;
mod tool;
mod untrusted;
mod view;

pub use action::{Access, Action, ActionKind, ActionSpec};
pub use action::{
    AuditSearch, FollowupState, IncidentAcknowledge, IncidentAppendEvent, IncidentApprove,
    IncidentAttachArtifact, IncidentCancel, IncidentClaim, IncidentClose, IncidentCreate,
    IncidentEvents, IncidentFollowupUpdate, IncidentFollowups, IncidentFollowupsSummary,
    IncidentGet, IncidentGetArtifact, IncidentImport, IncidentList, IncidentMerge,
    IncidentMitigate, IncidentPropose, IncidentRedact, IncidentReject, IncidentRelease,
    IncidentReopen, IncidentResolve, IncidentSearch, IncidentUnmerge, IncidentUpdate, LineType,
    PastEvent, ProposedKind, Whoami,
};
pub use code::ErrorCode;
pub use decode::{decode, decode_tool, from_query};
pub use digest::body_digest;
pub use encode::encode;
pub use fault::ParamProblem;
pub use json::Json;
pub use meta::Meta;
pub use options::{CallOptions, IdempotencyKey, MAX_BYTES, MIN_BYTES};
pub use param::{
    ArtifactBytes, ArtifactText, FreeTexts, Int, LabelPatch, Labels, Many, Moment, ParamSpec,
    Patch, Priority, Seconds, Several, Shape, StatusFilter, WindowDays, Words,
};
pub use problem::Problem;
pub use reference::reference_markdown;
pub use reply::{List, Reply};
pub use request::Request;
pub use schema::schemas_json;
pub use selection::FieldPath;
pub use tool::Tool;
pub use view::{
    ArtifactVersionView, ArtifactView, AuditView, ClaimView, EventView, FieldSpec, FollowupCounts,
    FollowupView, IdentityView, IncidentView, OldestView, OpenIncidents, OverdueView, ProposalView,
    SeverityCount, StaleView, SummaryView, summary_limit,
};
