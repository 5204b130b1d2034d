//! Migrations: once, by one at a time, and never over what they do not know.

use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{MigrateError, ddl, migrate};

use crate::schema::Schema;

#[test]
fn the_tables_are_as_they_were_reviewed() {
    insta::assert_snapshot!(ddl());
}

#[test]
fn the_second_time_there_is_nothing_to_do() {
    block_on(async {
        let schema = Schema::empty().await;
        let first = migrate(&schema.options()).await.unwrap();
        let steps = [
            "incidents",
            "beside_the_log",
            "leases_and_feed",
            "transfer",
            "absorb",
            "lists",
        ];
        assert_eq!(first.taken, steps);
        let second = migrate(&schema.options()).await.unwrap();
        assert_eq!((second.taken.len(), second.version), (0, first.version));
    });
}

#[test]
fn of_several_at_once_one_does_the_work() {
    block_on(async {
        let schema = Schema::empty().await;
        let options = schema.options();
        let all = (0..6).map(|_| {
            let options = options.clone();
            tokio::spawn(async move { migrate(&options).await })
        });
        let mut worked = 0;
        for one in all.collect::<Vec<_>>() {
            worked += usize::from(!one.await.unwrap().unwrap().taken.is_empty());
        }
        assert_eq!(worked, 1);
    });
}

#[test]
fn a_newer_or_another_database_is_left_alone() {
    block_on(async {
        let schema = Schema::migrated().await;
        schema
            .execute("update schema_steps set sha256 = 'another' where number = 2")
            .await;
        let changed = migrate(&schema.options()).await.unwrap_err();
        assert!(
            matches!(changed, MigrateError::Changed { number: 2 }),
            "{changed}"
        );
        schema
            .execute("insert into schema_steps (number, name, sha256) values (99, 'later', 'x')")
            .await;
        let newer = migrate(&schema.options()).await.unwrap_err();
        assert_eq!(
            newer.to_string(),
            "the database has version 99, this program knows up to 6; upgrade watchbook to use it"
        );
    });
}
