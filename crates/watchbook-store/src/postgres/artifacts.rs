//! The files of incidents: their bytes stand in the database, in the same transaction as the line that names them.

use async_trait::async_trait;
use tokio_postgres::types::Type;
use watchbook_core::{ArtifactName, Command, Digest, IncidentId};

use super::PostgresStore;
use super::exec::Statement;
use super::record::column;
use super::sqlstate;
use crate::contract::{Applied, ArtifactContent, Artifacts, CorruptPlace, StoreError};

pub(super) const HAS_BYTES: Statement = Statement {
    sql: include_str!("sql/has_bytes.sql"),
    types: &[Type::TEXT, Type::TEXT],
};
pub(super) const BYTES: Statement = Statement {
    sql: include_str!("sql/bytes.sql"),
    types: &[Type::TEXT, Type::TEXT],
};

#[async_trait]
impl Artifacts for PostgresStore {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        command.check_content(&content)?;
        self.write(&command, Some(&content)).await
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        let known = self.one(link, incident).await?.artifacts;
        let versions = known.into_iter().find(|known| known.name == *name);
        let mut versions = versions.into_iter().flat_map(|known| known.versions);
        let found = match version {
            Some(sha256) => versions.find(|version| version.sha256 == sha256),
            None => versions.last(),
        };
        let missing = || StoreError::NotFound {
            what: "artifact",
            name: format!("{name} of incident {incident}"),
        };
        let version = found.ok_or_else(missing)?;
        let (id, sha256) = (incident.to_string(), version.sha256.to_string());
        let row = link
            .first(&BYTES, &[&id, &sha256])
            .await
            .map_err(sqlstate::of_read)?
            .ok_or_else(missing)?;
        let bytes: Vec<u8> = column(&row, "bytes")?;
        if Digest::of(&bytes) == version.sha256 {
            return Ok(ArtifactContent { version, bytes });
        }
        Err(StoreError::Corrupt(CorruptPlace {
            file: format!("incident_artifacts/{id}/{sha256}").into(),
            line: 0,
            byte: 0,
            what: "the bytes do not match their digest".to_owned(),
        }))
    }
}
