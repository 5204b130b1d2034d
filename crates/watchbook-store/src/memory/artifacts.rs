//! The files of incidents, in memory.

use async_trait::async_trait;
use watchbook_core::{ArtifactName, ArtifactVersion, Command, Digest, IncidentId};

use super::MemoryStore;
use crate::contract::{Applied, ArtifactContent, Artifacts, CorruptPlace, StoreError};

#[async_trait]
impl Artifacts for MemoryStore {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        let (_, sha256) = command.check_content(&content)?;
        let mut book = self.book.lock();
        let applied = book.apply(&command, &*self.clock)?;
        book.artifacts.insert(sha256, content);
        Ok(applied)
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let book = self.book.lock();
        let incident = book.get(incident)?;
        let known = incident.artifacts.iter().find(|known| known.name == *name);
        let mut versions = known.into_iter().flat_map(|known| known.versions.iter());
        let version = match version {
            Some(sha256) => versions.find(|version| version.sha256 == sha256),
            None => versions.next_back(),
        };
        let missing = || StoreError::NotFound {
            what: "artifact",
            name: format!("{name} of incident {}", incident.id),
        };
        let version = version.ok_or_else(missing)?.clone();
        let bytes = book.artifacts.get(&version.sha256).ok_or_else(missing)?;
        intact(version, bytes.clone(), name)
    }
}

/// Bytes are given out only if they are still what was stored.
fn intact(
    version: ArtifactVersion,
    bytes: Vec<u8>,
    name: &ArtifactName,
) -> Result<ArtifactContent, StoreError> {
    if Digest::of(&bytes) == version.sha256 {
        return Ok(ArtifactContent { version, bytes });
    }
    Err(StoreError::Corrupt(CorruptPlace {
        file: name.as_str().into(),
        line: 0,
        byte: 0,
        what: "the bytes do not match their digest".to_owned(),
    }))
}

#[cfg(feature = "testsuite")]
impl MemoryStore {
    /// Flips a bit of the stored bytes with this digest, as a failing disk would. Says whether there were any.
    pub fn damage(&self, sha256: Digest) -> bool {
        let mut book = self.book.lock();
        let byte = book
            .artifacts
            .get_mut(&sha256)
            .and_then(|bytes| bytes.first_mut());
        byte.is_some_and(|byte| {
            *byte ^= 1;
            true
        })
    }
}
