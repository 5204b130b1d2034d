//! The sequential end of a scan: follows the chain through the rows that the workers read, and tells the visitor.

use std::ops::ControlFlow;

use super::block::{Block, Piece};
use super::damage::{Damage, Flaw};
use super::files::Files;
use super::follow::{Follower, Verdict};
use super::position::{Location, Position};
use super::row::{CommitFact, Fact, Row};
use super::scan::{Done, Ended, Entry, Step};

/// Follows the chain and tells the visitor.
pub(super) struct Consumer<'f, V> {
    files: &'f Files,
    follower: Follower,
    generation: u64,
    active: u32,
    /// The segment, byte and lines up to which everything was told.
    segment: u32,
    offset: u64,
    line: u64,
    visit: V,
}

/// A line on its way to the visitor, and where it is.
#[derive(Clone, Copy)]
struct Told<'a> {
    raw: &'a [u8],
    terminated: bool,
    line: u64,
    byte: u64,
}

impl<'f, V> Consumer<'f, V> {
    pub(super) fn new(files: &'f Files, from: &Position, active: u32, visit: V) -> Self {
        Self {
            files,
            follower: Follower::new(files.store, files.place.stem(), from),
            generation: from.generation,
            active,
            segment: from.segment,
            offset: from.offset,
            line: from.line,
            visit,
        }
    }

    pub(super) fn ended(&self) -> Ended {
        Ended {
            at: self.position(),
            newest: self.follower.newest,
        }
    }

    fn position(&self) -> Position {
        Position {
            generation: self.generation,
            segment: self.segment,
            offset: self.offset,
            line: self.line,
            n: self.follower.n(),
            chain: self.follower.chain(),
        }
    }

    /// Moves to a segment, if it is another one.
    fn enter(&mut self, segment: u32) {
        if self.segment != segment {
            self.segment = segment;
            self.offset = 0;
            self.line = 0;
        }
    }

    /// Tells the visitor about a piece and gives its block back.
    pub(super) fn take<T>(&mut self, done: Done<T>) -> (Block, ControlFlow<()>)
    where
        V: FnMut(Step<'_, T>) -> ControlFlow<()>,
    {
        match done {
            Done::Rows(block, rows) => {
                self.enter(block.segment);
                let flow = rows.into_iter().try_for_each(|row| {
                    let span = row.len as u64 + u64::from(row.terminated);
                    self.row(&block, row, span)
                });
                (block, flow)
            }
            Done::Nothing(Piece::Lines(block) | Piece::TooLong(block)) => {
                self.enter(block.segment);
                let fact = Fact::Bad {
                    flaw: Flaw::TooLong,
                    h: None,
                };
                let row = Row {
                    start: 0,
                    len: block.bytes().len(),
                    terminated: true,
                    fact,
                    value: None,
                };
                let flow = self.row(&block, row, block.span);
                (block, flow)
            }
            Done::Nothing(Piece::MissingSegment(segment)) => {
                self.follower.missing_segment();
                (
                    Block::default(),
                    self.nothing(segment, Flaw::MissingSegment { segment }),
                )
            }
            Done::Nothing(Piece::Shortened { segment, durable }) => (
                Block::default(),
                self.nothing(segment, Flaw::Shortened { durable }),
            ),
        }
    }

    /// Tells of damage where there is nothing.
    fn nothing<T>(&mut self, segment: u32, flaw: Flaw) -> ControlFlow<()>
    where
        V: FnMut(Step<'_, T>) -> ControlFlow<()>,
    {
        self.enter(segment);
        let here = Told {
            raw: &[],
            terminated: true,
            line: self.line + 1,
            byte: self.offset,
        };
        self.tell_damage(here, flaw)
    }

    /// Judges one line, which takes `span` bytes of the file, and tells the visitor.
    fn row<T>(&mut self, block: &Block, row: Row<T>, span: u64) -> ControlFlow<()>
    where
        V: FnMut(Step<'_, T>) -> ControlFlow<()>,
    {
        let Row {
            start,
            len,
            terminated,
            fact,
            value,
        } = row;
        let told = Told {
            raw: &block.bytes()[start..start + len],
            terminated,
            line: self.line + 1,
            byte: self.offset,
        };
        let is_first = self.offset == 0;
        let location = Location {
            segment: self.segment,
            offset: self.offset,
            len: u32::try_from(len).unwrap_or(u32::MAX),
        };
        if is_first && matches!(fact, Fact::Commit(_) | Fact::Marker(_)) {
            // The header was deleted; this line is what came after it.
            self.begin(
                Told { raw: &[], ..told },
                Verdict::Header(Some(Flaw::Header)),
            )?;
        }
        self.offset += span;
        self.line += 1;
        match fact {
            Fact::Header(header) if is_first => {
                let verdict = self.follower.header(&header, location.segment);
                self.begin(told, verdict)
            }
            Fact::Bad { .. } if is_first => self.begin(told, Verdict::Header(Some(Flaw::Header))),
            fact => self.line(told, &fact, value, location),
        }
    }

    /// Tells that a segment begins.
    fn begin<T>(&mut self, told: Told<'_>, verdict: Verdict) -> ControlFlow<()>
    where
        V: FnMut(Step<'_, T>) -> ControlFlow<()>,
    {
        if let Verdict::Header(Some(flaw)) = verdict {
            self.tell_damage(told, flaw)?;
        }
        self.tell(
            Entry::Segment {
                number: self.segment,
            },
            told.terminated,
        )
    }

    /// Tells of a line that is not the first of its segment.
    fn line<T>(
        &mut self,
        told: Told<'_>,
        fact: &Fact,
        value: Option<T>,
        location: Location,
    ) -> ControlFlow<()>
    where
        V: FnMut(Step<'_, T>) -> ControlFlow<()>,
    {
        let (flaw, usable) = match self.follower.step(fact) {
            Verdict::Commit(flaw) | Verdict::Gap(flaw) | Verdict::Header(flaw) => (flaw, true),
            Verdict::Bad(flaw) => (Some(flaw), false),
        };
        if let Some(flaw) = flaw {
            self.tell_damage(told, flaw)?;
        }
        match (fact, value) {
            (Fact::Commit(CommitFact { n, .. }), Some(value)) if usable => {
                let chain = self.follower.chain();
                let entry = Entry::Commit {
                    n: *n,
                    chain,
                    location,
                    line: told.line,
                    value,
                    raw: told.raw,
                };
                self.tell(entry, told.terminated)
            }
            (Fact::Marker(marker), _) if usable => {
                self.tell(Entry::Gap { marker, location }, told.terminated)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn tell_damage<T>(&mut self, told: Told<'_>, flaw: Flaw) -> ControlFlow<()>
    where
        V: FnMut(Step<'_, T>) -> ControlFlow<()>,
    {
        let damage = Damage {
            file: self.files.name(self.segment, self.active),
            line: told.line,
            byte: told.byte,
            flaw,
        };
        self.tell(
            Entry::Damaged {
                damage,
                raw: told.raw,
            },
            told.terminated,
        )
    }

    fn tell<T>(&mut self, entry: Entry<'_, T>, terminated: bool) -> ControlFlow<()>
    where
        V: FnMut(Step<'_, T>) -> ControlFlow<()>,
    {
        let after = self.position();
        (self.visit)(Step {
            entry,
            after,
            terminated,
        })
    }
}
