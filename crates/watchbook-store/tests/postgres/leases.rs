//! Leases of a database: its clock counts, and a write holds the lease that it bears.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Client;
use watchbook_core::text::Name;
use watchbook_core::{Command, Fence, IncidentId, LeaseName};
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::system::ManualClock;
use watchbook_store::{Incidents, Leases, StoreError, Taken};

use crate::commands::{creation, note};
use crate::schema::Schema;

fn digest() -> LeaseName {
    LeaseName::new("task/digest").unwrap()
}

async fn ask(store: &PostgresStore, who: &str, span: Duration) -> Taken {
    let holder = Name::new(who).unwrap();
    store.acquire(&digest(), &holder, span).await.unwrap()
}

fn fenced(incident: IncidentId, text: &str, fence: &Fence) -> Command {
    Command {
        fence: Some(fence.clone()),
        ..note(incident, text)
    }
}

/// Asks until the database says yes.
async fn until(client: &Client, sql: &str) {
    while !client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0) {}
}

#[test]
fn the_clocks_of_servers_do_not_count() {
    block_on(async {
        let schema = Schema::migrated().await;
        let server = |hours: u64| {
            let clock = ManualClock::default();
            clock.advance(Duration::from_hours(hours));
            let mut options = schema.options();
            options.clock = Arc::new(clock);
            PostgresStore::new(options).unwrap()
        };
        let (slow, fast) = (server(0), server(24 * 365));
        let span = Duration::from_mins(10);
        for (one, other) in [(&slow, &fast), (&fast, &slow)] {
            let lease = ask(one, "alpha", span).await.given().unwrap();
            assert_eq!(ask(other, "beta", span).await, Taken::Held(lease.clone()));
            one.release(&lease.fence).await.unwrap();
        }
    });
}

#[test]
fn nobody_gets_a_lease_while_a_write_bears_it() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let id = store.apply(creation()).await.unwrap().incident.id;
        // Somebody holds the incident, so that the write gets its lease and then waits.
        let (holder, watcher) = (schema.client().await, schema.client().await);
        let lock = format!("begin; select from incidents where id = '{id}' for update");
        holder.batch_execute(&lock).await.unwrap();
        let pid = holder.query_one("select pg_backend_pid()", &[]).await;
        let pid: i32 = pid.unwrap().get(0);
        let span = Duration::from_millis(300);
        let first = ask(&store, "alpha", span).await.given().unwrap().fence;
        let writing = tokio::spawn({
            let (store, command) = (store.clone(), fenced(id, "ran", &first));
            async move { store.apply(command).await }
        });
        let blocked = format!("{pid} = any(pg_blocking_pids(a.pid))");
        until(
            &watcher,
            &format!("select exists (select from pg_stat_activity a where {blocked})"),
        )
        .await;
        until(
            &watcher,
            "select bool_and(expires_at < clock_timestamp()) from leases",
        )
        .await;
        let asking = tokio::spawn({
            let store = schema.store(ExecMode::Prepared);
            async move { ask(&store, "beta", Duration::from_mins(10)).await }
        });
        until(
            &watcher,
            &format!(
                "select exists (
                    select from pg_stat_activity a, pg_stat_activity b
                    where {blocked} and a.pid = any(pg_blocking_pids(b.pid))
                )"
            ),
        )
        .await;
        holder.batch_execute("commit").await.unwrap();
        assert!(writing.await.unwrap().is_ok(), "it was held when it wrote");
        let second = asking.await.unwrap().given().unwrap().fence;
        assert!(second.token > first.token);
        let late = store.apply(fenced(id, "ran again", &first)).await;
        let refused = late.unwrap_err();
        assert!(matches!(refused, StoreError::Fenced(_)), "{refused}");
        insta::assert_snapshot!(
            refused.to_string().replace(&first.token.to_string(), "N"),
            @"lease task/digest is no longer held with token N: it ran out, was released, or was given to another; take it again before going on"
        );
        assert!(store.apply(fenced(id, "ran", &second)).await.is_ok());
    });
}

#[test]
fn leases_that_ended_long_ago_are_forgotten() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let old = "insert into leases select 'task/' || n, 'alpha', 1, now() - interval '2 days'
            from generate_series(1, 15) as n";
        schema.execute(old).await;
        for left in [5 + 1, 1] {
            ask(&store, "alpha", Duration::from_mins(10)).await;
            let count = "select count(*) from leases";
            let client = schema.client().await;
            let rows: i64 = client.query_one(count, &[]).await.unwrap().get(0);
            assert_eq!(rows, left);
        }
    });
}
