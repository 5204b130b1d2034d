//! One database of the throw-away cluster, reached by the store and behind its back.

use std::sync::Arc;

use tokio_postgres::{Client, NoTls};
use watchbook_store::postgres::MILLION;
use watchbook_store::system::{OsEntropy, SystemClock};
use watchbook_store::{Incidents, PostgresOptions, PostgresStore, migrate_database};

use crate::bench::{AnyError, commands};
use crate::pg::Cluster;

/// Connections of the store: one for each caller, as with pgbench.
const CONNECTIONS: usize = 64;

/// A database with the tables of a store.
pub(super) struct BenchDatabase {
    /// Its name in the cluster.
    pub(super) name: &'static str,
    address: String,
    /// The store in it.
    pub(super) store: PostgresStore,
}

impl BenchDatabase {
    /// Makes it.
    pub(super) async fn create(cluster: &Cluster, name: &'static str) -> Result<Self, AnyError> {
        let whole = cluster.address();
        connect(&whole)
            .await?
            .batch_execute(&format!("create database {name}"))
            .await?;
        let address = whole.replace("dbname=postgres", &format!("dbname={name}"));
        let url = format!("{address} sslmode=disable");
        let mut options = PostgresOptions::new(url, Arc::new(SystemClock), Arc::new(OsEntropy));
        // As many as pgbench has: how many commits share a sync depends on how many connections commit.
        options.connections = CONNECTIONS;
        migrate_database(&options).await?;
        Ok(Self {
            name,
            address,
            store: PostgresStore::new(options)?,
        })
    }

    /// A connection behind the store's back.
    pub(super) async fn client(&self) -> Result<Client, AnyError> {
        connect(&self.address).await
    }

    /// Fills it with a million incidents.
    pub(super) async fn fill(&self) -> Result<(), AnyError> {
        self.store.apply(commands::creation(0)?).await?;
        let client = self.client().await?;
        for statements in MILLION {
            client.batch_execute(statements).await?;
        }
        Ok(client.batch_execute("checkpoint").await?)
    }
}

async fn connect(address: &str) -> Result<Client, AnyError> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    drop(tokio::spawn(connection));
    Ok(client)
}
