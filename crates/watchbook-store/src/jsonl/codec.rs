//! The durable form of a commit inside a journal line, format version 1.
//!
//! A record is `{"salt":"<16 hex>","event":{…}}`. The salt makes the digest of a record useless for guessing
//! its text once the record was blacked out. What then stands in its place is
//! `{"salt":"0…","redacted":true,"event":{…blank…},"digest":"<of the original>"}`, authorised by a later record
//! `{"salt":…,"redaction":{"event":…,"tombstone":"<digest of the replacement>"}}`.

mod skim;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use watchbook_core::text::Name;
use watchbook_core::{
    AgentId, By, ChangeId, Commit, Digest, Entropy, Event, EventId, IncidentId, KeyUse, Record,
    Source, Stamp, Via,
};

pub(crate) use skim::{Skimmed, skim};

/// Who, through what, in which change and when: the head of a commit.
#[derive(Debug, Deserialize)]
struct Head {
    agent: AgentId,
    #[serde(default)]
    key: Option<Name>,
    #[serde(default)]
    delegate: Option<AgentId>,
    #[serde(default)]
    request: Option<Name>,
    via: Via,
    source: Source,
    change: ChangeId,
    stamp: Stamp,
    #[serde(default)]
    planted: bool,
}

/// The same on its way out, without copying.
#[derive(Debug, Serialize)]
struct HeadRef<'a> {
    agent: &'a AgentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegate: Option<&'a AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a Name>,
    via: Via,
    source: Source,
    change: ChangeId,
    stamp: Stamp,
    /// Only where it is so: a journal of our own writes says nothing of it.
    #[serde(skip_serializing_if = "is_not")]
    planted: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

/// Any record as it stands in a line, with as much of an event as `E` takes in.
#[derive(Debug, Deserialize)]
struct Stored<E> {
    event: Option<E>,
    key: Option<KeyUse>,
    redaction: Option<Redaction>,
}

/// What a record is.
enum Part<E> {
    Event(E),
    Key(KeyUse),
    Redaction(Redaction),
}

/// Reads one record of a line.
fn part<'r, E: Deserialize<'r>>(index: usize, record: &'r str) -> Result<Part<E>, CodecError> {
    let Stored {
        event,
        key,
        redaction,
    } = serde_json::from_str(record).map_err(|source| CodecError::Record { index, source })?;
    match (event, key, redaction) {
        (Some(event), None, None) => Ok(Part::Event(event)),
        (None, Some(key), None) => Ok(Part::Key(key)),
        (None, None, Some(redaction)) => Ok(Part::Redaction(redaction)),
        _ => Err(CodecError::UnknownSort { index }),
    }
}

/// The permission for one tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redaction {
    /// The incident it belongs to.
    pub(crate) incident: IncidentId,
    /// The event that is blacked out.
    pub(crate) event: EventId,
    /// The digest of what stands in its place.
    pub(crate) tombstone: Digest,
}

/// A commit as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// The commit.
    pub(crate) commit: Commit,
    /// The tombstones it permits.
    pub(crate) redactions: Vec<Redaction>,
    /// Whether it was taken over from another log: that log's audit trail has the call that made it, and what the
    /// change wrote may stand in several commits.
    pub(crate) planted: bool,
}

/// The parts of a line that belong to a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encoded {
    /// The head, one JSON object.
    pub(crate) by: String,
    /// The records, one JSON object each.
    pub(crate) records: Vec<String>,
}

/// A line whose parts are not what they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("the head of the commit is not readable: {0}")]
    Head(#[source] serde_json::Error),
    #[error("record {index} is not readable: {source}")]
    Record {
        index: usize,
        source: serde_json::Error,
    },
    #[error("record {index} is of no known sort")]
    UnknownSort { index: usize },
    #[error("the commit cannot be written: {0}")]
    Write(#[source] serde_json::Error),
}

/// Writes a commit, with a fresh salt for each record.
pub(crate) fn encode(
    commit: &Commit,
    redactions: &[Redaction],
    entropy: &dyn Entropy,
) -> Result<Encoded, CodecError> {
    written(commit, redactions, entropy, false)
}

/// Writes a commit, or a part of one, that is taken over from another log.
pub(crate) fn encode_planted(
    commit: &Commit,
    redactions: &[Redaction],
    entropy: &dyn Entropy,
) -> Result<Encoded, CodecError> {
    written(commit, redactions, entropy, true)
}

fn written(
    commit: &Commit,
    redactions: &[Redaction],
    entropy: &dyn Entropy,
    planted: bool,
) -> Result<Encoded, CodecError> {
    let Commit {
        change,
        stamp,
        by,
        records,
    } = commit;
    let By {
        agent,
        key,
        delegate,
        request,
        via,
        source,
    } = by;
    let head = HeadRef {
        agent,
        key: key.as_ref(),
        delegate: delegate.as_ref(),
        request: request.as_ref(),
        via: *via,
        source: *source,
        change: *change,
        stamp: *stamp,
        planted,
    };
    let by = serde_json::to_string(&head).map_err(CodecError::Write)?;
    let mut salts = vec![0; 8 * (records.len() + redactions.len())];
    entropy.fill(&mut salts);
    let mut salts = salts.chunks_exact(8);
    let mut salted = |json: String| with_salt(salts.next().unwrap_or_default(), &json);
    let mut encoded = Vec::with_capacity(records.len() + redactions.len());
    for record in records {
        encoded.push(salted(
            serde_json::to_string(record).map_err(CodecError::Write)?,
        ));
    }
    for redaction in redactions {
        let record = serde_json::json!({ "redaction": redaction });
        encoded.push(salted(
            serde_json::to_string(&record).map_err(CodecError::Write)?,
        ));
    }
    Ok(Encoded {
        by,
        records: encoded,
    })
}

/// `{"event":…}` with the salt as its first field.
fn with_salt(salt: &[u8], object: &str) -> String {
    let mut out = String::with_capacity(object.len() + 27);
    out.push_str("{\"salt\":\"");
    for byte in salt {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    out.push_str("\",");
    out.push_str(object.get(1..).unwrap_or_default());
    out
}

/// Reads a commit back from the parts of its line.
pub(crate) fn decode(by: &str, records: &[&str]) -> Result<Decoded, CodecError> {
    let Head {
        agent,
        key,
        delegate,
        request,
        via,
        source,
        change,
        stamp,
        planted,
    } = serde_json::from_str(by).map_err(CodecError::Head)?;
    let (mut kept, mut redactions) = (Vec::new(), Vec::new());
    for (index, record) in records.iter().enumerate() {
        match part(index, record)? {
            Part::Event(event) => kept.push(Record::Event(event)),
            Part::Key(key) => kept.push(Record::Key(key)),
            Part::Redaction(redaction) => redactions.push(redaction),
        }
    }
    let by = By {
        agent,
        key,
        delegate,
        request,
        via,
        source,
    };
    Ok(Decoded {
        commit: Commit {
            change,
            stamp,
            by,
            records: kept,
        },
        redactions,
        planted,
    })
}

/// The event of a record, if it is one.
pub(crate) fn decode_event(record: &str) -> Option<Event> {
    serde_json::from_str::<Stored<_>>(record).ok()?.event
}

/// What stands in the place of a record that is blacked out.
pub(crate) fn tombstone(blank: &Event, original: &str) -> Result<String, CodecError> {
    #[derive(Serialize)]
    struct Tombstone<'a> {
        salt: &'a str,
        redacted: bool,
        event: &'a Event,
        digest: Digest,
    }
    // The salt of the original goes with its text; the form wants one all the same.
    let tombstone = Tombstone {
        salt: "0000000000000000",
        redacted: true,
        event: blank,
        digest: Digest::of(original.as_bytes()),
    };
    serde_json::to_string(&tombstone).map_err(CodecError::Write)
}

/// The digest of the tombstone that a record permits, if it permits one.
pub(crate) fn authorised_tombstone(record: &str) -> Option<Digest> {
    // Redactions are rare and events are not: most records need not be parsed to be told apart.
    let marked = record
        .get(SALT_BYTES..)
        .is_some_and(|rest| rest.starts_with("\"redaction\""));
    if !marked {
        return None;
    }
    serde_json::from_str::<Stored<IgnoredAny>>(record)
        .ok()?
        .redaction
        .map(|redaction| redaction.tombstone)
}

/// The bytes of `{"salt":"<16 hex>",` at the beginning of a record.
const SALT_BYTES: usize = 27;

#[cfg(test)]
mod tests;
