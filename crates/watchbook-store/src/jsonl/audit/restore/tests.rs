//! Which entries are missing, as a table, and what stands for them.

use serde_json::{Map, Value};
use watchbook_core::text::Message;
use watchbook_core::{ChangeId, Digest, Event, KeyUse, NodeId, Record, Source, Stamp, Via};

use super::*;

const MINUTE: i64 = 60_000;

fn agent(id: &str) -> AgentId {
    AgentId::new(id).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn incident(number: u32) -> IncidentId {
    IncidentId::from_seed(Timestamp::from_millis(0), u64::from(number))
}

fn time(n: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(n).unwrap() * MINUTE)
}

/// Commit `n` of `sofiia`, made in `request`, with one note on each of these incidents.
fn commit(n: u64, request: Option<&str>, incidents: &[u32]) -> Commit {
    let stamp = Stamp {
        time: time(n),
        counter: 0,
        node: NodeId::from_bits(1),
    };
    let change = ChangeId::from_key("test", &n.to_string());
    let note = |(index, number): (u32, &u32)| {
        Record::Event(Event {
            id: change.event(index),
            incident_id: incident(*number),
            seq: 1,
            stamp,
            at: time(n),
            kind: EventType::Note,
            message: Message::new("a note").unwrap(),
            meta: Map::new(),
            actor: agent("sofiia"),
            source: Source::Agent,
            set: Vec::new(),
            redacted: false,
        })
    };
    Commit {
        change,
        stamp,
        by: By {
            agent: agent("sofiia"),
            key: Some(name("k1")),
            delegate: Some(agent("bridge")),
            request: request.map(name),
            via: Via::Key,
            source: Source::Agent,
        },
        records: (0..).zip(incidents).map(note).collect(),
    }
}

fn writes(commits: &[(u64, &str, &[u32])]) -> Vec<Write> {
    let commits = commits.iter();
    commits
        .filter_map(|(n, request, incidents)| Write::of(*n, &commit(*n, Some(request), incidents)))
        .collect()
}

/// The entry of a call of `sofiia` in `request`, closed with the incident it was about.
fn entry(request: &str, about: Option<u32>) -> AuditEntry {
    let id = EventId::from_bits(7);
    AuditEntry {
        opening: AuditOpening {
            id,
            at: time(0),
            agent: agent("sofiia"),
            key: Some(name("k1")),
            delegate: Some(agent("bridge")),
            via: Via::Key,
            request: name(request),
            tool: short("oncall_tool"),
            action: short("incident_append_event"),
            incident: None,
            dry_run: false,
            params: Value::Null,
        },
        closing: Some(AuditClosing {
            id,
            at: time(0),
            outcome: AuditOutcome::Ok,
            code: None,
            incident: about.map(incident),
            took_ms: Some(3),
        }),
    }
}

/// The entry that is made anew from a write.
fn anew(write: &Write) -> AuditEntry {
    AuditEntry {
        opening: write.opening(),
        closing: Some(write.closing()),
    }
}

fn changed(mut entry: AuditEntry, change: impl FnOnce(&mut AuditEntry)) -> AuditEntry {
    change(&mut entry);
    entry
}

/// The commits whose entries are found to be missing.
fn found(writes: &[Write], entries: &[AuditEntry]) -> Vec<u64> {
    let lost = missing(writes, entries);
    let openings = lost.iter().filter_map(|lost| lost.opening.as_ref());
    openings.filter_map(AuditOpening::restored_from).collect()
}

#[test]
fn each_write_has_an_entry_of_its_own() {
    type Row<'a> = (
        &'a str,
        &'a [(u64, &'a str, &'a [u32])],
        &'a [(&'a str, Option<u32>)],
        &'a [u64],
    );
    let table: &[Row<'_>] = &[
        ("nothing at all", &[], &[], &[]),
        (
            "entries alone: reads and refusals",
            &[],
            &[("a", None)],
            &[],
        ),
        (
            "every entry is there",
            &[(1, "a", &[1]), (2, "b", &[1])],
            &[("b", Some(1)), ("a", Some(1))],
            &[],
        ),
        (
            "every entry is lost",
            &[(1, "a", &[1]), (2, "b", &[1])],
            &[],
            &[1, 2],
        ),
        (
            "one is lost between others",
            &[(1, "a", &[1]), (2, "b", &[1]), (3, "c", &[1])],
            &[("c", Some(1)), ("a", Some(1))],
            &[2],
        ),
        (
            "an entry that was not closed",
            &[(1, "a", &[1])],
            &[("a", None)],
            &[],
        ),
        (
            "one request id for all calls, one entry lost",
            &[(1, "a", &[1]), (2, "a", &[2]), (3, "a", &[3])],
            &[("a", Some(3)), ("a", Some(1))],
            &[2],
        ),
        (
            "one request id, twice on one incident",
            &[(1, "a", &[1]), (2, "a", &[1])],
            &[("a", Some(1))],
            &[2],
        ),
        (
            "one request id, and the creation was not closed",
            &[(1, "a", &[1]), (2, "a", &[2])],
            &[("a", None), ("a", Some(1))],
            &[],
        ),
        (
            "one request id, and a read of another incident",
            &[(1, "a", &[1])],
            &[("a", Some(2))],
            &[1],
        ),
        (
            "a merge takes no entry that another write needs",
            &[(1, "a", &[1, 2]), (2, "a", &[1])],
            &[("a", Some(1)), ("a", Some(2))],
            &[],
        ),
    ];
    for (what, commits, entries, expected) in table {
        let writes = writes(commits);
        let mut entries: Vec<AuditEntry> = entries
            .iter()
            .map(|(request, about)| entry(request, *about))
            .collect();
        assert_eq!(found(&writes, &entries), *expected, "{what}");
        let restored = writes.iter().filter(|write| expected.contains(&write.n));
        entries.extend(restored.map(anew));
        assert_eq!(missing(&writes, &entries), [], "{what}: once is enough");
    }
}

#[test]
fn an_entry_of_another_call_is_not_taken_for_it() {
    type Change = fn(&mut AuditEntry);
    let table: [(&str, Change); 6] = [
        ("another agent", |entry| {
            entry.opening.agent = agent("helion");
        }),
        ("another request", |entry| entry.opening.request = name("b")),
        ("another key", |entry| entry.opening.key = None),
        ("another way in", |entry| entry.opening.via = Via::Local),
        ("a rehearsal", |entry| entry.opening.dry_run = true),
        ("a denied call", |entry| {
            entry.closing.as_mut().unwrap().outcome = AuditOutcome::Denied;
        }),
    ];
    let writes = writes(&[(1, "a", &[1])]);
    for (what, change) in table {
        let entries = [changed(entry("a", Some(1)), change)];
        assert_eq!(found(&writes, &entries), [1], "{what}");
    }
}

#[test]
fn what_is_restored_says_what_the_commit_knows_and_no_more() {
    let writes = writes(&[(12, "a", &[2, 1])]);
    let lost = missing(&writes, &[]);
    let [
        Restored {
            opening: Some(opening),
            closing,
        },
    ] = lost.as_slice()
    else {
        panic!("{lost:?}");
    };
    let lines = [
        serde_json::to_value(opening).unwrap(),
        serde_json::to_value(closing).unwrap(),
    ];
    insta::assert_json_snapshot!(lines);
    assert_eq!(opening.restored_from(), Some(12));
}

#[test]
fn a_restored_entry_whose_end_was_torn_off_gets_its_end_only() {
    let writes = writes(&[(1, "a", &[1])]);
    let torn = changed(anew(&writes[0]), |entry| entry.closing = None);
    let lost = missing(&writes, &[torn]);
    let expected = [Restored {
        opening: None,
        closing: writes[0].closing(),
    }];
    assert_eq!(lost, expected);
}

#[test]
fn a_commit_without_a_request_never_had_an_entry() {
    assert_eq!(Write::of(1, &commit(1, None, &[1])), None);
}

#[test]
fn a_key_that_changed_nothing_is_restored_with_the_incident_it_answered() {
    let mut keyed = commit(1, Some("a"), &[]);
    keyed.records.push(Record::Key(KeyUse {
        change: keyed.change,
        body: Digest::of(b"body"),
        incident: incident(4),
        similar: Vec::new(),
    }));
    let write = Write::of(1, &keyed).unwrap();
    assert_eq!(write.opening().action.as_str(), "no_change");
    assert_eq!(write.closing().incident, Some(incident(4)));
}

#[test]
fn a_caller_cannot_pass_for_a_restored_entry() {
    let writes = writes(&[(1, "a", &[1])]);
    let named = changed(anew(&writes[0]), |entry| entry.opening.params = json!({}));
    assert_eq!(
        named.opening.restored_from(),
        None,
        "a tool that nobody knows is audited without parameters"
    );
    let given = changed(anew(&writes[0]), |entry| {
        entry.opening.tool = short("oncall_tool");
    });
    assert_eq!(given.opening.restored_from(), None);
}
