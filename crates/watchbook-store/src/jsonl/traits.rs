//! The contract, kept by files.

use async_trait::async_trait;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{
    FollowupItem, FollowupQuery, IncidentQuery, MAX_LIMIT, Page, PageRequest,
};
use watchbook_core::{ArtifactName, Command, Digest, Event, Incident, IncidentId, KeyRecord, Op};

use crate::contract::{
    Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Health, Incidents, Keys, Pepper,
    StoreError,
};

use super::audit::Line;
use super::obstacle::Part;
use super::read::no_incident;
use super::store::Directory;
use super::{JsonlStore, failure};

#[async_trait]
impl Incidents for JsonlStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            persistent: true,
            shared: true,
            verifiable: true,
        }
    }

    async fn health(&self) -> Health {
        let directory = std::sync::Arc::clone(&self.directory);
        let health = self.blocking(move |_| Ok(directory.health())).await;
        health.unwrap_or_else(|error| Health {
            backend: "jsonl",
            readable: false,
            read_only: Some(error.to_string()),
            degraded_since: None,
            commits: 0,
            head: None,
            damaged: Vec::new(),
        })
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        if let Op::Attach { sha256, .. } = &command.op {
            let (incident, sha256) = (command.incident, *sha256);
            self.blocking(move |directory| directory.check_bytes(incident, sha256))
                .await?;
        }
        self.submit(command).await
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        self.blocking(move |directory| directory.preview(&command))
            .await
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.reading(move |shelf| {
            shelf
                .book
                .incident(id)
                .ok_or_else(|| no_incident(id))?
                .map_err(failure::packed)
        })
        .await
    }

    async fn list(&self, mut query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        query.page = bounded(query.page);
        self.reading(move |shelf| shelf.book.list(&query).map_err(failure::packed))
            .await
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        self.blocking(move |directory| directory.events(id, bounded(page)))
            .await
    }

    async fn followups(&self, mut query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        query.page = bounded(query.page);
        self.reading(move |shelf| shelf.book.followups(&query).map_err(failure::packed))
            .await
    }
}

fn bounded(page: PageRequest) -> PageRequest {
    PageRequest {
        limit: page.limit.clamp(1, MAX_LIMIT),
        ..page
    }
}

#[async_trait]
impl Artifacts for JsonlStore {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        let kept = command.clone();
        let content = self
            .blocking(move |directory| directory.keep_bytes(&kept, &content).map(|()| content))
            .await?;
        let applied = self.submit(command.clone()).await?;
        if let (true, false, Op::Attach { name, .. }) =
            (applied.changed, applied.replayed, command.op)
        {
            self.blocking(move |directory| {
                directory.name_bytes(command.incident, &name, &content);
                Ok(())
            })
            .await?;
        }
        Ok(applied)
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let name = name.clone();
        self.blocking(move |directory| directory.artifact(incident, &name, version))
            .await
    }
}

#[async_trait]
impl AuditLog for JsonlStore {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        if self.directory.looked.first() {
            self.blocking(|directory| Ok(directory.see_to_audit()))
                .await?;
        }
        // One small write to the page cache: cheaper than handing it to another thread.
        let appended = self.directory.audit.append(opening.at, Line::Open(opening));
        self.directory.troubles.note(Part::Audit, appended)
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        let appended = self
            .directory
            .audit
            .append(closing.at, Line::Close(closing));
        self.directory.troubles.note(Part::Audit, appended)
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        self.blocking(Directory::sync).await
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.blocking(move |directory| directory.audit.search(&query, bounded(page)))
            .await
    }
}

#[async_trait]
impl Keys for JsonlStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.blocking(Directory::keys).await
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        self.blocking(move |directory| directory.put_key(record))
            .await
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        self.blocking(Directory::pepper).await
    }
}
