//! One incident in the book: its state, packed or open, and the lines that hold its events.

use serde::{Deserialize, Serialize};
use watchbook_core::IncidentState;

use super::{Brief, Likeness};

/// Where a line of the journal begins: segment and byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LineAt(u64);

/// A segment is at most this long, so that place and segment fit one word.
const OFFSET_BITS: u32 = 40;

impl LineAt {
    /// The line at `offset` of `segment`.
    pub(crate) const fn new(segment: u32, offset: u64) -> Self {
        Self((segment as u64) << OFFSET_BITS | offset)
    }

    /// The segment.
    pub(crate) const fn segment(self) -> u32 {
        (self.0 >> OFFSET_BITS) as u32
    }

    /// The byte at which the line begins.
    pub(crate) const fn offset(self) -> u64 {
        self.0 & ((1 << OFFSET_BITS) - 1)
    }
}

/// A line that holds events of one incident, and the number of the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineRef([u32; 3]);

impl LineRef {
    /// The line at `at`, whose first event of this incident has number `first_seq`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of one word"
    )]
    pub(crate) const fn new(at: LineAt, first_seq: u32) -> Self {
        Self([(at.0 >> 32) as u32, at.0 as u32, first_seq])
    }

    /// Where the line begins.
    pub(crate) const fn at(self) -> LineAt {
        LineAt((self.0[0] as u64) << 32 | self.0[1] as u64)
    }

    /// The three words that stand for it in a checkpoint.
    pub(crate) const fn words(self) -> [u32; 3] {
        self.0
    }

    /// The inverse of [`Self::words`].
    pub(crate) const fn from_words(words: [u32; 3]) -> Self {
        Self(words)
    }

    /// The number of the first event of this incident in the line.
    pub(crate) const fn first_seq(self) -> u32 {
        self.0[2]
    }
}

/// The lines that hold an incident's events, in the order of the journal.
pub(crate) type Lines = Vec<LineRef>;

/// Packed bytes that do not decode: memory or checkpoint is damaged.
#[derive(Debug, thiserror::Error)]
#[error("a packed incident does not decode")]
pub(crate) struct PackError(#[from] postcard::Error);

#[derive(Debug)]
enum Body {
    Open(Box<IncidentState>),
    Packed(Box<[u8]>),
}

/// One incident in the book.
#[derive(Debug)]
pub(crate) struct Entry {
    body: Body,
    brief: Option<Brief>,
    likeness: Option<Box<Likeness>>,
    lines: Lines,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            body: Body::Open(Box::default()),
            brief: None,
            likeness: None,
            lines: Vec::new(),
        }
    }
}

impl Entry {
    /// An entry as a checkpoint holds it.
    pub(super) fn packed(
        bytes: Box<[u8]>,
        brief: Option<Brief>,
        likeness: Option<Likeness>,
        lines: Lines,
    ) -> Self {
        Self {
            body: Body::Packed(bytes),
            brief,
            likeness: likeness.map(Box::new),
            lines,
        }
    }

    /// Its state.
    pub(crate) fn state(&self) -> Result<IncidentState, PackError> {
        match &self.body {
            Body::Open(state) => Ok((**state).clone()),
            Body::Packed(bytes) => Ok(postcard::from_bytes(bytes)?),
        }
    }

    /// Looks at its state without copying it when it is open.
    pub(crate) fn with_state<T>(
        &self,
        look: impl FnOnce(&IncidentState) -> T,
    ) -> Result<T, PackError> {
        match &self.body {
            Body::Open(state) => Ok(look(state)),
            Body::Packed(bytes) => Ok(look(&postcard::from_bytes(bytes)?)),
        }
    }

    /// The packed form of its state.
    pub(crate) fn packed_state(&self) -> Result<Vec<u8>, PackError> {
        match &self.body {
            Body::Open(state) => Ok(postcard::to_allocvec(state)?),
            Body::Packed(bytes) => Ok(bytes.to_vec()),
        }
    }

    pub(super) fn take_state(&mut self) -> Result<IncidentState, PackError> {
        match &mut self.body {
            Body::Open(state) => Ok(std::mem::take(&mut **state)),
            Body::Packed(bytes) => Ok(postcard::from_bytes(bytes)?),
        }
    }

    /// What a list can be narrowed down by.
    pub(crate) const fn brief(&self) -> Option<Brief> {
        self.brief
    }

    pub(super) fn likeness(&self) -> Option<&Likeness> {
        self.likeness.as_deref()
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.body, Body::Open(_))
    }

    pub(super) const fn packed_len(&self) -> usize {
        match &self.body {
            Body::Open(_) => 0,
            Body::Packed(bytes) => bytes.len(),
        }
    }

    pub(super) fn open(
        &mut self,
        state: IncidentState,
        brief: Option<Brief>,
        likeness: Option<Likeness>,
    ) {
        match &mut self.body {
            Body::Open(place) => **place = state,
            body @ Body::Packed(_) => *body = Body::Open(Box::new(state)),
        }
        self.brief = brief;
        self.likeness = likeness.map(Box::new);
    }

    /// Packs an open state; how many bytes the packed form takes. A state that cannot be packed stays open.
    pub(super) fn pack(&mut self) -> usize {
        let Body::Open(state) = &self.body else {
            return 0;
        };
        let Ok(bytes) = postcard::to_allocvec(state) else {
            return 0;
        };
        let len = bytes.len();
        self.body = Body::Packed(bytes.into_boxed_slice());
        self.lines.shrink_to_fit();
        len
    }

    pub(super) fn add_line(&mut self, line: LineRef) {
        self.lines.push(line);
    }

    /// The lines that hold its events.
    pub(crate) const fn lines(&self) -> &Lines {
        &self.lines
    }
}
