//! Verifies a journal: that every line is what was written, in the order it was written.
//!
//! Without an anchor only accidental damage is claimed: who can write the files can also make a new chain. An anchor
//! is a chain hash that was written down elsewhere (in a backup, a digest, a metric); when it is found on the chain and
//! the chain is whole from there, nothing before it was changed or cut since, and nothing after it was altered.

use std::collections::HashSet;
use std::ops::ControlFlow;

use watchbook_core::Digest;

use super::damage::{Damage, Flaw};
use super::error::JournalError;
use super::line::{Marker, RawCommit};
use super::position::{Location, Position};
use super::scan::Entry;
use super::{Journal, chain};

/// How many damages a report lists; the others are counted.
const MAX_LISTED: usize = 10_000;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many commits are whole.
    pub commits: u64,
    /// How many segments there are.
    pub segments: u32,
    /// The published end; its `chain` is the hash to write down as an anchor.
    pub end: Position,
    /// What is wrong, in the order of the journal: at most ten thousand.
    pub damages: Vec<Damage>,
    /// How many damages there are in all.
    pub damage_count: u64,
    /// The gaps that repairs have left: visible, not damage.
    pub gaps: Vec<Marker>,
    /// How many records were blanked out by a redaction.
    pub tombstones: u64,
    /// What became of the anchor.
    pub anchor: AnchorCheck,
}

/// What became of the anchor of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorCheck {
    /// None was given.
    NotGiven,
    /// It is on the chain after commit `n`, and the chain is whole up to the end: nothing was changed or cut since.
    Holds {
        /// The commit after which the chain had this value.
        n: u64,
    },
    /// It is on the chain after commit `n`, but there is damage or a gap.
    Damaged {
        /// The commit after which the chain had this value.
        n: u64,
    },
    /// It is not on the chain: the journal was cut, rewritten, or is another one.
    NotFound,
}

impl Verification {
    /// Whether nothing is wrong. Gaps are not wrong; an anchor that does not hold is.
    pub fn is_whole(&self) -> bool {
        self.damage_count == 0
            && matches!(
                self.anchor,
                AnchorCheck::NotGiven | AnchorCheck::Holds { .. }
            )
    }
}

impl Journal {
    /// Reads the whole journal and checks every line. Needs no lock.
    ///
    /// `authorises` gives the digest of the tombstone that a record authorises, if it is a redaction; a tombstone that
    /// no record authorises is damage.
    ///
    /// # Errors
    /// [`JournalError::Io`]; [`JournalError::Replaced`] when files were replaced meanwhile: try again.
    pub fn verify<A>(
        &self,
        anchor: Option<Digest>,
        workers: usize,
        authorises: A,
    ) -> Result<Verification, JournalError>
    where
        A: Fn(&str) -> Option<Digest> + Sync,
    {
        let end = self.published()?;
        let mut report = Report::new(anchor, chain::genesis(self.store_id()));
        let parse = |commit: &RawCommit<'_>| blanks(commit, &authorises);
        let reached = self.scan_to(&self.start(), &end, workers, parse, |entry| {
            report.note(entry)
        })?;
        if self.published()?.generation != end.generation {
            return Err(JournalError::Replaced);
        }
        let intact = report.damage_count == 0 && report.gaps.is_empty();
        if intact && (reached != end || report.last.is_some_and(|last| last != (end.n, end.chain)))
        {
            let file = self.place().active_name();
            report.damaged(Damage {
                file,
                line: end.line,
                byte: end.offset,
                flaw: Flaw::Replaced,
            });
        }
        Ok(report.finish(self, end))
    }
}

/// What a commit's records say about tombstones: the digest of each tombstone, and of each that is authorised.
fn blanks(
    commit: &RawCommit<'_>,
    authorises: &impl Fn(&str) -> Option<Digest>,
) -> (Vec<Digest>, Vec<Digest>) {
    let tombstones = commit
        .records
        .iter()
        .filter(|record| chain::tombstone_of(record.as_bytes()).is_some());
    let tombstones = tombstones
        .map(|record| Digest::of(record.as_bytes()))
        .collect();
    let authorised = commit
        .records
        .iter()
        .filter_map(|record| authorises(record))
        .collect();
    (tombstones, authorised)
}

/// A report in the making.
struct Report {
    anchor: Option<Digest>,
    /// The commit after which the chain had the anchor's value.
    anchored: Option<u64>,
    commits: u64,
    segments: u32,
    last: Option<(u64, Digest)>,
    damages: Vec<Damage>,
    damage_count: u64,
    gaps: Vec<Marker>,
    tombstones: Vec<(Digest, Location, u64)>,
    authorised: HashSet<Digest>,
}

impl Report {
    fn new(anchor: Option<Digest>, genesis: Digest) -> Self {
        Self {
            anchor,
            anchored: (anchor == Some(genesis)).then_some(0),
            commits: 0,
            segments: 0,
            last: None,
            damages: Vec::new(),
            damage_count: 0,
            gaps: Vec::new(),
            tombstones: Vec::new(),
            authorised: HashSet::new(),
        }
    }

    fn damaged(&mut self, damage: Damage) {
        self.damage_count += 1;
        if self.damages.len() < MAX_LISTED {
            self.damages.push(damage);
        }
    }

    fn note(&mut self, entry: Entry<'_, (Vec<Digest>, Vec<Digest>)>) -> ControlFlow<()> {
        match entry {
            Entry::Segment { .. } => self.segments += 1,
            Entry::Damaged { damage, .. } => self.damaged(damage),
            Entry::Gap { marker, .. } => {
                if self.gaps.len() < MAX_LISTED {
                    self.gaps.push(marker.clone());
                }
            }
            Entry::Commit {
                n,
                chain,
                location,
                line,
                value: (tombstones, authorised),
                raw: _,
            } => {
                self.commits += 1;
                self.last = Some((n, chain));
                if self.anchor == Some(chain) {
                    self.anchored = Some(n);
                }
                self.tombstones.extend(
                    tombstones
                        .into_iter()
                        .map(|digest| (digest, location, line)),
                );
                self.authorised.extend(authorised);
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(mut self, journal: &Journal, end: Position) -> Verification {
        let tombstones = std::mem::take(&mut self.tombstones);
        for (digest, location, line) in &tombstones {
            if !self.authorised.contains(digest) {
                let file = journal.files.name(location.segment, end.segment);
                self.damaged(Damage {
                    file,
                    line: *line,
                    byte: location.offset,
                    flaw: Flaw::Tombstone,
                });
            }
        }
        let Self {
            anchor,
            anchored,
            commits,
            segments,
            damages,
            damage_count,
            gaps,
            ..
        } = self;
        let whole = damage_count == 0 && gaps.is_empty();
        Verification {
            commits,
            segments,
            end,
            damages,
            damage_count,
            gaps,
            tombstones: tombstones.len() as u64,
            anchor: match (anchor, anchored) {
                (None, _) => AnchorCheck::NotGiven,
                (Some(_), None) => AnchorCheck::NotFound,
                (Some(_), Some(n)) if whole => AnchorCheck::Holds { n },
                (Some(_), Some(n)) => AnchorCheck::Damaged { n },
            },
        }
    }
}
