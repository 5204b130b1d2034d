//! The incident as everyone sees it: plain values, folded from its events.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use crate::actor::AgentId;
use crate::artifact::{ArtifactName, ArtifactVersion};
use crate::command::ProposedChange;
use crate::followup::Followup;
use crate::id::{EventId, IncidentId};
use crate::kind::Kind;
use crate::severity::Severity;
use crate::signature::Signature;
use crate::status::Status;
use crate::text::{Env, Name, Prose, ServiceName, Short, TextError, Title, form_error, word_enum};
use crate::time::Timestamp;

/// An incident as everyone sees it. Its serialised form is the *current record* that stores keep beside the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The service it is about.
    pub service: ServiceName,
    /// Further services it touches.
    pub affects: Vec<ServiceName>,
    /// The environment.
    pub env: Env,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub status: Status,
    /// What is wrong.
    pub title: Title,
    /// A longer description.
    pub summary: Option<Prose>,
    /// What sort of trouble it is.
    pub kind: Kind,
    /// What makes it "the same thing again".
    pub signature: Signature,
    /// The group of alerts that it was opened for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_key: Option<Short>,
    /// Free labels.
    pub labels: BTreeMap<Name, Short>,
    /// Whether it is an exercise, left out of every metric.
    pub drill: bool,
    /// Who has which role.
    pub roles: BTreeMap<Name, Short>,
    /// When the impact began.
    pub started_at: Timestamp,
    /// When it was noticed.
    pub detected_at: Option<Timestamp>,
    /// When it was created here.
    pub created_at: Timestamp,
    /// When somebody first took it.
    pub acknowledged_at: Option<Timestamp>,
    /// When the impact ended.
    pub mitigated_at: Option<Timestamp>,
    /// When the cause was dealt with.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When its latest event was recorded.
    pub updated_at: Timestamp,
    /// When a human or an agent last wrote on it.
    pub last_activity_at: Timestamp,
    /// Who created it.
    pub created_by: AgentId,
    /// How often its state changed. Notes, artifacts and alerts do not count.
    pub revision: u32,
    /// The incident it is part of.
    pub merged_into: Option<IncidentId>,
    /// What ended it.
    pub resolution_summary: Option<Prose>,
    /// What caused it.
    pub root_cause: Option<Prose>,
    /// How many lines its timeline has.
    pub events: u32,
    /// Its follow-ups, in the order of their ids.
    pub followups: Vec<Followup>,
    /// Its artifacts, by name.
    pub artifacts: Vec<ArtifactRecord>,
    /// Who works on it for now. Whoever reads it compares `until` with the time.
    pub claim: Option<Claim>,
    /// Changes that waited or wait for a second pair of eyes.
    pub proposals: Vec<ProposalRecord>,
    /// The version to give as `if_match`.
    pub etag: ETag,
}

/// All versions of one artifact, the newest last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArtifactRecord {
    /// Its name.
    pub name: ArtifactName,
    /// Its versions, the newest last; never empty.
    pub versions: Vec<ArtifactVersion>,
}

/// A lease on an incident, so that two agents do not work on it at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who holds it.
    pub holder: AgentId,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is renewed or released before.
    pub until: Timestamp,
}

/// A change that waited or waits for a second pair of eyes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposalRecord {
    /// The event that proposed it.
    pub id: EventId,
    /// The change.
    pub change: ProposedChange,
    /// Who proposed it.
    pub proposed_by: AgentId,
    /// The identity of the key, when it acted for `proposed_by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegate: Option<AgentId>,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Until when it can be approved.
    pub expires_at: Timestamp,
    /// What became of it.
    pub status: ProposalStatus,
}

word_enum! {
    /// What became of a proposal.
    ProposalStatus, "a proposal status" {
        /// It waits.
        Pending = "pending",
        /// A second agent or person agreed.
        Approved = "approved",
        /// It was turned down.
        Rejected = "rejected",
    }
}

/// The version of an incident's state: its revision and the event that made it.
///
/// Written `r7-<32 hex>`. Give it back as `if_match` to write only if nobody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ETag {
    /// How often the state changed.
    pub revision: u32,
    /// The last event that changed it.
    pub event: EventId,
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("r{}-{:032x}", self.revision, self.event.to_bits()))
    }
}

impl Serialize for ETag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for ETag {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let refused = || {
            form_error(
                "a version",
                text,
                "the etag of an incident, for example r3-<32 of 0-9a-f>",
            )
        };
        let plain = text.trim().trim_start_matches("W/").trim_matches('"');
        let (revision, event) = plain
            .strip_prefix('r')
            .and_then(|rest| rest.split_once('-'))
            .ok_or_else(refused)?;
        Ok(Self {
            revision: revision.parse().map_err(|_| refused())?,
            event: format!("evt_{event}").parse().map_err(|_| refused())?,
        })
    }
}
