//! What one line says on its own, before anything is known about its neighbours. This is the part of a scan that
//! costs time, and that worker threads do.

use watchbook_core::Digest;

use super::FORMAT;
use super::block::Block;
use super::chain;
use super::damage::Flaw;
use super::line::{self, Header, Line, Marker, RawCommit, Split, Unreadable};
use super::settings::MAX_LINE_BYTES;

/// One line of a block.
#[derive(Debug)]
pub(super) struct Row<T> {
    /// Where it begins in the block.
    pub(super) start: usize,
    /// Its bytes, without the newline.
    pub(super) len: usize,
    /// Whether a newline follows.
    pub(super) terminated: bool,
    pub(super) fact: Fact,
    /// What the caller's parser made of it, when it is a commit.
    pub(super) value: Option<T>,
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Fact {
    Commit(CommitFact),
    Header(Header),
    Marker(Marker),
    /// Not to be read. `h` is its chain field, when that could still be read.
    Bad {
        flaw: Flaw,
        h: Option<Digest>,
    },
}

/// What a commit says about itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommitFact {
    pub(super) v: u32,
    pub(super) n: u64,
    /// The digest that its bytes have.
    pub(super) computed: Digest,
    /// The digest that it claims.
    pub(super) d: Option<Digest>,
    /// The chain's value that it claims.
    pub(super) h: Option<Digest>,
    /// Whether that value follows from the one that the line before, in the same block, claims.
    pub(super) linked: bool,
}

/// Reads all lines of a block.
pub(super) fn read_block<T>(block: &Block, parse: &impl Fn(&RawCommit<'_>) -> T) -> Vec<Row<T>> {
    let bytes = block.bytes();
    let mut rows = Vec::with_capacity(bytes.len() / TYPICAL_LINE_BYTES);
    let mut records = Vec::new();
    let mut previous = None;
    let mut start = 0;
    while start < bytes.len() {
        let newline = memchr::memchr(b'\n', &bytes[start..]);
        let len = newline.unwrap_or(bytes.len() - start);
        let (fact, value) = read_line(&bytes[start..start + len], previous, &mut records, parse);
        previous = match &fact {
            Fact::Commit(commit) => commit.h,
            Fact::Header(_) | Fact::Marker(_) | Fact::Bad { .. } => None,
        };
        rows.push(Row {
            start,
            len,
            terminated: newline.is_some(),
            fact,
            value,
        });
        start += len + 1;
    }
    rows
}

/// A guess of the bytes of a line, for how many rows to make room.
const TYPICAL_LINE_BYTES: usize = 256;

fn read_line<'a, T>(
    line: &'a [u8],
    previous: Option<Digest>,
    records: &mut Vec<&'a str>,
    parse: &impl Fn(&RawCommit<'_>) -> T,
) -> (Fact, Option<T>) {
    if line.len() >= MAX_LINE_BYTES {
        return (
            Fact::Bad {
                flaw: Flaw::TooLong,
                h: None,
            },
            None,
        );
    }
    if let Some((commit, value)) = read_quickly(line, previous, records, parse) {
        return (Fact::Commit(commit), Some(value));
    }
    match line::read(line, records) {
        Ok(Line::Commit(commit)) => {
            let value = parse(&commit);
            let fact = examine(&commit, commit.digest(), previous);
            (Fact::Commit(fact), Some(value))
        }
        Ok(Line::Header(header)) => (Fact::Header(header), None),
        Ok(Line::Marker(marker)) => (Fact::Marker(marker), None),
        Err(Unreadable { why, newer, h }) => {
            let flaw = newer.map_or(Flaw::Unreadable { why }, |v| Flaw::Newer { v });
            (Fact::Bad { flaw, h }, None)
        }
    }
}

/// Reads a commit by the quick split; `None` unless its digest proves that split to be the right one.
fn read_quickly<'a, T>(
    line: &'a [u8],
    previous: Option<Digest>,
    records: &mut Vec<&'a str>,
    parse: &impl Fn(&RawCommit<'_>) -> T,
) -> Option<(CommitFact, T)> {
    let Ok(Line::Commit(commit)) = line::read_split(line, records, Split::Quick) else {
        return None;
    };
    let computed = commit.digest();
    (commit.d == Some(computed)).then(|| (examine(&commit, computed, previous), parse(&commit)))
}

fn examine(commit: &RawCommit<'_>, computed: Digest, previous: Option<Digest>) -> CommitFact {
    let RawCommit { v, n, d, h, .. } = *commit;
    let linked = previous.is_some_and(|previous| h == Some(chain::link(&previous, &computed)));
    // A damaged version must not make the whole journal look like one of a newer program.
    let damaged = v > FORMAT && d != Some(computed) && d == Some(commit.digest_in_our_format());
    CommitFact {
        v: if damaged { FORMAT } else { v },
        n,
        computed,
        d,
        h,
        linked,
    }
}
