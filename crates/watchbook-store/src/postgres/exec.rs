//! The one place where statements are sent.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, NoTls, Row};

use super::options::ExecMode;
use super::pool::Database;

/// How long a server that is asked to stop a statement may take to say what became of it.
const GRACE: Duration = Duration::from_millis(500);

/// A statement and the types of its parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    pub(super) sql: &'static str,
    pub(super) types: &'static [Type],
}

/// The parameters of a statement.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A statement that was not carried out, as far as is known.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExecError {
    /// The database refused it, or the connection failed.
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    /// There was no answer in time, not even to the request to stop.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// It took too long, and the server has stopped it: it did nothing.
    #[error(
        "stopped after {0:?}: it is too slow, or another transaction holds what was to be changed"
    )]
    Stopped(Duration),
}

/// Where statements go: to a connection, each a transaction of its own, or into an open transaction.
#[derive(Clone, Copy)]
pub(super) struct Link<'a> {
    to: To<'a>,
    database: &'a Database,
}

#[derive(Clone, Copy)]
enum To<'a> {
    Connection(&'a Object),
    Transaction(&'a Transaction<'a>),
}

impl<'a> Link<'a> {
    pub(super) const fn on(connection: &'a Object, database: &'a Database) -> Self {
        Self {
            to: To::Connection(connection),
            database,
        }
    }

    pub(super) const fn within(transaction: &'a Transaction<'a>, database: &'a Database) -> Self {
        Self {
            to: To::Transaction(transaction),
            database,
        }
    }

    /// Sends a statement and takes in its rows.
    pub(super) async fn rows(
        self,
        statement: &Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, ExecError> {
        match self.database.mode {
            ExecMode::Prepared => self.in_time(self.prepared(statement, params)).await,
            ExecMode::Unnamed => {
                let typed: Vec<_> = params
                    .iter()
                    .copied()
                    .zip(statement.types.iter().cloned())
                    .collect();
                self.unnamed(statement.sql, &typed).await
            }
        }
    }

    /// Sends a statement that is made for this one call, whatever the mode: it would fill the connection's memory with
    /// statements that nobody asks for again.
    pub(super) async fn unnamed(
        self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, ExecError> {
        self.in_time(async {
            match self.to {
                To::Connection(connection) => connection.query_typed(sql, params).await,
                To::Transaction(transaction) => transaction.query_typed(sql, params).await,
            }
        })
        .await
    }

    /// The first row, if there is one.
    pub(super) async fn first(
        self,
        statement: &Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>, ExecError> {
        Ok(self.rows(statement, params).await?.into_iter().next())
    }

    async fn prepared(
        self,
        statement: &Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let Statement { sql, types } = statement;
        match self.to {
            To::Connection(connection) => {
                let prepared = connection.prepare_typed_cached(sql, types).await?;
                connection.query(&prepared, params).await
            }
            To::Transaction(transaction) => {
                let prepared = transaction.prepare_typed_cached(sql, types).await?;
                transaction.query(&prepared, params).await
            }
        }
    }

    /// Waits for a statement, and stops it on the server when it takes too long.
    ///
    /// The time is kept here and not by settings of the session, which a pooler that lends connections for one
    /// transaction would hand to others, or lose. The request to stop reaches the server by a connection of its own, so
    /// that it works on nothing that nobody waits for, and its answer tells for certain that nothing happened.
    async fn in_time<T>(
        self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>> + Send,
    ) -> Result<T, ExecError> {
        let patience = self.database.patience;
        let mut work = std::pin::pin!(work);
        if let Ok(done) = tokio::time::timeout(patience, work.as_mut()).await {
            return Ok(done?);
        }
        let stopped = async {
            self.ask_to_stop().await;
            work.await
        };
        match tokio::time::timeout(GRACE, stopped).await {
            Ok(Err(error)) if error.code() == Some(&SqlState::QUERY_CANCELED) => {
                Err(ExecError::Stopped(patience))
            }
            Ok(done) => Ok(done?),
            Err(_elapsed) => {
                self.give_up();
                Err(ExecError::TimedOut(patience))
            }
        }
    }

    async fn ask_to_stop(self) {
        let token: CancelToken = match self.to {
            To::Connection(connection) => connection.cancel_token(),
            To::Transaction(transaction) => transaction.cancel_token(),
        };
        // Whether it got there is seen by the statement's answer.
        drop(match &self.database.tls {
            Some(tls) => token.cancel_query(tls.clone()).await,
            None => token.cancel_query(NoTls).await,
        });
    }

    /// Keeps the connection from being used again: it does not answer.
    fn give_up(self) {
        self.database.silent.note(match self.to {
            To::Connection(connection) => &connection.statement_cache,
            To::Transaction(transaction) => &transaction.statement_cache,
        });
    }
}
