//! A schema of its own for each test, in the cluster that the test command starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};
use watchbook_core::Digest;
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresOptions, PostgresStore, migrate};
use watchbook_store::proxy::{Proxy, Upstream};
use watchbook_store::system::{ManualClock, OsEntropy};

/// Names the cluster, as `key=value` pairs of a superuser.
const CLUSTER: &str = "WATCHBOOK_TEST_POSTGRES";

/// Every table with rows of a store.
const TABLES: [&str; 9] = [
    "incidents",
    "incident_events",
    "incident_artifacts",
    "idempotency_keys",
    "change_feed",
    "api_keys",
    "audit_log",
    "store_facts",
    "leases",
];

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

/// A part of where the cluster is: `host` is its folder, `port` its port.
pub(crate) fn part(key: &str) -> String {
    let cluster = cluster();
    let mut pairs = cluster.split(' ').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(name, _)| *name == key);
    found.expect("a part of the address").1.to_owned()
}

/// A proxy before the cluster.
pub(crate) fn proxy() -> Proxy {
    let socket = format!("{}/.s.PGSQL.{}", part("host"), part("port"));
    Proxy::start(Upstream::Unix(socket.into())).expect("a free port")
}

/// A schema that goes with this value.
pub(crate) struct Schema {
    pub(crate) name: String,
    cluster: String,
    /// Whether it goes with this value.
    is_own: bool,
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
            cluster: cluster(),
            is_own: true,
            clock: ManualClock::default(),
        }
    }

    /// The usual schema of a database that is the test's own.
    pub(crate) fn public(database: String) -> Self {
        Self {
            name: "public".to_owned(),
            cluster: database,
            is_own: false,
            clock: ManualClock::default(),
        }
    }

    /// A schema with all tables.
    pub(crate) async fn migrated() -> Self {
        let schema = Self::empty().await;
        migrate(&schema.options()).await.expect("migrated");
        schema
    }

    /// What another process calls it by.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How to reach it.
    pub(crate) fn options(&self) -> PostgresOptions {
        let url = url(&self.cluster, &self.name);
        PostgresOptions::new(url, Arc::new(self.clock.clone()), Arc::new(OsEntropy))
    }

    /// The address `server` with what makes it reach this schema.
    pub(crate) fn url(&self, server: &str) -> String {
        let name = &self.name;
        format!("{server} application_name={name} options='-c search_path={name},public'")
    }

    /// How to reach it through a proxy.
    pub(crate) fn options_through(&self, proxy: &Proxy) -> PostgresOptions {
        let mut options = self.options();
        options.url = self.url(&format!(
            "host=127.0.0.1 port={} user=postgres sslmode=disable",
            proxy.address().port()
        ));
        options
    }

    /// Lets it be reached through the pooler, which hands no `options` on: by a user whose default it is.
    pub(crate) async fn open_to_pooler(&self) {
        let sql = format!(
            "create role {name} superuser login;
            alter role {name} set search_path = {name}, public",
            name = self.name
        );
        run(&sql).await;
    }

    /// How to reach it through the pooler; after [`Self::open_to_pooler`].
    pub(crate) fn options_through_pooler(&self) -> PostgresOptions {
        let mut options = self.options();
        // Without a name of its own: the pooler gives it to its own connections too, and they would end with this one.
        options.url = format!(
            "host={folder} port=6432 user={name} dbname=postgres sslmode=disable",
            folder = part("host"),
            name = self.name
        );
        options
    }

    /// A handle on the store in it.
    pub(crate) fn store(&self, mode: ExecMode) -> PostgresStore {
        PostgresStore::new(self.options().with_mode(mode)).expect("an address")
    }

    /// Keeps a copy of everything in it, as a dump does.
    pub(crate) async fn keep_copy(&self) {
        let Self { name, .. } = self;
        let copies =
            TABLES.map(|table| format!("create table {name}_copy.{table} as table {name}.{table}"));
        run(&format!(
            "drop schema if exists {name}_copy cascade; create schema {name}_copy; {}",
            copies.join("; ")
        ))
        .await;
    }

    /// Puts the copy in its place, as the restoration of a dump does: into new tables.
    pub(crate) async fn restore_copy(&self) {
        let Self { name, .. } = self;
        run(&format!("drop schema {name} cascade; create schema {name}")).await;
        migrate(&self.options()).await.expect("migrated");
        let rows = TABLES.map(|table| {
            format!("insert into {name}.{table} overriding system value select * from {name}_copy.{table}")
        });
        run(&format!(
            "{}; select setval('{name}.change_feed_pos_seq', max(pos)) from {name}.change_feed",
            rows.join("; ")
        ))
        .await;
    }

    /// Begins a transaction in it with a statement, behind the store's back; it lasts for as long as the connection.
    pub(crate) async fn begin(&self, sql: &str) -> Client {
        let client = connect().await;
        let begin = format!(
            "set application_name to {name}; set search_path to {name}, public; begin; {sql}",
            name = self.name
        );
        client.batch_execute(&begin).await.expect("a transaction");
        client
    }

    /// Runs a statement in it, behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) -> u64 {
        let client = self.client().await;
        client.execute(sql, &[]).await.expect("a statement")
    }

    /// Lets leases be this much older.
    pub(crate) async fn let_leases_age(&self, span: Duration) {
        let sql = format!(
            "update leases set expires_at = expires_at - interval '{} milliseconds'",
            span.as_millis()
        );
        self.execute(&sql).await;
    }

    /// Changes the bytes of an artifact; whether it was there.
    pub(crate) fn damage(&self, artifact: Digest) -> bool {
        let sql = format!("update incident_artifacts set bytes = 'x' where sha256 = '{artifact}'");
        let changed = std::thread::scope(|scope| {
            let damage = scope.spawn(|| block_on(self.execute(&sql)));
            damage.join().expect("a statement")
        });
        changed == 1
    }

    /// A connection to it, behind the store's back.
    pub(crate) async fn client(&self) -> Client {
        let client = connect().await;
        let path = format!("set search_path to {}, public", self.name);
        client.batch_execute(&path).await.expect("a search path");
        client
    }

    /// Runs several.
    pub(crate) async fn batch(&self, sql: &str) {
        let client = self.client().await;
        client.batch_execute(sql).await.expect("statements");
    }

    /// The number by which the database knows a connection.
    pub(crate) async fn pid(&self, client: &Client) -> i32 {
        let row = client.query_one("select pg_backend_pid()", &[]).await;
        row.expect("a statement").get(0)
    }
}

/// The address of a schema of a database.
pub(crate) fn url(database: &str, schema: &str) -> String {
    format!(
        "{database} sslmode=disable application_name={schema} options='-c search_path={schema},public'"
    )
}

impl Drop for Schema {
    fn drop(&mut self) {
        if !self.is_own {
            return;
        }
        // A connection whose transaction nobody ended, as after a test that failed, would keep its tables.
        let sql = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where application_name = '{name}' or usename = '{name}';
             drop schema if exists {name} cascade;
             drop schema if exists {name}_copy cascade;
             drop role if exists {name}",
            name = self.name
        );
        // A destructor cannot wait for a future, so a thread of its own does.
        let dropped = std::thread::spawn(move || {
            block_on(async { run(&sql).await });
        });
        drop(dropped.join());
    }
}

pub(crate) async fn run(sql: &str) {
    connect()
        .await
        .batch_execute(sql)
        .await
        .expect("a statement");
}

pub(crate) async fn connect() -> Client {
    let (client, connection) = tokio_postgres::connect(&cluster(), NoTls)
        .await
        .expect("the cluster that the test command started");
    drop(tokio::spawn(connection));
    client
}
