//! What a caller is told when something goes wrong: one place from every cause to one of the api's codes.
//!
//! Messages say what to do next and repeat nothing from inside: what lies beneath goes to the log.

use std::path::Path;
use std::time::Duration;

use watchbook_api::{ErrorCode, Problem};
use watchbook_core::text::Name;
use watchbook_core::{AgentId, IncidentId, Op, Refused, Timestamp};
use watchbook_rbac::{ApprovalRule, Decision, Limited, Permission, RolloutState};
use watchbook_store::{CorruptPlace, StoreError};

use crate::who::Identity;

/// How long to wait when it is not known how long it will last.
const SOON: Duration = Duration::from_secs(1);
/// How long to wait for what an operator must see to.
const LATER: Duration = Duration::from_mins(1);

// ---- who calls ----

pub(crate) fn unknown_key() -> Problem {
    Problem::new(
        ErrorCode::Unauthenticated,
        "this key is not known, was revoked or has expired; ask an operator for a new one (watchbook key create)",
    )
}

pub(crate) fn key_needed() -> Problem {
    Problem::new(
        ErrorCode::Unauthenticated,
        "this watchbook takes calls with a key only; send it as X-API-Key or Authorization: Bearer",
    )
}

pub(crate) fn keys_unreadable(error: &StoreError) -> Problem {
    tracing::error!(%error, "the keys cannot be read");
    Problem::new(
        ErrorCode::Unavailable,
        "the keys cannot be read, so nobody is let in; repeat the call, and if it stays so run watchbook doctor",
    )
    .with_retry_after(SOON)
}

pub(crate) fn ingest_only() -> Problem {
    Problem::new(
        ErrorCode::Forbidden,
        "this key can send alerts and nothing else; use a key of another kind",
    )
}

pub(crate) fn forged_agent(owner: &AgentId, claimed: &AgentId) -> Problem {
    Problem::new(
        ErrorCode::Forbidden,
        format!(
            "this key is {owner} and may not act as {claimed}; leave agent_id out, or use a key made with --delegate"
        ),
    )
}

// ---- what is permitted ----

pub(crate) fn not_permitted(
    who: &Identity,
    permission: &Permission<'_>,
    decision: &Decision,
) -> Problem {
    let Decision {
        allowed: _,
        role,
        rule,
    } = decision;
    let agent = &who.agent;
    Problem::new(
        ErrorCode::Forbidden,
        format!(
            "{agent} ({role}) may not do {permission}: {rule}; ask somebody who may, or change rbac_tools_matrix.yml"
        ),
    )
}

pub(crate) fn switched_off(
    who: &Identity,
    tool: &str,
    action: &str,
    state: RolloutState,
) -> Problem {
    let agent = &who.agent;
    Problem::new(
        ErrorCode::Forbidden,
        format!("{tool}.{action} is switched off for {agent}; tools_rollout.yml says {state}"),
    )
}

pub(crate) fn needs_second_pair(change: &str, rule: ApprovalRule) -> Problem {
    Problem::new(
        ErrorCode::Forbidden,
        format!(
            "this {change} needs a second pair of eyes ({rule} of rbac_tools_matrix.yml); propose it with incident_propose, and somebody else can agree with incident_approve"
        ),
    )
}

pub(crate) fn limited(limited: &Limited) -> Problem {
    Problem::new(ErrorCode::RateLimited, limited.to_string()).with_retry_after(limited.retry_after)
}

// ---- when it cannot be done now ----

pub(crate) fn audit_unavailable(error: &StoreError) -> Problem {
    tracing::error!(%error, "a write was refused because it cannot be audited");
    Problem::new(
        ErrorCode::Unavailable,
        "the audit trail cannot be written, so nothing may be changed; reads go on; repeat the call later",
    )
    .with_retry_after(SOON)
}

pub(crate) fn crowded() -> Problem {
    Problem::new(
        ErrorCode::Unavailable,
        "too many calls are under way; repeat the call in a moment",
    )
    .with_retry_after(SOON)
}

pub(crate) fn too_slow(writes: bool, after: Duration) -> Problem {
    let seconds = after.as_secs_f64();
    let then = if writes {
        "it goes on and may still succeed; repeat it with the same idempotency key to learn how it ended"
    } else {
        "repeat it, or ask for less at once"
    };
    Problem::new(
        ErrorCode::Unavailable,
        format!("the call took longer than {seconds} s; {then}"),
    )
    .with_retry_after(SOON)
}

pub(crate) fn internal() -> Problem {
    Problem::new(
        ErrorCode::Internal,
        "something went wrong inside watchbook; the log has more under this request id",
    )
}

pub(crate) fn changing_too_fast(incident: IncidentId) -> Problem {
    Problem::new(
        ErrorCode::Unavailable,
        format!("incident {incident} changes too fast to be looked at first; repeat the call in a moment"),
    )
    .with_retry_after(SOON)
}

// ---- keys ----

pub(crate) fn no_key(id: &Name) -> Problem {
    Problem::new(
        ErrorCode::NotFound,
        format!("there is no key {id}; list them with watchbook key list"),
    )
}

pub(crate) fn key_ended(id: &Name) -> Problem {
    Problem::new(
        ErrorCode::Conflict,
        format!(
            "key {id} is no longer good and cannot be rotated; make a new one with watchbook key create"
        ),
    )
}

pub(crate) fn key_ends_before_it_begins(end: Timestamp, now: Timestamp) -> Problem {
    let message = format!("{end} has passed; it is {now} now");
    Problem::invalid("/expires_at", message)
}

pub(crate) fn too_many_keys(limit: usize) -> Problem {
    Problem::new(
        ErrorCode::Conflict,
        format!("a store keeps at most {limit} keys, revoked ones included"),
    )
}

// ---- the store ----

/// What a caller is told of an error of the store that met `op`: a time out of range has the name of its parameter.
pub(crate) fn of_command(op: &Op, error: &StoreError) -> Problem {
    match error {
        StoreError::Refused(Refused::OutOfRange { at, .. }) => {
            Problem::invalid(parameter_of(op, *at), error.to_string())
        }
        _ => of_store(error),
    }
}

fn parameter_of(op: &Op, at: Timestamp) -> &'static str {
    let (started_at, detected_at) = match op {
        Op::Create(new) => (new.started_at, new.detected_at),
        Op::Update(patch) => (patch.started_at, patch.detected_at.flatten()),
        _ => (None, None),
    };
    if started_at == Some(at) {
        "/started_at"
    } else if detected_at == Some(at) {
        "/detected_at"
    } else {
        "/at"
    }
}

/// What a caller is told of an error of the store.
pub(crate) fn of_store(error: &StoreError) -> Problem {
    match error {
        StoreError::Refused(refused) => of_refusal(refused),
        StoreError::NotFound { .. } => Problem::new(ErrorCode::NotFound, error.to_string()),
        StoreError::BadArtifact(bad) => of_artifact(bad),
        StoreError::Unavailable {
            why, retry_after, ..
        } => {
            tracing::warn!(error = ?error, "the store is unavailable");
            Problem::new(
                ErrorCode::Unavailable,
                format!("the store is unavailable: {why}; nothing has changed, repeat the call"),
            )
            .with_retry_after(*retry_after)
        }
        StoreError::Unknown { change, why, .. } => {
            tracing::error!(error = ?error, "the outcome of a change is unknown");
            Problem::new(
                ErrorCode::Unavailable,
                format!(
                    "it is not known whether the change was stored ({change}: {why}); repeat the call with the same idempotency key to settle it"
                ),
            )
            .with_retry_after(SOON)
        }
        StoreError::Corrupt(place) => of_damage(place),
        StoreError::TooLarge { .. } => Problem::new(ErrorCode::TooLarge, error.to_string()),
        StoreError::NewerFormat { .. } => {
            Problem::new(ErrorCode::Unavailable, error.to_string()).with_retry_after(LATER)
        }
        // What the caller went by does not hold any more; only a look at what holds now helps.
        StoreError::Fenced(_)
        | StoreError::FeedRestarted
        | StoreError::Diverged { .. }
        | StoreError::OutOfStep { .. }
        | StoreError::OtherSecret => Problem::new(ErrorCode::Conflict, error.to_string()),
        _ => {
            tracing::error!(error = ?error, "an error of the store that has no code");
            internal()
        }
    }
}

/// Names the file alone: its directory is nobody's business outside.
fn of_damage(place: &CorruptPlace) -> Problem {
    tracing::error!(%place, "stored data is damaged");
    let CorruptPlace {
        file,
        line,
        byte,
        what: _,
    } = place;
    let file = file.file_name().map_or(file.as_path(), Path::new).display();
    Problem::new(
        ErrorCode::Unavailable,
        format!(
            "what is stored of this incident is damaged ({file} line {line}, byte {byte}) and cannot be changed; ask an operator to run watchbook verify, then watchbook repair"
        ),
    )
    .with_retry_after(LATER)
}

fn of_artifact(bad: &watchbook_core::artifact::ArtifactError) -> Problem {
    use watchbook_core::artifact::ArtifactError as E;
    match bad {
        E::TooLarge { .. } => Problem::new(ErrorCode::TooLarge, bad.to_string()),
        E::Name { .. } | E::Ending { .. } => Problem::invalid("/name", bad.to_string()),
        _ => Problem::invalid("/content", bad.to_string()),
    }
}

/// What a caller is told of a refusal. The code says who has to move: a missing thing is `not_found`, a state that does
/// not allow it `conflict`, a value that no state allows `invalid_params`.
pub(crate) fn of_refusal(refused: &Refused) -> Problem {
    let message = refused.to_string();
    match refused {
        Refused::NoIncident(_)
        | Refused::NoEvent { .. }
        | Refused::NoFollowup { .. }
        | Refused::NoProposal { .. } => Problem::new(ErrorCode::NotFound, message),
        Refused::IllegalMove { allowed, .. } | Refused::MergeTarget { allowed, .. } => {
            Problem::new(ErrorCode::Conflict, message).with_allowed(allowed)
        }
        Refused::Frozen { status, .. } => {
            Problem::new(ErrorCode::Conflict, message).with_allowed(status.allowed())
        }
        Refused::Stale { current, .. } => {
            Problem::new(ErrorCode::PreconditionFailed, message).with_current(*current)
        }
        Refused::OutOfRange { .. } => Problem::invalid("/at", message),
        Refused::NotAppendable { .. } => Problem::invalid("/type", message),
        Refused::ReasonNeeded => Problem::invalid("/reason", message),
        Refused::OwnProposal(_) => Problem::new(ErrorCode::Forbidden, message),
        _ => Problem::new(ErrorCode::Conflict, message),
    }
}

#[cfg(test)]
mod tests;
