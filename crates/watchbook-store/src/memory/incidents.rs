//! Incidents and their timelines, in memory.

use async_trait::async_trait;
use watchbook_core::query::{
    FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest, Place, page_of,
};
use watchbook_core::{Command, Event, Incident, IncidentId, Op};

use super::book::Book;
use super::{MemoryStore, bounded};
use crate::contract::{Applied, Capabilities, Health, Incidents, StoreError};

#[async_trait]
impl Incidents for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            persistent: false,
            shared: false,
            verifiable: false,
        }
    }

    async fn health(&self) -> Health {
        Health {
            backend: "memory",
            readable: true,
            read_only: None,
            degraded_since: None,
            commits: self.book.lock().commits(),
            head: None,
            damaged: Vec::new(),
        }
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        let mut book = self.book.lock();
        check_bytes(&book, &command)?;
        book.apply(&command, &*self.clock)
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        let mut scratch = self.book.lock().clone();
        scratch.apply(&command, &*self.clock)
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.book.lock().get(id)
    }

    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let IncidentQuery { filter, sort, page } = query;
        let book = self.book.lock();
        let meant = book.all().filter(|incident| filter.matches(incident));
        Ok(page_of(meant, bounded(page), |incident| {
            Place::of(incident, sort)
        }))
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        let events = self.book.lock().events(id)?;
        Ok(page_of(events, bounded(page), |event| {
            Place::of_seq(event.seq)
        }))
    }

    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        let book = self.book.lock();
        let items = book.all().flat_map(|incident| query.among(incident));
        Ok(page_of(items, bounded(query.page), |item| {
            query.place(&item.followup)
        }))
    }
}

/// An event must not name bytes that are not there.
fn check_bytes(book: &Book, command: &Command) -> Result<(), StoreError> {
    match &command.op {
        Op::Attach { sha256, .. } if !book.artifacts.contains_key(sha256) => {
            Err(StoreError::NotFound {
                what: "stored content",
                name: sha256.to_string(),
            })
        }
        _ => Ok(()),
    }
}
