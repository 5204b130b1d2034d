//! Incidents and their timelines, kept by a database.

use async_trait::async_trait;
use tokio_postgres::types::Type;
use watchbook_core::query::{
    FollowupItem, FollowupQuery, IncidentQuery, MAX_LIMIT, Page, PageRequest,
};
use watchbook_core::{Command, Event, Incident, IncidentId, Op};

use super::PostgresStore;
use super::artifacts::HAS_BYTES;
use super::exec::Statement;
use super::record::column;
use super::sqlstate;
use crate::contract::{Applied, Capabilities, Health, Incidents, StoreError};

const COMMITS: Statement = Statement {
    sql: include_str!("sql/commits.sql"),
    types: &[] as &[Type],
};

#[async_trait]
impl Incidents for PostgresStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            persistent: true,
            shared: true,
            verifiable: false,
        }
    }

    async fn health(&self) -> Health {
        let commits = self.commits().await;
        let why = commits.as_ref().err().map(ToString::to_string);
        Health {
            backend: "postgres",
            readable: commits.is_ok(),
            read_only: why,
            degraded_since: None,
            commits: commits.unwrap_or(0),
            head: None,
            damaged: Vec::new(),
        }
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        if let Op::Attach { sha256, .. } = &command.op {
            let connection = self.connect().await?;
            let (id, sha256) = (command.incident.to_string(), sha256.to_string());
            let found = self
                .database
                .link(&connection)
                .first(&HAS_BYTES, &[&id, &sha256])
                .await
                .map_err(sqlstate::of_read)?;
            if found.is_none() {
                return Err(StoreError::NotFound {
                    what: "stored content",
                    name: sha256,
                });
            }
        }
        self.write(&command, None).await
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        self.rehearse(&command).await
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        let connection = self.connect().await?;
        self.one(self.database.link(&connection), id).await
    }

    async fn list(&self, mut query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        query.page = bounded(query.page);
        let connection = self.connect().await?;
        self.listed(self.database.link(&connection), &query).await
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        let connection = self.connect().await?;
        self.timeline(self.database.link(&connection), id, bounded(page))
            .await
    }

    async fn followups(&self, mut query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        query.page = bounded(query.page);
        let connection = self.connect().await?;
        self.followups_listed(self.database.link(&connection), &query)
            .await
    }
}

impl PostgresStore {
    async fn commits(&self) -> Result<u64, StoreError> {
        let connection = self.connect().await?;
        let row = self
            .database
            .link(&connection)
            .first(&COMMITS, &[])
            .await
            .map_err(sqlstate::of_read)?;
        let last: i64 = row.map_or(Ok(0), |row| column(&row, "coalesce"))?;
        Ok(u64::try_from(last).unwrap_or(0))
    }
}

pub(super) fn bounded(page: PageRequest) -> PageRequest {
    PageRequest {
        limit: page.limit.clamp(1, MAX_LIMIT),
        ..page
    }
}
