//! The bytes of artifacts that are taken over, and the secret of the keys.

use watchbook_core::{ArtifactName, Digest, Event, IncidentId, Set};

use crate::contract::{Pepper, StoreError};
use crate::jsonl::store::Directory;
use crate::jsonl::{artifacts, failure, keys, whole_file};

impl Directory {
    /// Keeps bytes under their digest, and under their name if the log says by now what that is.
    pub(crate) fn plant_bytes(
        &self,
        incident: IncidentId,
        sha256: Digest,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let (disk, layout) = (&*self.options.disk, &self.options.layout);
        artifacts::keep_version(disk, layout, incident, sha256, bytes)?;
        let named = {
            let shelf = self.fresh()?;
            let known = shelf.book.incident(incident).transpose();
            known.map_err(failure::packed)?
        };
        for artifact in named.into_iter().flat_map(|incident| incident.artifacts) {
            let current = artifact.versions.last().map(|version| version.sha256);
            if current == Some(sha256) {
                self.name_bytes(incident, &artifact.name, bytes);
            }
        }
        Ok(())
    }

    /// Gives their names to bytes that were taken over before the lines that name them. What is not there yet gets its
    /// name when it comes.
    pub(super) fn name_planted(&self, events: &[Event]) {
        let (disk, layout) = (&*self.options.disk, &self.options.layout);
        for (incident, name, sha256) in events.iter().flat_map(named) {
            let path = layout.version(incident, sha256);
            let most = watchbook_core::artifact::MAX_BYTES as u64;
            if let Ok(bytes) = whole_file::read(disk, &path, most) {
                self.name_bytes(incident, name, &bytes);
            }
        }
    }

    /// Takes over the secret of the keys, under the lock.
    pub(crate) fn plant_pepper(&self, pepper: Pepper) -> Result<(), StoreError> {
        let journal = self.journal_or_new().map_err(failure::writing)?;
        let _locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        keys::plant_pepper(&*self.options.disk, &self.options.layout, pepper)
    }
}

fn named(event: &Event) -> impl Iterator<Item = (IncidentId, &ArtifactName, Digest)> {
    event.set.iter().filter_map(|set| match set {
        Set::Artifact { name, version } => Some((event.incident_id, name, version.sha256)),
        _ => None,
    })
}
