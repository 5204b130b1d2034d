//! Repairs a journal: damage is set aside, never deleted, and a marker that everyone can see is put in its place.
//!
//! - Lines that cannot be read, have another content than they had, or stand where they do not belong are moved to
//!   `<segment>.damaged-<time>`.
//! - Where commits are missing then, a [`Marker`](super::Marker) says which, so that numbers go on without a gap. It keeps the chain's
//!   value where that could be read and the next line confirms it; otherwise the chain begins anew after it.
//! - A wrong digest or chain field of a commit that is otherwise proven whole is put right. So is a header.
//! - A cut end gets a marker too, which leads to the published end.
//!
//! What cannot be repaired is left and reported: a missing segment, an unauthorised tombstone.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use watchbook_core::Digest;

use super::Journal;
use super::block::Until;
use super::chain;
use super::damage::{Damage, Flaw};
use super::error::JournalError;
use super::line::RawCommit;
use super::locked::LockedJournal;
use super::mend::Mender;
use super::position::Position;
use super::scan::{self, Entry, Span};

/// What a repair did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repaired {
    /// The damage that was found.
    pub found: Vec<Damage>,
    /// What of it is still there.
    pub left: Vec<Damage>,
    /// The file that what was set aside is in; `None` when nothing was.
    pub aside: Option<String>,
    /// How many gaps are marked now that were not before.
    pub markers: u64,
}

/// What a repair needs to know of a commit besides its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// The digest that its bytes have.
    pub(super) computed: Digest,
    pub(super) h: Option<Digest>,
}

impl Journal {
    /// Repairs the journal, under the lock. Positions made before do not hold any more if anything was changed.
    ///
    /// Also gets a journal out of [`JournalError::Corrupt`], by taking what is there for the truth and marking what is
    /// missing; only a journal of another store is refused still.
    ///
    /// # Errors
    /// As [`lock`](Self::lock), other than that.
    pub fn repair(&self, wait: Duration) -> Result<Repaired, JournalError> {
        let mut locked = self.lock_as_is(wait)?;
        let corrupt = match locked.reconcile() {
            Ok(()) => None,
            Err(JournalError::Corrupt(damage)) => Some(locked.take_what_is_there(damage)?),
            Err(error) => return Err(error),
        };
        let (mut found, segments) = locked.survey(corrupt.is_some())?;
        found.splice(0..0, corrupt.clone());
        if found.is_empty() {
            return Ok(Repaired::default());
        }
        let (aside, markers) = locked.mend(segments, corrupt)?;
        let left = locked.survey(false)?.0;
        Ok(Repaired {
            found,
            left,
            aside,
            markers,
        })
    }
}

impl LockedJournal<'_> {
    /// All damage, and the segments it is in, to the end of the files or to the published end.
    fn survey(&self, whole_files: bool) -> Result<(Vec<Damage>, BTreeSet<u32>), JournalError> {
        let (mut damages, mut segments) = (Vec::new(), BTreeSet::new());
        let end = self.end();
        let until = if whole_files {
            segments.insert(end.segment);
            Until::EndOfFiles
        } else {
            Until::Published {
                segment: end.segment,
                offset: end.offset,
            }
        };
        let from = Position::start(end.generation, chain::genesis(self.journal.store_id()));
        scan::scan(
            &self.journal.files,
            Span {
                from,
                until,
                workers: 0,
            },
            |_| (),
            |step| {
                if let Entry::Damaged { damage, .. } = step.entry {
                    if !matches!(damage.flaw, Flaw::MissingSegment { .. }) {
                        segments.insert(step.after.segment);
                    }
                    if damages.len() < MAX_DAMAGES {
                        damages.push(damage);
                    }
                }
                ControlFlow::Continue(())
            },
        )?;
        Ok((damages, segments))
    }

    /// Writes the damaged segments anew and puts them in place.
    fn mend(
        &mut self,
        segments: BTreeSet<u32>,
        corrupt: Option<Damage>,
    ) -> Result<(Option<String>, u64), JournalError> {
        let end = self.end();
        let files = &self.journal.files;
        let until = if corrupt.is_some() {
            Until::EndOfFiles
        } else {
            Until::Published {
                segment: end.segment,
                offset: end.offset,
            }
        };
        let from = Position::start(end.generation, chain::genesis(files.store));
        let mut mender = Mender::new(files, &from, segments);
        let mut result = Ok(());
        scan::scan(
            files,
            Span {
                from,
                until,
                workers: 0,
            },
            fields_of,
            |step| {
                result = mender.step(&step);
                if result.is_ok() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            },
        )?;
        result?;
        let place = corrupt.unwrap_or_else(|| Damage {
            file: files.place.active_name(),
            line: end.line,
            byte: end.offset,
            flaw: Flaw::Content,
        });
        let mended = mender.finish(Some((end.n, end.chain)), &place)?;
        self.install(mended.replacements, mended.end)?;
        Ok((mended.aside, mended.markers))
    }
}

fn fields_of(commit: &RawCommit<'_>) -> Fields {
    Fields {
        computed: commit.digest(),
        h: commit.h,
    }
}

/// How many damages a repair lists.
const MAX_DAMAGES: usize = 10_000;
