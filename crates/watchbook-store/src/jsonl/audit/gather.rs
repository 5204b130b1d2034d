//! Finding the entries of some writes, reading the trail backwards and not further than need be.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use watchbook_core::audit::AuditEntry;
use watchbook_core::text::Name;
use watchbook_core::{AgentId, Timestamp};

use crate::disk::{Disk, Open};
use crate::jsonl::layout::Layout;

use super::restore::{Write, missing};
use super::search::{Pairs, backwards, days};

/// An entry is opened before its commit is made, and not longer before than this: calls have deadlines.
const LATENESS: Duration = Duration::from_mins(10);
/// How much of a file is read whatever times stand in it: a clock that was set back makes commits look younger than
/// their entries.
const LEAST_READ: usize = 16 * 1024 * 1024;

/// The entries that can be those of `writes`: all that there are, unless fewer are enough to find each write's own.
pub(super) fn gather(
    disk: &dyn Disk,
    layout: &Layout,
    writes: &[Write],
    now: Timestamp,
) -> io::Result<Vec<AuditEntry>> {
    let Some(oldest) = writes.iter().map(|write| write.at).min() else {
        return Ok(Vec::new());
    };
    let since = oldest.minus(LATENESS);
    let mut gathered = Gathered {
        writes,
        calls: writes.iter().map(Write::call).collect(),
        since,
        entries: Vec::new(),
        pairs: Pairs::default(),
        read: 0,
        look_at: writes.len(),
        complete: false,
    };
    let (first, today) = (layout.audit_day(since), layout.audit_day(now));
    for name in days(disk, &layout.audit)?.into_iter().rev() {
        let path = layout.audit.join(name);
        if path >= first || path == today {
            gathered.read = 0;
            backwards(&*disk.open(&path, Open::Read)?, |line| gathered.take(line))?;
        }
        if gathered.complete {
            break;
        }
    }
    Ok(gathered.entries)
}

struct Gathered<'w> {
    writes: &'w [Write],
    calls: HashSet<(&'w AgentId, &'w Name)>,
    since: Timestamp,
    entries: Vec<AuditEntry>,
    pairs: Pairs,
    /// Bytes of the present file.
    read: usize,
    /// With how many entries it is worth looking whether they are enough.
    look_at: usize,
    complete: bool,
}

impl Gathered<'_> {
    /// Takes one line; whether more lines of this file are wanted.
    fn take(&mut self, line: &[u8]) -> bool {
        self.read += line.len();
        let Some(entry) = self.pairs.take(line) else {
            return true;
        };
        let too_old = entry.opening.at < self.since && self.read >= LEAST_READ;
        self.add(entry);
        !self.complete && !too_old
    }

    fn add(&mut self, entry: AuditEntry) {
        let call = (&entry.opening.agent, &entry.opening.request);
        if !self.calls.contains(&call) {
            return;
        }
        self.entries.push(entry);
        // As a rule nothing is missing, and the entries of the last commits are the last entries.
        if self.entries.len() >= self.look_at {
            self.complete = missing(self.writes, &self.entries).is_empty();
            self.look_at = self.entries.len() * 2;
        }
    }
}
