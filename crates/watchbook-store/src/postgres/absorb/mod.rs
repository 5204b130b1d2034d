//! Commits of a log that was apart, brought in: a run in one transaction, in a number of statements that does not depend
//! on how many commits it has.

mod columns;
pub(super) mod gather;
mod here;
pub(super) mod save;

use std::str::FromStr as _;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;
use watchbook_core::reconcile::{self, reconcile};
use watchbook_core::{ChangeId, NodeId, StoreId};

use super::PostgresStore;
use super::exec::{ExecError, Link, Statement};
use super::record::column;
use super::sqlstate::{self, Trouble};
use super::store_fact;
use crate::contract::{Absorb, Absorbed, Apart, Run, StoreError, Unfit};

/// The longest that one transaction takes.
const TRANSACTION: Duration = Duration::from_secs(5);
/// How often a run is tried whose rows others write at the same time.
const RACES: u32 = 5;
/// The lock that only one run holds at a time; a number of our own.
const LOCK: i64 = 0x6162_736f_7262_0001;
/// Where the id of the store stands among the facts.
const STORE_ID: &str = "store_id";

const BEGIN: Statement = Statement {
    sql: include_str!("../sql/absorb_begin.sql"),
    types: &[Type::INT8, Type::TEXT],
};
pub(super) const PROGRESS: Statement = Statement {
    sql: include_str!("../sql/absorb_progress.sql"),
    types: &[Type::TEXT],
};
pub(super) const ADVANCE: Statement = Statement {
    sql: include_str!("../sql/absorb_advance.sql"),
    types: &[Type::TEXT, Type::INT8],
};
pub(super) const ABSORBED: Statement = Statement {
    sql: include_str!("../sql/absorbed.sql"),
    types: &[Type::TEXT],
};

/// The log that a run comes from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    source: StoreId,
    node: NodeId,
}

#[async_trait]
impl Absorb for PostgresStore {
    async fn store_id(&self) -> Result<StoreId, StoreError> {
        let connection = self.connect().await?;
        let fresh = || StoreId::generate(&*self.options.entropy).to_string();
        let written = store_fact::kept(self.database.link(&connection), STORE_ID, fresh).await?;
        StoreId::from_str(&written).map_err(|error| sqlstate::of_value(STORE_ID, error))
    }

    async fn absorbed(&self, source: StoreId) -> Result<u64, StoreError> {
        let connection = self.connect().await?;
        let row = self
            .database
            .link(&connection)
            .first(&ABSORBED, &[&source.to_string()])
            .await
            .map_err(sqlstate::of_read)?;
        let n: i64 = row.map_or(Ok(0), |row| column(&row, "n"))?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    async fn absorb(&self, run: Run) -> Result<Absorbed, StoreError> {
        self.check_not_frozen()?;
        let mut connection = self.connect().await?;
        let mut how = How::Together;
        for _ in 0..RACES {
            match self.try_absorb(&mut connection, &run, how).await {
                Ok(absorbed) => return Ok(absorbed),
                Err(Trouble::Raced) => {}
                Err(Trouble::Unfit(why)) if how == How::Singly => {
                    return Err(sqlstate::of_value("what was brought in", why));
                }
                // One commit holds up the others: find out which.
                Err(Trouble::Unfit(_)) => how = How::Singly,
                Err(Trouble::Failed(error)) => {
                    if !matches!(error, StoreError::OutOfStep { .. }) {
                        // It may be dead, or busy with what nobody waits for any more: the next call gets another.
                        connection.discard();
                    }
                    return Err(error);
                }
            }
        }
        Err(StoreError::Unavailable {
            why: "others change what is to be brought in at once; try again in a moment".to_owned(),
            retry_after: sqlstate::RETRY,
            source: None,
        })
    }
}

/// How the commits of a run are saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// All at once.
    Together,
    /// One by one, so that what cannot be kept is left out.
    Singly,
}

impl PostgresStore {
    async fn try_absorb(
        &self,
        connection: &mut Object,
        run: &Run,
        how: How,
    ) -> Result<Absorbed, Trouble> {
        let begun = self.database.begin(connection).await;
        let mut transaction = begun.map_err(sqlstate::of_bulk)?;
        let work = self.bring_in(&mut transaction, run, how);
        let absorbed = tokio::time::timeout(TRANSACTION, work)
            .await
            .map_err(|_elapsed| sqlstate::of_bulk(ExecError::TimedOut(TRANSACTION)))??;
        let change = run.commits.first().map(|apart| apart.commit.change);
        let change = change.unwrap_or(ChangeId::from_bits(0));
        match self.database.commit(transaction).await {
            Ok(()) => Ok(absorbed),
            Err(error) => Err(sqlstate::of_commit(error, change).into()),
        }
    }

    async fn bring_in(
        &self,
        transaction: &mut Transaction<'_>,
        run: &Run,
        how: How,
    ) -> Result<Absorbed, Trouble> {
        let origin = Origin {
            source: run.source,
            node: run.node,
        };
        run.check(begin(self.database.link_in(transaction), run.source).await?)?;
        let absorbed = match how {
            How::Together => {
                let link = self.database.link_in(transaction);
                self.take_in(link, origin, &run.commits).await?
            }
            How::Singly => self.singly(transaction, origin, &run.commits).await?,
        };
        let upto = i64::try_from(run.upto).unwrap_or(i64::MAX);
        self.database
            .link_in(transaction)
            .rows(&ADVANCE, &[&run.source.to_string(), &upto])
            .await
            .map_err(sqlstate::of_bulk)?;
        Ok(absorbed)
    }

    /// One commit after the other, each undone by itself if it cannot be kept.
    async fn singly(
        &self,
        transaction: &mut Transaction<'_>,
        origin: Origin,
        commits: &[Apart],
    ) -> Result<Absorbed, Trouble> {
        let failed = |error: tokio_postgres::Error| sqlstate::of_bulk(error.into());
        let mut all = Absorbed::default();
        for apart in commits {
            let one = transaction.transaction().await.map_err(failed)?;
            let link = self.database.link_in(&one);
            match self
                .take_in(link, origin, std::slice::from_ref(apart))
                .await
            {
                Ok(absorbed) => {
                    one.commit().await.map_err(failed)?;
                    all.add(absorbed);
                }
                Err(Trouble::Unfit(why)) => {
                    one.rollback().await.map_err(failed)?;
                    all.unfit.push(Unfit { n: apart.n, why });
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(all)
    }

    /// Some commits at once.
    async fn take_in(
        &self,
        link: Link<'_>,
        origin: Origin,
        commits: &[Apart],
    ) -> Result<Absorbed, Trouble> {
        let mut here = self.gather(link, origin, commits).await?;
        let mut absorbed = Absorbed::default();
        for apart in commits {
            let Apart {
                n, commit, seen, ..
            } = apart;
            let node = origin.node;
            let found = reconcile(&here.with(apart), reconcile::Apart { node, commit, seen });
            match found {
                Ok(reconciled) => {
                    absorbed.count(&reconciled);
                    here.take(reconciled, apart);
                }
                Err(unfit) => absorbed.unfit.push(Unfit {
                    n: *n,
                    why: unfit.to_string(),
                }),
            }
        }
        save::save(link, origin.source, &here, self.options.clock.now()).await?;
        Ok(absorbed)
    }
}

/// Takes the locks that all runs need, and gives the number up to which the commits of `source` are here.
async fn begin(link: Link<'_>, source: StoreId) -> Result<u64, Trouble> {
    let patience = TRANSACTION.as_millis().to_string();
    link.rows(&BEGIN, &[&LOCK, &patience])
        .await
        .map_err(sqlstate::of_bulk)?;
    let row = link
        .first(&PROGRESS, &[&source.to_string()])
        .await
        .map_err(sqlstate::of_bulk)?;
    let row = row.ok_or_else(|| sqlstate::of_value("the progress", "no row"))?;
    let n: i64 = column(&row, "n")?;
    Ok(u64::try_from(n).unwrap_or(0))
}
