//! Follows the chain from line to line and says what is wrong with each, and where.
//!
//! A change of one line must be found at that line and must not spoil the judgement of the next. So when a link does
//! not fit, the follower remembers every value the chain can have from there, and the next line decides.

use watchbook_core::{Digest, StoreId};

use super::FORMAT;
use super::chain::{self, link};
use super::damage::Flaw;
use super::line::{Header, Marker};
use super::position::Position;
use super::row::{CommitFact, Fact};

/// Where a scan is in the chain.
#[derive(Debug, Clone)]
pub(super) struct Follower {
    store: StoreId,
    stem: String,
    /// The last commit that was sure to be one.
    n: u64,
    /// How many lines since then could not be read, and may have been a commit each.
    lost: u64,
    /// The values the chain can have here; none when nothing is known.
    chain: [Option<Digest>; 2],
    /// Whether `chain[0]` is right for sure, so that a line that does not follow from it is damage.
    sure: bool,
    /// Whether the line before was fine, so that [`CommitFact::linked`] decides.
    clean: bool,
    /// The newest format that was seen.
    pub(super) newest: u32,
}

/// What the follower says about one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A commit; with what is wrong all the same, if anything.
    Commit(Option<Flaw>),
    /// A gap that a repair left; with what is wrong before it, if anything.
    Gap(Option<Flaw>),
    /// The header of the segment; with what is wrong with it, if anything.
    Header(Option<Flaw>),
    /// Damage.
    Bad(Flaw),
}

impl Follower {
    pub(super) fn new(store: StoreId, stem: &str, from: &Position) -> Self {
        Self {
            store,
            stem: stem.to_owned(),
            n: from.n,
            lost: 0,
            chain: [Some(from.chain), None],
            sure: true,
            clean: false,
            newest: FORMAT,
        }
    }

    /// The last commit so far.
    pub(super) fn n(&self) -> u64 {
        self.n
    }

    /// The likeliest value of the chain here; the genesis value when nothing is known.
    pub(super) fn chain(&self) -> Digest {
        self.chain[0]
            .or(self.chain[1])
            .unwrap_or_else(|| chain::genesis(self.store))
    }

    /// Judges the next line after the first of its segment.
    pub(super) fn step(&mut self, fact: &Fact) -> Verdict {
        match fact {
            Fact::Header(_) => self.bad(
                Flaw::Unreadable {
                    why: "a header in the middle",
                },
                None,
            ),
            Fact::Commit(commit) => self.commit(commit),
            Fact::Marker(marker) => self.marker(marker),
            Fact::Bad { flaw, h } => {
                if let Flaw::Newer { v } = flaw {
                    self.newest = self.newest.max(*v);
                }
                self.bad(flaw.clone(), *h)
            }
        }
    }

    /// A segment is missing: nothing is known until the next header.
    pub(super) fn missing_segment(&mut self) {
        self.chain = [None, None];
        self.sure = false;
        self.clean = false;
    }

    /// Judges the first line of a segment.
    pub(super) fn header(&mut self, header: &Header, segment: u32) -> Verdict {
        let Header {
            v,
            journal,
            store_id,
            segment: number,
            first_n,
            anchor,
        } = header;
        self.newest = self.newest.max(*v);
        self.clean = false;
        let known =
            *v > FORMAT || (*v == FORMAT && *journal == self.stem && *store_id == self.store);
        if !known || *number != segment {
            return Verdict::Header(Some(Flaw::Header));
        }
        if self.sure && !(*first_n == self.next() && self.chain.contains(&Some(*anchor))) {
            return Verdict::Header(Some(Flaw::Header));
        }
        self.n = first_n.saturating_sub(1).max(self.n);
        self.settle(*anchor);
        Verdict::Header(None)
    }

    fn commit(&mut self, commit: &CommitFact) -> Verdict {
        let CommitFact {
            v,
            n,
            computed,
            d,
            h,
            linked,
        } = *commit;
        self.newest = self.newest.max(v);
        let whole = d == Some(computed);
        if whole && linked && self.clean && n == self.next() {
            self.n = n;
            self.chain[0] = h;
            return Verdict::Commit(None);
        }
        self.clean = false;
        match h {
            Some(h) if whole && self.follows(&computed, &h) => self.accept(n, h),
            Some(h) if whole => self.unlinked(n, &computed, h),
            Some(h) if self.follows(&computed, &h) => match self.accept(n, h) {
                Verdict::Commit(_) => Verdict::Commit(Some(Flaw::DigestField)),
                other => other,
            },
            None if whole => self.without_link(n, &computed),
            _ => self.changed(v, d, h),
        }
    }

    /// Whether `h` follows from a value that the chain can have here.
    fn follows(&self, d: &Digest, h: &Digest) -> bool {
        self.chain
            .iter()
            .flatten()
            .any(|previous| link(previous, d) == *h)
    }

    /// A commit that is proven to belong here.
    fn accept(&mut self, n: u64, h: Digest) -> Verdict {
        if n <= self.n {
            return self.misplaced(n);
        }
        let flaw = self.gap_before(n);
        self.n = n;
        self.settle(h);
        Verdict::Commit(flaw)
    }

    /// A whole commit whose link does not fit.
    fn unlinked(&mut self, n: u64, computed: &Digest, h: Digest) -> Verdict {
        if n <= self.n {
            return self.misplaced(n);
        }
        let flaw = self.gap_before(n).or(self.sure.then_some(Flaw::Link));
        let other = self.chain[0]
            .filter(|_| flaw == Some(Flaw::Link))
            .map(|previous| link(&previous, computed));
        self.n = n;
        self.settle(h);
        if other.is_some() {
            self.chain[1] = other;
            self.clean = false;
        }
        Verdict::Commit(flaw)
    }

    /// A whole commit whose link cannot be read.
    fn without_link(&mut self, n: u64, computed: &Digest) -> Verdict {
        if n <= self.n {
            return self.misplaced(n);
        }
        let after = self.chain[0].map(|previous| link(&previous, computed));
        let flaw = self.gap_before(n).unwrap_or(Flaw::Link);
        self.n = n;
        self.lost = 0;
        self.sure = self.sure && flaw == Flaw::Link;
        self.chain = [after.filter(|_| self.sure), None];
        Verdict::Commit(Some(flaw))
    }

    /// A commit whose content was changed.
    fn changed(&mut self, v: u32, d: Option<Digest>, h: Option<Digest>) -> Verdict {
        let flaw = if v > FORMAT {
            Flaw::Newer { v }
        } else {
            Flaw::Content
        };
        if let (Some(d), Some(h)) = (d, h)
            && self.follows(&d, &h)
        {
            // The chain goes on through it: it is the next commit, whatever it says now.
            self.n = self.next();
            self.settle(h);
            self.clean = false;
            return Verdict::Bad(flaw);
        }
        self.bad(flaw, h)
    }

    fn marker(&mut self, marker: &Marker) -> Verdict {
        let Marker {
            v,
            n,
            damaged,
            d: _,
            h,
        } = marker;
        self.newest = self.newest.max(*v);
        if *n < self.n {
            return self.misplaced(*n);
        }
        let missing = self.gap_before(damaged.from);
        self.n = *n;
        self.lost = 0;
        self.chain = [*h, None];
        self.sure = h.is_some();
        self.clean = false;
        Verdict::Gap(missing)
    }

    /// A line that may have been a commit, whose chain field may be `h`.
    fn bad(&mut self, flaw: Flaw, h: Option<Digest>) -> Verdict {
        self.lost += 1;
        self.clean = false;
        self.sure = false;
        self.chain = match h {
            Some(h) => [Some(h), self.chain[0]],
            None => self.chain,
        };
        Verdict::Bad(flaw)
    }

    fn misplaced(&mut self, n: u64) -> Verdict {
        self.clean = false;
        Verdict::Bad(Flaw::Misplaced {
            n,
            expected: self.next(),
        })
    }

    /// The number that belongs here, each unreadable line counted as a commit.
    fn next(&self) -> u64 {
        self.n.saturating_add(self.lost).saturating_add(1)
    }

    /// The flaw of a commit that has a later number than belongs here.
    fn gap_before(&self, n: u64) -> Option<Flaw> {
        let next = self.next();
        (n > next).then_some(Flaw::Missing {
            from: next,
            to: n - 1,
        })
    }

    /// The chain's value is known for sure.
    fn settle(&mut self, h: Digest) {
        self.lost = 0;
        self.chain = [Some(h), None];
        self.sure = true;
        self.clean = true;
    }
}
