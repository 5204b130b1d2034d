//! The one place where statements are sent.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::options::ExecMode;

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
    /// There was no answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
}

/// Where statements go: to a connection, each a transaction of its own, or into an open transaction.
#[derive(Clone, Copy)]
pub(super) struct Link<'a> {
    to: To<'a>,
    mode: ExecMode,
    patience: Duration,
}

#[derive(Clone, Copy)]
enum To<'a> {
    Connection(&'a Object),
    Transaction(&'a Transaction<'a>),
}

impl<'a> Link<'a> {
    pub(super) const fn on(connection: &'a Object, mode: ExecMode, patience: Duration) -> Self {
        Self {
            to: To::Connection(connection),
            mode,
            patience,
        }
    }

    pub(super) const fn within(
        transaction: &'a Transaction<'a>,
        mode: ExecMode,
        patience: Duration,
    ) -> Self {
        Self {
            to: To::Transaction(transaction),
            mode,
            patience,
        }
    }

    /// Sends a statement and takes in its rows.
    pub(super) async fn rows(
        self,
        statement: &Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, ExecError> {
        match self.mode {
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

    async fn in_time<T>(
        self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>> + Send,
    ) -> Result<T, ExecError> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(done) => Ok(done?),
            Err(_elapsed) => Err(ExecError::TimedOut(self.patience)),
        }
    }
}
