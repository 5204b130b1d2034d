//! One call from end to end: in through the door, to its handler, and out with what is to be known about it.

use watchbook_api::{ActionKind, CallOptions, Meta, Problem, Request, body_digest};
use watchbook_core::{ChangeId, Command, IncidentId, Key, Op, Timestamp};
use watchbook_store::{Applied, Store, StoreError};

use crate::app::Outcome;
use crate::context::Context;
use crate::door::{Asked, Door, Visit};
use crate::handlers::{self, Answer};
use crate::trail::Ending;
use crate::{need, problem, redaction};

/// A call that passed the door, as its handler sees it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) door: &'a Door,
    pub(crate) visit: &'a Visit,
    kind: ActionKind,
    options: &'a CallOptions,
    /// The digest of the body, if the call has an idempotency key.
    key: Option<Key>,
    /// Whether it only says what would be: by the caller's wish, or by the rollout's.
    pub(crate) dry_run: bool,
}

/// Carries a call out.
pub(crate) async fn pass(
    door: &Door,
    context: &Context,
    request: Request,
) -> Result<Outcome, Problem> {
    let visit = door.enter(context, asked(door, &request)).await?;
    let begun = visit.now;
    let result = handle(door, &visit, request).await;
    let incident = |(answer, _): &(Answer, bool)| answer.incident;
    let (answer, dry_run) = door.leave(visit, result, incident).await?;
    Ok(outcome(door, context, answer, (begun, dry_run)).await)
}

/// Audits a call that could not be understood, and says what to answer.
pub(crate) async fn refuse(
    door: &Door,
    context: &Context,
    (tool, action): (&str, &str),
    problem: Problem,
) -> Problem {
    let asked = Asked::unread(tool, action);
    let (visit, known) = door.greet(context, &asked).await;
    let answer = known.err().unwrap_or(problem);
    door.close(&visit, Ending::refused(&answer)).await;
    answer
}

fn asked(door: &Door, request: &Request) -> Asked {
    let Request { action, options } = request;
    let kind = action.kind();
    let params = redaction::known_of(action, &door.policies().governance);
    let named = params.get("incident_id").and_then(|id| id.as_str());
    Asked {
        tool: kind.tool().to_string(),
        action: kind.name().to_owned(),
        writes: need::of(kind).writes(),
        dry_run: options.dry_run,
        incident: named.and_then(|id| id.parse().ok()),
        params,
    }
}

/// Rollout, limits, and then the call itself; and whether it was only a rehearsal.
async fn handle(door: &Door, visit: &Visit, request: Request) -> Result<(Answer, bool), Problem> {
    let kind = request.action.kind();
    let writes = need::of(kind).writes();
    let named = (kind.tool().as_str(), kind.name());
    let dry_run = door.rehearses(&visit.who, named, (writes, request.options.dry_run))?;
    door.charge(visit, named, writes && !dry_run)?;
    let key = request.options.idempotency_key.as_ref().map(|_| Key {
        body: body_digest(&request),
    });
    let Request { action, options } = request;
    let call = Call {
        door,
        visit,
        kind,
        options: &options,
        key,
        dry_run,
    };
    let answer = handlers::handle(&call, action).await?;
    Ok((answer, dry_run))
}

impl Call<'_> {
    /// The present, for everything this call does.
    pub(crate) const fn now(&self) -> Timestamp {
        self.visit.now
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.door.store()
    }

    /// The command that asks the store for `op`. Its change id is frozen here: with an idempotency key it follows from
    /// agent, action and key, so that every attempt, in every process, is the same change.
    pub(crate) fn command(&self, incident: IncidentId, op: Op) -> Command {
        Command {
            change: self.change_id(),
            incident,
            by: self.visit.who.by(&self.visit.request),
            key: self.key,
            if_match: self.options.if_match,
            fence: None,
            op,
        }
    }

    fn change_id(&self) -> ChangeId {
        match &self.options.idempotency_key {
            Some(key) => {
                let (tool, action) = (self.kind.tool(), self.kind.name());
                let scope = format!("{}/{tool}/{action}", self.visit.who.agent);
                ChangeId::from_key(&scope, key.as_str())
            }
            None => ChangeId::generate(self.door.entropy()),
        }
    }

    /// Hands a command to the store, or asks only what would come of it.
    pub(crate) async fn submit(&self, command: &Command) -> Result<Applied, StoreError> {
        let command = command.clone();
        if self.dry_run {
            self.store().preview(command).await
        } else {
            self.store().apply(command).await
        }
    }

    /// Changes an incident.
    pub(crate) async fn change(&self, incident: IncidentId, op: Op) -> Result<Applied, Problem> {
        let command = self.command(incident, op);
        let applied = self.submit(&command).await;
        applied.map_err(|error| problem::of_command(&command.op, &error))
    }
}

/// The answer with everything that is to be known about it.
async fn outcome(
    door: &Door,
    context: &Context,
    answer: Answer,
    call: (Timestamp, bool),
) -> Outcome {
    let (begun, dry_run) = call;
    let health = door.health().recent().await;
    // Health may be a second old; whether this very answer came from the second choice is asked for itself.
    let degraded_since = door.store().degraded_since();
    let Answer {
        reply,
        incident: _,
        changed,
        replayed,
        durable,
        truncated,
    } = answer;
    let took = door.now().since(begun);
    let meta = Meta {
        request_id: context.request_id.clone(),
        backend: health.backend,
        degraded: degraded_since.is_some(),
        stale_since: degraded_since,
        provisional: degraded_since.is_some(),
        changed,
        replayed,
        truncated,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        durable,
        dry_run,
    };
    Outcome { reply, meta }
}
