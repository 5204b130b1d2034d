//! Whether a segment's file still ends, at a position, with what that position says.

use watchbook_core::Digest;

use super::chain;
use super::error::JournalError;
use super::files::{Files, Segment};
use super::line::{self, Line};
use super::position::Position;
use super::settings::MAX_LINE_BYTES;
use crate::disk::read_exact_at;

/// The bytes that are read at first to find the last line; enlarged up to a whole line.
const FIRST_LOOK_BYTES: usize = 16 << 10;

/// Whether the line that ends at `position` is the one that was there when the position was made.
pub(super) fn fits(
    files: &Files,
    segment: &Segment,
    position: &Position,
) -> Result<bool, JournalError> {
    if position.offset == 0 {
        return Ok(true);
    }
    let path = files.path(segment);
    let len = segment
        .file
        .metadata()
        .map_err(JournalError::io("examine", &path))?
        .len;
    if len < position.offset {
        return Ok(false);
    }
    let Some(line) = last_line(files, segment, position.offset)? else {
        return Ok(false);
    };
    let fits = match line::read(&line, &mut Vec::new()) {
        Ok(Line::Commit(commit)) => commit.n == position.n && commit.h == Some(position.chain),
        Ok(Line::Marker(marker)) => marker.n == position.n,
        Ok(Line::Header(header)) => {
            header.store_id == files.store
                && header.segment == position.segment
                && header.first_n == position.n + 1
                && chain_of(&header) == position.chain
        }
        Err(_) => false,
    };
    Ok(fits)
}

/// The chain's value after the line that ends at byte `offset`; `None` when that cannot be told.
pub(super) fn chain_before(
    files: &Files,
    segment: &Segment,
    offset: u64,
) -> Result<Option<Digest>, JournalError> {
    let Some(line) = last_line(files, segment, offset)? else {
        return Ok(None);
    };
    Ok(match line::read(&line, &mut Vec::new()) {
        Ok(Line::Commit(commit)) => commit.h,
        Ok(Line::Marker(marker)) => marker.h,
        Ok(Line::Header(header)) => Some(chain_of(&header)),
        Err(_) => None,
    })
}

fn chain_of(header: &line::Header) -> Digest {
    if header.first_n == 1 {
        chain::genesis(header.store_id)
    } else {
        header.anchor
    }
}

/// The line that ends, with its newline, at byte `end`; `None` when none does.
fn last_line(files: &Files, segment: &Segment, end: u64) -> Result<Option<Vec<u8>>, JournalError> {
    let mut look = FIRST_LOOK_BYTES;
    loop {
        let start = end.saturating_sub(look as u64);
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(look)];
        read_exact_at(&*segment.file, &mut bytes, start)
            .map_err(|error| JournalError::io("read", &files.path(segment))(error))?;
        if bytes.pop() != Some(b'\n') {
            return Ok(None);
        }
        if let Some(newline) = memchr::memrchr(b'\n', &bytes) {
            return Ok(Some(bytes.split_off(newline + 1)));
        }
        if start == 0 {
            return Ok(Some(bytes));
        }
        if look > MAX_LINE_BYTES {
            return Ok(None);
        }
        look *= 8;
    }
}
