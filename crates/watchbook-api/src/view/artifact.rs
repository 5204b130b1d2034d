//! One file of an incident, as callers see it.

use watchbook_core::{
    AgentId, ArtifactName, ArtifactRecord, ArtifactVersion, Digest, IncidentId, Timestamp,
};

use super::view;

view! {
    /// One file of an incident. The facts at the top are those of the version that is meant, usually the newest.
    ArtifactView {
        /// The incident.
        incident_id: IncidentId,
        /// Its name.
        name: ArtifactName,
        /// The SHA-256 of its bytes.
        sha256: Digest,
        /// How many bytes it has.
        bytes: u64,
        /// Its media type.
        media_type: &'static str,
        /// Who attached it.
        created_by: AgentId,
        /// When it was attached.
        created_at: Timestamp,
        /// All its versions, the newest last.
        versions: Vec<ArtifactVersionView>,
        /// Its text; only `incident_get_artifact` answers with it.
        content ? omitted: Option<String>,
    }

    /// One version of a file.
    ArtifactVersionView {
        /// The SHA-256 of its bytes.
        sha256: Digest,
        /// How many bytes it has.
        bytes: u64,
        /// Who attached it.
        created_by: AgentId,
        /// When it was attached.
        created_at: Timestamp,
    }
}

impl From<ArtifactVersion> for ArtifactVersionView {
    fn from(version: ArtifactVersion) -> Self {
        let ArtifactVersion {
            sha256,
            bytes,
            created_by,
            created_at,
        } = version;
        Self {
            sha256,
            bytes,
            created_by,
            created_at,
        }
    }
}

impl ArtifactView {
    /// The view of the newest version; `None` for a record without versions, which no fold yields.
    pub fn newest(incident_id: IncidentId, record: ArtifactRecord) -> Option<Self> {
        let version = record.versions.last().cloned()?;
        Some(Self::of(incident_id, record, version))
    }

    /// The view of one version of a file.
    pub fn of(incident_id: IncidentId, record: ArtifactRecord, version: ArtifactVersion) -> Self {
        let ArtifactRecord { name, versions } = record;
        let ArtifactVersion {
            sha256,
            bytes,
            created_by,
            created_at,
        } = version;
        Self {
            incident_id,
            media_type: name.kind().media_type(),
            name,
            sha256,
            bytes,
            created_by,
            created_at,
            versions: versions
                .into_iter()
                .map(ArtifactVersionView::from)
                .collect(),
            content: None,
        }
    }

    /// The same view with the text of the version.
    #[must_use]
    pub fn with_content(self, content: String) -> Self {
        Self {
            content: Some(content),
            ..self
        }
    }
}
