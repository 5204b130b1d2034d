//! Reads one commit whose place is known.

use std::sync::atomic::Ordering;

use super::damage::{Damage, Flaw};
use super::error::JournalError;
use super::files::{self, Segment};
use super::line::{self, Line, RawCommit};
use super::position::Position;
use super::settings::MAX_LINE_BYTES;
use super::{FORMAT, Journal, chain, check};
use crate::disk::Open;

/// The bytes that are read at first: most lines are shorter.
const FIRST_LOOK_BYTES: usize = 4 << 10;

impl Journal {
    /// Reads the commit whose line begins at byte `offset` of `segment`, and gives what `look` makes of it.
    ///
    /// Places hold as long as the generation does. The digest of the line is checked; its link is only where the digest
    /// does not fit: whoever reads the journal in order takes such a line, so it must be read here as well.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] when no whole commit begins there; [`JournalError::Io`].
    pub fn read<T>(
        &self,
        segment: u32,
        offset: u64,
        look: impl FnOnce(&RawCommit<'_>) -> T,
    ) -> Result<T, JournalError> {
        let files = &self.files;
        let gone = |name: String, flaw| {
            JournalError::Corrupt(Damage {
                file: name,
                line: 0,
                byte: offset,
                flaw,
            })
        };
        let Some(opened) = files.open(segment, Open::Read)? else {
            return Err(gone(files.place.active_name(), Flaw::Gone));
        };
        let line = read_line(&*opened.file, offset)
            .map_err(JournalError::io("read", &files.path(&opened)))?;
        match line::read(&line, &mut Vec::new()) {
            Ok(Line::Commit(commit)) if self.is_proven(&opened, offset, &commit)? => {
                Ok(look(&commit))
            }
            Ok(Line::Commit(_)) => Err(gone(opened.name, Flaw::Content)),
            Ok(Line::Header(_) | Line::Marker(_)) => Err(gone(
                opened.name,
                Flaw::Unreadable {
                    why: "no commit begins here",
                },
            )),
            Err(unreadable) => Err(gone(
                opened.name,
                Flaw::Unreadable {
                    why: unreadable.why,
                },
            )),
        }
    }

    /// Whether the bytes of a commit are what was written: by its digest, or by the chain when that field alone is wrong.
    fn is_proven(
        &self,
        segment: &Segment,
        offset: u64,
        commit: &RawCommit<'_>,
    ) -> Result<bool, JournalError> {
        let digest = commit.digest();
        if commit.d == Some(digest) {
            return Ok(true);
        }
        let before = check::chain_before(&self.files, segment, offset)?;
        let linked = before.map(|before| chain::link(&before, &digest));
        Ok(linked.is_some() && linked == commit.h)
    }

    /// Whether there is more in the files than was published: a writer is at work, or died before it could publish.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn has_unpublished(&self) -> Result<bool, JournalError> {
        let end = self.published()?;
        let listing = files::list(&*self.files.disk, &self.files.place)?;
        if listing
            .range()
            .is_some_and(|(_, highest)| highest > end.segment)
        {
            return Ok(true);
        }
        let Some(segment) = self.files.open(end.segment, Open::Read)? else {
            return Ok(false);
        };
        let is = segment
            .file
            .metadata()
            .map_err(JournalError::io("examine", &self.files.path(&segment)))?;
        Ok(is.len > end.offset)
    }

    /// A place behind which commit `n` and all that follow are, and no more before it than its segment holds.
    ///
    /// # Errors
    /// As [`published`](Self::published).
    pub fn segment_start(&self, n: u64) -> Result<Position, JournalError> {
        let end = self.published()?;
        for segment in (1..=end.segment).rev() {
            if let Some(start) = self.start_of(segment, end.generation)?
                && start.n <= n
            {
                return Ok(start);
            }
        }
        Ok(self.start())
    }

    /// The place before a segment; `None` when it is not there or has no header.
    fn start_of(&self, segment: u32, generation: u64) -> Result<Option<Position>, JournalError> {
        let Some(opened) = self.files.open(segment, Open::Read)? else {
            return Ok(None);
        };
        let header = files::read_header(&*opened.file)
            .map_err(JournalError::io("read", &self.files.path(&opened)))?;
        let header = header.filter(|header| header.segment == segment);
        Ok(header.map(|header| Position {
            segment,
            n: header.first_n.saturating_sub(1),
            ..Position::start(generation, header.anchor)
        }))
    }

    /// A place behind which the last commits are, and at most two segments: where to begin when only those matter.
    ///
    /// # Errors
    /// As [`published`](Self::published).
    pub fn late_start(&self) -> Result<Position, JournalError> {
        let end = self.published()?;
        for segment in [end.segment.saturating_sub(1).max(1), end.segment] {
            if let Some(start) = self.start_of(segment, end.generation)? {
                return Ok(start);
            }
        }
        Ok(self.start())
    }

    /// Why a write would be refused, as far as that is known without trying.
    pub fn obstacle(&self) -> Option<JournalError> {
        let v = self.newest.load(Ordering::Relaxed);
        if self.poisoned.load(Ordering::Relaxed) {
            Some(JournalError::Poisoned)
        } else if v > FORMAT {
            Some(JournalError::NewerFormat {
                file: self.files.place.active_name(),
                v,
            })
        } else {
            None
        }
    }
}

/// The line that begins at `offset`, without its newline.
fn read_line(file: &dyn crate::disk::DiskFile, offset: u64) -> std::io::Result<Vec<u8>> {
    let mut look = FIRST_LOOK_BYTES;
    loop {
        let mut bytes = vec![0; look];
        let mut filled = 0;
        while filled < look {
            match file.read_at(&mut bytes[filled..], offset + filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        let whole = memchr::memchr(b'\n', &bytes[..filled]);
        if whole.is_some() || filled < look || look > MAX_LINE_BYTES {
            bytes.truncate(whole.unwrap_or(filled));
            return Ok(bytes);
        }
        look *= 8;
    }
}
