//! `bench postgres`: the store on a database beside pgbench with the same statements, and a list beside its bare query.
//!
//! All on one throw-away cluster with the settings that PostgreSQL comes with, in one run; the callers share the machine
//! with the database, and cost both sides the same.

mod filled;
mod pages;
mod peer;
mod script;
mod sizes;
mod writes;

use tokio::runtime::Runtime;

use crate::bench::table::{Measure, Row, Target};
use crate::bench::{AnyError, table};
use crate::failure::Failure;
use crate::pg::Cluster;

use filled::BenchDatabase;
use writes::Write;

/// Callers at once.
const CALLERS: [u32; 3] = [1, 16, 64];
/// Incidents that notes are appended to, on either side.
const POOL: u32 = 2_000;

/// Measures and prints, each table as soon as it is there.
pub(super) fn run() -> Result<(), Failure> {
    let cluster = Cluster::start()?;
    let failed = |what| move |source| Failure::Measure { what, source };
    let runtime = Runtime::new().map_err(|error| failed("with threads")(error.into()))?;
    print_writes(&runtime, &cluster).map_err(failed("writes to PostgreSQL"))?;
    let read = print_pages(&runtime, &cluster);
    read.map_err(failed("lists on PostgreSQL"))
}

fn print_writes(runtime: &Runtime, cluster: &Cluster) -> Result<(), AnyError> {
    let database = runtime.block_on(BenchDatabase::create(cluster, "written"))?;
    let samples = runtime.block_on(writes::prepare(&database))?;
    let mut rows = Vec::new();
    for write in [Write::Create, Write::Append] {
        for callers in CALLERS {
            let (ours, peer) =
                writes::side_by_side(runtime, cluster, &database, &samples, write, callers)?;
            rows.push(row(write, callers, ours, peer));
        }
    }
    println!("{}", table::render(&rows));
    println!("{}", runtime.block_on(sizes::told(&database))?);
    Ok(())
}

fn print_pages(runtime: &Runtime, cluster: &Cluster) -> Result<(), AnyError> {
    let database = runtime.block_on(BenchDatabase::create(cluster, "million"))?;
    runtime.block_on(database.fill())?;
    println!("{}", runtime.block_on(sizes::told(&database))?);
    let rows = runtime.block_on(pages::rows(&database))?;
    println!("{}", table::render(&rows));
    Ok(())
}

fn row(write: Write, callers: u32, ours: f64, peer: f64) -> Row {
    let plural = if callers == 1 { "" } else { "s" };
    Row {
        name: format!("{}, {callers} caller{plural}", write.name()),
        ours: Measure::PerSecond(ours),
        other: Measure::PerSecond(peer),
        other_name: "pgbench",
        target: Target::AtLeast(0.8),
    }
}
