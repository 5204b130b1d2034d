//! What belongs to the store as a whole: made at the first question, the same ever after.

use tokio_postgres::types::Type;

use super::exec::{Link, Statement};
use super::record::column;
use super::sqlstate;
use crate::contract::StoreError;

pub(super) const FACT: Statement = Statement {
    sql: include_str!("sql/fact.sql"),
    types: &[Type::TEXT],
};
pub(super) const NEW_FACT: Statement = Statement {
    sql: include_str!("sql/new_fact.sql"),
    types: &[Type::TEXT, Type::TEXT],
};

/// The fact with this name; what `fresh` makes if there is none yet.
pub(super) async fn kept(
    link: Link<'_>,
    name: &'static str,
    fresh: impl FnOnce() -> String + Send,
) -> Result<String, StoreError> {
    if let Some(value) = stored(link, name).await? {
        return Ok(value);
    }
    link.rows(&NEW_FACT, &[&name, &fresh()])
        .await
        .map_err(sqlstate::of_read)?;
    // Another server may have been quicker: what stands is what counts.
    let stored = stored(link, name).await?;
    stored.ok_or_else(|| sqlstate::of_value(name, "it is not there"))
}

async fn stored(link: Link<'_>, name: &'static str) -> Result<Option<String>, StoreError> {
    let row = link
        .first(&FACT, &[&name])
        .await
        .map_err(sqlstate::of_read)?;
    row.map(|row| column(&row, "value")).transpose()
}
