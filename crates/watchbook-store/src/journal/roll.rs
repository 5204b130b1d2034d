//! Seals a segment and begins the next.

use super::error::JournalError;
use super::files::{Files, Segment};
use super::line::Header;
use super::locked::{LockedJournal, View};
use super::position::Position;
use super::{FORMAT, chain};
use crate::disk::{self, Open};

/// Makes a new active segment that continues after `end`, durably. There must be no active one.
pub(super) fn begin_segment(
    files: &Files,
    end: &Position,
) -> Result<(Position, Segment), JournalError> {
    let (header, number) = header_after(files, end)?;
    let next = files
        .place
        .dir()
        .join(format!("{}.next", files.place.active_name()));
    let active = files.place.active();
    {
        let file = files
            .disk
            .open(&next, Open::Create)
            .map_err(JournalError::io("create", &next))?;
        file.set_len(0).map_err(JournalError::io("cut", &next))?;
        file.write_all_at(&header, 0)
            .map_err(JournalError::io("write", &next))?;
        file.sync_data().map_err(JournalError::io("sync", &next))?;
    }
    files
        .disk
        .rename(&next, &active)
        .map_err(JournalError::io("rename", &next))?;
    files.sync_dir()?;
    let file = files
        .disk
        .open(&active, Open::Write)
        .map_err(JournalError::io("open", &active))?;
    let segment = Segment {
        number,
        name: files.place.active_name(),
        file,
    };
    let begun = Position {
        segment: number,
        offset: header.len() as u64,
        line: 1,
        ..*end
    };
    Ok((begun, segment))
}

/// The header line of the segment after `end`, and its number.
pub(super) fn header_after(files: &Files, end: &Position) -> Result<(Vec<u8>, u32), JournalError> {
    let segment = end.segment + 1;
    let header = Header {
        v: FORMAT,
        journal: files.place.stem().to_owned(),
        store_id: files.store,
        segment,
        first_n: end.n + 1,
        anchor: if end.n == 0 {
            chain::genesis(files.store)
        } else {
            end.chain
        },
    };
    let path = files.place.active();
    let mut line = serde_json::to_vec(&header)
        .map_err(|error| JournalError::io("write", &path)(error.into()))?;
    line.push(b'\n');
    Ok((line, segment))
}

impl LockedJournal<'_> {
    /// Seals the active segment, of which every byte must be durable, and begins the next.
    ///
    /// The two names change one after the other, each made durable, because a crash may keep the second change and
    /// lose the first, which would put an empty segment in place of a full one.
    pub(super) fn roll(&mut self) -> Result<(), JournalError> {
        let Some(View { mut head, active }) = self.writer.view.take() else {
            return Ok(());
        };
        let files = &self.journal.files;
        let from = files.path(&active);
        if head.relaxed {
            active
                .file
                .sync_data()
                .map_err(JournalError::io("sync", &from))?;
        }
        let sealed = files.place.sealed(active.number);
        if disk::exists(&*files.disk, &sealed).map_err(JournalError::io("examine", &sealed))? {
            return Err(JournalError::io("seal", &sealed)(
                std::io::ErrorKind::AlreadyExists.into(),
            ));
        }
        files
            .disk
            .rename(&from, &sealed)
            .map_err(JournalError::io("rename", &from))?;
        files.sync_dir()?;
        let (end, active) = begin_segment(files, &head.end)?;
        let path = files.path(&active);
        head.segment_inode = active
            .file
            .metadata()
            .map_err(JournalError::io("examine", &path))?
            .identity
            .inode;
        head.end = end;
        head.sequence += 1;
        head.relaxed = false;
        self.write_head(&head)?;
        self.writer.view = Some(View { head, active });
        Ok(())
    }
}
