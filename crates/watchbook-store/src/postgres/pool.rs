//! Connections: made when they are needed, kept for the next call, each within its time.

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Transaction,
};
use tokio_postgres::types::Type;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::exec::{ExecError, Link, Statement};
use super::fitness::{self, Unfit};
use super::options::{ExecMode, Expected, PostgresOptions};
use super::silent::Silent;
use super::tls::tls;

/// The name under which the database lists our connections.
const APPLICATION: &str = "watchbook";

const LOCK_TIMEOUT: Statement = Statement {
    sql: include_str!("sql/lock_timeout.sql"),
    types: &[Type::TEXT],
};

/// A database address that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// It cannot be read. The text of the address is left out: it may hold a password.
    #[error(
        "the database address cannot be read: {0}; write it like postgres://user:password@host:5432/database"
    )]
    Address(#[source] tokio_postgres::Error),
    /// No connections can be kept.
    #[error("no connections can be kept: {0}")]
    Pool(#[source] deadpool_postgres::BuildError),
    /// The certificates to trust cannot be used.
    #[error("a connection with TLS cannot be set up: {0}")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReachError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("there is no connection within {0:?}")]
    Late(Duration),
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// The connections to one database.
#[derive(Clone)]
pub(super) struct Database {
    pool: Pool,
    expected: Expected,
    connect_timeout: Duration,
    lock_timeout: Duration,
    pub(super) mode: ExecMode,
    /// How long one statement may take.
    pub(super) patience: Duration,
    /// By what a request to stop a statement reaches the server; `None` without TLS.
    pub(super) tls: Option<MakeRustlsConnect>,
    pub(super) silent: Silent,
}

impl Database {
    /// Connections to the database of `options`, none of them made yet.
    pub(super) fn new(options: &PostgresOptions) -> Result<Self, ConnectError> {
        let config = config(options)?;
        let tls = tls(&config, options)?;
        let silent = Silent::default();
        let pool = Pool::builder(manager(config, tls.clone()))
            .max_size(options.connections)
            .runtime(Runtime::Tokio1)
            .pre_recycle(silent.hook())
            .build()
            .map_err(ConnectError::Pool)?;
        Ok(Self {
            pool,
            expected: options.expected,
            connect_timeout: options.connect_timeout,
            lock_timeout: options.lock_timeout,
            mode: options.mode,
            patience: options.statement_timeout,
            tls,
            silent,
        })
    }

    /// A connection that is ready for use.
    pub(super) async fn connection(&self) -> Result<Object, ReachError> {
        let late = |_elapsed| ReachError::Late(self.connect_timeout);
        tokio::time::timeout(self.connect_timeout, self.fit())
            .await
            .map_err(late)?
    }

    /// A connection to the database that is meant.
    async fn fit(&self) -> Result<Object, ReachError> {
        let connection = self.pool.get().await?;
        if Object::metrics(&connection).recycle_count == 0
            && let Err(unfit) = fitness::check(self.link(&connection), self.expected).await
        {
            // It would not be asked again in the pool.
            drop(Object::take(connection));
            return Err(unfit.into());
        }
        Ok(connection)
    }

    /// Forgets every connection that nobody uses, and each of the others when it is given back.
    pub(super) fn forget(&self) {
        self.pool.retain(|_, _| false);
    }

    /// Statements on a connection, each a transaction of its own.
    pub(super) const fn link<'a>(&'a self, connection: &'a Object) -> Link<'a> {
        Link::on(connection, self)
    }

    /// Statements in an open transaction.
    pub(super) const fn link_in<'a>(&'a self, transaction: &'a Transaction<'a>) -> Link<'a> {
        Link::within(transaction, self)
    }

    /// Opens a transaction that waits for locks no longer than it may.
    pub(super) async fn begin<'a>(
        &self,
        connection: &'a mut Object,
    ) -> Result<Transaction<'a>, ExecError> {
        let cache = std::sync::Arc::clone(&connection.statement_cache);
        let Ok(begun) = tokio::time::timeout(self.patience, connection.transaction()).await else {
            self.silent.note(&cache);
            return Err(ExecError::TimedOut(self.patience));
        };
        let transaction = begun?;
        let limit = format!("{}ms", self.lock_timeout.as_millis());
        self.link_in(&transaction)
            .rows(&LOCK_TIMEOUT, &[&limit])
            .await?;
        Ok(transaction)
    }

    /// Commits. Nobody is asked to stop it: a commit that waits for a standby would be done all the same.
    pub(super) async fn commit(&self, transaction: Transaction<'_>) -> Result<(), ExecError> {
        let cache = std::sync::Arc::clone(&transaction.statement_cache);
        if let Ok(done) = tokio::time::timeout(self.patience, transaction.commit()).await {
            return Ok(done?);
        }
        self.silent.note(&cache);
        Err(ExecError::TimedOut(self.patience))
    }
}

/// The address with what we add to it.
pub(super) fn config(options: &PostgresOptions) -> Result<Config, ConnectError> {
    let mut config = Config::from_str(&options.url).map_err(ConnectError::Address)?;
    config.connect_timeout(options.connect_timeout);
    if config.get_application_name().is_none() {
        config.application_name(APPLICATION);
    }
    Ok(config)
}

fn manager(config: Config, tls: Option<MakeRustlsConnect>) -> Manager {
    let how = ManagerConfig {
        // A connection that the database has closed is found out before it is used.
        recycling_method: RecyclingMethod::Fast,
    };
    match tls {
        None => Manager::from_config(config, NoTls, how),
        Some(tls) => Manager::from_config(config, tls, how),
    }
}
