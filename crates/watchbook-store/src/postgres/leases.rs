//! Leases: rows with an end, judged by the clock of the database. A write that bears a fence locks the row of its lease
//! in its own transaction (`sql/save.sql`).

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use watchbook_core::text::Name;
use watchbook_core::{Fence, LeaseName};

use super::PostgresStore;
use super::exec::{Link, Statement};
use super::record::{column, parsed, timestamp};
use super::save::fence_columns;
use super::sqlstate;
use crate::contract::{LONGEST_LEASE, Lease, Leases, MAX_LEASES, StoreError, Taken};

/// How often a lease is asked for that nobody has when it is looked at again.
const TRIES: u32 = 5;

pub(super) const ACQUIRE: Statement = Statement {
    sql: include_str!("sql/acquire.sql"),
    types: &[Type::TEXT, Type::TEXT, Type::INT8],
};
pub(super) const RENEW: Statement = Statement {
    sql: include_str!("sql/renew.sql"),
    types: &[Type::TEXT, Type::INT8, Type::INT8],
};
pub(super) const RELEASE: Statement = Statement {
    sql: include_str!("sql/release.sql"),
    types: &[Type::TEXT, Type::INT8],
};
pub(super) const LEASE: Statement = Statement {
    sql: include_str!("sql/lease.sql"),
    types: &[Type::TEXT],
};
pub(super) const LEASES: Statement = Statement {
    sql: include_str!("sql/leases.sql"),
    types: &[Type::INT8],
};

#[async_trait]
impl Leases for PostgresStore {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        for _ in 0..TRIES {
            let given = link
                .first(&ACQUIRE, &[&name.as_str(), &holder.as_str(), &millis(span)])
                .await
                .map_err(sqlstate::of_read)?;
            if let Some(row) = given {
                return lease(&row).map(Taken::Given);
            }
            if let Some(held) = held(link, name).await? {
                return Ok(Taken::Held(held));
            }
            // It ended between the two looks.
        }
        Err(StoreError::Unavailable {
            why: format!("too many take lease {name} at once; try again in a moment"),
            retry_after: sqlstate::RETRY,
            source: None,
        })
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        let connection = self.connect().await?;
        let (name, token) = fence_columns(Some(fence));
        let renewed = self
            .database
            .link(&connection)
            .first(&RENEW, &[&name, &token, &millis(span)])
            .await
            .map_err(sqlstate::of_read)?;
        match renewed {
            Some(row) => lease(&row),
            None => Err(StoreError::Fenced(fence.clone())),
        }
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        let connection = self.connect().await?;
        let (name, token) = fence_columns(Some(fence));
        self.database
            .link(&connection)
            .rows(&RELEASE, &[&name, &token])
            .await
            .map(drop)
            .map_err(sqlstate::of_read)
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        let connection = self.connect().await?;
        let most = i64::try_from(MAX_LEASES).unwrap_or(i64::MAX);
        let rows = self
            .database
            .link(&connection)
            .rows(&LEASES, &[&most])
            .await
            .map_err(sqlstate::of_read)?;
        rows.iter().map(lease).collect()
    }
}

impl PostgresStore {
    /// Refuses what bears a fence that does not hold now. For who only wants to know: a write checks where it writes.
    pub(super) async fn check_fence(
        &self,
        link: Link<'_>,
        fence: &Fence,
    ) -> Result<(), StoreError> {
        match held(link, &fence.name).await? {
            Some(lease) if lease.fence == *fence => Ok(()),
            _ => Err(StoreError::Fenced(fence.clone())),
        }
    }
}

/// A lease, if anybody has it now.
async fn held(link: Link<'_>, name: &LeaseName) -> Result<Option<Lease>, StoreError> {
    let found = link
        .first(&LEASE, &[&name.as_str()])
        .await
        .map_err(sqlstate::of_read)?;
    found.as_ref().map(lease).transpose()
}

fn lease(row: &Row) -> Result<Lease, StoreError> {
    Ok(Lease {
        fence: Fence {
            name: parsed(row, "name")?,
            token: column::<i64>(row, "token")?.cast_unsigned(),
        },
        holder: parsed(row, "holder")?,
        expires_at: timestamp(column::<SystemTime>(row, "expires_at")?),
    })
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.min(LONGEST_LEASE).as_millis()).unwrap_or(i64::MAX)
}
