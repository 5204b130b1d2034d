//! The folded state of one incident: every field with the mark of its last writer.

mod packed;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::actor::AgentId;
use crate::artifact::{ArtifactName, ArtifactVersion};
use crate::command::ProposedChange;
use crate::event::Verdict;
use crate::followup::{Due, Followup, FollowupStatus};
use crate::id::{EventId, IncidentId};
use crate::incident::{ArtifactRecord, Claim, ETag, Incident, ProposalRecord, ProposalStatus};
use crate::kind::Kind;
use crate::lww::{Lww, Mark};
use crate::severity::Severity;
use crate::signature::Signature;
use crate::status::{Stage, Status};
use crate::text::{Env, Name, Prose, ServiceName, Short, Title};
use crate::time::Timestamp;

/// The folded state of one incident: every field with the mark of its last writer.
///
/// It may be incomplete, because commits can arrive in any order: an incident is there
/// for a reader once its creation is ([`Self::incident`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentState {
    pub(crate) created_at: Lww<Timestamp>,
    pub(crate) created_by: Lww<AgentId>,
    pub(crate) service: Lww<ServiceName>,
    pub(crate) affects: Lww<Vec<ServiceName>>,
    pub(crate) env: Lww<Env>,
    pub(crate) severity: Lww<Severity>,
    pub(crate) stage: Lww<Stage>,
    pub(crate) title: Lww<Title>,
    pub(crate) summary: Lww<Option<Prose>>,
    pub(crate) kind: Lww<Kind>,
    pub(crate) signature: Lww<Signature>,
    pub(crate) group_key: Lww<Short>,
    pub(crate) labels: BTreeMap<Name, Lww<Option<Short>>>,
    pub(crate) roles: BTreeMap<Name, Lww<Option<Short>>>,
    pub(crate) drill: Lww<bool>,
    pub(crate) started_at: Lww<Timestamp>,
    pub(crate) detected_at: Lww<Option<Timestamp>>,
    pub(crate) acknowledged_at: Lww<Option<Timestamp>>,
    pub(crate) mitigated_at: Lww<Option<Timestamp>>,
    pub(crate) resolved_at: Lww<Option<Timestamp>>,
    pub(crate) closed_at: Lww<Option<Timestamp>>,
    pub(crate) resolution_summary: Lww<Option<Prose>>,
    pub(crate) root_cause: Lww<Option<Prose>>,
    pub(crate) merged_into: Lww<Option<IncidentId>>,
    pub(crate) canceled: Lww<bool>,
    pub(crate) claim: Lww<Option<Claim>>,
    pub(crate) followups: BTreeMap<EventId, FollowupState>,
    pub(crate) artifacts: BTreeMap<ArtifactName, BTreeMap<Mark, ArtifactVersion>>,
    pub(crate) proposals: BTreeMap<EventId, ProposalState>,
    pub(crate) redacted: BTreeSet<EventId>,
    pub(crate) revision: u32,
    pub(crate) events: u32,
    pub(crate) last_seq: u32,
    pub(crate) last_state: Option<Mark>,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) last_activity_at: Option<Timestamp>,
}

/// What a list needs to know of an incident, borrowed from its state.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'a> {
    /// When it was created.
    pub created_at: Timestamp,
    /// When its latest event was recorded.
    pub updated_at: Timestamp,
    /// The service it is about.
    pub service: &'a ServiceName,
    /// Whether it names further services.
    pub affects: bool,
    /// The environment.
    pub env: &'a Env,
    /// What makes it "the same thing again".
    pub signature: Signature,
    /// Whether it is an exercise.
    pub drill: bool,
    /// Whether a follow-up is unfinished.
    pub unfinished_followups: bool,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub status: Status,
    /// What sort of trouble it is.
    pub kind: Kind,
}

/// The folded state of one follow-up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FollowupState {
    pub(crate) opened_at: Lww<Timestamp>,
    pub(crate) title: Lww<Title>,
    pub(crate) owner: Lww<Option<Short>>,
    pub(crate) priority: Lww<Severity>,
    pub(crate) due: Lww<Option<Due>>,
    pub(crate) status: Lww<FollowupStatus>,
    pub(crate) external_ref: Lww<Option<Short>>,
    pub(crate) reason: Lww<Option<Prose>>,
    pub(crate) updated_at: Option<Timestamp>,
}

/// The folded state of one proposal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProposalState {
    pub(crate) opened: Lww<OpenedProposal>,
    pub(crate) verdict: Lww<Verdict>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenedProposal {
    pub(crate) change: ProposedChange,
    pub(crate) by: AgentId,
    pub(crate) delegate: Option<AgentId>,
    pub(crate) at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl IncidentState {
    /// Where the incident stands: `merged` and `canceled` hide the stage. Both hold only when nodes wrote them apart
    /// from each other; then the later one counts.
    pub fn status(&self) -> Option<Status> {
        let merged = self.merged_into.get().is_some_and(Option::is_some);
        let canceled = self.canceled.get() == Some(&true);
        match (merged, canceled) {
            (true, true) if self.merged_into.mark() < self.canceled.mark() => {
                Some(Status::Canceled)
            }
            (true, _) => Some(Status::Merged),
            (false, true) => Some(Status::Canceled),
            (false, false) => self.stage.get().map(|stage| Status::from(*stage)),
        }
    }

    /// The version of the state: what `if_match` is compared with.
    pub fn etag(&self) -> Option<ETag> {
        self.last_state.map(|mark| ETag {
            revision: self.revision,
            event: mark.event,
        })
    }

    /// Its place in the order of creations; `None` until its creation was folded.
    pub fn created(&self) -> Option<Mark> {
        self.created_at.mark()
    }

    /// The number of the latest timeline line; 0 before the first.
    pub const fn last_seq(&self) -> u32 {
        self.last_seq
    }

    /// What a list needs to know; `None` until the creation was folded.
    pub fn outline(&self) -> Option<Outline<'_>> {
        let created_at = *self.created_at.get()?;
        Some(Outline {
            created_at,
            updated_at: self.updated_at.unwrap_or(created_at),
            service: self.service.get()?,
            affects: self
                .affects
                .get()
                .is_some_and(|affects| !affects.is_empty()),
            env: self.env.get()?,
            signature: *self.signature.get()?,
            drill: self.drill.get().copied().unwrap_or(false),
            unfinished_followups: self.followups.values().any(|followup| {
                followup
                    .status
                    .get()
                    .is_some_and(|status| status.is_unfinished())
            }),
            severity: *self.severity.get()?,
            status: self.status()?,
            kind: *self.kind.get()?,
        })
    }

    /// Whether this line of the timeline is blacked out.
    pub fn is_redacted(&self, event: EventId) -> bool {
        self.redacted.contains(&event)
    }

    /// One follow-up, if it was opened.
    pub fn followup(&self, id: EventId) -> Option<Followup> {
        self.followups.get(&id).and_then(|state| state.read(id))
    }

    /// All follow-ups, in the order in which they were opened.
    pub fn followups(&self) -> Vec<Followup> {
        let mut all: Vec<Followup> = self
            .followups
            .iter()
            .filter_map(|(id, state)| state.read(*id))
            .collect();
        all.sort_by_key(|followup| (followup.opened_at, followup.id));
        all
    }

    /// The versions of one artifact, the newest last.
    pub fn artifact(&self, name: &ArtifactName) -> Option<ArtifactRecord> {
        let versions = self.artifacts.get(name)?;
        Some(ArtifactRecord {
            name: name.clone(),
            versions: versions.values().cloned().collect(),
        })
    }

    /// One proposal.
    pub fn proposal(&self, id: EventId) -> Option<ProposalRecord> {
        self.proposals.get(&id).and_then(|state| state.read(id))
    }

    /// The incident as everyone sees it; `None` until its creation was folded.
    pub fn incident(&self, id: IncidentId) -> Option<Incident> {
        let created_at = *self.created_at.get()?;
        Some(Incident {
            id,
            service: self.service.get()?.clone(),
            affects: self.affects.get().cloned().unwrap_or_default(),
            env: self.env.get()?.clone(),
            severity: *self.severity.get()?,
            status: self.status()?,
            title: self.title.get()?.clone(),
            summary: self.summary.get().cloned().flatten(),
            kind: *self.kind.get()?,
            signature: *self.signature.get()?,
            group_key: self.group_key.get().cloned(),
            labels: present(&self.labels),
            drill: self.drill.get().copied().unwrap_or(false),
            roles: present(&self.roles),
            started_at: self.started_at.get().copied().unwrap_or(created_at),
            detected_at: self.detected_at.get().copied().flatten(),
            created_at,
            acknowledged_at: self.acknowledged_at.get().copied().flatten(),
            mitigated_at: self.mitigated_at.get().copied().flatten(),
            resolved_at: self.resolved_at.get().copied().flatten(),
            closed_at: self.closed_at.get().copied().flatten(),
            updated_at: self.updated_at.unwrap_or(created_at),
            last_activity_at: self.last_activity_at.unwrap_or(created_at),
            created_by: self.created_by.get()?.clone(),
            revision: self.revision,
            merged_into: self.merged_into.get().copied().flatten(),
            resolution_summary: self.resolution_summary.get().cloned().flatten(),
            root_cause: self.root_cause.get().cloned().flatten(),
            events: self.events,
            followups: self.followups(),
            artifacts: self
                .artifacts
                .keys()
                .filter_map(|name| self.artifact(name))
                .collect(),
            claim: self.claim.get().cloned().flatten(),
            proposals: self
                .proposals
                .iter()
                .filter_map(|(id, state)| state.read(*id))
                .collect(),
            etag: self.etag()?,
        })
    }
}

fn present(registers: &BTreeMap<Name, Lww<Option<Short>>>) -> BTreeMap<Name, Short> {
    registers
        .iter()
        .filter_map(|(name, register)| Some((name.clone(), register.get().cloned().flatten()?)))
        .collect()
}

impl FollowupState {
    fn read(&self, id: EventId) -> Option<Followup> {
        let opened_at = *self.opened_at.get()?;
        Some(Followup {
            id,
            title: self.title.get()?.clone(),
            owner: self.owner.get().cloned().flatten(),
            priority: *self.priority.get()?,
            due: self.due.get().copied().flatten(),
            status: *self.status.get()?,
            external_ref: self.external_ref.get().cloned().flatten(),
            reason: self.reason.get().cloned().flatten(),
            opened_at,
            updated_at: self.updated_at.unwrap_or(opened_at),
        })
    }
}

impl ProposalState {
    fn read(&self, id: EventId) -> Option<ProposalRecord> {
        let OpenedProposal {
            change,
            by,
            delegate,
            at,
            expires_at,
        } = self.opened.get()?.clone();
        let status = match self.verdict.get() {
            None => ProposalStatus::Pending,
            Some(Verdict::Approved) => ProposalStatus::Approved,
            Some(Verdict::Rejected) => ProposalStatus::Rejected,
        };
        Some(ProposalRecord {
            id,
            change,
            proposed_by: by,
            delegate,
            proposed_at: at,
            expires_at,
            status,
        })
    }
}
