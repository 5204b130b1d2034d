//! A schema of its own for each test, in the cluster that the test command starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};
use watchbook_store::postgres::{ExecMode, PostgresOptions, PostgresStore, migrate};
use watchbook_store::system::{ManualClock, OsEntropy};

/// Names the cluster, as `key=value` pairs of a superuser.
const CLUSTER: &str = "WATCHBOOK_TEST_POSTGRES";

/// Where the cluster is.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says by a variable where the cluster is"
)]
pub(crate) fn cluster() -> String {
    std::env::var(CLUSTER).unwrap_or_else(|_| {
        panic!("{CLUSTER} names no cluster; run `cargo xtask test`, which starts one, or `cargo xtask pg up`")
    })
}

/// A schema that goes with this value.
pub(crate) struct Schema {
    name: String,
    pub(crate) clock: ManualClock,
}

impl Schema {
    /// An empty schema.
    pub(crate) async fn empty() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("t_{}_{made}", std::process::id());
        run(&format!("create schema {name}")).await;
        Self {
            name,
            clock: ManualClock::default(),
        }
    }

    /// A schema with all tables.
    pub(crate) async fn migrated() -> Self {
        let schema = Self::empty().await;
        migrate(&schema.options()).await.expect("migrated");
        schema
    }

    /// How to reach it.
    pub(crate) fn options(&self) -> PostgresOptions {
        let url = format!(
            "{} sslmode=disable options='-c search_path={},public'",
            cluster(),
            self.name
        );
        PostgresOptions::new(url, Arc::new(self.clock.clone()), Arc::new(OsEntropy))
    }

    /// A handle on the store in it.
    pub(crate) fn store(&self, mode: ExecMode) -> PostgresStore {
        PostgresStore::new(self.options().with_mode(mode)).expect("an address")
    }

    /// A connection to it, behind the store's back.
    pub(crate) async fn client(&self) -> Client {
        let client = connect().await;
        let path = format!("set search_path to {}, public", self.name);
        client.batch_execute(&path).await.expect("a search path");
        client
    }

    /// Runs a statement in it, behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) -> u64 {
        let client = self.client().await;
        client.execute(sql, &[]).await.expect("a statement")
    }

    /// Runs several.
    pub(crate) async fn batch(&self, sql: &str) {
        let client = self.client().await;
        client.batch_execute(sql).await.expect("statements");
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let sql = format!("drop schema if exists {} cascade", self.name);
        // A destructor cannot wait for a future, so a thread of its own does.
        let dropped = std::thread::spawn(move || {
            watchbook_store::conformance::block_on(async { run(&sql).await });
        });
        drop(dropped.join());
    }
}

async fn run(sql: &str) {
    connect()
        .await
        .batch_execute(sql)
        .await
        .expect("a statement");
}

async fn connect() -> Client {
    let (client, connection) = tokio_postgres::connect(&cluster(), NoTls)
        .await
        .expect("the cluster that the test command started");
    drop(tokio::spawn(connection));
    client
}
