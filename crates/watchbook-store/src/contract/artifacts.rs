//! The files of incidents.

use std::fmt;

use async_trait::async_trait;
use watchbook_core::{ArtifactName, ArtifactVersion, Command, Digest, IncidentId};

use super::{Applied, StoreError};

/// An artifact with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactContent {
    /// What is known of this version.
    pub version: ArtifactVersion,
    /// Its bytes; their digest is the version's.
    pub bytes: Vec<u8>,
}

/// The files of incidents.
///
/// # Contract
/// 1. *Bytes first.* The bytes are durable before the event that names them is.
/// 2. *Kept.* A new version under the same name leaves the bytes of the older ones reachable by their digest.
/// 3. *Checked.* Bytes that do not match the command's digest and length, or what
///    [`ArtifactName::check`] demands, are refused; bytes that no longer match when they are read are
///    [`StoreError::Corrupt`], never given out.
#[async_trait]
pub trait Artifacts: fmt::Debug + Send + Sync + 'static {
    /// Stores `content` and applies `command`, whose operation must be [`watchbook_core::Op::Attach`] with the
    /// digest and length of `content`.
    ///
    /// # Errors
    /// [`StoreError::BadArtifact`] for a content that may not be stored, otherwise those of
    /// [`Incidents::apply`](super::Incidents::apply).
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError>;

    /// An artifact with its bytes: the current version, or the one with this digest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the incident, the name or the version is not there.
    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError>;
}
