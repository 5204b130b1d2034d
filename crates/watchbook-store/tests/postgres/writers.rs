//! Many servers on one database: each write is there once, in one order, whatever they meet.

use std::collections::HashSet;
use std::time::Duration;

use watchbook_core::query::PageRequest;
use watchbook_core::text::{Env, Message, ServiceName, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Command, Digest, EventId, IncidentId, Key, Kind,
    NewIncident, Op, Refused, Severity, Source, Timestamp, Via,
};
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::system::OsEntropy;
use watchbook_store::{Incidents, StoreError};

use crate::schema::Schema;

/// Servers at once; each with a pool of its own.
const SERVERS: u32 = 4;
/// Writes of each server.
const WRITES: u32 = 25;

pub(crate) fn command(incident: IncidentId, op: Op) -> Command {
    let by = By {
        agent: AgentId::new("sofiia").unwrap(),
        key: None,
        delegate: None,
        request: None,
        via: Via::Embedded,
        source: Source::Agent,
    };
    Command {
        change: ChangeId::generate(&OsEntropy),
        incident,
        by,
        key: None,
        if_match: None,
        op,
    }
}

pub(crate) fn creation() -> Command {
    let new = NewIncident {
        service: ServiceName::new("gateway").unwrap(),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P1,
        uncertain: false,
        title: Title::new("5xx rate over 5 %").unwrap(),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: std::collections::BTreeMap::new(),
        drill: false,
        roles: std::collections::BTreeMap::new(),
        started_at: None,
        detected_at: None,
    };
    let id = IncidentId::generate(Timestamp::from_millis(1_771_840_800_000), &OsEntropy);
    command(id, Op::Create(Box::new(new)))
}

fn note(incident: IncidentId, text: &str) -> Command {
    command(
        incident,
        Op::Append {
            kind: AppendType::Note,
            message: Message::new(text).unwrap(),
            meta: serde_json::Map::new(),
            at: None,
        },
    )
}

async fn ids(store: &PostgresStore, incident: IncidentId) -> Vec<(u32, EventId)> {
    let page = PageRequest {
        limit: 500,
        after: None,
    };
    let events = store.events(incident, page).await.unwrap().items;
    events.iter().map(|event| (event.seq, event.id)).collect()
}

#[test]
fn servers_that_write_to_one_incident_share_one_count() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let incident = store.apply(creation()).await.unwrap().incident.id;
        let servers = (0..SERVERS).map(|server| {
            let store = schema.store(ExecMode::Prepared);
            tokio::spawn(async move {
                let mut written = Vec::new();
                for number in 0..WRITES {
                    let text = format!("{server}/{number}");
                    let applied = store.apply(note(incident, &text)).await.unwrap();
                    written.extend(applied.events.iter().map(|event| (event.seq, event.id)));
                }
                written
            })
        });
        let mut acknowledged = HashSet::new();
        for server in servers.collect::<Vec<_>>() {
            acknowledged.extend(server.await.unwrap());
        }
        let seen = ids(&store, incident).await;
        let seqs: Vec<u32> = seen.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, (1..=1 + SERVERS * WRITES).collect::<Vec<_>>());
        let beyond_creation: HashSet<_> = seen.into_iter().skip(1).collect();
        assert_eq!(beyond_creation, acknowledged);
    });
}

#[test]
fn a_change_that_is_sent_again_is_answered_and_not_written_again() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let incident = store.apply(creation()).await.unwrap().incident.id;
        let command = note(incident, "rolled back");
        let first = store.apply(command.clone()).await.unwrap();
        store.apply(note(incident, "and watching")).await.unwrap();
        let again = store.apply(command).await.unwrap();
        assert_eq!((again.replayed, &again.events), (true, &first.events));
        assert_eq!(again.incident, first.incident);
        assert_eq!(ids(&store, incident).await.len(), 3);
    });
}

#[test]
fn a_database_that_is_not_there_refuses_writes_before_they_happen() {
    block_on(async {
        let schema = Schema::migrated().await;
        let mut options = schema.options();
        options.url = "host=/nowhere user=nobody dbname=none sslmode=disable".to_owned();
        let store = PostgresStore::new(options).unwrap();
        let refused = store.apply(creation()).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::Unavailable { .. }),
            "{refused}"
        );
        assert_eq!(refused.outcome(), watchbook_store::Outcome::NotApplied);
        assert!(!store.health().await.readable);
    });
}

#[test]
fn tables_that_are_missing_are_named_with_the_remedy() {
    block_on(async {
        let schema = Schema::empty().await;
        let refused = schema.store(ExecMode::Prepared).apply(creation()).await;
        insta::assert_snapshot!(refused.unwrap_err());
    });
}

#[test]
fn a_key_with_another_body_is_refused_at_any_age() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let keyed = |body: &str| Command {
            change: ChangeId::from_key("sofiia/oncall_tool/incident_create", "k1"),
            key: Some(Key {
                body: Digest::of(body.as_bytes()),
            }),
            ..creation()
        };
        let first = store.apply(keyed("one")).await.unwrap();
        schema.clock.advance(Duration::from_hours(24 * 30));
        let again = store.apply(keyed("one")).await.unwrap();
        assert_eq!(
            (again.replayed, again.incident.id),
            (true, first.incident.id)
        );
        let other = store.apply(keyed("another")).await;
        assert!(
            matches!(other, Err(StoreError::Refused(Refused::KeyReused))),
            "{other:?}"
        );
    });
}

#[test]
fn a_database_that_takes_no_writes_is_read_and_says_so() {
    block_on(async {
        let schema = Schema::migrated().await;
        let incident = schema.store(ExecMode::Prepared).apply(creation()).await;
        let mut options = schema.options();
        let read_only = "options='-c default_transaction_read_only=on ";
        options.url = options.url.replace("options='", read_only);
        let replica = PostgresStore::new(options).unwrap();
        let health = replica.health().await;
        assert_eq!((health.readable, health.commits), (true, 1));
        let id = incident.unwrap().incident.id;
        assert_eq!(replica.get(id).await.unwrap().id, id);
        let refused = replica.apply(note(id, "x")).await.unwrap_err();
        assert_eq!(refused.outcome(), watchbook_store::Outcome::NotApplied);
        insta::assert_snapshot!(format!("{}\n{refused}", health.read_only.unwrap()), @r"
        the database: it is read-only; does DATABASE_URL name a replica?
        the store is unavailable: the database: it is read-only; does DATABASE_URL name a replica?
        ");
    });
}
