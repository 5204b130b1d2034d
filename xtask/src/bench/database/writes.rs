//! Creates and appends by many callers at once: ours and pgbench take turns on the same tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use watchbook_core::{Command, IncidentId, Refused, Timestamp};
use watchbook_store::{Incidents, StoreError};

use crate::bench::database::filled::BenchDatabase;
use crate::bench::database::peer::{self, Sample};
use crate::bench::database::{POOL, script};
use crate::bench::{AnyError, commands};
use crate::pg::Cluster;
use crate::surroundings;

/// How often ours and pgbench take turns, so that both meet the same good and bad moments of the machine.
const TURNS: u32 = 3;
/// How long one turn lasts, of either.
const TURN: Duration = Duration::from_secs(4);
/// How long both write before anything counts.
const WARM_UP: Duration = Duration::from_secs(3);
/// 2026-11-25T10:00:00Z: the incidents that our notes go to. Those of pgbench are created in the minute after.
const OURS: Timestamp = Timestamp::from_millis(1_795_600_800_000);
const MINUTE: Duration = Duration::from_mins(1);

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Create,
    Append,
}

/// The values of both scripts.
#[derive(Debug)]
pub(super) struct Samples {
    created: Sample,
    appended: Sample,
}

impl Write {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "durable creates",
            Self::Append => "durable appends",
        }
    }

    /// For people: what is written, by how many.
    pub(super) fn by(self, callers: u32) -> String {
        let plural = if callers == 1 { "" } else { "s" };
        format!("{}, {callers} caller{plural}", self.name())
    }
}

/// Creates the incidents that notes go to, and takes the values of the scripts from two of them.
pub(super) async fn prepare(database: &BenchDatabase) -> Result<Samples, AnyError> {
    let store = &database.store;
    for number in 1..=POOL {
        for minute in [OURS, OURS.plus(MINUTE)] {
            store
                .apply(commands::creation_of(numbered(minute, number)?, number)?)
                .await?;
        }
    }
    let noted = numbered(OURS, 1)?;
    store.apply(commands::note(noted)?).await?;
    let client = database.client().await?;
    client.batch_execute("vacuum analyze").await?;
    Ok(Samples {
        created: Sample::of(&client, &numbered(OURS, 2)?.to_string()).await?,
        appended: Sample::of(&client, &noted.to_string()).await?,
    })
}

/// The id whose ending is this number in six decimal digits.
fn numbered(minute: Timestamp, number: u32) -> Result<IncidentId, AnyError> {
    let seed = u64::from_str_radix(&format!("{number:06}"), 36)?;
    Ok(IncidentId::from_seed(minute, seed))
}

/// How many a second, of ours and of pgbench.
pub(super) fn side_by_side(
    runtime: &Runtime,
    cluster: &Cluster,
    database: &BenchDatabase,
    samples: &Samples,
    write: Write,
    callers: u32,
) -> Result<(f64, f64), AnyError> {
    let (script, sample) = match write {
        Write::Create => (script::CREATE, &samples.created),
        Write::Append => (script::APPEND, &samples.appended),
    };
    let peer = |lasts| peer::per_second(cluster, database.name, script, sample, callers, lasts);
    let ours = |lasts| per_second(runtime, &database.store, write, callers, lasts);
    peer(WARM_UP)?;
    ours(WARM_UP)?;
    let (mut our_sum, mut peer_sum) = (0.0, 0.0);
    for _ in 0..TURNS {
        our_sum += ours(TURN)?;
        peer_sum += peer(TURN)?;
    }
    Ok((our_sum / f64::from(TURNS), peer_sum / f64::from(TURNS)))
}

/// How many a second by so many callers of this store.
pub(super) fn per_second(
    runtime: &Runtime,
    store: &(impl Incidents + Clone),
    write: Write,
    callers: u32,
    lasts: Duration,
) -> Result<f64, AnyError> {
    let written = Arc::new(AtomicU32::new(0));
    let start = surroundings::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let call = keep_writing(store.clone(), write, Arc::clone(&written), start, lasts);
        tasks.spawn_on(call, runtime.handle());
    }
    for result in runtime.block_on(tasks.join_all()) {
        result?;
    }
    Ok(f64::from(written.load(Ordering::Relaxed)) / start.elapsed().as_secs_f64())
}

async fn keep_writing(
    store: impl Incidents,
    write: Write,
    written: Arc<AtomicU32>,
    start: Instant,
    lasts: Duration,
) -> Result<(), AnyError> {
    while start.elapsed() < lasts {
        let number = written.fetch_add(1, Ordering::Relaxed);
        match write {
            Write::Create => create(&store, number).await?,
            Write::Append => {
                let id = numbered(OURS, 1 + number % POOL)?;
                must_change(&store, commands::note(id)?).await?;
            }
        }
    }
    Ok(())
}

/// So many creates in one minute draw an id twice now and then; like the application, the caller then draws again.
async fn create(store: &impl Incidents, number: u32) -> Result<(), AnyError> {
    loop {
        match store.apply(commands::creation(number)?).await {
            Err(StoreError::Refused(Refused::Exists(_))) => {}
            result => return is_durable(result?.durable),
        }
    }
}

async fn must_change(store: &impl Incidents, command: Command) -> Result<(), AnyError> {
    is_durable(store.apply(command).await?.durable)
}

fn is_durable(durable: bool) -> Result<(), AnyError> {
    if durable {
        Ok(())
    } else {
        Err("a write was answered before it was durable".into())
    }
}
