//! What takes too long: it is stopped on the server as well, and leaves nothing.

use std::time::Duration;

use tokio_postgres::Client;
use watchbook_core::{IncidentId, Op};
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::{Incidents as _, Outcome, StoreError};

use crate::commands::{command, creation, note};
use crate::schema::{Schema, connect};
use crate::writers::ids;

/// A limit that is reached.
const SHORT: Duration = Duration::from_millis(250);
/// A limit that is not.
const LONG: Duration = Duration::from_secs(20);

/// Holds the row of an incident until it is dropped.
async fn hold(schema: &Schema, incident: IncidentId) -> Client {
    let sql = format!("select from incidents where id = '{incident}' for update");
    schema.begin(&sql).await
}

/// How many statements of the schema's stores the server works on.
async fn at_work(schema: &Schema) -> i64 {
    let sql = "select count(*) from pg_stat_activity
        where application_name = $1 and (state = 'active' or wait_event_type = 'Lock')";
    let row = connect().await.query_one(sql, &[&schema.name]).await;
    row.unwrap().get(0)
}

fn store(schema: &Schema, mode: ExecMode, statement: Duration, lock: Duration) -> PostgresStore {
    let mut options = schema.options().with_mode(mode);
    (options.statement_timeout, options.lock_timeout) = (statement, lock);
    PostgresStore::new(options).unwrap()
}

/// Sees that a write has ended, on the server too, and goes through when the row is free.
async fn ended(schema: &Schema, store: &PostgresStore, incident: IncidentId, error: &StoreError) {
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert_eq!(at_work(schema).await, 0, "{error}");
    assert_eq!(ids(store, incident).await.len(), 1);
}

#[test]
fn a_statement_that_waits_too_long_is_stopped_on_the_server() {
    for mode in [ExecMode::Prepared, ExecMode::Unnamed] {
        block_on(async {
            let schema = Schema::migrated().await;
            let store = store(&schema, mode, SHORT, LONG);
            let incident = store.apply(creation()).await.unwrap().incident.id;
            let holder = hold(&schema, incident).await;
            let error = store.apply(note(incident, "x")).await.unwrap_err();
            ended(&schema, &store, incident, &error).await;
            assert_eq!(
                error.to_string(),
                "the store is unavailable: the database: stopped after 250ms: it is too slow, or another transaction holds what was to be changed"
            );
            holder.batch_execute("commit").await.unwrap();
            store.apply(note(incident, "x")).await.unwrap();
        });
    }
}

#[test]
fn a_transaction_waits_for_a_lock_no_longer_than_it_may() {
    for mode in [ExecMode::Prepared, ExecMode::Unnamed] {
        block_on(async {
            let schema = Schema::migrated().await;
            let store = store(&schema, mode, LONG, SHORT);
            let into = store.apply(creation()).await.unwrap().incident.id;
            let incident = store.apply(creation()).await.unwrap().incident.id;
            let holder = hold(&schema, into).await;
            let merge = Op::Merge {
                into,
                at: None,
                note: None,
            };
            let merge = command(incident, merge);
            let error = store.apply(merge.clone()).await.unwrap_err();
            ended(&schema, &store, incident, &error).await;
            assert_eq!(error.loss(), None);
            assert_eq!(
                error.to_string(),
                "the store is unavailable: the database: canceling statement due to lock timeout; another transaction holds what is to be changed: repeat the call"
            );
            holder.batch_execute("commit").await.unwrap();
            store.apply(merge).await.unwrap();
        });
    }
}
