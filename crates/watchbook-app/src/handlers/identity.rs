//! Telling callers who they are.

use watchbook_api::{ActionKind, IdentityView, Reply};
use watchbook_rbac::{Permission, Stage};

use super::answer::Answer;
use crate::call::Call;
use crate::need;
use crate::who::Identity;

/// Who calls, in which role, and which actions it may call.
pub(super) fn whoami(call: &Call<'_>) -> Answer {
    let who = &call.visit.who;
    let Identity {
        agent,
        key,
        delegate,
        via,
    } = who.clone();
    let role = call.door.policies().matrix.role_of(&agent, who.standing());
    let may = ActionKind::ALL.iter().filter(|kind| may(call, **kind));
    let identity = IdentityView {
        role: role.to_string(),
        may: may.map(|kind| format!("{}.{kind}", kind.tool())).collect(),
        agent_id: agent,
        via,
        key,
        delegate,
    };
    Answer::read(Reply::Identity(Box::new(identity)))
}

/// Whether a call of this action would come past the matrix and the rollout.
fn may(call: &Call<'_>, kind: ActionKind) -> bool {
    let (who, policies) = (&call.visit.who, call.door.policies());
    let (tool, action) = (kind.tool().as_str(), kind.name());
    let permission = Permission {
        tool,
        action,
        write: need::of(kind).writes(),
    };
    let decision = policies
        .matrix
        .decide(&who.agent, who.standing(), &permission);
    let stage = policies.rollout.state(&who.agent, tool, action).stage;
    decision.allowed && stage != Stage::Off
}
