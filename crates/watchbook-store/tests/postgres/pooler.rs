//! A pooler that lends a connection for one transaction at a time, and what it does to statements that are prepared.

use tokio_postgres::NoTls;
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresStore, migrate};
use watchbook_store::{Incidents as _, Loss};

use crate::commands::{creation, note};
use crate::schema::Schema;
use crate::writers::ids;

/// Callers at once: more than the pooler lends connections to.
const CALLERS: usize = 12;

#[test]
fn more_callers_than_connections_share_them() {
    block_on(async {
        let schema = Schema::empty().await;
        schema.open_to_pooler().await;
        let options = schema.options_through_pooler().with_mode(ExecMode::Unnamed);
        migrate(&options).await.unwrap();
        let store = PostgresStore::new(options).unwrap();
        let incident = store.apply(creation()).await.unwrap().incident.id;
        let callers = (0..CALLERS).map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.apply(note(incident, &number.to_string())).await })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap().unwrap();
        }
        assert_eq!(ids(&store, incident).await.len(), 1 + CALLERS);
    });
}

#[test]
fn prepared_statements_that_are_lost_are_told_with_the_remedy() {
    block_on(async {
        let schema = Schema::migrated().await;
        schema.open_to_pooler().await;
        let options = schema.options_through_pooler();
        let store = PostgresStore::new(options.clone()).unwrap();
        let incident = store.apply(creation()).await.unwrap().incident.id;
        // Somebody is lent the connection on which the statements were prepared, and keeps it.
        let (other, connection) = tokio_postgres::connect(&options.url, NoTls).await.unwrap();
        drop(tokio::spawn(connection));
        other.batch_execute("begin; select 1").await.unwrap();
        let error = store.get(incident).await.unwrap_err();
        assert_eq!(error.loss(), Some(Loss::Misconfigured));
        let said = error.to_string();
        let name = said.split('"').nth(1).unwrap_or_default().to_owned();
        insta::assert_snapshot!(said.replace(&name, "s1"), @r#"the store is unavailable: the database: prepared statement "s1" does not exist; a pooler lends connections for one transaction each: set database.statements to unnamed"#);
    });
}
