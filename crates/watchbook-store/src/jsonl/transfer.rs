//! Whole incidents, from and into files: the face of `moving`.

use async_trait::async_trait;
use watchbook_core::{Digest, IncidentId};

use super::JsonlStore;
use crate::contract::{
    Extent, Pepper, Planted, StoreError, TrailLine, TrailPosition, TrailStretch, Transfer, Whole,
};
use crate::planting;

#[async_trait]
impl Transfer for JsonlStore {
    async fn export_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Whole>, StoreError> {
        let extents = self.extents_after(after, limit).await?;
        self.export(&planting::some_of(&extents)).await
    }

    async fn extents_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError> {
        self.blocking(move |directory| directory.extents_after(after, limit))
            .await
    }

    async fn export(&self, wanted: &[(IncidentId, u32)]) -> Result<Vec<Whole>, StoreError> {
        let wanted = wanted.to_vec();
        self.blocking(move |directory| directory.export(wanted))
            .await
    }

    async fn plant(&self, wholes: Vec<Whole>, durable: bool) -> Result<Planted, StoreError> {
        self.blocking(move |directory| directory.plant(wholes, durable))
            .await
    }

    async fn plant_bytes(
        &self,
        incident: IncidentId,
        sha256: Digest,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        planting::check_bytes(sha256, &bytes)?;
        self.blocking(move |directory| directory.plant_bytes(incident, sha256, &bytes))
            .await
    }

    async fn plant_pepper(&self, pepper: Pepper) -> Result<(), StoreError> {
        self.blocking(move |directory| directory.plant_pepper(pepper))
            .await
    }

    async fn trail_after(
        &self,
        after: Option<TrailPosition>,
        limit: usize,
    ) -> Result<TrailStretch, StoreError> {
        self.blocking(move |directory| directory.audit.stretch(after, limit))
            .await
    }

    async fn plant_trail(&self, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        self.blocking(move |directory| directory.audit.plant(lines))
            .await
    }
}
