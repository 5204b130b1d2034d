//! Changes that may need a second pair of eyes: allowed as the incident stands, and carried out only if it still does.

use watchbook_api::Problem;
use watchbook_core::text::Env;
use watchbook_core::{Incident, IncidentId, Op, Refused, Severity};
use watchbook_rbac::{Asked, AskedMove, Change};
use watchbook_store::{Applied, StoreError};

use crate::call::Call;
use crate::problem;

/// How often a change is decided anew because the incident changed between the decision and the commit.
const ATTEMPTS: u32 = 8;

/// A change that the policy may want approved.
#[derive(Debug, Clone)]
pub(super) enum Sensitive {
    /// It is closed, or merged.
    Ends(Change),
    /// It gets another severity, another environment, or both.
    Becomes(Option<Severity>, Option<Env>),
}

/// Makes a change, unless the policy wants it proposed. The incident that was looked at is the one that is changed:
/// what the policy saw rides along as the version to match.
pub(super) async fn change(
    call: &Call<'_>,
    incident: IncidentId,
    op: Op,
    sensitive: Sensitive,
) -> Result<Applied, Problem> {
    let mut command = call.command(incident, op);
    let given = command.if_match;
    for _ in 0..ATTEMPTS {
        let current = call.store().get(incident).await;
        let current = current.map_err(|error| problem::of_store(&error))?;
        allow(call, &sensitive, &current)?;
        command.if_match = given.or(Some(current.etag));
        match call.submit(&command).await {
            Err(StoreError::Refused(Refused::Stale { .. })) if given.is_none() => {}
            result => {
                return result.map_err(|error| problem::of_command(&command.op, &error));
            }
        }
    }
    Err(problem::changing_too_fast(incident))
}

fn allow(call: &Call<'_>, sensitive: &Sensitive, current: &Incident) -> Result<(), Problem> {
    match sensitive {
        Sensitive::Ends(change) => allow_change(call, *change, None, current),
        Sensitive::Becomes(severity, env) => {
            if let Some(becomes) = severity.filter(|new| *new != current.severity) {
                allow_change(call, Change::Severity, Some(becomes), current)?;
            }
            let severity = severity.unwrap_or(current.severity);
            match env {
                Some(env) if *env != current.env => allow_move(call, (env, severity), current),
                _ => Ok(()),
            }
        }
    }
}

fn allow_change(
    call: &Call<'_>,
    change: Change,
    becomes: Option<Severity>,
    current: &Incident,
) -> Result<(), Problem> {
    let (who, matrix) = (&call.visit.who, &call.door.policies().matrix);
    let rule = matrix.approval(&Asked {
        change,
        env: &current.env,
        severity: current.severity,
        becomes,
        role: matrix.role_of(&who.agent, who.standing()),
    });
    rule.map_or(Ok(()), |rule| {
        Err(problem::needs_second_pair(change.as_str(), rule))
    })
}

/// Elsewhere another line of the policy may hold, or none: whoever would leave one needs what it asks for.
fn allow_move(call: &Call<'_>, to: (&Env, Severity), current: &Incident) -> Result<(), Problem> {
    let (who, matrix) = (&call.visit.who, &call.door.policies().matrix);
    let rule = matrix.approval_of_move(&AskedMove {
        from: (&current.env, current.severity),
        to,
        role: matrix.role_of(&who.agent, who.standing()),
    });
    rule.map_or(Ok(()), |rule| {
        Err(problem::needs_second_pair("change of env", rule))
    })
}
