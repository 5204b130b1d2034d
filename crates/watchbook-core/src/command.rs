//! Commands: what a caller wants, before it is known whether it may be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::By;
use crate::artifact::{ArtifactError, ArtifactName};
use crate::digest::Digest;
use crate::event::EventType;
use crate::followup::{Due, FollowupStatus};
use crate::id::{ChangeId, EventId, IncidentId};
use crate::incident::ETag;
use crate::kind::Kind;
use crate::lease::Fence;
use crate::severity::Severity;
use crate::signature::Signature;
use crate::status::Stage;
use crate::text::{Env, Message, Name, Prose, ServiceName, Short, Title, word_enum};
use crate::time::Timestamp;

/// What a caller wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The id of the change, frozen by the caller: [`ChangeId::from_key`] with an idempotency key, random without.
    pub change: ChangeId,
    /// The incident it is about. For a creation: the new id.
    pub incident: IncidentId,
    /// Who wants it.
    pub by: By,
    /// The idempotency key, if the caller gave one.
    pub key: Option<Key>,
    /// Refuse unless this is the incident's version.
    pub if_match: Option<ETag>,
    /// Refuse unless this lease is still held with this token. The store checks it where it writes; [`decide`](crate::decide())
    /// does not look at it.
    pub fence: Option<Fence>,
    /// What is wanted.
    pub op: Op,
}

impl Command {
    /// Checks that `content` may be stored, and is what this command attaches; gives its name and digest.
    ///
    /// # Errors
    /// Why the bytes may not be stored; [`ArtifactError::Mismatch`] when the command speaks of others, or of none.
    pub fn check_content(&self, content: &[u8]) -> Result<(&ArtifactName, Digest), ArtifactError> {
        let Op::Attach {
            name,
            sha256,
            bytes,
        } = &self.op
        else {
            return Err(ArtifactError::Mismatch);
        };
        name.check(content)?;
        if Digest::of(content) == *sha256 && content.len() as u64 == *bytes {
            Ok((name, *sha256))
        } else {
            Err(ArtifactError::Mismatch)
        }
    }
}

/// An idempotency key in use. The key itself is inside the command's change id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The digest of the request's body: the same key with another body is refused.
    pub body: Digest,
}

/// What is wanted of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Create it.
    Create(Box<NewIncident>),
    /// Bring it in from another program, with its past.
    Import(Box<ImportedIncident>),
    /// Change fields.
    Update(Box<IncidentPatch>),
    /// Move it on, back, or out.
    Move(Box<Lifecycle>),
    /// Make it part of another incident.
    Merge {
        /// The other incident.
        into: IncidentId,
        /// When it happened, if not now.
        at: Option<Timestamp>,
        /// Why.
        note: Option<Message>,
    },
    /// Undo a merge.
    Unmerge {
        /// When it happened, if not now.
        at: Option<Timestamp>,
        /// Why.
        note: Option<Message>,
    },
    /// Add a line to the timeline.
    Append {
        /// What sort of line.
        kind: AppendType,
        /// What it says.
        message: Message,
        /// Further facts.
        meta: Map<String, Value>,
        /// When it happened, if not now.
        at: Option<Timestamp>,
    },
    /// Open a follow-up. Its id becomes the event's id.
    OpenFollowup(Box<NewFollowup>),
    /// Change a follow-up.
    UpdateFollowup {
        /// The follow-up.
        followup: EventId,
        /// The changes.
        patch: Box<FollowupPatch>,
        /// What to say about it.
        note: Option<Message>,
    },
    /// Attach a file whose bytes are stored already.
    Attach {
        /// Its name.
        name: ArtifactName,
        /// The digest of its bytes.
        sha256: Digest,
        /// How many bytes there are.
        bytes: u64,
    },
    /// Take it for a while.
    Claim {
        /// For how long, in seconds.
        seconds: u32,
    },
    /// Give it back.
    Release,
    /// Ask for a second pair of eyes.
    Propose(Box<Proposal>),
    /// Agree to a proposal and carry it out.
    Approve {
        /// The proposal.
        proposal: EventId,
        /// What to say about it.
        note: Option<Message>,
    },
    /// Turn a proposal down.
    Reject {
        /// The proposal.
        proposal: EventId,
        /// Why.
        reason: Message,
    },
    /// Black out a line of the timeline.
    Redact {
        /// The line.
        event: EventId,
        /// Why.
        reason: Prose,
    },
}

impl Op {
    /// Whether it brings something new, rather than ending or mending what is there.
    pub(crate) const fn adds(&self) -> bool {
        match self {
            Self::Create(_)
            | Self::Import(_)
            | Self::Append { .. }
            | Self::OpenFollowup(_)
            | Self::Attach { .. }
            | Self::Claim { .. }
            | Self::Propose(_) => true,
            Self::Update(_)
            | Self::Move(_)
            | Self::Merge { .. }
            | Self::Unmerge { .. }
            | Self::UpdateFollowup { .. }
            | Self::Release
            | Self::Approve { .. }
            | Self::Reject { .. }
            | Self::Redact { .. } => false,
        }
    }
}

/// A new incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIncident {
    /// The service it is about.
    pub service: ServiceName,
    /// Further services it touches.
    pub affects: Vec<ServiceName>,
    /// The environment.
    pub env: Env,
    /// How bad it is.
    pub severity: Severity,
    /// `open`, or `triage` when it is not yet sure.
    pub uncertain: bool,
    /// What is wrong.
    pub title: Title,
    /// A longer description.
    pub summary: Option<Prose>,
    /// What sort of trouble it is.
    pub kind: Kind,
    /// What makes it "the same thing again"; derived if absent.
    pub signature: Option<Signature>,
    /// Free labels.
    pub labels: BTreeMap<Name, Short>,
    /// Whether it is an exercise.
    pub drill: bool,
    /// Who has which role.
    pub roles: BTreeMap<Name, Short>,
    /// When the impact began, if not now.
    pub started_at: Option<Timestamp>,
    /// When it was noticed.
    pub detected_at: Option<Timestamp>,
    /// The group of alerts that it is opened for. Two incidents that nodes opened for one group while they were apart
    /// become one.
    pub group_key: Option<Short>,
}

/// An incident of another program, with its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedIncident {
    /// The incident as it began.
    pub incident: NewIncident,
    /// When the other program created it.
    pub created_at: Timestamp,
    /// Its past, in any order.
    pub events: Vec<ImportedEvent>,
}

/// One line of an imported past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedEvent {
    /// When it happened.
    pub at: Timestamp,
    /// What it says.
    pub message: Message,
    /// How far the work had come from then on, if that changed.
    pub stage: Option<Stage>,
    /// Further facts, such as the other program's id of it.
    pub meta: Map<String, Value>,
}

/// Fields to change. An absent field stays; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentPatch {
    /// The service it is about.
    pub service: Option<ServiceName>,
    /// Further services it touches.
    pub affects: Option<Vec<ServiceName>>,
    /// The environment.
    pub env: Option<Env>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// What is wrong.
    pub title: Option<Title>,
    /// A longer description.
    pub summary: Option<Option<Prose>>,
    /// What sort of trouble it is.
    pub kind: Option<Kind>,
    /// What makes it "the same thing again".
    pub signature: Option<Signature>,
    /// Labels to set, or to take away.
    pub labels: BTreeMap<Name, Option<Short>>,
    /// Whether it is an exercise.
    pub drill: Option<bool>,
    /// Roles to give, or to take away.
    pub roles: BTreeMap<Name, Option<Short>>,
    /// When the impact began.
    pub started_at: Option<Timestamp>,
    /// When it was noticed.
    pub detected_at: Option<Option<Timestamp>>,
    /// What ended it.
    pub resolution_summary: Option<Option<Prose>>,
    /// What caused it.
    pub root_cause: Option<Option<Prose>>,
    /// What to say about the change.
    pub note: Option<Message>,
}

/// A step of an incident's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// The step. `merge` and `unmerge` are operations of their own.
    pub step: Step,
    /// When it happened, if not now.
    pub at: Option<Timestamp>,
    /// What to say about it.
    pub note: Option<Message>,
    /// What is known about the end of it.
    pub resolution: Resolution,
}

word_enum! {
    /// A step of an incident's own life.
    Step, "a step" {
        /// Somebody is on it.
        Acknowledge = "acknowledge",
        /// The impact is over.
        Mitigate = "mitigate",
        /// The cause is dealt with.
        Resolve = "resolve",
        /// Nothing is left to do.
        Close = "close",
        /// It is back.
        Reopen = "reopen",
        /// It was a false alarm.
        Cancel = "cancel",
    }
}

/// What is known about the end of an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What ended it.
    pub summary: Option<Prose>,
    /// What caused it.
    pub root_cause: Option<Prose>,
}

word_enum! {
    /// The types that callers may append. Follow-ups are operations of their own.
    AppendType, "an event type that can be appended" {
        /// An observation.
        Note = "note",
        /// What was decided, and why.
        Decision = "decision",
        /// What was done.
        Action = "action",
        /// Anything else.
        Custom = "custom",
    }
}

impl From<AppendType> for EventType {
    fn from(kind: AppendType) -> Self {
        match kind {
            AppendType::Note => Self::Note,
            AppendType::Decision => Self::Decision,
            AppendType::Action => Self::Action,
            AppendType::Custom => Self::Custom,
        }
    }
}

/// A new follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFollowup {
    /// What is to be done.
    pub title: Title,
    /// What the timeline says; the title if absent.
    pub message: Option<Message>,
    /// Who does it.
    pub owner: Option<Short>,
    /// How urgent it is.
    pub priority: Severity,
    /// When it is due.
    pub due: Option<Due>,
    /// How far it has come already.
    pub status: FollowupStatus,
    /// Where it is tracked outside.
    pub external_ref: Option<Short>,
    /// Further facts.
    pub meta: Map<String, Value>,
}

/// Fields of a follow-up to change. An absent field stays; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowupPatch {
    /// What is to be done.
    pub title: Option<Title>,
    /// Who does it.
    pub owner: Option<Option<Short>>,
    /// How urgent it is.
    pub priority: Option<Severity>,
    /// When it is due.
    pub due: Option<Option<Due>>,
    /// How far it has come.
    pub status: Option<FollowupStatus>,
    /// Where it is tracked outside.
    pub external_ref: Option<Option<Short>>,
    /// Why it is canceled.
    pub reason: Option<Prose>,
}

/// A change that wants a second pair of eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The change.
    pub change: ProposedChange,
    /// Why it should be made.
    pub reason: Message,
    /// For how long it can be approved, in seconds.
    pub seconds: u32,
}

/// The changes that can be proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposedChange {
    /// Close the incident.
    Close(Resolution),
    /// Make it part of another.
    Merge(IncidentId),
    /// Give it another severity.
    Severity(Severity),
    /// Move it to another environment.
    Env(Env),
}
