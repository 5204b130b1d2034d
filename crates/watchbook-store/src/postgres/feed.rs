//! What changed: read by polling, in the order of transactions, behind all that are still running.

use async_trait::async_trait;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresStore;
use super::exec::Statement;
use super::record::{column, parsed};
use super::sqlstate;
use crate::contract::{Changed, Feed, FeedPosition, MAX_STRETCH, StoreError, Stretch};

pub(super) const FEED: Statement = Statement {
    sql: include_str!("sql/feed.sql"),
    types: &[Type::TEXT, Type::INT8, Type::INT8],
};
pub(super) const FEED_END: Statement = Statement {
    sql: include_str!("sql/feed_end.sql"),
    types: &[] as &[Type],
};
pub(super) const FORGET_FOREIGN: Statement = Statement {
    sql: include_str!("sql/forget_foreign.sql"),
    types: &[] as &[Type],
};

#[async_trait]
impl Feed for PostgresStore {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        let row = link
            .first(&FEED_END, &[])
            .await
            .map_err(sqlstate::of_read)?;
        let row = row.ok_or_else(|| sqlstate::of_value("the feed", "no row"))?;
        if column(&row, "has_foreign")? {
            link.rows(&FORGET_FOREIGN, &[])
                .await
                .map_err(sqlstate::of_read)?;
        }
        position(&row, epoch(&row)?)
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        let connection = self.connect().await?;
        let limit = i64::try_from(limit.clamp(1, MAX_STRETCH)).unwrap_or(i64::MAX);
        let number = i64::try_from(after.number).unwrap_or(i64::MAX);
        let rows = self
            .database
            .link(&connection)
            .rows(&FEED, &[&after.transaction.to_string(), &number, &limit])
            .await
            .map_err(sqlstate::of_read)?;
        let first = rows.first();
        let first = first.ok_or_else(|| sqlstate::of_value("the feed", "no row"))?;
        if epoch(first)? != after.epoch || !column::<bool>(first, "is_there")? {
            return Err(StoreError::FeedRestarted);
        }
        let mut stretch = Stretch {
            changes: Vec::new(),
            next: after,
        };
        for row in &rows {
            take(&mut stretch, row)?;
        }
        Ok(stretch)
    }
}

/// Takes in a row; the only one is without a change when there is none.
fn take(stretch: &mut Stretch, row: &Row) -> Result<(), StoreError> {
    let Some(is_news) = column::<Option<bool>>(row, "is_news")? else {
        return Ok(());
    };
    stretch.next = position(row, stretch.next.epoch)?;
    if is_news {
        let seq: i32 = column(row, "last_seq")?;
        stretch.changes.push(Changed {
            incident: parsed(row, "incident_id")?,
            last_seq: u32::try_from(seq).unwrap_or(0),
        });
    }
    Ok(())
}

fn epoch(row: &Row) -> Result<u64, StoreError> {
    column::<i64>(row, "epoch").map(i64::cast_unsigned)
}

fn position(row: &Row, epoch: u64) -> Result<FeedPosition, StoreError> {
    Ok(FeedPosition {
        epoch,
        transaction: column::<i64>(row, "xid")?.cast_unsigned(),
        number: column::<i64>(row, "pos")?.cast_unsigned(),
    })
}
