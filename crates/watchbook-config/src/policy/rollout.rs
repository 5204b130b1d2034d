//! `tools_rollout.yml`.

use watchbook_core::AgentId;
use watchbook_rbac::{ActionGlob, Rollout, RolloutRule, Stage};

use crate::read::{keys, words};

words!(Stage, "a stage");

keys! {
    /// Which actions are switched on, and for whom.
    pub(crate) struct RolloutKeys {
        /// What holds when no line of rules fits: `off`, `dry_run` or `on`.
        default: Stage,
        /// Lines, in order; the first that fits decides.
        rules: Vec<RuleKeys>,
    }
}

keys! {
    /// How far some actions have come for some callers.
    pub(crate) struct RuleKeys {
        /// The actions; * for any part of a name.
        actions: Vec<ActionGlob>,
        /// The callers. Left out: everyone.
        agents: Option<Vec<AgentId>>,
        /// `off`: refused. `dry_run`: a write only says what it would do. `on`: carried out.
        stage: Stage,
    }
}

impl RolloutKeys {
    pub(super) fn into_policy(self) -> Rollout {
        let Self { default, rules } = self;
        Rollout {
            rules: rules.into_iter().map(RuleKeys::into_rule).collect(),
            default,
        }
    }
}

impl RuleKeys {
    fn into_rule(self) -> RolloutRule {
        let Self {
            actions,
            agents,
            stage,
        } = self;
        RolloutRule {
            actions,
            agents,
            stage,
        }
    }
}
