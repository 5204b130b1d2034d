//! Whether a database is the one that is meant, and has the tables that this program knows. Asked on every new
//! connection, as a database may be replaced, restored or upgraded behind a running program.

use tokio_postgres::error::SqlState;
use watchbook_core::StoreId;

use super::exec::{ExecError, Link};
use super::migrate;
use super::options::Expected;

const VERSION: &str = include_str!("sql/version.sql");
const IDENTITY: &str = include_str!("sql/identity.sql");

/// Why a database that answers is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    /// It does not answer this question.
    #[error(transparent)]
    Unanswered(#[from] ExecError),
    /// It has none of our tables.
    #[error("it has no tables of watchbook in its search path; run `watchbook migrate`")]
    Empty,
    /// A program of a later version has changed its tables.
    #[error(
        "its tables have version {found}, this program knows up to {known}; upgrade watchbook to use it"
    )]
    Newer { found: i32, known: i32 },
    /// Its tables were not brought up to date.
    #[error("its tables have version {found}, this program needs {known}; run `watchbook migrate`")]
    Older { found: i32, known: i32 },
    /// It holds another log.
    #[error(
        "it holds another log ({}), and {expected} is expected; correct DATABASE_URL", of_id(.found.as_ref())
    )]
    Another {
        expected: StoreId,
        found: Option<String>,
    },
    /// It lacks commits that it had.
    #[error(
        "it ends at commit {here}, and it had {seen}: it was restored from an older copy; restore a newer one"
    )]
    OlderCopy { here: u64, seen: u64 },
}

fn of_id(found: Option<&String>) -> String {
    found.map_or_else(|| "without an id".to_owned(), |id| format!("id {id}"))
}

/// Whether what is at the other end of `link` is fit to be used.
pub(super) async fn check(link: Link<'_>, expected: Expected) -> Result<(), Unfit> {
    version(link).await?;
    if expected == Expected::default() {
        return Ok(());
    }
    let rows = link.unnamed(IDENTITY, &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let found: Option<String> = row.try_get("store").map_err(ExecError::from)?;
    let commits: i64 = row.try_get("commits").map_err(ExecError::from)?;
    if let Some(store) = expected.store
        && found.as_ref() != Some(&store.to_string())
    {
        return Err(Unfit::Another {
            expected: store,
            found,
        });
    }
    let here = u64::try_from(commits).unwrap_or(0);
    if here < expected.commits {
        return Err(Unfit::OlderCopy {
            here,
            seen: expected.commits,
        });
    }
    Ok(())
}

async fn version(link: Link<'_>) -> Result<(), Unfit> {
    let rows = match link.unnamed(VERSION, &[]).await {
        Err(ExecError::Database(error)) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
            return Err(Unfit::Empty);
        }
        rows => rows?,
    };
    let version = rows.first().map(|row| row.try_get("version")).transpose();
    let found: i32 = version.map_err(ExecError::from)?.unwrap_or(0);
    let known = migrate::newest();
    match found.cmp(&known) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Unfit::Newer { found, known }),
        std::cmp::Ordering::Less => Err(Unfit::Older { found, known }),
    }
}
