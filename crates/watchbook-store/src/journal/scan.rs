//! Reads commits in order, the expensive part in worker threads.
//!
//! The caller's thread reads blocks and hands them out in turn; workers split lines, check digests and run the
//! caller's parser; the caller's thread takes the results back in the same turn, follows the chain and calls the
//! visitor. At most [`BLOCKS_PER_WORKER`] blocks per worker are under way, which bounds the memory.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use watchbook_core::Digest;

use super::block::{Block, Blocks, Piece, Until};
use super::consume::Consumer;
use super::damage::Damage;
use super::error::JournalError;
use super::files::{self, Files};
use super::line::{Marker, RawCommit};
use super::position::{Location, Position};
use super::row::{self, Row};

/// How many blocks may be under way for each worker.
const BLOCKS_PER_WORKER: usize = 2;
/// The most workers; more than that only wait for the thread that follows the chain.
const MAX_WORKERS: usize = 8;

/// What a scan finds, in the order of the journal.
#[derive(Debug)]
pub enum Entry<'a, T> {
    /// A segment begins.
    Segment {
        /// Its number, counted from 1.
        number: u32,
    },
    /// A commit whose bytes are proven whole.
    Commit {
        /// Its number.
        n: u64,
        /// The chain's value after it.
        chain: Digest,
        /// Where it is.
        location: Location,
        /// Which line of its segment that is, counted from 1.
        line: u64,
        /// What the caller's parser made of it.
        value: T,
        /// Its line.
        raw: &'a [u8],
    },
    /// Damage. When its flaw [is usable](super::Flaw::is_usable), what the same line stands for follows.
    Damaged {
        /// What, and where.
        damage: Damage,
        /// The line, as far as a line may be long; empty when there is none.
        raw: &'a [u8],
    },
    /// A gap that a repair left: commits that once were there.
    Gap {
        /// What is known of it.
        marker: &'a Marker,
        /// Where it is.
        location: Location,
    },
}

/// How a scan is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: Position,
    pub(super) until: Until,
    /// The workers besides the caller's thread; 0 does everything in the caller's thread.
    pub(super) workers: usize,
}

/// Where a scan ended, and what it saw on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) at: Position,
    /// The newest format that was seen.
    pub(super) newest: u32,
}

/// What the visitor of a scan inside the engine is told: the entry, where the journal is after it, and whether its
/// line ends in a newline.
pub(super) struct Step<'a, T> {
    pub(super) entry: Entry<'a, T>,
    pub(super) after: Position,
    pub(super) terminated: bool,
}

/// Reads the commits of `span`. `parse` runs in the workers, `visit` in the caller's thread and in order.
pub(super) fn scan<T, P, V>(
    files: &Files,
    span: Span,
    parse: P,
    visit: V,
) -> Result<Ended, JournalError>
where
    T: Send,
    P: Fn(&RawCommit<'_>) -> T + Sync,
    V: FnMut(Step<'_, T>) -> ControlFlow<()>,
{
    let listing = files::list(&*files.disk, &files.place)?;
    let Some(range) = listing.range() else {
        return Err(JournalError::NotFound {
            dir: files.place.dir().to_owned(),
        });
    };
    let blocks = Blocks::new(files, &span.from, span.until, range);
    let consumer = Consumer::new(files, &span.from, range.1, visit);
    if span.workers == 0 {
        inline(blocks, consumer, &parse)
    } else {
        threaded(blocks, consumer, &parse, span.workers.min(MAX_WORKERS))
    }
}

fn inline<T, V: FnMut(Step<'_, T>) -> ControlFlow<()>>(
    mut blocks: Blocks<'_>,
    mut consumer: Consumer<'_, V>,
    parse: &impl Fn(&RawCommit<'_>) -> T,
) -> Result<Ended, JournalError> {
    let mut spare = Block::default();
    while let Some(piece) = blocks.next(std::mem::take(&mut spare))? {
        let work = Work::begin(piece);
        let done = work.finish(parse);
        let (block, flow) = consumer.take(done);
        spare = block;
        if flow.is_break() {
            break;
        }
    }
    Ok(consumer.ended())
}

fn threaded<T, P, V>(
    mut blocks: Blocks<'_>,
    mut consumer: Consumer<'_, V>,
    parse: &P,
    workers: usize,
) -> Result<Ended, JournalError>
where
    T: Send,
    P: Fn(&RawCommit<'_>) -> T + Sync,
    V: FnMut(Step<'_, T>) -> ControlFlow<()>,
{
    thread::scope(|scope| {
        let lanes: Vec<Lane<T>> = (0..workers)
            .map(|_| {
                let (work, inbox) = sync_channel::<Work>(BLOCKS_PER_WORKER);
                let (outbox, done) = sync_channel(BLOCKS_PER_WORKER);
                scope.spawn(move || {
                    for work in inbox {
                        if outbox.send(work.finish(parse)).is_err() {
                            return;
                        }
                    }
                });
                Lane { work, done }
            })
            .collect();
        let mut spare = Vec::new();
        let mut under_way = VecDeque::new();
        let mut turns = (0..workers).cycle();
        let mut more = true;
        while more || !under_way.is_empty() {
            if more && under_way.len() < workers * BLOCKS_PER_WORKER {
                match blocks.next(spare.pop().unwrap_or_default())? {
                    Some(piece) => {
                        let lane = turns.next().unwrap_or(0);
                        if lanes[lane].work.send(Work::begin(piece)).is_ok() {
                            under_way.push_back(lane);
                        }
                    }
                    None => more = false,
                }
            } else if let Some(done) = under_way
                .pop_front()
                .and_then(|lane| lanes[lane].done.recv().ok())
            {
                let (block, flow) = consumer.take(done);
                spare.push(block);
                if flow.is_break() {
                    break;
                }
            }
        }
        Ok(consumer.ended())
    })
}

/// The way to one worker and back.
struct Lane<T> {
    work: SyncSender<Work>,
    done: Receiver<Done<T>>,
}

/// A piece that is to be read.
#[derive(Debug)]
struct Work(Piece);

/// A piece that was read.
pub(super) enum Done<T> {
    Rows(Block, Vec<Row<T>>),
    Nothing(Piece),
}

impl Work {
    fn begin(piece: Piece) -> Self {
        Self(piece)
    }

    fn finish<T>(self, parse: &impl Fn(&RawCommit<'_>) -> T) -> Done<T> {
        match self.0 {
            Piece::Lines(block) => {
                let rows = row::read_block(&block, parse);
                Done::Rows(block, rows)
            }
            other => Done::Nothing(other),
        }
    }
}
