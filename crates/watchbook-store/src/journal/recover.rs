//! Finds the end of what can be believed, after a crash or on a copy, and puts the files in order.
//!
//! Behind the published end there may be whole commits whose writer died before it could say so, and at most one
//! batch that was never synced. Whole lines that continue the chain are kept and made durable; the torn rest is
//! copied to `<file>.torn-<time>` and cut off.
//!
//! A line in between that cannot be read is damage, which is kept and reported, unless it is a hole: an unsynced
//! batch of which the disk wrote later parts but not earlier ones. Bytes that were never written read as NUL, which no
//! line of a journal contains, and they are missing up to the end of a disk sector; and a hole lies within the last
//! [`MAX_IN_FLIGHT_BYTES`].

use std::ops::ControlFlow;

use super::block::Until;
use super::damage::Damage;
use super::error::JournalError;
use super::files::{Files, Segment};
use super::position::Position;
use super::scan::{self, Entry, Span, Step};
use super::settings::MAX_IN_FLIGHT_BYTES;
use crate::disk::{Open, read_exact_at};

/// How many damages an assessment keeps; a scan finds the others again.
const MAX_DAMAGES: usize = 100;

/// What is behind a position that is sure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assessment {
    /// The end of what can be believed.
    pub(super) end: Position,
    /// Whether the last line lacks its newline.
    pub(super) unterminated: bool,
    /// The bytes behind that end, in the last segment.
    pub(super) torn: u64,
    /// The first damages that were passed over.
    pub(super) damages: Vec<Damage>,
    /// The newest format that was seen.
    pub(super) newest: u32,
}

/// Reads everything from `from` to the end of the files and decides where the journal ends.
pub(super) fn assess(
    files: &Files,
    from: Position,
    last: &Segment,
) -> Result<Assessment, JournalError> {
    let path = files.path(last);
    let len = last
        .file
        .metadata()
        .map_err(JournalError::io("examine", &path))?
        .len;
    let mut judge = Judge {
        last: last.number,
        in_flight_from: len.saturating_sub(MAX_IN_FLIGHT_BYTES),
        end: from,
        unterminated: false,
        doubtful: Vec::new(),
        hole: false,
        damages: Vec::new(),
    };
    let span = Span {
        from,
        until: Until::EndOfFiles,
        workers: 0,
    };
    let ended = scan::scan(files, span, |_| (), |step| judge.step(step))?;
    let Judge {
        end,
        unterminated,
        damages,
        ..
    } = judge;
    Ok(Assessment {
        end,
        unterminated,
        torn: len.saturating_sub(end.offset),
        damages,
        newest: ended.newest,
    })
}

/// Decides line by line.
struct Judge {
    last: u32,
    in_flight_from: u64,
    end: Position,
    unterminated: bool,
    /// Damage since `end`, not known yet to be in the middle.
    doubtful: Vec<Damage>,
    /// Whether some of it is a hole.
    hole: bool,
    damages: Vec<Damage>,
}

impl Judge {
    fn step(&mut self, step: Step<'_, ()>) -> ControlFlow<()> {
        let Step {
            entry,
            after,
            terminated,
        } = step;
        match entry {
            Entry::Damaged { damage, raw } => {
                let in_flight = after.segment == self.last && damage.byte >= self.in_flight_from;
                self.hole |= in_flight && has_hole(raw, damage.byte, terminated);
                if self.doubtful.len() < MAX_DAMAGES {
                    self.doubtful.push(damage);
                }
            }
            Entry::Commit { .. } | Entry::Gap { .. } if self.hole => return ControlFlow::Break(()),
            Entry::Commit { .. } | Entry::Gap { .. } | Entry::Segment { .. } => {
                let room = MAX_DAMAGES - self.damages.len();
                self.damages.extend(self.doubtful.drain(..).take(room));
                self.end = after;
                self.unterminated = !terminated;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Whether a line that begins at `offset` of a file has NULs up to the end of a sector, or of the file.
fn has_hole(line: &[u8], offset: u64, terminated: bool) -> bool {
    memchr::memchr_iter(0, line).any(|at| {
        let next = offset + at as u64 + 1;
        match line.get(at + 1) {
            Some(0) => false,
            None if !terminated => true,
            Some(_) | None => next.is_multiple_of(SECTOR_BYTES),
        }
    })
}

/// The bytes that a disk writes at once, at least. Larger sectors end where small ones end.
const SECTOR_BYTES: u64 = 512;

/// Copies the torn tail behind `end` to a file of its own, durably, and gives that file's name.
pub(super) fn set_tail_aside(
    files: &Files,
    segment: &Segment,
    end: u64,
) -> Result<String, JournalError> {
    let path = files.path(segment);
    let base = format!("{}.torn-{}", segment.name, files.time_suffix());
    let (name, aside) = files.create_aside(&base)?;
    let aside_path = files.place.dir().join(&name);
    let mut buffer = vec![0; super::block::BLOCK_BYTES];
    let (mut from, mut to) = (end, 0);
    loop {
        let read = segment
            .file
            .read_at(&mut buffer, from)
            .map_err(JournalError::io("read", &path))?;
        if read == 0 {
            break;
        }
        aside
            .write_all_at(&buffer[..read], to)
            .map_err(JournalError::io("write", &aside_path))?;
        from += read as u64;
        to += read as u64;
    }
    aside
        .sync_data()
        .map_err(JournalError::io("sync", &aside_path))?;
    files.sync_dir()?;
    Ok(name)
}

/// Cuts a segment to what `found` believes and makes that durable.
///
/// The last bytes are written again first: if their writer died after a failed sync, the page cache shows them but
/// would never store them.
pub(super) fn settle(
    files: &Files,
    segment: &Segment,
    from: u64,
    found: &mut Assessment,
) -> Result<(), JournalError> {
    let path = files.path(segment);
    let end = found.end.offset;
    let start = from.max(end.saturating_sub(MAX_IN_FLIGHT_BYTES)).min(end);
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
    read_exact_at(&*segment.file, &mut bytes, start).map_err(JournalError::io("read", &path))?;
    if found.unterminated {
        bytes.push(b'\n');
        found.end.offset += 1;
        found.unterminated = false;
    }
    if found.torn > 0 {
        segment
            .file
            .set_len(end)
            .map_err(JournalError::io("cut", &path))?;
    }
    if !bytes.is_empty() {
        segment
            .file
            .write_all_at(&bytes, start)
            .map_err(JournalError::io("write", &path))?;
    }
    segment
        .file
        .sync_data()
        .map_err(JournalError::io("sync", &path))
}

/// Opens the last segment to write to it.
pub(super) fn open_last(files: &Files, number: u32) -> Result<Segment, JournalError> {
    files
        .open(number, Open::Write)?
        .ok_or_else(|| JournalError::NotFound {
            dir: files.place.dir().to_owned(),
        })
}
