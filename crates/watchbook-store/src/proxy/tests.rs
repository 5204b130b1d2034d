//! Which message makes a server commit. The faults themselves meet a real server in tests/postgres.

use super::conversation::Conversation;
use super::conversation::Fate::{Complete, Deliver, Swallow};
use super::wire::{self, Message};

fn message(kind: u8, body: &[u8]) -> Message {
    let length = u32::try_from(body.len() + 4).unwrap();
    let mut bytes = vec![kind];
    bytes.extend(length.to_be_bytes());
    bytes.extend(body);
    let read = crate::conformance::block_on(async { wire::next(&mut bytes.as_slice()).await });
    read.unwrap().unwrap()
}

/// Sends messages and says which of them commits.
fn committing(conversation: &mut Conversation, messages: &[(u8, &[u8])]) -> Vec<usize> {
    let mut found = Vec::new();
    for (number, (kind, body)) in messages.iter().enumerate() {
        if conversation.client_says(&message(*kind, body)) {
            found.push(number);
        }
    }
    found
}

const WRITE: &[u8] =
    b"s\0-- saves\nwith w as (insert into t values ($1) returning 1) select 1 from w\0\0\0";
const READ: &[u8] = b"s\0-- insert into nothing\nselect a from t for update\0\0\0";

#[test]
fn a_write_by_itself_commits_where_it_is_synchronised() {
    let said = [
        (b'P', WRITE),
        (b'B', b"\0s\0".as_slice()),
        (b'E', b"\0\0\0\0\0"),
        (b'S', b""),
    ];
    assert_eq!(committing(&mut Conversation::default(), &said), [3]);
    // Once prepared it is known by its name.
    let mut later = Conversation::default();
    committing(&mut later, &[said[0], said[3]]);
    assert_eq!(committing(&mut later, &said[1..]), [2]);
    assert!(committing(&mut later, &said[3..]).is_empty());
}

#[test]
fn reading_and_preparing_commit_nothing() {
    let said = [
        (b'P', READ),
        (b'B', b"\0s\0".as_slice()),
        (b'E', b"\0\0\0\0\0"),
        (b'S', b""),
        (b'P', WRITE),
        (b'S', b""),
        (b'Q', b"select 1\0"),
    ];
    assert!(committing(&mut Conversation::default(), &said).is_empty());
}

#[test]
fn in_a_transaction_its_end_commits() {
    let said = [
        (b'Q', b"START TRANSACTION\0".as_slice()),
        (b'P', WRITE),
        (b'B', b"\0s\0"),
        (b'E', b"\0\0\0\0\0"),
        (b'S', b""),
        (b'Q', b"COMMIT\0"),
    ];
    assert_eq!(committing(&mut Conversation::default(), &said), [5]);
}

#[test]
fn only_the_answer_that_was_asked_for_last_is_withheld() {
    let mut conversation = Conversation::default();
    let hear = |conversation: &mut Conversation, kind, body: &[u8]| {
        conversation.server_says(&message(kind, body))
    };
    assert_eq!(hear(&mut conversation, b'Z', b"I"), Deliver);
    committing(
        &mut conversation,
        &[(b'Q', b"select 1\0"), (b'Q', b"insert into t values (1)\0")],
    );
    conversation.withhold(true);
    let heard =
        [b'D', b'C', b'Z', b'C', b'Z', b'N'].map(|kind| hear(&mut conversation, kind, b"I"));
    assert_eq!(
        heard,
        [
            Deliver,
            Deliver,
            Deliver,
            Swallow,
            Complete { ends: true },
            Swallow
        ]
    );
}

#[test]
fn what_is_not_a_message_ends_the_connection() {
    let too_short: &[u8] = &[b'Q', 0, 0, 0, 3];
    let too_long: &[u8] = &[b'Q', 0x7f, 0, 0, 0];
    let torn: &[u8] = &[b'Q', 0, 0, 0, 9, 0];
    for mut bytes in [too_short, too_long, torn] {
        let read = crate::conformance::block_on(async { wire::next(&mut bytes).await });
        assert!(read.is_err(), "{read:?}");
    }
    let read = crate::conformance::block_on(async { wire::next(&mut b"".as_slice()).await });
    assert!(read.unwrap().is_none());
}
