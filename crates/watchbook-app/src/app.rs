//! The app: what a front-end holds. One way in for every call.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument;
use watchbook_api::{Meta, Problem, Reply, Request};
use watchbook_config::Config;
use watchbook_core::{Clock, Entropy};
use watchbook_store::{Health, Standing, Store, StoreError};

use crate::context::Context;
use crate::door::Door;
use crate::keys::Keys;
use crate::{call, problem};

/// The most calls that are under way at once. More are turned away before the door; the audit has them like all that
/// [`App::turn_away`] is told of. A call keeps its place until it has ended, also when whoever made it has stopped waiting.
pub const MAX_CALLS: usize = 1_024;

/// What an app is made of.
#[derive(Debug)]
pub struct AppParts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The settings and policies.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness of ids and keys.
    pub entropy: Arc<dyn Entropy>,
}

/// The one door. Clones are the same door.
#[derive(Debug, Clone)]
pub struct App {
    door: Arc<Door>,
    places: Arc<Semaphore>,
}

/// What came of a call.
#[derive(Debug)]
pub struct Outcome {
    /// The result.
    pub reply: Reply,
    /// What is to be known about it.
    pub meta: Meta,
}

impl App {
    /// The door to these parts.
    pub fn new(parts: AppParts) -> Self {
        Self {
            door: Arc::new(Door::new(parts)),
            places: Arc::new(Semaphore::new(MAX_CALLS)),
        }
    }

    /// Carries out a call. Once begun it goes on to its end, audit included, whether or not the caller still waits.
    ///
    /// Needs a Tokio runtime with its timer.
    ///
    /// # Errors
    /// Everything a caller can be told: see [`watchbook_api::ErrorCode`].
    pub async fn execute(&self, context: &Context, request: Request) -> Result<Outcome, Problem> {
        let kind = request.action.kind();
        let limits = &self.door.policies().limits;
        let longest = limits.timeout(kind.tool().as_str(), kind.name());
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let problem = problem::crowded();
            let named = (kind.tool().as_str(), kind.name());
            self.door.turn_away(context, named, &problem).await;
            return Err(problem);
        };
        let (door, context) = (Arc::clone(&self.door), context.clone());
        let whole = async move {
            let result = call::pass(&door, &context, request).await;
            drop(place);
            result
        };
        match timeout(longest, tokio::spawn(whole.in_current_span())).await {
            Ok(Ok(result)) => result,
            Ok(Err(died)) => {
                tracing::error!(error = %died, "a call died");
                Err(problem::internal())
            }
            Err(_) => Err(problem::too_slow(kind.access().writes(), longest)),
        }
    }

    /// Audits a call that could not be understood, and says what to answer: `problem`, or that the caller is not known.
    pub async fn refuse_undecodable(
        &self,
        context: &Context,
        tool: &str,
        action: &str,
        problem: Problem,
    ) -> Problem {
        call::refuse(&self.door, context, (tool, action), problem).await
    }

    /// Audits a call that a front-end turned away before it asked who makes it. The first of a minute have entries of
    /// their own, as made by `unauthenticated`; the others are counted in one entry each time the trail is synced.
    pub async fn turn_away(&self, context: &Context, tool: &str, action: &str, problem: &Problem) {
        self.door.turn_away(context, (tool, action), problem).await;
    }

    /// The keys of the store.
    pub fn keys(&self) -> Keys<'_> {
        Keys::new(&self.door)
    }

    /// Whether calls without a key are believed: as long as the store has never had one.
    ///
    /// # Errors
    /// When the keys cannot be read. Then nobody is believed.
    pub async fn is_keyless(&self) -> Result<bool, StoreError> {
        self.door.ring().is_empty().await
    }

    /// How the store is doing now.
    pub async fn health(&self) -> Health {
        self.door.store().health().await
    }

    /// How the store stands to its first choice; `None` if it has no second.
    pub fn standing(&self) -> Option<Standing> {
        self.door.store().standing()
    }

    /// How many halves of audit entries could not be written since this process began.
    pub fn audit_gaps(&self) -> u64 {
        self.door.trail().gaps()
    }

    /// Makes the audit trail durable. To be called every second while calls come in, and before the process ends.
    ///
    /// # Errors
    /// When that is not possible.
    pub async fn sync_audit(&self) -> Result<(), StoreError> {
        self.door.count_turned_away().await;
        self.door.trail().sync().await
    }
}
