//! The feed under writers that are slow, concurrent, and out of step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use tokio_postgres::Client;
use watchbook_core::{IncidentId, Timestamp};
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::{Changed, Feed, FeedPosition, Incidents};

use crate::commands::{creation, merge, note};
use crate::schema::Schema;

/// Writers that hold their transactions open while others commit.
const SLOW: u64 = 4;
/// Transactions of each.
const HELD: u32 = 6;
/// How many commits of others each of them waits for.
const MEANWHILE: u64 = 5;
/// Writers of the store itself.
const QUICK: u64 = 4;
/// How often a reader asks at most: transactions of other tests in the cluster hold the feed up as well.
const MAX_POLLS: u32 = 50_000;

struct Reader {
    store: PostgresStore,
    at: FeedPosition,
    told: Vec<Changed>,
}

impl Reader {
    async fn begin(schema: &Schema) -> Self {
        let store = schema.store(ExecMode::Prepared);
        Self {
            at: store.feed_end().await.unwrap(),
            store,
            told: Vec::new(),
        }
    }

    async fn step(&mut self) {
        let stretch = self.store.feed(self.at, 7).await.unwrap();
        self.told.extend(stretch.changes);
        self.at = stretch.next;
    }

    async fn until(&mut self, incident: IncidentId, last_seq: u32) {
        let change = Changed { incident, last_seq };
        for _ in 0..MAX_POLLS {
            if self.told.contains(&change) {
                return;
            }
            self.step().await;
        }
        panic!("{change:?} is not told: {:?}", self.told);
    }

    fn of(&self, incident: IncidentId) -> Vec<u32> {
        let own = self.told.iter();
        let own = own.filter(|change| change.incident == incident);
        own.map(|change| change.last_seq).collect()
    }
}

/// An incident that only the feed knows.
fn imagined(number: u64) -> IncidentId {
    IncidentId::from_seed(Timestamp::from_millis(1_771_840_800_000), number)
}

/// Writes a row of the feed as a transaction of the store would.
async fn row(client: &Client, incident: IncidentId, last_seq: i32) {
    let sql = "insert into change_feed (incident_id, last_seq) values ($1, $2)";
    let id = incident.to_string();
    client.execute(sql, &[&id, &last_seq]).await.unwrap();
}

/// One that holds each of its transactions open, a row in it, until others have committed.
async fn write_slowly(client: Client, own: IncidentId, commits: Arc<watch::Sender<u64>>) {
    let mut seen = commits.subscribe();
    for held in 0..HELD {
        client.batch_execute("begin").await.unwrap();
        let line = i32::try_from(2 * held).unwrap();
        row(&client, own, line + 1).await;
        let enough = *seen.borrow() + MEANWHILE;
        seen.wait_for(|commits| *commits >= enough).await.unwrap();
        row(&client, own, line + 2).await;
        client.batch_execute("commit").await.unwrap();
        commits.send_modify(|commits| *commits += 1);
    }
}

/// One that writes through the store, merges among it, until everybody else is done.
async fn write_quickly(
    store: PostgresStore,
    commits: Arc<watch::Sender<u64>>,
    done: Arc<AtomicBool>,
) {
    while !done.load(Ordering::SeqCst) {
        let id = store.apply(creation()).await.unwrap().incident.id;
        let into = store.apply(creation()).await.unwrap().incident.id;
        store.apply(note(id, "looking")).await.unwrap();
        store.apply(merge(id, into)).await.unwrap();
        commits.send_modify(|commits| *commits += 4);
    }
}

/// What somebody reads who takes every row that is there beyond the greatest number they saw.
async fn read_naively(client: Client, done: Arc<AtomicBool>) -> u64 {
    let (mut last, mut read) = (0_i64, 0);
    while !done.load(Ordering::SeqCst) {
        let sql = "select pos from change_feed where pos > $1 order by pos";
        let rows = client.query(sql, &[&last]).await.unwrap();
        read += rows.len() as u64;
        last = rows.last().map_or(last, |row| row.get(0));
    }
    let sql = "select pos from change_feed where pos > $1 order by pos";
    read + client.query(sql, &[&last]).await.unwrap().len() as u64
}

#[test]
fn slow_transactions_among_quick_ones_are_all_told() {
    block_on(async {
        let schema = Schema::migrated().await;
        let mut reader = Reader::begin(&schema).await;
        let commits = Arc::new(watch::Sender::new(0));
        let done = Arc::new(AtomicBool::new(false));
        let naive = tokio::spawn(read_naively(schema.client().await, Arc::clone(&done)));
        let mut slow = Vec::new();
        for number in 0..SLOW {
            let own = imagined(number);
            let client = schema.client().await;
            slow.push(tokio::spawn(write_slowly(
                client,
                own,
                Arc::clone(&commits),
            )));
        }
        let quick: Vec<_> = (0..QUICK)
            .map(|_| {
                let store = schema.store(ExecMode::Prepared);
                tokio::spawn(write_quickly(
                    store,
                    Arc::clone(&commits),
                    Arc::clone(&done),
                ))
            })
            .collect();
        while !slow.iter().all(tokio::task::JoinHandle::is_finished) {
            reader.step().await;
        }
        done.store(true, Ordering::SeqCst);
        for writer in slow.into_iter().chain(quick) {
            writer.await.unwrap();
        }
        let read = naive.await.unwrap();
        let last = imagined(99);
        row(&schema.client().await, last, 1).await;
        reader.until(last, 1).await;
        everything_is_told(&schema, &reader, read).await;
    });
}

async fn everything_is_told(schema: &Schema, reader: &Reader, read_naively: u64) {
    let client = schema.client().await;
    let sql = "select incident_id, last_seq from change_feed order by pos";
    let rows = client.query(sql, &[]).await.unwrap();
    let mut written: BTreeMap<IncidentId, Vec<u32>> = BTreeMap::new();
    for row in &rows {
        let (id, seq): (&str, i32) = (row.get(0), row.get(1));
        let lines = written.entry(id.parse().unwrap()).or_default();
        lines.push(u32::try_from(seq).unwrap());
    }
    for (incident, lines) in &written {
        assert_eq!(reader.of(*incident), *lines, "{incident}");
    }
    assert_eq!(reader.told.len(), rows.len(), "nothing is told twice");
    // Without such transactions the test would show nothing: who reads by numbers alone misses some.
    let all = rows.len() as u64 - 1;
    assert!(read_naively < all, "{read_naively} of {all}");
}

#[test]
fn an_older_transaction_that_writes_later_turns_nothing_round() {
    block_on(async {
        let schema = Schema::migrated().await;
        let mut reader = Reader::begin(&schema).await;
        let [older, between, other] = [
            schema.client().await,
            schema.client().await,
            schema.client().await,
        ];
        for client in [&older, &between] {
            client.batch_execute("begin").await.unwrap();
            let begins = "select pg_current_xact_id()";
            client.execute(begins, &[]).await.unwrap();
        }
        let incident = imagined(1);
        row(&other, incident, 5).await;
        row(&older, incident, 6).await;
        older.batch_execute("commit").await.unwrap();
        // While the transaction between them runs, only the older one can be told.
        reader.until(incident, 6).await;
        assert_eq!(reader.of(incident), [6]);
        between.batch_execute("commit").await.unwrap();
        let last = imagined(2);
        row(&other, last, 1).await;
        reader.until(last, 1).await;
        assert_eq!(reader.of(incident), [6], "line 5 is known by then");
    });
}

#[test]
fn rows_that_came_from_another_cluster_are_not_told() {
    block_on(async {
        let schema = Schema::migrated().await;
        let beyond = "insert into change_feed (xid, incident_id, last_seq)
            values ('9000000000000000000', 'inc_20260223_1000_8mtmec', 1)";
        schema.execute(beyond).await;
        let mut reader = Reader::begin(&schema).await;
        let incident = imagined(1);
        row(&schema.client().await, incident, 1).await;
        reader.until(incident, 1).await;
        assert_eq!(reader.told.len(), 1);
        let left = "delete from change_feed where incident_id = 'inc_20260223_1000_8mtmec'";
        assert_eq!(schema.execute(left).await, 0);
    });
}
