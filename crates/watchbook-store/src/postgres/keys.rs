//! The keys by which callers are known.

use async_trait::async_trait;
use tokio_postgres::types::Type;
use watchbook_core::{Digest, KeyRecord};

use super::PostgresStore;
use super::exec::{Link, Statement};
use super::record::column;
use super::sqlstate;
use crate::contract::{Keys, Pepper, StoreError};

const KEYS: Statement = Statement {
    sql: include_str!("sql/keys.sql"),
    types: &[] as &[Type],
};
pub(super) const PUT_KEY: Statement = Statement {
    sql: include_str!("sql/put_key.sql"),
    types: &[Type::TEXT, Type::TEXT],
};
pub(super) const FACT: Statement = Statement {
    sql: include_str!("sql/fact.sql"),
    types: &[Type::TEXT],
};
pub(super) const NEW_FACT: Statement = Statement {
    sql: include_str!("sql/new_fact.sql"),
    types: &[Type::TEXT, Type::TEXT],
};
/// Where the pepper stands among the facts.
const PEPPER: &str = "pepper";

#[async_trait]
impl Keys for PostgresStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        let connection = self.connect().await?;
        let rows = self
            .database
            .link(&connection)
            .rows(&KEYS, &[])
            .await
            .map_err(sqlstate::of_read)?;
        rows.iter()
            .map(|row| {
                serde_json::from_str(column(row, "record")?)
                    .map_err(|error| sqlstate::of_value("a key", error))
            })
            .collect()
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        let connection = self.connect().await?;
        let json =
            serde_json::to_string(&record).map_err(|error| sqlstate::of_value("a key", error))?;
        self.database
            .link(&connection)
            .rows(&PUT_KEY, &[&record.id.as_str(), &json])
            .await
            .map(drop)
            .map_err(sqlstate::of_read)
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        if let Some(pepper) = stored_pepper(link).await? {
            return Ok(pepper);
        }
        let mut fresh = [0; 32];
        self.options.entropy.fill(&mut fresh);
        let written = Digest::from_bytes(fresh).to_string();
        link.rows(&NEW_FACT, &[&PEPPER, &written])
            .await
            .map_err(sqlstate::of_read)?;
        // Another server may have been quicker: what stands is what counts.
        let stored = stored_pepper(link).await?;
        stored.ok_or_else(|| sqlstate::of_value("the pepper", "it is not there"))
    }
}

async fn stored_pepper(link: Link<'_>) -> Result<Option<Pepper>, StoreError> {
    let row = link
        .first(&FACT, &[&PEPPER])
        .await
        .map_err(sqlstate::of_read)?;
    let Some(row) = row else { return Ok(None) };
    let digest: Digest = super::record::parsed(&row, "value")?;
    Ok(Some(Pepper(*digest.as_bytes())))
}
