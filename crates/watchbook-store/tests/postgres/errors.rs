//! What is said when the database cannot be used, each in its own words with what to do, and whether the store is lost.

use std::fmt::Write as _;

use watchbook_core::StoreId;
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{PostgresOptions, PostgresStore};
use watchbook_store::proxy::Fault;
use watchbook_store::{Incidents as _, StoreError};

use crate::commands::creation;
use crate::schema::{Schema, cluster, connect, part, proxy, run};

/// What a write ends in.
async fn refusal(options: PostgresOptions) -> StoreError {
    let store = PostgresStore::new(options).unwrap();
    store.apply(creation()).await.unwrap_err()
}

/// The same schema, for a user that is no superuser and that `rights` were given to.
async fn as_user(schema: &Schema, rights: &str) -> PostgresOptions {
    let name = &schema.name;
    run(&format!(
        "create role {name} login; {}",
        rights.replace("NAME", name)
    ))
    .await;
    let mut options = schema.options();
    options.url = options
        .url
        .replace("user=postgres", &format!("user={name}"));
    options
}

/// Changes the schema, then writes.
async fn after(sql: &str) -> StoreError {
    let schema = Schema::migrated().await;
    schema.execute(sql).await;
    refusal(schema.options()).await
}

async fn wrong_password() -> StoreError {
    let schema = Schema::migrated().await;
    let mut options = as_user(
        &schema,
        "grant with_password to NAME; alter role NAME password 'right'",
    )
    .await;
    options.url += " password=wrong";
    refusal(options).await
}

async fn no_such_database() -> StoreError {
    let schema = Schema::empty().await;
    let mut options = schema.options();
    options.url = options.url.replace("dbname=postgres", "dbname=absent");
    refusal(options).await
}

async fn read_only() -> StoreError {
    let schema = Schema::migrated().await;
    let mut options = schema.options();
    let read_only = "options='-c default_transaction_read_only=on ";
    options.url = options.url.replace("options='", read_only);
    refusal(options).await
}

/// Raised by a trigger: a disk that is really full takes a file system of its own, which takes root.
async fn full_disk() -> StoreError {
    let schema = Schema::migrated().await;
    schema
        .execute(
            "create function full_disk() returns trigger language plpgsql as $$ begin
                raise exception 'could not extend file \"base/5/16384\": No space left on device'
                    using errcode = '53100';
            end $$",
        )
        .await;
    schema
        .execute("create trigger full_disk before insert on incidents execute function full_disk()")
        .await;
    refusal(schema.options()).await
}

async fn too_many_connections() -> StoreError {
    let schema = Schema::migrated().await;
    refusal(as_user(&schema, "alter role NAME connection limit 0").await).await
}

async fn permission_denied() -> StoreError {
    let schema = Schema::migrated().await;
    let rights =
        "grant usage on schema NAME to NAME; grant select on all tables in schema NAME to NAME";
    refusal(as_user(&schema, rights).await).await
}

async fn another_store() -> StoreError {
    let schema = Schema::migrated().await;
    let id = StoreId::from_bits(7);
    schema
        .execute(&format!(
            "insert into store_facts (name, value) values ('store_id', '{id}')"
        ))
        .await;
    let expected = schema.options().expect_store(StoreId::from_bits(8));
    let error = refusal(expected).await;
    let same = PostgresStore::new(schema.options().expect_store(id)).unwrap();
    same.apply(creation())
        .await
        .expect("the one that is expected");
    error
}

async fn older_copy() -> StoreError {
    let schema = Schema::migrated().await;
    let mut options = schema.options();
    options.expected.commits = 40;
    refusal(options).await
}

async fn not_there() -> StoreError {
    let schema = Schema::empty().await;
    let mut options = schema.options();
    "host=/nowhere user=postgres sslmode=disable".clone_into(&mut options.url);
    refusal(options).await
}

/// A database that lets nobody in, as during its maintenance.
async fn closed() -> StoreError {
    let schema = Schema::empty().await;
    let name = format!("{}_closed", schema.name);
    let client = connect().await;
    client
        .batch_execute(&format!("create database {name}"))
        .await
        .unwrap();
    let close = format!("alter database {name} allow_connections false");
    client.batch_execute(&close).await.unwrap();
    let mut options = schema.options();
    options.url = options
        .url
        .replace("dbname=postgres", &format!("dbname={name}"));
    let error = refusal(options).await;
    client
        .batch_execute(&format!("drop database {name}"))
        .await
        .unwrap();
    error
}

async fn silent() -> StoreError {
    let schema = Schema::empty().await;
    let proxy = proxy();
    proxy.set(Fault::Hang).await;
    let mut options = schema.options_through(&proxy);
    options.connect_timeout = std::time::Duration::from_millis(200);
    refusal(options).await
}

/// Ended by an administrator while a statement waits for a lock.
async fn shut_down() -> StoreError {
    let schema = Schema::migrated().await;
    let _holder = schema.begin("lock table incidents in exclusive mode").await;
    let store = PostgresStore::new(schema.options()).unwrap();
    let write = tokio::spawn(async move { store.apply(creation()).await });
    let end = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = '{}' and wait_event_type = 'Lock'",
        schema.name
    );
    while connect().await.query(&end, &[]).await.unwrap().is_empty() {
        assert!(!write.is_finished(), "it waits for the lock");
    }
    write.await.unwrap().unwrap_err()
}

#[test]
fn each_has_its_own_words_and_says_what_to_do() {
    let told = block_on(async {
        let mut told = String::new();
        for (what, error) in [
            ("not there", not_there().await),
            ("silent", silent().await),
            ("closed", closed().await),
            ("shut down in the middle of a write", shut_down().await),
            ("read-only", read_only().await),
            ("disk full", full_disk().await),
            ("too many connections", too_many_connections().await),
            ("wrong password", wrong_password().await),
            ("no such database", no_such_database().await),
            ("no tables", refusal(Schema::empty().await.options()).await),
            (
                "newer tables",
                after("insert into schema_steps (number, name, sha256) values (99, 'later', 'x')")
                    .await,
            ),
            (
                "older tables",
                after("delete from schema_steps where number > 1").await,
            ),
            ("another store", another_store().await),
            ("an older copy", older_copy().await),
            ("permission denied", permission_denied().await),
        ] {
            let loss = error
                .loss()
                .map_or("no loss".to_owned(), |loss| format!("{loss:?}"));
            writeln!(told, "{what} ({loss})\n  {}", anonymous(&error.to_string())).unwrap();
        }
        told
    });
    insta::assert_snapshot!(told);
}

/// Without what differs from run to run.
fn anonymous(said: &str) -> String {
    let folder = said
        .replace(&part("host"), "FOLDER")
        .replace(&cluster(), "CLUSTER");
    let words = folder.split(' ').map(|word| {
        let bare = word.trim_matches(['"', ';']);
        let name = match bare.get(..2) {
            Some("t_") => "watchbook",
            _ if bare.starts_with("chg_") => "CHANGE",
            _ => bare,
        };
        word.replace(bare, name)
    });
    words.collect::<Vec<_>>().join(" ")
}
