//! The way back: commits that a node wrote while its database was lost, brought in.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinSet;
use watchbook_core::{Clock as _, IncidentId};
use watchbook_store::auto::{AutoStore, Local, Phase, Shelter, Tended};
use watchbook_store::system::{OsEntropy, SystemClock};
use watchbook_store::{Absorb, Incidents, MAX_ABSORBED, PostgresOptions, PostgresStore, Run};

use crate::bench::database::filled::BenchDatabase;
use crate::bench::database::{Bench, node};
use crate::bench::table::{Measure, Row, Target};
use crate::bench::{AnyError, commands};
use crate::surroundings;

/// Incidents that were opened meanwhile, and the commits of each.
const INCIDENTS: u32 = 5_000;
const COMMITS_EACH: u32 = 4;
/// How many are written to at once meanwhile.
const CALLERS: u32 = 64;
/// Commits that are to be brought in each second.
const LEAST: f64 = 5_000.0;
/// Nobody listens there.
const NOWHERE: &str = "host=127.0.0.1 port=1 user=postgres sslmode=disable";

/// The whole way back, and its heart alone.
pub(super) fn rows(bench: &Bench) -> Result<Vec<Row>, AnyError> {
    let folder = node::folder()?;
    bench.runtime.block_on(write_apart(&folder))?;
    let created = BenchDatabase::create(&bench.cluster, "absorbed");
    let database = bench.runtime.block_on(created)?;
    let absorbed = bench.runtime.block_on(absorb(&folder, &database))?;
    let created = BenchDatabase::create(&bench.cluster, "replayed");
    let database = bench.runtime.block_on(created)?;
    let back = bench.runtime.block_on(come_back(&folder, &database))?;
    let all = INCIDENTS * COMMITS_EACH;
    Ok(vec![
        row(
            format!("replay of {all} commits, until the node is back"),
            back,
        ),
        row(
            format!("replay of {all} commits, the transactions alone"),
            absorbed,
        ),
    ])
}

fn row(name: String, took: Duration) -> Row {
    Row {
        name,
        ours: Measure::PerSecond(f64::from(INCIDENTS * COMMITS_EACH) / took.as_secs_f64()),
        other: Measure::PerSecond(LEAST),
        other_name: "limit",
        target: Target::AtLeast(1.0),
    }
}

/// Fills the local log of a node that cannot reach its database.
async fn write_apart(folder: &TempDir) -> Result<(), AnyError> {
    let options = PostgresOptions::new(NOWHERE, Arc::new(SystemClock), Arc::new(OsEntropy));
    let store = node::node(folder, PostgresStore::new(options)?);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(write_some(store.clone(), caller));
    }
    for result in callers.join_all().await {
        result?;
    }
    if store.phase()? != Phase::Degraded {
        return Err("the node has found a database".into());
    }
    Ok(store.close()?)
}

/// One incident after the other, each with its notes, as people and agents write.
async fn write_some(store: AutoStore, first: u32) -> Result<(), AnyError> {
    for number in (first..INCIDENTS).step_by(CALLERS as usize) {
        let id = IncidentId::from_seed(SystemClock.now(), u64::from(number));
        store.apply(commands::creation_of(id, number)?).await?;
        for _ in 1..COMMITS_EACH {
            store.apply(commands::note(id)?).await?;
        }
    }
    Ok(())
}

/// Brings the node back to its database.
async fn come_back(folder: &TempDir, database: &BenchDatabase) -> Result<Duration, AnyError> {
    let store = node::node(folder, database.store.clone());
    store.retry_now()?;
    let start = surroundings::now();
    let tended = store.tend().await?;
    let took = start.elapsed();
    let replayed = store.counts().replayed;
    if tended != Tended::Back || replayed != u64::from(INCIDENTS * COMMITS_EACH) {
        return Err(format!("{tended:?}, and {replayed} commits were brought in").into());
    }
    store.close()?;
    Ok(took)
}

/// Brings the commits in, one run after the other; only the database is timed.
async fn absorb(folder: &TempDir, database: &BenchDatabase) -> Result<Duration, AnyError> {
    let shelter = node::shelter(folder);
    let local: Arc<dyn Local> = shelter.open(shelter.condition()?.generation)?;
    let source = local.log_id()?;
    let mut own = local.own_commits();
    let (mut after, mut took) = (0, Duration::ZERO);
    loop {
        let commits = own.next(MAX_ABSORBED).await?;
        let Some(upto) = commits.last().map(|last| last.n) else {
            return Ok(took);
        };
        let run = Run {
            source,
            node: local.node(source),
            after,
            commits,
            upto,
        };
        let start = surroundings::now();
        let absorbed = database.store.absorb(run).await?;
        took += start.elapsed();
        if !absorbed.unfit.is_empty() {
            return Err("a commit was not fit to be brought in".into());
        }
        after = upto;
    }
}
