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

pub(super) const HEALTH: Statement = Statement {
    sql: include_str!("sql/health.sql"),
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
        let look = self.look().await;
        let read_only = match &look {
            Ok((_, false)) => None,
            Ok((_, true)) => Some(format!("the database: {}", sqlstate::READ_ONLY)),
            Err(error) => Some(error.to_string()),
        };
        Health {
            backend: "postgres",
            readable: look.is_ok(),
            read_only,
            degraded_since: None,
            commits: look.map_or(0, |(commits, _)| commits),
            head: None,
            damaged: Vec::new(),
        }
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        self.check_not_frozen()?;
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
    /// How many commits there are, and whether the database takes none.
    async fn look(&self) -> Result<(u64, bool), StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        let row = link.first(&HEALTH, &[]).await.map_err(sqlstate::of_read)?;
        let row = row.ok_or_else(|| sqlstate::of_value("health", "no row"))?;
        let commits: i64 = column(&row, "commits")?;
        Ok((
            u64::try_from(commits).unwrap_or(0),
            column(&row, "read_only")?,
        ))
    }
}

pub(super) fn bounded(page: PageRequest) -> PageRequest {
    PageRequest {
        limit: page.limit.clamp(1, MAX_LIMIT),
        ..page
    }
}
