//! What each action needs, for every action there is: a new one does not build until it stands here.

use watchbook_api::ActionKind;

/// What an action does to the log, and so which permission it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// It reads: `tool.action`.
    Read,
    /// It changes something: `tool.action:write`.
    Write,
}

/// What an action needs.
pub(crate) const fn of(kind: ActionKind) -> Need {
    match kind {
        ActionKind::IncidentGet
        | ActionKind::IncidentList
        | ActionKind::IncidentSearch
        | ActionKind::IncidentEvents
        | ActionKind::IncidentGetArtifact
        | ActionKind::IncidentFollowups
        | ActionKind::IncidentFollowupsSummary
        | ActionKind::AuditSearch
        | ActionKind::Whoami => Need::Read,
        ActionKind::IncidentCreate
        | ActionKind::IncidentUpdate
        | ActionKind::IncidentAcknowledge
        | ActionKind::IncidentMitigate
        | ActionKind::IncidentResolve
        | ActionKind::IncidentClose
        | ActionKind::IncidentReopen
        | ActionKind::IncidentMerge
        | ActionKind::IncidentUnmerge
        | ActionKind::IncidentCancel
        | ActionKind::IncidentRedact
        | ActionKind::IncidentAppendEvent
        | ActionKind::IncidentAttachArtifact
        | ActionKind::IncidentFollowupUpdate
        | ActionKind::IncidentClaim
        | ActionKind::IncidentRelease
        | ActionKind::IncidentPropose
        | ActionKind::IncidentApprove
        | ActionKind::IncidentReject
        | ActionKind::IncidentImport => Need::Write,
    }
}

impl Need {
    /// Whether the action changes something.
    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::Write)
    }
}

#[cfg(test)]
mod tests;
