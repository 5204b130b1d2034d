//! Whole incidents, from and into a database: the face of `export`, `plant` and `trail`.

use async_trait::async_trait;
use tokio_postgres::types::Type;
use watchbook_core::{Digest, IncidentId};

use super::PostgresStore;
use super::exec::Statement;
use super::record::{moment, parsed};
use super::write::KEEP_BYTES;
use super::{sqlstate, trail};
use crate::contract::{
    Extent, Pepper, Planted, StoreError, TrailLine, TrailPosition, TrailStretch, Transfer, Whole,
};
use crate::planting;

const PLANT_PEPPER: Statement = Statement {
    sql: include_str!("sql/plant_pepper.sql"),
    types: &[Type::TEXT],
};

#[async_trait]
impl Transfer for PostgresStore {
    async fn export_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Whole>, StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        let extents = self.extents(link, after, limit).await?;
        self.exported(link, &planting::some_of(&extents)).await
    }

    async fn extents_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError> {
        let connection = self.connect().await?;
        self.extents(self.database.link(&connection), after, limit)
            .await
    }

    async fn export(&self, wanted: &[(IncidentId, u32)]) -> Result<Vec<Whole>, StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        self.exported(link, wanted).await
    }

    async fn plant(&self, wholes: Vec<Whole>, durable: bool) -> Result<Planted, StoreError> {
        self.planted(wholes, durable).await
    }

    async fn plant_bytes(
        &self,
        incident: IncidentId,
        sha256: Digest,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.check_not_frozen()?;
        planting::check_bytes(sha256, &bytes)?;
        let connection = self.connect().await?;
        let (id, sha256) = (incident.to_string(), sha256.to_string());
        let now = moment(self.options.clock.now());
        self.database
            .link(&connection)
            .rows(&KEEP_BYTES, &[&id, &sha256, &now, &bytes])
            .await
            .map(drop)
            .map_err(sqlstate::of_read)
    }

    async fn plant_pepper(&self, pepper: Pepper) -> Result<(), StoreError> {
        self.check_not_frozen()?;
        let connection = self.connect().await?;
        let given = Digest::from_bytes(pepper.0);
        let stands = self
            .database
            .link(&connection)
            .first(&PLANT_PEPPER, &[&given.to_string()])
            .await
            .map_err(sqlstate::of_read)?;
        let stands = stands
            .map(|row| parsed::<Digest>(&row, "value"))
            .transpose()?;
        if stands == Some(given) {
            Ok(())
        } else {
            Err(StoreError::OtherSecret)
        }
    }

    async fn trail_after(
        &self,
        after: Option<TrailPosition>,
        limit: usize,
    ) -> Result<TrailStretch, StoreError> {
        let connection = self.connect().await?;
        trail::stretch(self.database.link(&connection), after, limit).await
    }

    async fn plant_trail(&self, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        self.check_not_frozen()?;
        let connection = self.connect().await?;
        trail::plant(self.database.link(&connection), lines).await
    }
}
