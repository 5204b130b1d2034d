//! The trail in the order in which it was written, and lines of another trail that are taken over.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use watchbook_core::{EventId, Timestamp};

use super::search::days;
use super::{AuditFiles, Line, OpenDay, encode, unwritable};
use crate::contract::{StoreError, TrailLine, TrailPosition, TrailStretch};
use crate::disk::{DiskFile, Open};
use crate::jsonl::whole_file::read_range;

/// How much is read at once.
const BLOCK: u64 = 1 << 20;
/// The longest line that is believed to be one, in bytes.
const MAX_LINE: u64 = 16 << 20;

/// The halves of entries in the file of one day. Which half it is, is part of the name.
type Known = HashSet<(EventId, bool)>;

/// What is known of the day that lines were taken over for last, as long as nobody else writes to its file.
#[derive(Debug)]
pub(super) struct Carried {
    path: PathBuf,
    len: u64,
    known: Known,
}

impl AuditFiles {
    /// The lines after a position, the oldest first.
    pub(crate) fn stretch(
        &self,
        after: Option<TrailPosition>,
        limit: usize,
    ) -> Result<TrailStretch, StoreError> {
        self.read_on(after, limit)
            .map_err(|error| self.unreadable(error))
    }

    fn read_on(&self, after: Option<TrailPosition>, limit: usize) -> io::Result<TrailStretch> {
        let mut lines = Vec::new();
        for name in days(&*self.disk, &self.layout.audit)? {
            let Some(at) = beginning(&name) else { continue };
            let begun = after.filter(|after| after.at == at);
            if after.is_some_and(|after| at < after.at) {
                continue;
            }
            let mut offset = begun.map_or(0, |after| u64::try_from(after.number).unwrap_or(0));
            let file = self.disk.open(&self.layout.audit.join(name), Open::Read)?;
            while let Some((bytes, next)) = whole_lines(&*file, offset)? {
                for line in bytes.split(|byte| *byte == b'\n') {
                    lines.extend(
                        serde_json::from_slice::<Line>(line)
                            .ok()
                            .map(TrailLine::from),
                    );
                }
                offset = next;
                if lines.len() >= limit {
                    let number = u128::from(offset);
                    let next = Some(TrailPosition { at, number });
                    return Ok(TrailStretch { lines, next });
                }
            }
        }
        Ok(TrailStretch { lines, next: None })
    }

    /// Appends those of the lines that are not there yet, each to the file of its day, and makes them durable.
    pub(crate) fn plant(&self, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        let mut carried = self.carried.lock();
        let (mut day, mut taken): (Option<OpenDay>, u64) = (None, 0);
        for line in lines {
            let line = Line::from(line);
            let path = self.layout.audit_day(line.at());
            let known = self.known(&mut carried, &path).map_err(unwritable)?;
            if known.known.insert(line.name()) {
                let bytes = encode(line).map_err(|error| unwritable(io::Error::other(error)))?;
                self.add_to(&mut day, path, bytes).map_err(unwritable)?;
                taken += 1;
            }
            if let Some(day) = &day {
                known.len = day.file.metadata().map_err(unwritable)?.len;
            }
        }
        if let Some(day) = day {
            self.sync_file(&*day.file).map_err(unwritable)?;
        }
        Ok(taken)
    }

    /// What is in the file of a day.
    fn known<'a>(
        &self,
        carried: &'a mut Option<Carried>,
        path: &Path,
    ) -> io::Result<&'a mut Carried> {
        let len = match self.disk.metadata(path) {
            Ok(is) => is.len,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let fits = carried
            .as_ref()
            .is_some_and(|known| known.path == path && known.len == len);
        if fits && let Some(known) = carried {
            return Ok(known);
        }
        let mut known = Known::new();
        if len > 0 {
            let file = self.disk.open(path, Open::Read)?;
            let mut offset = 0;
            while let Some((bytes, next)) = whole_lines(&*file, offset)? {
                for line in bytes.split(|byte| *byte == b'\n') {
                    known.extend(
                        serde_json::from_slice(line)
                            .ok()
                            .map(|line: Line| line.name()),
                    );
                }
                offset = next;
            }
        }
        Ok(carried.insert(Carried {
            path: path.to_owned(),
            len,
            known,
        }))
    }
}

impl Line {
    fn name(&self) -> (EventId, bool) {
        match self {
            Self::Open(opening) => (opening.id, false),
            Self::Close(closing) => (closing.id, true),
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Open(opening) => opening.at,
            Self::Close(closing) => closing.at,
        }
    }
}

impl From<Line> for TrailLine {
    fn from(line: Line) -> Self {
        match line {
            Line::Open(opening) => Self::Open(opening),
            Line::Close(closing) => Self::Close(closing),
        }
    }
}

impl From<TrailLine> for Line {
    fn from(line: TrailLine) -> Self {
        match line {
            TrailLine::Open(opening) => Self::Open(opening),
            TrailLine::Close(closing) => Self::Close(closing),
        }
    }
}

/// The midnight with which the day of a file begins.
fn beginning(name: &str) -> Option<Timestamp> {
    let day = name.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
    format!("{day}T00:00:00.000Z").parse().ok()
}

/// Whole lines from `offset` on, and where the next begin; `None` when there are no more.
fn whole_lines(file: &dyn DiskFile, offset: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
    let mut wanted = BLOCK;
    loop {
        let mut bytes = read_range(file, offset, wanted)?;
        if let Some(end) = memchr::memrchr(b'\n', &bytes) {
            bytes.truncate(end);
            return Ok(Some((bytes, offset + end as u64 + 1)));
        }
        if (bytes.len() as u64) < wanted || wanted >= MAX_LINE {
            return Ok(None);
        }
        wanted *= 2;
    }
}
