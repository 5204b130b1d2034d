//! Answers that are lost: who asks again with the same change gets the first answer, and nothing is there twice.

use std::time::Duration;

use watchbook_core::query::PageRequest;
use watchbook_core::{ArtifactName, ChangeId, Command, Digest, Event, IncidentId, Key, Op};
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::proxy::{Fault, Proxy};
use watchbook_store::{Applied, Artifacts as _, Incidents as _, Loss, Outcome, StoreError};

use crate::commands::{command, creation, note};
use crate::schema::{Schema, proxy};

/// How long a call may take that is to end by a limit of [`LIMIT`], on a busy machine.
const PROMPT: Duration = Duration::from_secs(8);
/// The limits of stores that meet silence.
const LIMIT: Duration = Duration::from_millis(400);
const MODES: [ExecMode; 2] = [ExecMode::Prepared, ExecMode::Unnamed];

/// A write of some kind, and the bytes it attaches.
#[derive(Debug, Clone)]
struct Write {
    what: &'static str,
    command: Command,
    bytes: Option<Vec<u8>>,
}

impl Write {
    fn new(what: &'static str, command: Command) -> Self {
        Self {
            what,
            command,
            bytes: None,
        }
    }

    async fn send(&self, store: &PostgresStore) -> Result<Applied, StoreError> {
        match self.bytes.clone() {
            Some(bytes) => store.attach(self.command.clone(), bytes).await,
            None => store.apply(self.command.clone()).await,
        }
    }
}

/// One write of each kind, on incidents that are there.
async fn writes(store: &PostgresStore) -> Vec<Write> {
    let mut incidents = Vec::new();
    for _ in 0..4 {
        incidents.push(store.apply(creation()).await.unwrap().incident.id);
    }
    let [one, two, three, four] = incidents[..] else {
        panic!("four incidents")
    };
    let keyed = |command: Command, key: &str| Command {
        change: ChangeId::from_key(&one.to_string(), key),
        key: Some(Key {
            body: Digest::of(key.as_bytes()),
        }),
        ..command
    };
    let bytes = b"a log".to_vec();
    let attach = Op::Attach {
        name: ArtifactName::new("log.txt").unwrap(),
        sha256: Digest::of(&bytes),
        bytes: bytes.len() as u64,
    };
    let merge = Op::Merge {
        into: three,
        at: None,
        note: None,
    };
    let mut attachment = Write::new("attach", command(four, attach));
    attachment.bytes = Some(bytes);
    vec![
        Write::new("create", creation()),
        Write::new("create with a key", keyed(creation(), "create")),
        Write::new("append", note(one, "rolled back")),
        Write::new("append with a key", keyed(note(one, "rolled back"), "note")),
        Write::new("merge", command(two, merge)),
        attachment,
    ]
}

async fn lines(store: &PostgresStore, incident: IncidentId) -> Vec<Event> {
    let page = PageRequest {
        limit: 500,
        after: None,
    };
    match store.events(incident, page).await {
        Ok(page) => page.items,
        Err(StoreError::NotFound { .. }) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

/// A store behind a proxy; with the schema it stands in.
fn behind(schema: &Schema, mode: ExecMode, limit: Duration) -> (Proxy, PostgresStore) {
    let proxy = proxy();
    let mut options = schema.options_through(&proxy).with_mode(mode);
    (options.connect_timeout, options.statement_timeout) = (limit, limit);
    (proxy, PostgresStore::new(options).unwrap())
}

/// Sends each kind of write into `fault`, then again; `is_there` is whether the first try was done.
async fn lost(fault: Fault, is_there: bool, mode: ExecMode) {
    let schema = Schema::migrated().await;
    let direct = schema.store(mode);
    let limit = if fault == Fault::LoseAnswer {
        LIMIT
    } else {
        PROMPT
    };
    let (proxy, store) = behind(&schema, mode, limit);
    for (number, write) in writes(&direct).await.into_iter().enumerate() {
        let incident = write.command.incident;
        let before = lines(&direct, incident).await.len();
        proxy.set(fault).await;
        let error = write.send(&store).await.unwrap_err();
        let what = format!("{}, {fault:?}, {mode:?}: {error}", write.what);
        assert_eq!(
            error.outcome(),
            Outcome::Unknown(write.command.change),
            "{what}"
        );
        assert_eq!(error.loss(), Some(Loss::Gone), "{what}");
        assert_eq!(
            (proxy.fault(), proxy.strikes()),
            (Fault::Pass, number as u64 + 1),
            "{what}"
        );
        let after = lines(&direct, incident).await;
        assert_eq!(after.len() - before, usize::from(is_there), "{what}");

        let again = write.send(&store).await.unwrap();
        assert_eq!(again.replayed, is_there, "{what}");
        let once = lines(&direct, incident).await;
        assert_eq!(once.len() - before, 1, "{what}");
        assert!(!is_there || once == after, "{what}");
        let own = again
            .events
            .iter()
            .find(|event| event.incident_id == incident);
        assert_eq!(own, once.last(), "{what}");
        let third = write.send(&store).await.unwrap();
        assert!(third.replayed, "{what}");
        assert_eq!(
            (third.incident, third.events),
            (again.incident, again.events),
            "{what}"
        );
    }
}

#[test]
fn a_commit_whose_answer_is_cut_is_there_once() {
    for mode in MODES {
        block_on(lost(Fault::CutAnswer, true, mode));
    }
}

#[test]
fn a_commit_whose_answer_never_comes_is_there_once() {
    for mode in MODES {
        block_on(lost(Fault::LoseAnswer, true, mode));
    }
}

#[test]
fn a_commit_that_is_cut_before_the_server_hears_of_it_is_not_there() {
    for mode in MODES {
        block_on(lost(Fault::CutRequest, false, mode));
    }
}

/// What a write ends in that meets `fault` on a connection it makes, or has.
async fn meets(fault: Fault, has_connection: bool) -> StoreError {
    let schema = Schema::migrated().await;
    let (proxy, store) = behind(&schema, ExecMode::Prepared, LIMIT);
    if has_connection {
        store.apply(creation()).await.unwrap();
    }
    proxy.set(fault).await;
    let write = store.apply(creation());
    let ended = tokio::time::timeout(PROMPT, write).await.expect("in time");
    let error = ended.unwrap_err();
    proxy.set(Fault::Pass).await;
    // What was held up by a silence may be on its way still, so it is the next write that shows that all is well.
    store.apply(creation()).await.expect("all is well again");
    error
}

#[test]
fn a_server_that_is_gone_is_told_in_time_and_nothing_has_changed() {
    block_on(async {
        for fault in [Fault::Refuse, Fault::Reset, Fault::Hang] {
            for has_connection in [false, true] {
                let error = meets(fault, has_connection).await;
                let what = format!("{fault:?}, {has_connection}: {error}");
                assert!(matches!(error, StoreError::Unavailable { .. }), "{what}");
                assert_eq!(error.loss(), Some(Loss::Gone), "{what}");
            }
        }
    });
}

#[test]
fn a_slow_network_changes_nothing() {
    block_on(async {
        let schema = Schema::migrated().await;
        let (proxy, store) = behind(&schema, ExecMode::Prepared, PROMPT);
        for fault in [Fault::Trickle, Fault::Delay(Duration::from_millis(2))] {
            proxy.set(fault).await;
            for write in writes(&store).await {
                assert!(
                    !write.send(&store).await.unwrap().replayed,
                    "{}",
                    write.what
                );
            }
        }
    });
}
