//! The contract of incidents and artifacts, on either side.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest};
use watchbook_core::{ArtifactName, Command, Digest, Event, Incident, IncidentId, Timestamp};

use super::AutoStore;
use super::ask::{Asked, Lost};
use super::condition::Phase;
use super::shelter::{Local, Primary};
use super::writes::of_apart;
use crate::contract::{
    Applied, ArtifactContent, Artifacts, Capabilities, Health, Incidents, Standing, StoreError,
};

impl AutoStore {
    /// Reads from the database, or from the local log.
    pub(super) async fn read<T, P, Near, F, Far>(&self, far: F, near: P) -> Result<T, StoreError>
    where
        F: Fn(Arc<dyn Primary>) -> Far + Send + Sync,
        Far: Future<Output = Result<T, StoreError>> + Send,
        P: FnOnce(Arc<dyn Local>) -> Near + Send,
        Near: Future<Output = Result<T, StoreError>> + Send,
        T: Send,
    {
        self.read_knowing(far, |local, _generation| near(local))
            .await
    }

    /// The same; the local side is told which generation of the log it is.
    pub(super) async fn read_knowing<T, P, Near, F, Far>(
        &self,
        far: F,
        near: P,
    ) -> Result<T, StoreError>
    where
        F: Fn(Arc<dyn Primary>) -> Far + Send + Sync,
        Far: Future<Output = Result<T, StoreError>> + Send,
        P: FnOnce(Arc<dyn Local>, u64) -> Near + Send,
        Near: Future<Output = Result<T, StoreError>> + Send,
        T: Send,
    {
        self.tend_when_due().await;
        let mut condition = self.node.shelter.condition()?;
        if condition.phase == Phase::Primary {
            match self.ask(far).await {
                Asked::Answered(answer) => return answer,
                Asked::Lost(lost) if self.is_lost(&lost).await => {
                    condition = self.lost(condition.epoch, &lost)?;
                }
                Asked::Lost(lost) => return Err(too_long(&lost)),
            }
        }
        let generation = condition.generation;
        near(self.local(generation)?, generation)
            .await
            .map_err(of_apart)
    }
}

#[async_trait]
impl Incidents for AutoStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            verifiable: false,
            ..self.node.primary.capabilities()
        }
    }

    async fn health(&self) -> Health {
        // A lost database is found out here too, so that whoever only asks for health learns of it.
        let looked = self
            .read(
                |primary| async move { primary.store_id().await.map(|_| None) },
                |local| async move { Ok(Some(local)) },
            )
            .await;
        let health = match looked {
            Ok(None) => self.node.primary.health().await,
            Ok(Some(local)) => local.health().await,
            Err(error) => unhealthy(&error),
        };
        Health {
            backend: "auto",
            degraded_since: self.degraded_since(),
            head: None,
            ..health
        }
    }

    fn degraded_since(&self) -> Option<Timestamp> {
        self.node.shelter.condition().ok()?.since
    }

    fn standing(&self) -> Option<Standing> {
        self.stands()
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        self.write(command, None).await
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        self.rehearse(command).await
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.read(
            |primary| async move { primary.get(id).await },
            |local| async move { local.get(id).await },
        )
        .await
    }

    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let again = query.clone();
        self.read(
            |primary| {
                let query = query.clone();
                async move { primary.list(query).await }
            },
            |local| async move { local.list(again).await },
        )
        .await
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        self.read(
            |primary| async move { primary.events(id, page).await },
            |local| async move { local.events(id, page).await },
        )
        .await
    }

    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        let again = query.clone();
        self.read(
            |primary| {
                let query = query.clone();
                async move { primary.followups(query).await }
            },
            |local| async move { local.followups(again).await },
        )
        .await
    }
}

#[async_trait]
impl Artifacts for AutoStore {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        self.write(command, Some(Arc::new(content))).await
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        self.read(
            |primary| async move { primary.artifact(incident, name, version).await },
            |local| async move { local.artifact(incident, name, version).await },
        )
        .await
    }
}

fn unhealthy(error: &StoreError) -> Health {
    Health {
        backend: "auto",
        readable: false,
        read_only: Some(error.to_string()),
        degraded_since: None,
        commits: 0,
        head: None,
        damaged: Vec::new(),
    }
}

/// One question that takes too long is no reason for a node to leave its database.
fn too_long(lost: &Lost) -> StoreError {
    StoreError::Unavailable {
        why: format!(
            "{}, though it answers others: ask for less at once, or look for what makes it slow",
            lost.why
        ),
        retry_after: super::PATIENCE,
        source: None,
    }
}
