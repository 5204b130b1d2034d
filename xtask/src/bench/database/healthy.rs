//! A node with a healthy database beside the store on that database alone: what the local copy costs.

use std::time::Duration;

use watchbook_store::auto::AutoStore;

use crate::bench::AnyError;
use crate::bench::database::filled::BenchDatabase;
use crate::bench::database::writes::{self, Write};
use crate::bench::database::{Bench, CALLERS, node};
use crate::bench::table::{Measure, Row, Target};

/// How often both take turns: the difference is small, so the turns are short and many.
const TURNS: u32 = 15;
/// How long one turn lasts, of either.
const TURN: Duration = Duration::from_secs(1);
/// How long both write before anything counts.
const WARM_UP: Duration = Duration::from_secs(2);
/// The pause between two tendings, as of a server.
const TENDING: Duration = Duration::from_secs(1);

/// One row for each write and number of callers.
pub(super) fn rows(bench: &Bench) -> Result<Vec<Row>, AnyError> {
    let created = BenchDatabase::create(&bench.cluster, "healthy");
    let database = bench.runtime.block_on(created)?;
    bench.runtime.block_on(writes::prepare(&database))?;
    let folder = node::folder()?;
    let store = node::node(&folder, database.store.clone());
    let mut rows = Vec::new();
    for write in [Write::Create, Write::Append] {
        for callers in CALLERS {
            let (ours, alone) = side_by_side(bench, &store, &database, write, callers)?;
            rows.push(Row {
                name: format!("auto: {}", write.by(callers)),
                ours: Measure::PerSecond(ours),
                other: Measure::PerSecond(alone),
                other_name: "postgres",
                target: Target::AtLeast(0.9),
            });
        }
    }
    let missed = store.counts().mirror_misses;
    if missed > 0 {
        return Err(format!("{missed} writes did not enter the local copy").into());
    }
    store.close()?;
    Ok(rows)
}

fn side_by_side(
    bench: &Bench,
    store: &AutoStore,
    database: &BenchDatabase,
    write: Write,
    callers: u32,
) -> Result<(f64, f64), AnyError> {
    let alone = |lasts| writes::per_second(&bench.runtime, &database.store, write, callers, lasts);
    let ours = |lasts| tended(bench, store, write, callers, lasts);
    alone(WARM_UP)?;
    ours(WARM_UP)?;
    let (mut our_rates, mut alone_rates) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        our_rates.push(ours(TURN)?);
        alone_rates.push(alone(TURN)?);
    }
    Ok((median(our_rates), median(alone_rates)))
}

/// The middle one, so that a bad moment of the machine does not decide.
fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// The node is tended meanwhile, as by its server. What the other side wrote enters its copy before anything counts.
fn tended(
    bench: &Bench,
    store: &AutoStore,
    write: Write,
    callers: u32,
    lasts: Duration,
) -> Result<f64, AnyError> {
    bench.runtime.block_on(store.tend())?;
    let (done, stop) = tokio::sync::oneshot::channel::<()>();
    let tending = store.clone();
    let tending = bench.runtime.spawn(async move {
        let until = async { drop(stop.await) };
        tending.keep_tending(TENDING, until).await;
    });
    let rate = writes::per_second(&bench.runtime, store, write, callers, lasts);
    drop(done);
    bench.runtime.block_on(tending)?;
    rate
}
