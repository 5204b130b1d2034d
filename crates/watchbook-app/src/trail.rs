//! The audit trail as the door keeps it: an opening before every call, a closing after it, and a count of what is missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use watchbook_api::{ErrorCode, Problem};
use watchbook_core::audit::{AuditClosing, AuditOpening, AuditOutcome};
use watchbook_core::text::Short;
use watchbook_core::{Clock, Entropy, EventId, IncidentId, Timestamp};
use watchbook_store::{Store, StoreError};

/// Writes the audit entries of calls.
#[derive(Debug)]
pub(crate) struct Trail {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    gaps: AtomicU64,
}

/// An entry that was begun. `written` is false if the trail could not take its opening.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) id: EventId,
    pub(crate) at: Timestamp,
    written: bool,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) outcome: AuditOutcome,
    /// The error code, if there was an error.
    pub(crate) code: Option<Short>,
    /// The incident that was created or acted on.
    pub(crate) incident: Option<IncidentId>,
}

impl Ending {
    /// The call was carried out.
    pub(crate) const fn done(incident: Option<IncidentId>) -> Self {
        Self {
            outcome: AuditOutcome::Ok,
            code: None,
            incident,
        }
    }

    /// Several calls were turned away, for reasons that the entry itself counts.
    pub(crate) const fn denied() -> Self {
        Self {
            outcome: AuditOutcome::Denied,
            code: None,
            incident: None,
        }
    }

    /// The call was not carried out. Who may not, or may not so often, was denied; everything else failed.
    pub(crate) fn refused(problem: &Problem) -> Self {
        let outcome = match problem.code {
            ErrorCode::Unauthenticated
            | ErrorCode::Forbidden
            | ErrorCode::Misdirected
            | ErrorCode::RateLimited => AuditOutcome::Denied,
            _ => AuditOutcome::Failed,
        };
        Self {
            outcome,
            code: Short::new(problem.code.as_str()).ok(),
            incident: None,
        }
    }
}

impl Trail {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            store,
            clock,
            entropy,
            gaps: AtomicU64::new(0),
        }
    }

    /// An id and a time for a new entry.
    pub(crate) fn begin(&self) -> Entry {
        Entry {
            id: EventId::generate(self.entropy.as_ref()),
            at: self.clock.now(),
            written: false,
        }
    }

    /// Writes the first half. A failure is counted; what it means for the call is the door's to say.
    pub(crate) async fn open(
        &self,
        entry: &mut Entry,
        opening: AuditOpening,
    ) -> Result<(), StoreError> {
        let opened = self.store.open_entry(opening).await;
        entry.written = opened.is_ok();
        if let Err(error) = &opened {
            self.count_gap("opening", entry.id, error);
        }
        opened
    }

    /// Writes the second half, if the first was written. The call's answer stands all the same, so a failure is
    /// counted and said, not returned.
    pub(crate) async fn close(&self, entry: Entry, ending: Ending) {
        if !entry.written {
            return;
        }
        let at = self.clock.now();
        let Ending {
            outcome,
            code,
            incident,
        } = ending;
        let closing = AuditClosing {
            id: entry.id,
            at,
            outcome,
            code,
            incident,
            took_ms: Some(u64::try_from(at.since(entry.at).as_millis()).unwrap_or(u64::MAX)),
        };
        if let Err(error) = self.store.close_entry(closing).await {
            self.count_gap("closing", entry.id, &error);
        }
    }

    /// Makes everything that was appended durable.
    pub(crate) async fn sync(&self) -> Result<(), StoreError> {
        self.store.sync_audit().await
    }

    /// How many halves of entries the trail could not take since this process began.
    pub(crate) fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    fn count_gap(&self, half: &str, entry: EventId, error: &StoreError) {
        let gaps = self.gaps.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::error!(%entry, half, gaps, error = %error, "the audit trail has a gap");
    }
}
