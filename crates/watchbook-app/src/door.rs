//! The door: what every call passes before anything is done, and after it. The order never varies.
//!
//! Who → audit opening → permission → rollout → limits → *the call itself* → audit closing.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Map, Value};
use watchbook_api::Problem;
use watchbook_config::{Config, Policies};
use watchbook_core::audit::AuditOpening;
use watchbook_core::text::{Name, Short};
use watchbook_core::{Clock, Entropy, IncidentId, Timestamp, Via};
use watchbook_rbac::{Call, Limiter, Permission, Stage};
use watchbook_store::Store;

use crate::app::AppParts;
use crate::context::Context;
use crate::health::HealthWatch;
use crate::keys::KeyRing;
use crate::problem;
use crate::redaction;
use crate::trail::{Ending, Entry, Trail};
use crate::turnstile::Turnstile;
use crate::who::{Identity, TurnedAway, identify};

/// Everything that stands between a front-end and the store.
#[derive(Debug)]
pub(crate) struct Door {
    store: Arc<dyn Store>,
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    ring: KeyRing,
    trail: Trail,
    limiter: Mutex<Limiter>,
    turnstile: Turnstile,
    health: HealthWatch,
}

/// What is asked for, as far as the door needs to know.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) tool: String,
    pub(crate) action: String,
    /// Whether the action changes something.
    pub(crate) writes: bool,
    /// Whether the caller only wants to know what would change.
    pub(crate) dry_run: bool,
    /// The incident it names.
    pub(crate) incident: Option<IncidentId>,
    pub(crate) params: Map<String, Value>,
}

/// A call that was let in. Must be ended by [`Door::leave`], which closes its audit entry.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) who: Identity,
    pub(crate) request: Name,
    /// When it came in: the present, for everything it does.
    pub(crate) now: Timestamp,
    entry: Entry,
}

impl Door {
    pub(crate) fn new(parts: AppParts) -> Self {
        let AppParts {
            store,
            config,
            clock,
            entropy,
        } = parts;
        let limits = Arc::clone(&config.policies.limits);
        Self {
            ring: KeyRing::new(Arc::clone(&store), Arc::clone(&clock)),
            trail: Trail::new(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&entropy)),
            limiter: Mutex::new(Limiter::new(limits)),
            turnstile: Turnstile::new(clock.now()),
            health: HealthWatch::new(Arc::clone(&store), Arc::clone(&clock)),
            store,
            config,
            clock,
            entropy,
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.config.policies
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) const fn ring(&self) -> &KeyRing {
        &self.ring
    }

    pub(crate) const fn trail(&self) -> &Trail {
        &self.trail
    }

    pub(crate) const fn health(&self) -> &HealthWatch {
        &self.health
    }

    /// Lets a call in: finds out who it is, opens its audit entry, and asks the matrix.
    ///
    /// # Errors
    /// Why it may not come in. Its audit entry is closed then.
    pub(crate) async fn enter(&self, context: &Context, asked: Asked) -> Result<Visit, Problem> {
        let (visit, admitted) = self.greet(context, &asked).await;
        let admitted = admitted.and_then(|()| self.permit(&visit.who, &asked));
        match admitted {
            Ok(()) => Ok(visit),
            Err(problem) => {
                self.close(&visit, Ending::refused(&problem)).await;
                Err(problem)
            }
        }
    }

    /// Who calls, with the audit entry opened, and whether that alone turns the call away.
    pub(crate) async fn greet(
        &self,
        context: &Context,
        asked: &Asked,
    ) -> (Visit, Result<(), Problem>) {
        let mut entry = self.trail.begin();
        let (who, known) = match identify(&self.ring, &context.caller).await {
            Ok(who) => (who, Ok(())),
            Err(away) => {
                let TurnedAway { shown, problem } = *away;
                (shown, Err(problem))
            }
        };
        let opening = self.opening(&entry, &who, context, asked);
        let opened = self.trail.open(&mut entry, opening).await;
        let visit = Visit {
            who,
            request: context.request_id.clone(),
            now: entry.at,
            entry,
        };
        let admitted = known.and_then(|()| match opened {
            // A dry run writes nothing, so like a read it may go on; the gap was counted.
            Err(error) if asked.writes && !asked.dry_run => Err(problem::audit_unavailable(&error)),
            _ => Ok(()),
        });
        (visit, admitted)
    }

    fn opening(
        &self,
        entry: &Entry,
        who: &Identity,
        context: &Context,
        asked: &Asked,
    ) -> AuditOpening {
        let Identity {
            agent,
            key,
            delegate,
            via,
        } = who.clone();
        AuditOpening {
            id: entry.id,
            at: entry.at,
            agent,
            key,
            delegate,
            via,
            request: context.request_id.clone(),
            tool: short(&asked.tool),
            action: short(&asked.action),
            incident: asked.incident,
            dry_run: asked.dry_run,
            params: redaction::for_audit(&asked.params, &self.policies().governance),
        }
    }

    fn permit(&self, who: &Identity, asked: &Asked) -> Result<(), Problem> {
        let permission = Permission {
            tool: &asked.tool,
            action: &asked.action,
            write: asked.writes,
        };
        let decision = self
            .policies()
            .matrix
            .decide(&who.agent, who.standing(), &permission);
        if decision.allowed {
            return Ok(());
        }
        Err(problem::not_permitted(who, &permission, &decision))
    }

    /// Whether this call must stay a rehearsal, by its own wish or by the rollout's.
    ///
    /// # Errors
    /// When the action is switched off for this agent.
    pub(crate) fn rehearses(
        &self,
        who: &Identity,
        (tool, action): (&str, &str),
        (writes, dry_run): (bool, bool),
    ) -> Result<bool, Problem> {
        let state = self.policies().rollout.state(&who.agent, tool, action);
        match state.stage {
            Stage::Off => Err(problem::switched_off(who, tool, action, state)),
            Stage::DryRun => Ok(writes),
            Stage::On => Ok(dry_run),
        }
    }

    /// Takes the price of the call from its caller's budgets.
    ///
    /// # Errors
    /// The limit that was met, and how long to wait.
    pub(crate) fn charge(
        &self,
        visit: &Visit,
        (tool, action): (&str, &str),
        writes: bool,
    ) -> Result<(), Problem> {
        let policies = self.policies();
        let (agent, standing) = (&visit.who.agent, visit.who.standing());
        let call = Call {
            subject: &policies.matrix.subject_of(agent, standing),
            role: policies.matrix.role_of(agent, standing),
            tool,
            action,
            writes,
            weight: policies.costs.weight(tool, action, writes),
        };
        let admitted = self.limiter.lock().admit(&call, visit.now);
        admitted.map_err(|limited| problem::limited(&limited))
    }

    /// Ends a call: closes its audit entry by what came of it, and hands that on.
    pub(crate) async fn leave<T>(
        &self,
        visit: Visit,
        result: Result<T, Problem>,
        incident: impl FnOnce(&T) -> Option<IncidentId>,
    ) -> Result<T, Problem> {
        let ending = match &result {
            Ok(done) => Ending::done(incident(done)),
            Err(problem) => Ending::refused(problem),
        };
        self.close(&visit, ending).await;
        result
    }

    /// Ends a call that came no further than the threshold.
    pub(crate) async fn close(&self, visit: &Visit, ending: Ending) {
        self.trail.close(visit.entry, ending).await;
    }
}

/// Those who do not even come as far as the threshold.
impl Door {
    /// Audits a call that was turned away before anybody looked who makes it: by itself, or in a flood as a number.
    pub(crate) async fn turn_away(
        &self,
        context: &Context,
        (tool, action): (&str, &str),
        problem: &Problem,
    ) {
        let mut entry = self.trail.begin();
        if !self.turnstile.is_single(problem.code, entry.at) {
            return;
        }
        let who = Identity::stranger(context.caller.via());
        let asked = Asked::unread(tool, action);
        let opening = self.opening(&entry, &who, context, &asked);
        // A failure is counted as a gap; the call is refused all the same.
        let _ = self.trail.open(&mut entry, opening).await;
        self.trail.close(entry, Ending::refused(problem)).await;
    }

    /// Puts into the trail how many calls were turned away without an entry of their own, if any were.
    pub(crate) async fn count_turned_away(&self) {
        let Some(counts) = self.turnstile.take_counts() else {
            return;
        };
        let mut entry = self.trail.begin();
        let opening = AuditOpening {
            id: entry.id,
            at: entry.at,
            agent: Identity::stranger(Via::Job).agent,
            key: None,
            delegate: None,
            via: Via::Job,
            request: name("turned_away"),
            tool: short("door"),
            action: short("turned_away"),
            incident: None,
            dry_run: false,
            params: Value::Object(counts),
        };
        let _ = self.trail.open(&mut entry, opening).await;
        self.trail.close(entry, Ending::denied()).await;
    }
}

impl Asked {
    /// A call whose parameters nobody has read.
    pub(crate) fn unread(tool: &str, action: &str) -> Self {
        Self {
            tool: tool.to_owned(),
            action: action.to_owned(),
            writes: false,
            dry_run: false,
            incident: None,
            params: Map::new(),
        }
    }
}

fn name(text: &'static str) -> Name {
    #[expect(clippy::expect_used, reason = "the one caller gives a name")]
    Name::new(text).expect("a constant that is a name")
}

/// What a caller named as tool or action, held to what an audit entry can repeat.
fn short(text: &str) -> Short {
    let shown: String = text
        .chars()
        .filter(char::is_ascii_graphic)
        .take(80)
        .collect();
    #[expect(
        clippy::expect_used,
        reason = "visible ASCII of at most 80 bytes, or a question mark"
    )]
    Short::new(if shown.is_empty() { "?" } else { &shown }).expect("a short text")
}
