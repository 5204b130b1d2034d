//! Events: the lines of a timeline, and what each of them changes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::{AgentId, Source};
use crate::artifact::{ArtifactName, ArtifactVersion};
use crate::command::ProposedChange;
use crate::followup::{Due, FollowupStatus};
use crate::id::{EventId, IncidentId};
use crate::incident::Claim;
use crate::kind::Kind;
use crate::lww::Mark;
use crate::severity::Severity;
use crate::signature::Signature;
use crate::stamp::Stamp;
use crate::status::Stage;
use crate::text::{Env, Message, Name, Prose, ServiceName, Short, Title, word_enum};
use crate::time::Timestamp;

word_enum! {
    /// What sort of line an event is.
    EventType, "an event type" {
        /// An observation.
        Note = "note",
        /// What was decided, and why.
        Decision = "decision",
        /// What was done.
        Action = "action",
        /// The status changed; the creation is one.
        StatusChange = "status_change",
        /// The severity changed.
        SeverityChange = "severity_change",
        /// Another field changed.
        FieldChange = "field_change",
        /// A follow-up was opened.
        Followup = "followup",
        /// A follow-up changed.
        FollowupUpdate = "followup_update",
        /// An alert fired, repeated or resolved.
        Alert = "alert",
        /// A file was attached.
        Artifact = "artifact",
        /// Somebody further was called.
        Escalation = "escalation",
        /// Related incidents were found.
        Correlation = "correlation",
        /// A postmortem was drafted.
        Postmortem = "postmortem",
        /// Incidents were merged or parted.
        Merge = "merge",
        /// Somebody was told.
        Notification = "notification",
        /// A line was blacked out.
        Redaction = "redaction",
        /// Two nodes that were apart said different things.
        Conflict = "conflict",
        /// Anything else.
        Custom = "custom",
    }
}

/// One line of a timeline. Every change of an incident is one; its state is the fold of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The incident it belongs to.
    pub incident_id: IncidentId,
    /// Its number in the timeline: 1, 2, 3 … without gaps. The creation is 1.
    pub seq: u32,
    /// Its place in the order that all nodes agree on. Its time is when the line was recorded.
    pub stamp: Stamp,
    /// When it happened, as the writer says.
    pub at: Timestamp,
    /// What sort of line it is.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// What it says.
    pub message: Message,
    /// Further facts, as the writer gave them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
    /// Who wrote it.
    pub actor: AgentId,
    /// What sort of writer that is.
    pub source: Source,
    /// What it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<Set>,
    /// Whether its texts were blacked out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

impl Event {
    /// When it was recorded.
    pub const fn recorded_at(&self) -> Timestamp {
        self.stamp.time
    }

    /// Its mark: by it, last writer wins.
    pub const fn mark(&self) -> Mark {
        Mark {
            stamp: self.stamp,
            event: self.id,
        }
    }

    /// Whether it changes the state that `revision` counts.
    pub fn changes_state(&self) -> bool {
        self.set.iter().any(Set::is_state)
    }
}

/// One assignment of an event: the field and its new value. `null` takes the value away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Set {
    /// The incident exists from this moment on.
    CreatedAt(Timestamp),
    /// Who created it.
    CreatedBy(AgentId),
    /// The service it is about.
    Service(ServiceName),
    /// Further services it touches.
    Affects(Vec<ServiceName>),
    /// The environment.
    Env(Env),
    /// How bad it is.
    Severity(Severity),
    /// How far the work has come.
    Stage(Stage),
    /// What is wrong.
    Title(Title),
    /// A longer description.
    Summary(Option<Prose>),
    /// What sort of trouble it is.
    Kind(Kind),
    /// What makes it "the same thing again".
    Signature(Signature),
    /// The group of alerts that it was opened for.
    GroupKey(Short),
    /// One label.
    Label {
        /// Its key.
        key: Name,
        /// Its value; `None` takes the label away.
        value: Option<Short>,
    },
    /// One role.
    Role {
        /// Its name, such as `commander`.
        name: Name,
        /// Who has it; `None` takes the role away.
        holder: Option<Short>,
    },
    /// Whether it is an exercise.
    Drill(bool),
    /// When the impact began.
    StartedAt(Timestamp),
    /// When it was noticed.
    DetectedAt(Option<Timestamp>),
    /// When somebody first took it.
    AcknowledgedAt(Option<Timestamp>),
    /// When the impact ended.
    MitigatedAt(Option<Timestamp>),
    /// When the cause was dealt with.
    ResolvedAt(Option<Timestamp>),
    /// When it was closed.
    ClosedAt(Option<Timestamp>),
    /// What ended it.
    ResolutionSummary(Option<Prose>),
    /// What caused it.
    RootCause(Option<Prose>),
    /// The incident it is part of.
    MergedInto(Option<IncidentId>),
    /// Whether it was a false alarm.
    Canceled(bool),
    /// A field of a follow-up.
    Followup {
        /// The follow-up.
        id: EventId,
        /// The field and its value.
        field: FollowupField,
    },
    /// A version of an artifact.
    Artifact {
        /// Its name.
        name: ArtifactName,
        /// The version.
        version: ArtifactVersion,
    },
    /// Who works on it for now; `None` ends that.
    Claim(Option<Claim>),
    /// A change that waits for a second pair of eyes.
    Proposal {
        /// The event that proposed it.
        id: EventId,
        /// The change.
        change: ProposedChange,
        /// Until when it can be approved.
        expires_at: Timestamp,
        /// The identity of the key that proposed it, when it acted for somebody else: it cannot approve it either.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delegate: Option<AgentId>,
    },
    /// What became of a proposal.
    Verdict {
        /// The event that proposed it.
        id: EventId,
        /// What became of it.
        verdict: Verdict,
    },
    /// A line of this timeline that is blacked out from now on.
    Redacted(EventId),
}

word_enum! {
    /// What became of a proposal.
    Verdict, "a verdict" {
        /// A second agent or person agreed; the change was made in the same commit.
        Approved = "approved",
        /// It was turned down.
        Rejected = "rejected",
    }
}

/// One field of a follow-up with its new value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowupField {
    /// When it was opened.
    OpenedAt(Timestamp),
    /// What is to be done.
    Title(Title),
    /// Who does it.
    Owner(Option<Short>),
    /// How urgent it is.
    Priority(Severity),
    /// When it is due.
    Due(Option<Due>),
    /// How far it has come.
    Status(FollowupStatus),
    /// Where it is tracked outside.
    ExternalRef(Option<Short>),
    /// Why it was canceled.
    Reason(Option<Prose>),
}

impl Set {
    /// Whether `revision` counts it. Follow-ups, artifacts, claims, proposals and redactions are
    /// beside the incident's own state and leave it as it is.
    pub const fn is_state(&self) -> bool {
        !matches!(
            self,
            Self::Followup { .. }
                | Self::Artifact { .. }
                | Self::Claim(_)
                | Self::Proposal { .. }
                | Self::Verdict { .. }
                | Self::Redacted(_)
        )
    }

    /// The alert group that it names, if that is what it assigns.
    pub const fn group_key(&self) -> Option<&Short> {
        match self {
            Self::GroupKey(group) => Some(group),
            _ => None,
        }
    }
}
