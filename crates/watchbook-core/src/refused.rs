//! Why a command was refused. Nothing has changed then.

use crate::actor::AgentId;
use crate::event::EventType;
use crate::id::{EventId, IncidentId};
use crate::incident::ETag;
use crate::status::{Move, Status};
use crate::text::word_enum;
use crate::time::Timestamp;

/// Why a command was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is no such incident.
    #[error("there is no incident {0}; look it up with incident_list or incident_search")]
    NoIncident(IncidentId),
    /// The incident has no such event.
    #[error("incident {incident} has no event {event}; list its timeline with incident_events")]
    NoEvent {
        /// The incident.
        incident: IncidentId,
        /// The event.
        event: EventId,
    },
    /// The incident has no such follow-up.
    #[error("incident {incident} has no follow-up {followup}; list them with incident_followups")]
    NoFollowup {
        /// The incident.
        incident: IncidentId,
        /// The follow-up.
        followup: EventId,
    },
    /// The incident has no such proposal.
    #[error("incident {incident} has no proposal {proposal}; incident_get shows its proposals")]
    NoProposal {
        /// The incident.
        incident: IncidentId,
        /// The proposal.
        proposal: EventId,
    },
    /// An incident with this id is there already.
    #[error("incident {0} exists already")]
    Exists(IncidentId),
    /// A move that the status does not allow.
    #[error("cannot {step} an incident that is {from}; {}", allowed_words(allowed))]
    IllegalMove {
        /// The status it has.
        from: Status,
        /// The move that was asked for.
        step: Move,
        /// The moves that are legal.
        allowed: &'static [Move],
    },
    /// A change of a merged or canceled incident.
    #[error("incident {incident} is {status} and takes no {what}{}", merged_hint(*into))]
    Frozen {
        /// The incident.
        incident: IncidentId,
        /// Its status.
        status: Status,
        /// What was asked for.
        what: &'static str,
        /// Where it was merged into, if it was.
        into: Option<IncidentId>,
    },
    /// The version given as `if_match` is not the current one.
    #[error(
        "incident {incident} has changed: its version is {current}, not {given}; read it again and decide anew"
    )]
    Stale {
        /// The incident.
        incident: IncidentId,
        /// The version that was given.
        given: ETag,
        /// The version it has.
        current: ETag,
    },
    /// The idempotency key was used before with another body.
    #[error(
        "this idempotency key was used before for another request; use a new key for a new request"
    )]
    KeyReused,
    /// A time before the incident began or too far in the future.
    #[error("the time {at} is out of range: it must lie between {earliest} and {latest}")]
    OutOfRange {
        /// The time that was given.
        at: Timestamp,
        /// The earliest that is allowed.
        earliest: Timestamp,
        /// The latest that is allowed.
        latest: Timestamp,
    },
    /// Events of this type are written by watchbook alone.
    #[error("{kind} events cannot be appended; use {instead}")]
    NotAppendable {
        /// The type that was asked for.
        kind: EventType,
        /// The action to use.
        instead: &'static str,
    },
    /// Somebody else works on it.
    #[error(
        "{holder} has claimed incident {incident} until {until}; wait, or ask them to release it"
    )]
    Claimed {
        /// The incident.
        incident: IncidentId,
        /// Who holds the claim.
        holder: AgentId,
        /// Until when.
        until: Timestamp,
    },
    /// A release by somebody who holds no claim.
    #[error("incident {incident} is not claimed by {agent}")]
    NotClaimed {
        /// The incident.
        incident: IncidentId,
        /// Who tried to release it.
        agent: AgentId,
    },
    /// Nobody approves their own proposal, nor one that their key made for somebody else, nor through such a key.
    #[error(
        "{0} is behind this proposal and cannot be behind its approval; a second pair of eyes is needed"
    )]
    OwnProposal(AgentId),
    /// The proposal was settled or has expired.
    #[error("proposal {proposal} is {state} and can be neither approved nor rejected")]
    Settled {
        /// The proposal.
        proposal: EventId,
        /// `approved`, `rejected` or `expired`.
        state: &'static str,
    },
    /// An incident cannot be merged into this one.
    #[error("cannot merge into {into}: {why}")]
    MergeTarget {
        /// The target.
        into: IncidentId,
        /// Why not.
        why: &'static str,
        /// The moves that are legal for the incident itself.
        allowed: &'static [Move],
    },
    /// A cancellation without a reason.
    #[error("canceling a follow-up needs a reason")]
    ReasonNeeded,
    /// This event cannot be blacked out.
    #[error("event {event} cannot be redacted: {why}")]
    NotRedactable {
        /// The event.
        event: EventId,
        /// Why not.
        why: &'static str,
    },
    /// More free facts than one line holds.
    #[error(
        "meta has {bytes} bytes; the limit is {limit}; attach it as an artifact and name that instead"
    )]
    MetaTooLarge {
        /// Its size as JSON, in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Free facts that nest too deep.
    #[error("meta nests deeper than {limit} levels; make it flatter, or attach it as an artifact")]
    MetaTooDeep {
        /// The limit.
        limit: usize,
    },
    /// One more would pass a limit.
    #[error(
        "an incident holds at most {limit} {what}; open a new incident and name this one in its summary"
    )]
    TooMany {
        /// What there are too many of.
        what: Countable,
        /// The limit.
        limit: usize,
    },
}

word_enum! {
    /// What an incident holds a limited number of.
    Countable, "a countable" {
        /// Timeline lines.
        Events = "events",
        /// Follow-ups.
        Followups = "follow-ups",
        /// Artifact names.
        Artifacts = "artifacts",
        /// Versions of all artifacts together.
        Versions = "artifact versions",
        /// Labels.
        Labels = "labels",
        /// Affected services.
        Affects = "affected services",
        /// Roles.
        Roles = "roles",
        /// Proposals.
        Proposals = "proposals",
    }
}

fn allowed_words(allowed: &[Move]) -> String {
    if allowed.is_empty() {
        return "no move leads on from there; create a new incident instead".to_owned();
    }
    format!(
        "allowed from there: {}",
        allowed
            .iter()
            .map(|step| step.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn merged_hint(into: Option<IncidentId>) -> String {
    into.map_or_else(String::new, |target| format!("; write to {target} instead"))
}
