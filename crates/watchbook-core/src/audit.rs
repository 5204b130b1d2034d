//! The audit trail: every call, allowed or denied.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actor::{AgentId, Via};
use crate::id::{EventId, IncidentId};
use crate::text::{Name, Short, word_enum};
use crate::time::Timestamp;

/// The first half of an audit entry, appended before the call is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditOpening {
    /// The entry's id; the closing half has the same.
    pub id: EventId,
    /// When the call came in.
    pub at: Timestamp,
    /// Whom the call is made as.
    pub agent: AgentId,
    /// The public id of the key that was shown. Never the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Name>,
    /// The identity of the key, when it acts for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<AgentId>,
    /// The way in.
    pub via: Via,
    /// The request id.
    pub request: Name,
    /// The tool, for example `oncall_tool`.
    pub tool: Short,
    /// The action, for example `incident_create`.
    pub action: Short,
    /// The incident it is about, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Whether it only asks what would be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The parameters, with secrets and personal data blacked out.
    pub params: Value,
}

/// The second half of an audit entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditClosing {
    /// The entry's id.
    pub id: EventId,
    /// When the call was answered.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The error code, if it was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Short>,
    /// The incident that was created, or acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// How long it took, in milliseconds; absent where nobody knows any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

word_enum! {
    /// How a call ended.
    AuditOutcome, "an outcome" {
        /// It was carried out.
        Ok = "ok",
        /// It was not permitted.
        Denied = "denied",
        /// It was refused for another reason, or failed.
        Failed = "failed",
    }
}

/// The tool of an entry that was made anew from the journal, which knows what a call wrote but not what it was called.
pub const RESTORED_TOOL: &str = "journal";
/// The only parameter of such an entry: the number of the commit it was made from.
pub const RESTORED_FROM: &str = "restored_from_commit";

impl AuditOpening {
    /// The number of the commit that this entry was made anew from; `None` for one that the call itself has left.
    pub fn restored_from(&self) -> Option<u64> {
        // A caller may name a tool as it likes, but not the parameters of one that does not exist.
        let restored = self.tool.as_str() == RESTORED_TOOL;
        restored.then(|| self.params.get(RESTORED_FROM)?.as_u64())?
    }
}

/// One call as the audit trail knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// What was known before.
    pub opening: AuditOpening,
    /// How it ended; `None` if the process ended first, or it is still running.
    pub closing: Option<AuditClosing>,
}

impl AuditEntry {
    /// The incident it is about: the one that was named, else the one that was made or acted on.
    pub fn incident(&self) -> Option<IncidentId> {
        let ended = self.closing.as_ref().and_then(|closing| closing.incident);
        self.opening.incident.or(ended)
    }
}

/// A question for audit entries, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Of this tool.
    pub tool: Option<Short>,
    /// Of this action.
    pub action: Option<Short>,
    /// About this incident.
    pub incident: Option<IncidentId>,
    /// With this outcome.
    pub outcome: Option<AuditOutcome>,
    /// At or after this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub to: Option<Timestamp>,
}

impl AuditQuery {
    /// Whether `entry` is meant.
    pub fn matches(&self, entry: &AuditEntry) -> bool {
        let Self {
            agent,
            tool,
            action,
            incident,
            outcome,
            from,
            to,
        } = self;
        let about = entry.incident();
        let AuditEntry { opening, closing } = entry;
        agent.as_ref().is_none_or(|agent| *agent == opening.agent)
            && tool.as_ref().is_none_or(|tool| *tool == opening.tool)
            && action
                .as_ref()
                .is_none_or(|action| *action == opening.action)
            && incident.is_none_or(|incident| about == Some(incident))
            && outcome.is_none_or(|outcome| {
                closing.as_ref().map(|closing| closing.outcome) == Some(outcome)
            })
            && from.is_none_or(|from| opening.at >= from)
            && to.is_none_or(|to| opening.at < to)
    }
}
