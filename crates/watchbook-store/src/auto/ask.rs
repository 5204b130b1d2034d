//! Asking the database, and what counts as its loss.

use std::future::Future;
use std::sync::Arc;

use watchbook_core::ChangeId;

use super::AutoStore;
use super::condition::{Condition, Phase, Signal};
use super::shelter::Primary;
use crate::contract::{Loss, Outcome, StoreError};

/// What came of asking the database.
pub(super) enum Asked<T> {
    /// Its answer, which may be an error that a second store would give as well.
    Answered(Result<T, StoreError>),
    /// It is lost.
    Lost(Lost),
}

/// How the database was lost for a call.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) why: String,
    pub(super) loss: Loss,
    /// Whether it may have done what it was asked.
    pub(super) may_have_happened: bool,
    /// Whether it said nothing in time: the question may be to blame.
    pub(super) is_silence: bool,
}

impl AutoStore {
    /// Asks the database; once more over a fresh connection when the first try failed for want of the database. Both
    /// together take no longer than the patience of this node.
    pub(super) async fn ask<T, F, Answer>(&self, question: F) -> Asked<T>
    where
        F: Fn(Arc<dyn Primary>) -> Answer + Send + Sync,
        Answer: Future<Output = Result<T, StoreError>> + Send,
        T: Send,
    {
        let primary = &self.node.primary;
        // What the first try may have done, the second does not undo by failing in a plainer way.
        let mut unheard: Option<ChangeId> = None;
        let twice = async {
            match question(Arc::clone(primary)).await {
                Err(error) if error.loss().is_some() => {
                    if let Outcome::Unknown(change) = error.outcome() {
                        unheard = Some(change);
                    }
                    primary.reconnect();
                    question(Arc::clone(primary)).await
                }
                answer => answer,
            }
        };
        let answer = tokio::time::timeout(self.node.options.patience, twice).await;
        let lost = match answer {
            Ok(Err(error)) => match error.loss() {
                Some(loss) => Lost {
                    may_have_happened: unheard.is_some()
                        || matches!(error.outcome(), Outcome::Unknown(_)),
                    why: why_of(&error),
                    loss,
                    is_silence: false,
                },
                None => return Asked::Answered(Err(after_silence(unheard, error))),
            },
            Ok(answer) => return Asked::Answered(answer),
            Err(_elapsed) => Lost {
                why: format!(
                    "the database did not answer within {} s",
                    self.node.options.patience.as_secs_f32()
                ),
                loss: Loss::Gone,
                may_have_happened: true,
                is_silence: true,
            },
        };
        // Whoever hangs on an old connection would make the next try wait as well.
        primary.reconnect();
        Asked::Lost(lost)
    }

    /// Whether a loss is one: a database that said nothing to a long question may answer a short one.
    pub(super) async fn is_lost(&self, lost: &Lost) -> bool {
        if !lost.is_silence {
            return true;
        }
        let short = self.ask(|primary| async move { primary.store_id().await });
        matches!(short.await, Asked::Lost(_))
    }

    /// Tells the node that the database is lost, unless it knows already or is past that.
    pub(super) fn lost(&self, epoch: u64, lost: &Lost) -> Result<Condition, StoreError> {
        let signal = Signal::Lost {
            why: lost.why.clone(),
            loss: lost.loss,
        };
        self.signal(&signal, epoch)
    }

    /// Moves the condition on.
    pub(super) fn signal(&self, signal: &Signal, epoch: u64) -> Result<Condition, StoreError> {
        let (now, retry) = (self.now(), self.node.options.retry);
        let mut before = None;
        let after = self.node.shelter.change(&mut |condition| {
            before = Some(condition.clone());
            condition.after(signal.clone(), epoch, now, retry)
        })?;
        if let Some(before) = before.filter(|before| before.phase != after.phase) {
            self.tell(&before, &after);
        }
        Ok(after)
    }

    /// Says in the log what the node does from now on.
    fn tell(&self, before: &Condition, after: &Condition) {
        let why = after.why.as_deref().unwrap_or("");
        match after.phase {
            Phase::Degraded => {
                self.node.counters.fell_back();
                if after.needs_hands {
                    tracing::error!(
                        epoch = after.epoch,
                        "the database cannot be used until somebody corrects it; writes go to this node's files: {why}"
                    );
                } else {
                    tracing::warn!(
                        epoch = after.epoch,
                        "the database is lost; writes go to this node's files: {why}"
                    );
                }
            }
            Phase::Replaying => tracing::info!(
                epoch = after.epoch,
                "the database is back; bringing in what was written meanwhile"
            ),
            Phase::Primary => {
                self.node.counters.came_back();
                let since = before.since.map(|since| since.to_string());
                tracing::info!(
                    epoch = after.epoch,
                    since,
                    "everything is in the database; writes go to it again"
                );
            }
        }
    }
}

/// An error of a second try, when nobody heard what came of the first.
fn after_silence(unheard: Option<ChangeId>, error: StoreError) -> StoreError {
    match (unheard, error.outcome()) {
        (Some(change), Outcome::NotApplied) => StoreError::Unknown {
            change,
            why: format!("the database did not answer, and then: {error}"),
            source: Some(Box::new(error)),
        },
        _ => error,
    }
}

/// Why, without the words that every such error begins with.
pub(super) fn why_of(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable { why, .. } | StoreError::Unknown { why, .. } => why.clone(),
        other => other.to_string(),
    }
}
