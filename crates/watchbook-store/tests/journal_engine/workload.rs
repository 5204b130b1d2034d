//! A random life of a journal: commits of all sizes from two writers, reopening, redactions, full segments. It notes
//! what it was promised, so that a disk can be held to that afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use watchbook_core::Digest;
use watchbook_store::disk::sim::SplitMix;
use watchbook_store::disk::{Disk, SimDisk};
use watchbook_store::journal::{CommitError, Journal, JournalError, Settings, tombstone_digest};

use crate::fixture::{WAIT, commit, create_in, record, settings, sim_dir, try_read};

/// Small segments, so that a short life fills several.
const SEGMENT_BYTES: u64 = 8 << 10;

/// What a writer was told about one of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    Acknowledged,
    Refused,
    InDoubt,
}

/// What is done, step by step.
#[derive(Debug)]
pub(crate) struct Workload(Vec<Step>);

#[derive(Debug)]
enum Step {
    /// A writer commits a batch of texts.
    Commit { writer: usize, texts: Vec<String> },
    /// A writer is closed and opened again.
    Reopen { writer: usize },
    /// A writer blanks out an acknowledged text.
    Redact { writer: usize, which: u64 },
}

/// What was promised during a life.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    texts: BTreeMap<String, Promise>,
    /// The numbers that acknowledged texts got.
    numbers: BTreeMap<u64, String>,
    /// Texts that may have been blanked out.
    redacted: BTreeSet<String>,
}

impl Workload {
    /// The life that belongs to a seed.
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        let steps = (0..20 + random.below(15)).map(|step| {
            let writer = usize::try_from(random.below(2)).unwrap_or(0);
            match random.below(12) {
                0 => Step::Reopen { writer },
                1 => Step::Redact {
                    writer,
                    which: random.next(),
                },
                _ => {
                    let texts = (0..=random.below(4)).map(|k| random_text(step, k, &mut random));
                    Step::Commit {
                        writer,
                        texts: texts.collect(),
                    }
                }
            }
        });
        Self(steps.collect())
    }

    /// A short life in which everything happens once, to try each fault at each step of.
    pub(crate) fn short() -> Self {
        let text = |name: &str, len: usize| format!("{name} {}", "x".repeat(len));
        let one = |writer, name, len| Step::Commit {
            writer,
            texts: vec![text(name, len)],
        };
        Self(vec![
            one(0, "first", 10),
            Step::Commit {
                writer: 1,
                texts: vec![text("second", 700), text("third", 5)],
            },
            Step::Redact {
                writer: 0,
                which: 1,
            },
            one(0, "fourth", 6000),
            one(1, "fifth", 2000),
            Step::Reopen { writer: 0 },
            one(0, "sixth", 20),
            Step::Redact {
                writer: 1,
                which: 3,
            },
            one(1, "seventh", 20),
        ])
    }

    /// Lives this life on a disk, going on after errors as a caller would.
    pub(crate) fn run(&self, disk: &Arc<dyn Disk>) -> Promises {
        let mut promises = Promises::default();
        let mut writers = [open(disk), open(disk)];
        for step in &self.0 {
            match step {
                Step::Reopen { writer } => writers[*writer] = open(disk),
                Step::Commit { writer, texts } => promises.commit(writers[*writer].as_ref(), texts),
                Step::Redact { writer, which } => {
                    promises.redact(writers[*writer].as_ref(), *which);
                }
            }
            for writer in &mut writers {
                // A writer that cannot go on is reopened, as the error says.
                if writer.is_none()
                    || writer.as_ref().is_some_and(|journal| {
                        matches!(journal.lock(WAIT), Err(JournalError::Poisoned))
                    })
                {
                    *writer = open(disk);
                }
            }
        }
        promises
    }
}

fn open(disk: &Arc<dyn Disk>) -> Option<Journal> {
    create_in(disk, &sim_dir(), small_segments()).ok()
}

pub(crate) fn small_segments() -> Settings {
    Settings {
        segment_bytes: SEGMENT_BYTES,
        ..settings()
    }
}

/// A text that tells where it is from, and is long now and then.
fn random_text(step: u64, k: u64, random: &mut SplitMix) -> String {
    let len = match random.below(10) {
        0 => random.below(6000),
        1..4 => random.below(800),
        _ => random.below(60),
    };
    format!(
        "{step}.{k} {}",
        "y".repeat(usize::try_from(len).unwrap_or(0))
    )
}

/// The tombstone that takes the place of a record with this text.
pub(crate) fn tombstone(text: &str) -> String {
    let digest = Digest::of(record(text).as_bytes());
    format!(r#"{{"salt":"ffeeddccbbaa9988","redacted":true,"reason":"test","digest":"{digest}"}}"#)
}

/// The digest that a record authorises, as the upper layer would find it.
pub(crate) fn authorises(record: &str) -> Option<Digest> {
    let record: serde_json::Value = serde_json::from_str(record).ok()?;
    record["text"]
        .as_str()?
        .strip_prefix("redaction ")?
        .parse()
        .ok()
}

impl Promises {
    pub(crate) fn count(&self, promise: Promise) -> usize {
        self.texts.values().filter(|this| **this == promise).count()
    }

    pub(crate) fn has_large(&self) -> bool {
        self.texts.keys().any(|text| text.len() > 2000)
    }

    fn commit(&mut self, journal: Option<&Journal>, texts: &[String]) {
        let commits: Vec<_> = texts.iter().map(|text| commit(text)).collect();
        let result = match journal.map(|journal| journal.lock(WAIT)) {
            Some(Ok(mut locked)) => locked.commit_batch(&commits),
            Some(Err(error)) => Err(CommitError::NotApplied(error)),
            None => return,
        };
        let promise = match &result {
            Ok(_) => Promise::Acknowledged,
            Err(CommitError::NotApplied(_)) => Promise::Refused,
            Err(CommitError::Unknown(_)) => Promise::InDoubt,
        };
        for text in texts {
            // Trying again does not undo the doubt about the first attempt.
            let known = self.texts.entry(text.clone()).or_insert(promise);
            if *known != Promise::InDoubt || promise == Promise::Acknowledged {
                *known = promise;
            }
        }
        if let Ok(done) = result {
            let numbers = done.commits.iter().map(|written| written.n);
            self.numbers.extend(numbers.zip(texts.iter().cloned()));
        }
    }

    /// Writes the redaction, then blanks the text out.
    fn redact(&mut self, journal: Option<&Journal>, which: u64) {
        let candidates: Vec<_> = self
            .numbers
            .iter()
            .filter(|(_, text)| !text.starts_with("redaction"))
            .collect();
        let (Some(journal), false) = (journal, candidates.is_empty()) else {
            return;
        };
        let index = usize::try_from(which % candidates.len() as u64).unwrap_or(0);
        let (n, text) = (*candidates[index].0, candidates[index].1.clone());
        if self.redacted.contains(&text) {
            return;
        }
        let tombstone = tombstone(&text);
        self.commit(
            Some(journal),
            &[format!("redaction {}", tombstone_digest(&tombstone))],
        );
        let written = self
            .numbers
            .values()
            .any(|text| text.ends_with(&tombstone_digest(&tombstone).to_string()));
        if written {
            self.redacted.insert(text);
            if let Ok(mut locked) = journal.lock(WAIT) {
                drop(locked.rewrite(n, 0, &tombstone));
            }
        }
    }

    /// Holds a disk to what was promised: opens the journal, reads it, and writes to it.
    pub(crate) fn check(&self, disk: &SimDisk) -> Result<(), String> {
        self.check_reading(disk, false)?;
        let journal = opened(disk)?;
        let end = journal.published().map_err(|error| error.to_string())?;
        let mut locked = journal.lock(WAIT).map_err(|error| error.to_string())?;
        let written = locked
            .commit_batch(&[commit(AFTERWARDS)])
            .map_err(|error| format!("cannot write afterwards: {error}"))?;
        drop(locked);
        if written.commits[0].n != end.n + 1 {
            return Err(format!(
                "{} was written after {}",
                written.commits[0].n, end.n
            ));
        }
        self.check_reading(disk, true)
    }

    /// The same on a disk on which `check` was interrupted, which has written too.
    pub(crate) fn check_after_check(&self, disk: &SimDisk) -> Result<(), String> {
        self.check_reading(disk, true)
    }

    fn check_reading(&self, disk: &SimDisk, afterwards: bool) -> Result<(), String> {
        let journal = opened(disk)?;
        let seen = try_read(&journal).map_err(|error| error.to_string())?;
        if !seen.damages.is_empty() || !seen.gaps.is_empty() {
            return Err(format!("damage: {:?} {:?}", seen.damages, seen.gaps));
        }
        if seen.numbers() != (1..=seen.commits.len() as u64).collect::<Vec<_>>() {
            return Err(format!("numbers: {:?}", seen.numbers()));
        }
        let report = journal
            .verify(None, 0, authorises)
            .map_err(|error| error.to_string())?;
        if !report.is_whole() {
            return Err(format!("does not verify: {:?}", report.damages));
        }
        self.check_commits(&seen.commits, afterwards)
    }

    fn check_commits(&self, commits: &[(u64, String)], afterwards: bool) -> Result<(), String> {
        for (n, text) in &self.numbers {
            let there = commits
                .iter()
                .find(|(this, _)| this == n)
                .map(|(_, text)| text.as_str());
            let blank = self.redacted.contains(text) && there == Some("(no text)");
            if there != Some(text) && !blank {
                return Err(format!(
                    "acknowledged commit {n} is lost: {text:.20} became {there:.20?}"
                ));
            }
        }
        let mut texts = BTreeSet::new();
        for (n, text) in commits
            .iter()
            .filter(|(_, text)| text != "(no text)" && !(afterwards && text == AFTERWARDS))
        {
            if !texts.insert(text) {
                return Err(format!("{text:.20} is there twice, again as {n}"));
            }
            match self.texts.get(text) {
                Some(Promise::Acknowledged | Promise::InDoubt) => {}
                Some(Promise::Refused) => {
                    return Err(format!("refused {text:.20} is there as {n}"));
                }
                None => return Err(format!("nobody wrote {text:.20}, commit {n}")),
            }
        }
        Ok(())
    }
}

/// Opens the journal on a disk and has it put in order.
fn opened(disk: &SimDisk) -> Result<Journal, String> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let journal = create_in(&disk, &sim_dir(), small_segments())
        .map_err(|error| format!("does not open: {error}"))?;
    match journal.lock(WAIT) {
        Ok(locked) => drop(locked),
        Err(error) => return Err(format!("is not put in order: {error}")),
    }
    Ok(journal)
}

/// What is written after everything, to show that the journal can go on.
const AFTERWARDS: &str = "afterwards";
