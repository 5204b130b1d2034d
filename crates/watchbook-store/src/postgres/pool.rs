//! Connections: made when they are needed, kept for the next call, each within its time.

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Transaction,
};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::exec::Link;
use super::options::{ExecMode, PostgresOptions};

/// The name under which the database lists our connections.
const APPLICATION: &str = "watchbook";

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
    /// The certificates of the system cannot be used.
    #[error("a connection with TLS cannot be set up: {0}")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The connections to one database.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pool: Pool,
    mode: ExecMode,
    /// How long one statement may take.
    patience: Duration,
}

impl Database {
    /// Connections to the database of `options`, none of them made yet.
    pub(super) fn new(options: &PostgresOptions) -> Result<Self, ConnectError> {
        let pool = Pool::builder(manager(config(options)?)?)
            .max_size(options.connections)
            .runtime(Runtime::Tokio1)
            .create_timeout(Some(options.connect_timeout))
            .wait_timeout(Some(options.connect_timeout))
            .recycle_timeout(Some(options.connect_timeout))
            .build()
            .map_err(ConnectError::Pool)?;
        Ok(Self {
            pool,
            mode: options.mode,
            patience: options.statement_timeout,
        })
    }

    /// A connection that is ready for use.
    pub(super) async fn connection(&self) -> Result<Object, PoolError> {
        self.pool.get().await
    }

    /// Forgets every connection that nobody uses, and each of the others when it is given back.
    pub(super) fn forget(&self) {
        self.pool.retain(|_, _| false);
    }

    /// Statements on a connection, each a transaction of its own.
    pub(super) const fn link<'a>(&self, connection: &'a Object) -> Link<'a> {
        Link::on(connection, self.mode, self.patience)
    }

    /// Statements in an open transaction.
    pub(super) const fn link_in<'a>(&self, transaction: &'a Transaction<'a>) -> Link<'a> {
        Link::within(transaction, self.mode, self.patience)
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

fn manager(config: Config) -> Result<Manager, ConnectError> {
    let how = ManagerConfig {
        // A connection that the database has closed is found out before it is used.
        recycling_method: RecyclingMethod::Fast,
    };
    Ok(match config.get_ssl_mode() {
        SslMode::Disable => Manager::from_config(config, NoTls, how),
        _ => Manager::from_config(config, tls()?, how),
    })
}

/// TLS by the certificates that the system trusts.
pub(super) fn tls() -> Result<MakeRustlsConnect, ConnectError> {
    // A certificate that cannot be read takes away neither the others nor the connection.
    let (connector, _unreadable) = MakeRustlsConnect::with_native_certs()
        .map_err(|errors| ConnectError::Tls(format!("{errors:?}").into()))?;
    Ok(connector)
}
