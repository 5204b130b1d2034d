//! The line-by-line part of a [repair](super::repair).

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use watchbook_core::Digest;

use super::chain::{genesis, link};
use super::damage::{Damage, Flaw};
use super::error::JournalError;
use super::files::{Files, Segment};
use super::line::{self, Gap, Marker};
use super::position::Position;
use super::repair::Fields;
use super::replace::Replacement;
use super::scan::{Entry, Step};
use super::{FORMAT, roll};
use crate::disk::{DiskFile, Open};

/// Writes each damaged segment anew, from what a scan tells about it.
pub(super) struct Mender<'f> {
    files: &'f Files,
    /// The segments to write anew. The others are only followed.
    rewrite: BTreeSet<u32>,
    current: Option<(Segment, Replacement)>,
    finished: Vec<Replacement>,
    aside: Option<Aside>,
    /// The last commit so far.
    n: u64,
    /// The chain's value after it; `None` when it begins anew.
    chain: Option<Digest>,
    /// Bytes of the current segment that were dealt with.
    offset: u64,
    /// Where the new end is.
    end: Position,
    /// Damage that was set aside since the last commit.
    run: Option<Run>,
    /// What is wrong with the line whose commit is told next.
    flaw: Option<Damage>,
    held: Option<Held>,
    markers: u64,
}

/// The file for what is set aside.
struct Aside {
    name: String,
    file: Arc<dyn DiskFile>,
    len: u64,
}

/// Consecutive lines that were set aside.
struct Run {
    first: Damage,
    bytes: Sha256,
    /// The chain field of the last of them.
    h: Option<Digest>,
}

/// A commit whose chain field does not fit: the next line tells whether the field or what came before is wrong.
struct Held {
    n: u64,
    raw: Vec<u8>,
    place: Damage,
    computed: Digest,
    /// The value the field should have if what came before is right.
    right: Digest,
    stored: Digest,
}

/// What a mender has made.
pub(super) struct Mended {
    pub(super) replacements: Vec<Replacement>,
    pub(super) end: Position,
    pub(super) aside: Option<String>,
    pub(super) markers: u64,
}

impl<'f> Mender<'f> {
    pub(super) fn new(files: &'f Files, start: &Position, rewrite: BTreeSet<u32>) -> Self {
        Self {
            files,
            rewrite,
            current: None,
            finished: Vec::new(),
            aside: None,
            n: start.n,
            chain: Some(start.chain),
            offset: 0,
            end: *start,
            run: None,
            flaw: None,
            held: None,
            markers: 0,
        }
    }

    /// Deals with one entry.
    pub(super) fn step(&mut self, step: &Step<'_, Fields>) -> Result<(), JournalError> {
        match &step.entry {
            Entry::Segment { number } => {
                let header_is_right = self.flaw.is_none();
                self.release(|held| header_is_right && held.right == step.after.chain)?;
                self.begin(*number, &step.after)?;
            }
            Entry::Damaged { damage, .. } if damage.flaw.is_usable() => {
                self.flaw = Some(damage.clone());
                return Ok(());
            }
            Entry::Damaged { raw: [], .. } => return Ok(()),
            Entry::Damaged { damage, raw } => {
                self.release(|_| false)?;
                self.set_aside(damage, step.after.offset, line::chain_field(raw))?;
            }
            Entry::Commit { n, value, raw, .. } => self.commit(*n, value, raw)?,
            Entry::Gap { marker, .. } => {
                self.release(|_| false)?;
                self.mark_before(marker.damaged.from, None)?;
                self.push_line(&to_line(marker)?)?;
                self.n = marker.n;
                self.chain = marker.h;
            }
        }
        self.offset = step.after.offset;
        if self.current.is_none() {
            self.end = Position {
                n: self.n,
                ..step.after
            };
        }
        Ok(())
    }

    /// Ends: `target` is what was published, the commit and the chain's value after it.
    pub(super) fn finish(
        mut self,
        target: Option<(u64, Digest)>,
        place: &Damage,
    ) -> Result<Mended, JournalError> {
        self.release(|held| target.is_some_and(|(_, chain)| chain == held.right))?;
        let (n, chain) = target
            .filter(|(n, _)| *n >= self.n)
            .unwrap_or((self.n, self.chain.unwrap_or(self.end.chain)));
        if self.run.is_some() || n != self.n || self.chain != Some(chain) {
            self.mark_at(n, Some(chain), Some(place))?;
        }
        self.close();
        if let Some(Aside { name, file, .. }) = &self.aside {
            let path = self.files.place.dir().join(name);
            file.sync_data().map_err(JournalError::io("sync", &path))?;
            self.files.sync_dir()?;
        }
        Ok(Mended {
            replacements: self.finished,
            end: Position {
                n,
                chain,
                ..self.end
            },
            aside: self.aside.map(|aside| aside.name),
            markers: self.markers,
        })
    }

    /// Begins a segment, with the header it should have.
    fn begin(&mut self, number: u32, after: &Position) -> Result<(), JournalError> {
        self.close();
        self.offset = 0;
        let flaw = self.flaw.take();
        if !self.rewrite.contains(&number) {
            return Ok(());
        }
        let Some(source) = self.files.open(number, Open::Read)? else {
            return Ok(());
        };
        self.current = Some((source.clone(), Replacement::begin(self.files, &source)?));
        self.end = Position {
            segment: number,
            offset: 0,
            line: 0,
            ..*after
        };
        let Some(damage) = flaw else {
            let mut header = vec![0; usize::try_from(after.offset).unwrap_or(0)];
            crate::disk::read_exact_at(&*source.file, &mut header, 0)
                .map_err(JournalError::io("read", &self.files.path(&source)))?;
            self.n = after.n;
            self.chain = Some(after.chain);
            return self.push(&header);
        };
        if after.offset > 0 {
            self.set_aside(&damage, after.offset, None)?;
            self.run = None;
        }
        let before = Position {
            segment: number - 1,
            n: self.n,
            chain: self.chain.unwrap_or(after.chain),
            ..*after
        };
        let (header, _) = roll::header_after(self.files, &before)?;
        self.push(&header)
    }

    fn commit(&mut self, n: u64, fields: &Fields, raw: &[u8]) -> Result<(), JournalError> {
        let Fields { computed, h } = *fields;
        let follows = |from: &Digest| h == Some(link(from, &computed));
        self.release(|held| follows(&held.right))?;
        let Some(stored) = h else {
            return self.commit_without_link(n, &computed, raw);
        };
        let flaw = self.flaw.take();
        let is_link = matches!(&flaw, Some(place) if place.flaw == Flaw::Link);
        let breaks = !is_link && self.chain.is_some_and(|chain| !follows(&chain));
        if n > self.n + 1 || breaks {
            let kept = self.run.as_ref().and_then(|run| run.h).filter(follows);
            self.mark_at(n - 1, kept, flaw.as_ref())?;
        }
        self.run = None;
        match (flaw, self.chain) {
            (Some(place), Some(previous)) if is_link => {
                self.held = Some(Held {
                    n,
                    raw: raw.to_vec(),
                    place,
                    computed,
                    right: link(&previous, &computed),
                    stored,
                });
                return Ok(());
            }
            (Some(place), _) if place.flaw == Flaw::DigestField => {
                let whole = line::with_fields(raw, computed, stored);
                self.push_line(whole.as_deref().unwrap_or(raw))?;
            }
            _ => self.push_line(raw)?,
        }
        self.n = n;
        self.chain = h;
        Ok(())
    }

    /// A whole commit whose chain field cannot be read: it is computed. After a gap the chain goes on from its last
    /// known value, and breaks visibly before the next commit.
    fn commit_without_link(
        &mut self,
        n: u64,
        computed: &Digest,
        raw: &[u8],
    ) -> Result<(), JournalError> {
        let flaw = self.flaw.take();
        let last_known = self.chain.unwrap_or_else(|| genesis(self.files.store));
        if n > self.n + 1 || self.chain.is_none() {
            self.mark_at(n - 1, Some(last_known), flaw.as_ref())?;
        }
        self.run = None;
        let h = link(&last_known, computed);
        let whole = line::with_fields(raw, *computed, h);
        self.push_line(whole.as_deref().unwrap_or(raw))?;
        self.n = n;
        self.chain = Some(h);
        Ok(())
    }

    /// Decides about a commit that was held back, if there is one.
    fn release(&mut self, is_right: impl FnOnce(&Held) -> bool) -> Result<(), JournalError> {
        let Some(held) = self.held.take() else {
            return Ok(());
        };
        let right = is_right(&held);
        let Held {
            n,
            raw,
            place,
            computed,
            right: value,
            stored,
        } = held;
        if right {
            let whole = line::with_fields(&raw, computed, value);
            self.push_line(whole.as_deref().unwrap_or(&raw))?;
            self.chain = Some(value);
        } else {
            self.mark_at(n - 1, None, Some(&place))?;
            self.push_line(&raw)?;
            self.chain = Some(stored);
        }
        self.n = n;
        Ok(())
    }

    /// Marks what is missing before commit `next`, if anything is.
    fn mark_before(&mut self, next: u64, kept: Option<Digest>) -> Result<(), JournalError> {
        if next > self.n + 1 {
            let flaw = self.flaw.take();
            return self.mark_at(next - 1, kept, flaw.as_ref());
        }
        self.run = None;
        Ok(())
    }

    /// Writes a marker for the commits after the last one up to `to`. It names the place of what was set aside, else
    /// of `flaw`.
    fn mark_at(
        &mut self,
        to: u64,
        kept: Option<Digest>,
        flaw: Option<&Damage>,
    ) -> Result<(), JournalError> {
        let run = self.run.take();
        let place = run.as_ref().map(|run| &run.first).or(flaw);
        let (file, line, byte) = place.map_or((String::new(), 0, 0), |place| {
            (place.file.clone(), place.line, place.byte)
        });
        let sha256 = run.map(|run| Digest::from_bytes(run.bytes.finalize().into()));
        let marker = Marker {
            v: FORMAT,
            n: to,
            damaged: Gap {
                from: self.n + 1,
                file,
                line,
                byte,
                aside: sha256.and(self.aside.as_ref().map(|aside| aside.name.clone())),
                sha256,
            },
            d: None,
            h: kept,
        };
        self.push_line(&to_line(&marker)?)?;
        self.n = to;
        self.chain = kept;
        self.markers += 1;
        Ok(())
    }

    /// Copies the bytes up to `to` of the current segment to the file for what is set aside.
    fn set_aside(
        &mut self,
        damage: &Damage,
        to: u64,
        h: Option<Digest>,
    ) -> Result<(), JournalError> {
        let Some((segment, _)) = &self.current else {
            return Ok(());
        };
        let path = self.files.path(segment);
        let mut bytes = vec![0; usize::try_from(to - self.offset).unwrap_or(0)];
        crate::disk::read_exact_at(&*segment.file, &mut bytes, self.offset)
            .map_err(JournalError::io("read", &path))?;
        if self.aside.is_none() {
            let base = format!("{}.damaged-{}", segment.name, self.files.time_suffix());
            let (name, file) = self.files.create_aside(&base)?;
            self.aside = Some(Aside { name, file, len: 0 });
        }
        if let Some(Aside { name, file, len }) = &mut self.aside {
            let path = self.files.place.dir().join(name);
            file.write_all_at(&bytes, *len)
                .map_err(JournalError::io("write", &path))?;
            *len += bytes.len() as u64;
        }
        let run = self.run.get_or_insert_with(|| Run {
            first: damage.clone(),
            bytes: Sha256::new(),
            h: None,
        });
        run.bytes.update(&bytes);
        run.h = h;
        Ok(())
    }

    fn push_line(&mut self, line: &[u8]) -> Result<(), JournalError> {
        self.push(line)?;
        if self.current.is_some() && !line.ends_with(b"\n") {
            let Some((_, new)) = &mut self.current else {
                return Ok(());
            };
            new.push(b"\n")?;
            self.end.offset = new.len;
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        if let Some((_, new)) = &mut self.current {
            new.push(bytes)?;
            self.end.offset = new.len;
            self.end.line += 1;
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some((_, new)) = self.current.take() {
            self.finished.push(new);
        }
    }
}

fn to_line(marker: &Marker) -> Result<Vec<u8>, JournalError> {
    serde_json::to_vec(marker)
        .map_err(|error| JournalError::io("write", std::path::Path::new("marker"))(error.into()))
}
