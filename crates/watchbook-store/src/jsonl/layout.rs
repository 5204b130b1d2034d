//! Where everything lies in a directory.

use std::path::{Path, PathBuf};

use watchbook_core::{ArtifactName, Digest, IncidentId, Timestamp};

/// The stem of the journal's file names.
pub(crate) const JOURNAL: &str = "events";

/// Where everything lies. All paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `ops/incidents`: the journal and its projections.
    pub incidents: PathBuf,
    /// The folders of artifacts, one per incident; `ops/incidents` unless set otherwise.
    pub artifacts: PathBuf,
    /// `ops/audit`: the audit trail, one file a day.
    pub audit: PathBuf,
}

impl Layout {
    /// The layout below `dir`, the folder that holds `ops/`.
    pub fn below(dir: &Path) -> Self {
        let incidents = dir.join("ops").join("incidents");
        Self {
            artifacts: incidents.clone(),
            audit: dir.join("ops").join("audit"),
            incidents,
        }
    }

    /// The same with the artifacts elsewhere.
    #[must_use]
    pub fn with_artifacts(self, artifacts: PathBuf) -> Self {
        Self { artifacts, ..self }
    }

    /// Lock, head, checkpoint and keys.
    pub fn private(&self) -> PathBuf {
        self.incidents.join(".watchbook")
    }

    /// The checkpoint: a cache of what the journal folds to.
    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.private().join("index")
    }

    /// How far the audit trail is known to be durable.
    pub(crate) fn audited(&self) -> PathBuf {
        self.private().join("audited")
    }

    /// Up to which commit the projections are complete.
    pub(crate) fn projected(&self) -> PathBuf {
        self.private().join("projected")
    }

    /// The records of keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.private().join("keys.json")
    }

    /// Who holds which lease.
    pub(crate) fn leases(&self) -> PathBuf {
        self.private().join("leases.json")
    }

    /// The secret under which keys are hashed.
    pub(crate) fn pepper(&self) -> PathBuf {
        self.private().join("pepper")
    }

    /// The current record of every incident.
    pub(crate) fn incident_records(&self) -> PathBuf {
        self.incidents.join("incidents.jsonl")
    }

    /// The current record of every artifact.
    pub(crate) fn artifact_records(&self) -> PathBuf {
        self.incidents.join("artifacts.jsonl")
    }

    /// The folder of an incident's artifacts.
    pub(crate) fn artifact_dir(&self, incident: IncidentId) -> PathBuf {
        self.artifacts.join(incident.to_string())
    }

    /// The current version of an artifact, under its name.
    pub(crate) fn artifact(&self, incident: IncidentId, name: &ArtifactName) -> PathBuf {
        self.artifact_dir(incident).join(name.as_str())
    }

    /// The folder of all versions of an incident's artifacts.
    pub(crate) fn versions(&self, incident: IncidentId) -> PathBuf {
        self.artifact_dir(incident).join(".versions")
    }

    /// The bytes of one version.
    pub(crate) fn version(&self, incident: IncidentId, sha256: Digest) -> PathBuf {
        self.versions(incident).join(sha256.to_string())
    }

    /// The audit trail of the day of `at`.
    pub(crate) fn audit_day(&self, at: Timestamp) -> PathBuf {
        let (year, month, day) = at.date();
        self.audit
            .join(format!("audit-{year:04}-{month:02}-{day:02}.jsonl"))
    }
}
