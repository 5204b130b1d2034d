//! What the audit trail has lost and the journal still knows.
//!
//! Audit lines are synced each second, commits before they are acknowledged: a power cut can take the entry of a write
//! and leave the write. The commit says who made it, through which key, in which request and when. It does not say what
//! was asked for, so an entry made anew from it does not either: its tool is `journal`, its action the sort of timeline
//! line that was written, its only parameter the number of the commit.
//!
//! Only what was written can come back. Reads, refusals, and commits of programs that embed the store and give no
//! request id, which never had an entry, stay as they are.

use std::collections::HashMap;

use serde_json::json;
use watchbook_core::audit::{
    AuditClosing, AuditEntry, AuditOpening, AuditOutcome, RESTORED_FROM, RESTORED_TOOL,
};
use watchbook_core::text::{Name, Short};
use watchbook_core::{AgentId, By, Commit, EventId, EventType, IncidentId, Timestamp};

/// What a commit knows of the call that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// The number of the commit.
    pub(crate) n: u64,
    /// When it was committed.
    pub(crate) at: Timestamp,
    by: By,
    request: Name,
    /// The incidents it touches; first the one that it is about.
    incidents: Vec<IncidentId>,
    /// The sort of its first line; `None` when it has none, being the use of an idempotency key that changed nothing.
    kind: Option<EventType>,
    /// The id of the entry that is made anew from it: always the same, whoever makes it.
    entry: EventId,
}

/// An entry, or the missing half of one, that is to be appended to the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The first half; `None` when it stands in the trail, and only the second was torn off.
    pub(crate) opening: Option<AuditOpening>,
    /// The second half.
    pub(crate) closing: AuditClosing,
}

impl Write {
    /// The write that a commit stands for; `None` when it names no request.
    pub(crate) fn of(n: u64, commit: &Commit) -> Option<Self> {
        let request = commit.by.request.clone()?;
        let answered = commit.key().map(|key| key.incident);
        let touched = commit.events().map(|event| event.incident_id);
        let mut incidents: Vec<IncidentId> = Vec::new();
        for incident in answered.into_iter().chain(touched) {
            if !incidents.contains(&incident) {
                incidents.push(incident);
            }
        }
        Some(Self {
            n,
            at: commit.stamp.time,
            by: commit.by.clone(),
            request,
            incidents,
            kind: commit.events().next().map(|event| event.kind),
            // No event of a commit has this number.
            entry: commit.change.event(u32::MAX),
        })
    }

    /// What an entry must have in common with it.
    pub(crate) const fn call(&self) -> (&AgentId, &Name) {
        (&self.by.agent, &self.request)
    }

    fn opening(&self) -> AuditOpening {
        AuditOpening {
            id: self.entry,
            at: self.at,
            agent: self.by.agent.clone(),
            key: self.by.key.clone(),
            delegate: self.by.delegate.clone(),
            via: self.by.via,
            request: self.request.clone(),
            tool: short(RESTORED_TOOL),
            action: short(self.kind.map_or("no_change", EventType::as_str)),
            // Whether the call named it is not known; that it was acted on is.
            incident: None,
            dry_run: false,
            params: json!({ RESTORED_FROM: self.n }),
        }
    }

    fn closing(&self) -> AuditClosing {
        AuditClosing {
            id: self.entry,
            at: self.at,
            outcome: AuditOutcome::Ok,
            code: None,
            incident: self.incidents.first().copied(),
            took_ms: None,
        }
    }
}

/// How surely an entry is the one of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// It was called the same, and names no incident.
    Possible,
    /// It names an incident that the commit touches.
    Likely,
    /// It was made anew from this very commit.
    Certain,
}

/// How surely an entry is the one of `write`; `None` if it is not.
fn likeness(entry: &AuditEntry, write: &Write) -> Option<Likeness> {
    let AuditEntry { opening, closing } = entry;
    if let Some(n) = opening.restored_from() {
        return (n == write.n).then_some(Likeness::Certain);
    }
    let denied = closing.as_ref().map(|closing| closing.outcome) == Some(AuditOutcome::Denied);
    let caller = (&opening.key, opening.via) == (&write.by.key, write.by.via);
    if denied || opening.dry_run || !caller {
        return None;
    }
    match entry.incident() {
        None => Some(Likeness::Possible),
        Some(incident) => write
            .incidents
            .contains(&incident)
            .then_some(Likeness::Likely),
    }
}

/// The entries that `writes` should have and that are not among `entries`, in the order of the commits.
///
/// A call writes at most one commit, so an entry stands for at most one: callers may give the same request id again.
pub(crate) fn missing(writes: &[Write], entries: &[AuditEntry]) -> Vec<Restored> {
    let mut calls: HashMap<(&AgentId, &Name), Vec<&AuditEntry>> = HashMap::new();
    for entry in entries {
        let call = (&entry.opening.agent, &entry.opening.request);
        calls.entry(call).or_default().push(entry);
    }
    // Who touches the fewest incidents has the least choice.
    let mut order: Vec<&Write> = writes.iter().collect();
    order.sort_by_key(|write| (write.incidents.len(), write.n));
    let mut found: Vec<(u64, Restored)> = Vec::new();
    for write in order {
        let entry = calls
            .get_mut(&write.call())
            .and_then(|left| take_likeliest(left, write));
        found.extend(lost_of(write, entry).map(|lost| (write.n, lost)));
    }
    found.sort_by_key(|(n, _)| *n);
    found.into_iter().map(|(_, lost)| lost).collect()
}

/// What has to be appended for a write whose entry in the trail is `entry`.
fn lost_of(write: &Write, entry: Option<&AuditEntry>) -> Option<Restored> {
    let opening = match entry {
        None => Some(write.opening()),
        // Both halves were appended at once, and a crash has torn the second off.
        Some(AuditEntry {
            opening,
            closing: None,
        }) if opening.restored_from().is_some() => None,
        // A call's own entry that was not closed may be closed yet.
        Some(_) => return None,
    };
    Some(Restored {
        opening,
        closing: write.closing(),
    })
}

fn take_likeliest<'e>(left: &mut Vec<&'e AuditEntry>, write: &Write) -> Option<&'e AuditEntry> {
    let alike = left
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| Some((likeness(entry, write)?, index)));
    let (_, index) = alike.max_by_key(|(likeness, _)| *likeness)?;
    Some(left.swap_remove(index))
}

/// A word of our own.
fn short(word: &'static str) -> Short {
    #[expect(
        clippy::expect_used,
        reason = "the words of this format are short and of letters"
    )]
    Short::new(word).expect("a short text")
}

#[cfg(test)]
mod tests;
