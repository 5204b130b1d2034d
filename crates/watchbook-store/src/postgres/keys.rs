//! The keys by which callers are known.

use std::str::FromStr as _;

use async_trait::async_trait;
use tokio_postgres::types::Type;
use watchbook_core::{Digest, KeyRecord};

use super::PostgresStore;
use super::exec::Statement;
use super::record::column;
use super::sqlstate;
use super::store_fact;
use crate::contract::{Keys, Pepper, StoreError};

pub(super) const KEYS: Statement = Statement {
    sql: include_str!("sql/keys.sql"),
    types: &[] as &[Type],
};
pub(super) const PUT_KEY: Statement = Statement {
    sql: include_str!("sql/put_key.sql"),
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
        let fresh = || {
            let mut fresh = [0; 32];
            self.options.entropy.fill(&mut fresh);
            Digest::from_bytes(fresh).to_string()
        };
        let link = self.database.link(&connection);
        let written = store_fact::kept(link, PEPPER, fresh).await?;
        let digest = Digest::from_str(&written);
        let digest = digest.map_err(|error| sqlstate::of_value("the pepper", error))?;
        Ok(Pepper(*digest.as_bytes()))
    }
}
