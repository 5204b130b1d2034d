//! One incident, as callers see it. It looks the same in every answer.

use std::collections::BTreeMap;

use watchbook_core::query::FollowupItem;
use watchbook_core::text::{Env, Name, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, ArtifactRecord, Claim, ETag, Followup, Incident, IncidentId, Kind, Move,
    ProposalRecord, Severity, Signature, Status, Timestamp,
};

use super::{ArtifactView, FollowupView, ProposalView, view};

view! {
    /// One incident.
    IncidentView {
        /// Its id.
        id: IncidentId,
        /// The service it is about.
        service: ServiceName,
        /// Further services it touches.
        affects: Vec<ServiceName>,
        /// The environment.
        env: Env,
        /// How bad it is: P0 (the worst) to P4.
        severity: Severity,
        /// Where it stands: triage, open, acknowledged, mitigated, resolved, closed, merged or canceled.
        status: Status,
        /// The moves that are legal now.
        allowed: Vec<Move>,
        /// What is wrong.
        title: Title,
        /// A longer description.
        summary: Option<Prose>,
        /// What sort of trouble it is.
        kind: Kind,
        /// What makes it "the same thing again".
        signature: Signature,
        /// Free labels.
        labels: BTreeMap<Name, Short>,
        /// Whether it is an exercise, left out of every metric.
        drill: bool,
        /// Who has which role.
        roles: BTreeMap<Name, Short>,
        /// When the impact began.
        started_at: Timestamp,
        /// When it was noticed.
        detected_at: Option<Timestamp>,
        /// When it was created here.
        created_at: Timestamp,
        /// When somebody first took it.
        acknowledged_at: Option<Timestamp>,
        /// When the impact ended.
        mitigated_at: Option<Timestamp>,
        /// When the cause was dealt with.
        resolved_at: Option<Timestamp>,
        /// When it was closed.
        closed_at: Option<Timestamp>,
        /// When its latest event was recorded.
        updated_at: Timestamp,
        /// When a human or an agent last wrote on it.
        last_activity_at: Timestamp,
        /// Who created it.
        created_by: AgentId,
        /// How often its state changed. Notes, files and follow-ups do not count.
        revision: u32,
        /// The incident it is part of.
        merged_into: Option<IncidentId>,
        /// What ended it.
        resolution_summary: Option<Prose>,
        /// What caused it.
        root_cause: Option<Prose>,
        /// How many lines its timeline has.
        events: u32,
        /// Its follow-ups.
        followups: Vec<FollowupView>,
        /// Its files, by name.
        artifacts: Vec<ArtifactView>,
        /// Who works on it for now.
        claim: Option<ClaimView>,
        /// Changes that waited or wait for a second pair of eyes.
        proposals: Vec<ProposalView>,
        /// Its version: give it as `if_match` to write only if nobody else has.
        etag: ETag,
    }

    /// A lease on an incident.
    ClaimView {
        /// Who holds it.
        holder: AgentId,
        /// Since when.
        since: Timestamp,
        /// Until when, unless it is renewed or released before.
        until: Timestamp,
    }
}

impl From<Claim> for ClaimView {
    fn from(claim: Claim) -> Self {
        let Claim {
            holder,
            since,
            until,
        } = claim;
        Self {
            holder,
            since,
            until,
        }
    }
}

/// Follow-ups with what their views repeat of the incident.
fn followup_views(
    followups: Vec<Followup>,
    (id, service, env, severity): (IncidentId, &ServiceName, &Env, Severity),
    now: Timestamp,
) -> Vec<FollowupView> {
    let item = |followup| FollowupItem {
        incident_id: id,
        service: service.clone(),
        env: env.clone(),
        severity,
        followup,
    };
    followups
        .into_iter()
        .map(|followup| FollowupView::of(item(followup), now))
        .collect()
}

fn artifact_views(id: IncidentId, records: Vec<ArtifactRecord>) -> Vec<ArtifactView> {
    records
        .into_iter()
        .filter_map(|record| ArtifactView::newest(id, record))
        .collect()
}

fn proposal_views(records: Vec<ProposalRecord>, now: Timestamp) -> Vec<ProposalView> {
    records
        .into_iter()
        .map(|record| ProposalView::of(record, now))
        .collect()
}

/// A claim that has run out is none.
fn claim_view(claim: Option<Claim>, now: Timestamp) -> Option<ClaimView> {
    claim.filter(|claim| claim.until > now).map(ClaimView::from)
}

impl IncidentView {
    /// The view at the moment `now`: what is overdue, expired or still claimed depends on it.
    pub fn of(
        Incident {
            id,
            service,
            affects,
            env,
            severity,
            status,
            title,
            summary,
            kind,
            signature,
            labels,
            drill,
            roles,
            started_at,
            detected_at,
            created_at,
            acknowledged_at,
            mitigated_at,
            resolved_at,
            closed_at,
            updated_at,
            last_activity_at,
            created_by,
            revision,
            merged_into,
            resolution_summary,
            root_cause,
            events,
            followups,
            artifacts,
            claim,
            proposals,
            etag,
            // Not shown: the key of a group of alerts says nothing to who did not group them.
            group_key: _,
        }: Incident,
        now: Timestamp,
    ) -> Self {
        Self {
            followups: followup_views(followups, (id, &service, &env, severity), now),
            artifacts: artifact_views(id, artifacts),
            claim: claim_view(claim, now),
            proposals: proposal_views(proposals, now),
            allowed: status.allowed().to_vec(),
            id,
            service,
            affects,
            env,
            severity,
            status,
            title,
            summary,
            kind,
            signature,
            labels,
            drill,
            roles,
            started_at,
            detected_at,
            created_at,
            acknowledged_at,
            mitigated_at,
            resolved_at,
            closed_at,
            updated_at,
            last_activity_at,
            created_by,
            revision,
            merged_into,
            resolution_summary,
            root_cause,
            events,
            etag,
        }
    }
}
