//! `bench postgres`: the store on a database beside pgbench with the same statements, and a list beside its bare query.
//!
//! All on one throw-away cluster with the settings that PostgreSQL comes with, in one run; the callers share the machine
//! with the database, and cost both sides the same.

mod copied;
mod filled;
mod healthy;
mod node;
mod pages;
mod peer;
mod replay;
mod script;
mod sizes;
mod writes;

use tokio::runtime::Runtime;

use crate::bench::part::Part;
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
pub(super) fn run(parts: &[Part]) -> Result<(), Failure> {
    let cluster = Cluster::start()?;
    let runtime = Runtime::new().map_err(|error| failed("with threads")(error.into()))?;
    let bench = Bench { runtime, cluster };
    for part in parts {
        match part {
            Part::Writes => bench.writes().map_err(failed("writes to PostgreSQL"))?,
            Part::Auto => print(&healthy::rows(&bench).map_err(failed("writes of a node"))?),
            Part::Replay => print(&replay::rows(&bench).map_err(failed("a replay"))?),
            Part::Copy => print(&copied::rows(&bench).map_err(failed("a copy"))?),
            Part::Pages => bench.pages().map_err(failed("lists on PostgreSQL"))?,
        }
    }
    Ok(())
}

fn failed(what: &'static str) -> impl FnOnce(AnyError) -> Failure {
    move |source| Failure::Measure { what, source }
}

fn print(rows: &[Row]) {
    println!("{}", table::render(rows));
}

/// What every measurement needs.
struct Bench {
    runtime: Runtime,
    cluster: Cluster,
}

impl Bench {
    fn writes(&self) -> Result<(), AnyError> {
        let Self { runtime, cluster } = self;
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
        print(&rows);
        println!("{}", runtime.block_on(sizes::told(&database))?);
        Ok(())
    }

    fn pages(&self) -> Result<(), AnyError> {
        let Self { runtime, cluster } = self;
        let database = runtime.block_on(BenchDatabase::create(cluster, "million"))?;
        runtime.block_on(database.fill())?;
        println!("{}", runtime.block_on(sizes::told(&database))?);
        print(&runtime.block_on(pages::rows(&database))?);
        Ok(())
    }
}

fn row(write: Write, callers: u32, ours: f64, peer: f64) -> Row {
    Row {
        name: write.by(callers),
        ours: Measure::PerSecond(ours),
        other: Measure::PerSecond(peer),
        other_name: "pgbench",
        target: Target::AtLeast(0.8),
    }
}
