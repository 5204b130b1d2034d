//! Stores that are wrong about files.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::{ArtifactName, Command, Digest, IncidentId, Op};
use watchbook_store::{Applied, ArtifactContent, Artifacts, Incidents, StoreError};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

fn missing(name: &ArtifactName) -> StoreError {
    StoreError::NotFound {
        what: "artifact",
        name: name.to_string(),
    }
}

/// Commits the event, and writes the bytes afterwards.
#[derive(Debug, Default)]
pub(crate) struct NamesFilesFirst {
    unwritten: Mutex<Option<Digest>>,
}

#[async_trait]
impl Twist for NamesFilesFirst {
    async fn attach(
        &self,
        real: &Real,
        command: Command,
        content: Vec<u8>,
    ) -> Result<Applied, StoreError> {
        *self.unwritten.lock() = Some(Digest::of(&content));
        let applied = real.disk.attach(command, content).await;
        tokio::task::yield_now().await;
        *self.unwritten.lock() = None;
        applied
    }

    async fn artifact(
        &self,
        real: &Real,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let found = real.disk.memory().artifact(incident, name, version).await?;
        if *self.unwritten.lock() == Some(found.version.sha256) {
            return Err(missing(name));
        }
        Ok(found)
    }
}

/// Takes an attachment without asking for the bytes.
#[derive(Debug)]
pub(crate) struct NamesWhatIsNotThere;

#[async_trait]
impl Twist for NamesWhatIsNotThere {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        if matches!(command.op, Op::Attach { .. }) {
            return real.disk.memory().preview(command).await;
        }
        real.apply(command).await
    }
}

/// Loses the bytes in a power failure, and keeps the event.
#[derive(Debug, Default)]
pub(crate) struct LosesBytes {
    lost: AtomicBool,
}

#[async_trait]
impl Twist for LosesBytes {
    async fn artifact(
        &self,
        real: &Real,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        if self.lost.load(Ordering::SeqCst) {
            return Err(missing(name));
        }
        real.disk.memory().artifact(incident, name, version).await
    }

    async fn crashed(&self, _disk: &Disk) {
        self.lost.store(true, Ordering::SeqCst);
    }
}

/// Overwrites the bytes of the version before.
#[derive(Debug)]
pub(crate) struct KeepsTheLatestOnly;

#[async_trait]
impl Twist for KeepsTheLatestOnly {
    async fn artifact(
        &self,
        real: &Real,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let latest = real.disk.memory().artifact(incident, name, None).await?;
        if version.is_some_and(|asked| asked != latest.version.sha256) {
            return Err(missing(name));
        }
        Ok(latest)
    }
}

/// Believes whatever the command says of the bytes.
#[derive(Debug)]
pub(crate) struct TakesAnyBytes;

#[async_trait]
impl Twist for TakesAnyBytes {
    async fn attach(
        &self,
        real: &Real,
        mut command: Command,
        content: Vec<u8>,
    ) -> Result<Applied, StoreError> {
        if let Op::Attach { sha256, bytes, .. } = &mut command.op {
            (*sha256, *bytes) = (Digest::of(&content), content.len() as u64);
        }
        real.disk.attach(command, content).await
    }
}

/// Gives out whatever is there.
#[derive(Debug)]
pub(crate) struct GivesDamagedBytes;

#[async_trait]
impl Twist for GivesDamagedBytes {
    async fn artifact(
        &self,
        real: &Real,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let memory = real.disk.memory();
        let found = memory.artifact(incident, name, version).await;
        let Err(StoreError::Corrupt(_)) = found else {
            return found;
        };
        let known = memory.get(incident).await?.artifacts;
        let version = known
            .into_iter()
            .find(|known| known.name == *name)
            .expect("it was attached")
            .versions
            .remove(0);
        Ok(ArtifactContent {
            version,
            bytes: b"rpoil".to_vec(),
        })
    }
}
