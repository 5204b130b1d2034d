//! The audit trail, one row for each call.

use async_trait::async_trait;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest, Place};
use watchbook_core::{EventId, Timestamp};

use super::PostgresStore;
use super::condition::Conditions;
use super::exec::Statement;
use super::incidents::bounded;
use super::listing::Source;
use super::record::{column, moment};
use super::sqlstate;
use crate::contract::{AuditLog, StoreError};

pub(super) const OPEN: Statement = Statement {
    sql: include_str!("sql/open_entry.sql"),
    types: &[
        Type::TEXT,
        Type::TIMESTAMPTZ,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
    ],
};
pub(super) const CLOSE: Statement = Statement {
    sql: include_str!("sql/close_entry.sql"),
    types: &[Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT],
};

/// See [`Source::stretch`].
const STRETCH: usize = 10_000;

pub(super) const SOURCE: Source = Source {
    columns: "opening::text, closing::text",
    table: "audit_log",
    order: "at desc, id",
    stretch: STRETCH,
};

#[async_trait]
impl AuditLog for PostgresStore {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        let connection = self.connect().await?;
        let incident = opening.incident.map(|incident| incident.to_string());
        let json = serde_json::to_string(&opening)
            .map_err(|error| sqlstate::of_value("an audit entry", error))?;
        self.database
            .link(&connection)
            .rows(
                &OPEN,
                &[
                    &opening.id.to_string(),
                    &moment(opening.at),
                    &opening.agent.as_str(),
                    &opening.tool.as_str(),
                    &opening.action.as_str(),
                    &incident,
                    &json,
                ],
            )
            .await
            .map(drop)
            .map_err(sqlstate::of_read)
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        let connection = self.connect().await?;
        let incident = closing.incident.map(|incident| incident.to_string());
        let json = serde_json::to_string(&closing)
            .map_err(|error| sqlstate::of_value("an audit entry", error))?;
        self.database
            .link(&connection)
            .rows(
                &CLOSE,
                &[
                    &closing.id.to_string(),
                    &json,
                    &closing.outcome.as_str(),
                    &incident,
                ],
            )
            .await
            .map(drop)
            .map_err(sqlstate::of_read)
    }

    /// Every row is durable as soon as it is there.
    async fn sync_audit(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let page = bounded(page);
        let connection = self.connect().await?;
        let found = SOURCE
            .look(
                self.database.link(&connection),
                page,
                |after| asked(&query, after),
                |row| Ok(Place::of_audit(&entry(row)?.opening)),
            )
            .await?;
        Ok(Page {
            items: found.rows.iter().map(entry).collect::<Result<_, _>>()?,
            next: found.next,
        })
    }
}

fn entry(row: &Row) -> Result<AuditEntry, StoreError> {
    let wrong = |error| sqlstate::of_value("an audit entry", error);
    let closing: Option<&str> = column(row, "closing")?;
    Ok(AuditEntry {
        opening: serde_json::from_str(column(row, "opening")?).map_err(wrong)?,
        closing: closing
            .map(serde_json::from_str)
            .transpose()
            .map_err(wrong)?,
    })
}

/// What a question asks of the table of entries.
pub(super) fn asked(query: &AuditQuery, after: Option<Place>) -> Conditions {
    let AuditQuery {
        agent,
        tool,
        action,
        incident,
        outcome,
        from,
        to,
    } = query;
    let mut asked = Conditions::default();
    asked.equals("agent", agent.as_ref());
    asked.equals("tool", tool.as_ref());
    asked.equals("action", action.as_ref());
    asked.equals("incident", incident.as_ref());
    if let Some(outcome) = outcome {
        // Without an index: it is written when a call ends, and an index would double what that costs.
        let outcome = asked.text(outcome);
        asked.hold(format!("outcome = {outcome}"));
    }
    asked.compares("at", ">=", *from);
    asked.compares("at", "<", *to);
    if let Some(place) = after {
        let (major, _, id) = place.parts();
        let at = asked.time(Timestamp::from_millis(major.saturating_neg()));
        let id = asked.text(&EventId::from_bits(id.cast_unsigned()));
        // Older, or as old with a greater id.
        asked.require(format!("at <= {at} and (at < {at} or id > {id})"));
    }
    asked
}
