//! What is kept beside the list: files, the audit trail, keys.

use async_trait::async_trait;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest, Place, page_of};
use watchbook_core::{ArtifactName, Command, Digest, IncidentId, KeyRecord};
use watchbook_store::{
    Applied, ArtifactContent, Artifacts, AuditLog, CorruptPlace, Keys, Pepper, StoreError,
};

use crate::Ledger;
use crate::incidents::{bounded, missing};
use crate::view::View;

#[async_trait]
impl Artifacts for Ledger {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        let (_, sha256) = command.check_content(&content)?;
        let mut pages = self.pages.lock();
        let applied = self.write(&command, &mut pages)?;
        pages.files.insert(sha256, content);
        Ok(applied)
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let pages = self.pages.lock();
        let shown = View::of(&pages.commits)
            .incident(incident)
            .ok_or_else(|| missing(incident))?;
        let not_found = || StoreError::NotFound {
            what: "artifact",
            name: name.to_string(),
        };
        let record = shown
            .artifacts
            .into_iter()
            .find(|record| record.name == *name)
            .ok_or_else(not_found)?;
        let wanted = |sha256: Digest| version.is_none_or(|version| version == sha256);
        let version = record
            .versions
            .into_iter()
            .rev()
            .find(|known| wanted(known.sha256))
            .ok_or_else(not_found)?;
        let bytes = pages
            .files
            .get(&version.sha256)
            .cloned()
            .ok_or_else(not_found)?;
        if Digest::of(&bytes) == version.sha256 {
            return Ok(ArtifactContent { version, bytes });
        }
        let what = "the bytes do not match their digest".to_owned();
        Err(StoreError::Corrupt(CorruptPlace {
            file: name.as_str().into(),
            line: 0,
            byte: 0,
            what,
        }))
    }
}

#[async_trait]
impl AuditLog for Ledger {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        self.pages.lock().openings.insert(opening.id, opening);
        Ok(())
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        self.pages.lock().closings.insert(closing.id, closing);
        Ok(())
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let pages = self.pages.lock();
        let entries = pages.openings.values().map(|opening| AuditEntry {
            opening: opening.clone(),
            closing: pages.closings.get(&opening.id).cloned(),
        });
        let meant = entries.filter(|entry| query.matches(entry));
        Ok(page_of(meant, bounded(page), |entry| {
            Place::of_audit(&entry.opening)
        }))
    }
}

#[async_trait]
impl Keys for Ledger {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        Ok(self.pages.lock().keys.clone())
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        let keys = &mut self.pages.lock().keys;
        match keys.iter_mut().find(|known| known.id == record.id) {
            Some(known) => *known = record,
            None => keys.push(record),
        }
        Ok(())
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        Ok(self.pages.lock().pepper)
    }
}
