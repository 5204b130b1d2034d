//! How much a caller may do: rates, daily caps, time.

mod bucket;
mod daily;
mod limiter;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use watchbook_core::AgentId;

use crate::glob::ByAction;
use crate::role::{RoleName, Subject};

pub use limiter::{Admission, Call, LimitRule, Limited, Limiter, MAX_BUCKETS, Scope};

/// The greatest rate and the greatest burst: a million a minute.
pub const MAX_RATE: u32 = 1_000_000;

/// How fast a budget fills, and how much it holds. Counted in weights, which for plain calls are calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What flows in each minute: 1 to [`MAX_RATE`].
    pub per_minute: u32,
    /// What it holds, and so what may be used at once: 1 to [`MAX_RATE`].
    pub burst: u32,
}

/// The limits, as they are written in `tool_limits.yml`.
///
/// A call is paid from three budgets of its caller: one for everything, one for the tool, one for the action.
/// It is admitted when all three can pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolLimits {
    /// Roles that no rate and no cap holds: people at the keyboard and watchbook's own jobs.
    pub exempt: BTreeSet<RoleName>,
    /// A caller's budget for everything.
    pub per_agent: Rate,
    /// Callers with another one.
    pub agents: BTreeMap<AgentId, Rate>,
    /// A caller's budget for one tool.
    pub per_tool: Rate,
    /// Tools with another one.
    pub tools: BTreeMap<String, Rate>,
    /// A caller's budget for one action.
    pub per_action: Rate,
    /// Actions with another one; the narrowest pattern decides.
    pub actions: ByAction<Rate>,
    /// The writes of a caller on one day, UTC.
    pub daily_writes: u32,
    /// Callers with another number.
    pub daily_writes_of: BTreeMap<AgentId, u32>,
    /// How long a call may take.
    pub timeout: Duration,
    /// Actions that may take longer or less; the narrowest pattern decides.
    pub timeouts: ByAction<Duration>,
}

impl ToolLimits {
    /// How long a call of this action may take.
    pub fn timeout(&self, tool: &str, action: &str) -> Duration {
        self.timeouts
            .get(tool, action)
            .map_or(self.timeout, |(_, timeout)| *timeout)
    }

    /// The rate of a budget.
    fn rate(&self, subject: &Subject, scope: &Scope) -> Rate {
        match scope {
            Scope::Everything => own(&self.agents, subject).unwrap_or(self.per_agent),
            Scope::Tool(tool) => self.tools.get(tool).copied().unwrap_or(self.per_tool),
            Scope::Action(tool, action) => self
                .actions
                .get(tool, action)
                .map_or(self.per_action, |(_, rate)| *rate),
        }
    }

    /// The writes of a caller on one day.
    fn daily_cap(&self, subject: &Subject) -> u32 {
        own(&self.daily_writes_of, subject).unwrap_or(self.daily_writes)
    }
}

/// What a line of the policy says about this caller alone.
fn own<T: Copy>(lines: &BTreeMap<AgentId, T>, subject: &Subject) -> Option<T> {
    match subject {
        Subject::Agent(agent) => lines.get(agent).copied(),
        Subject::Role(_) => None,
    }
}
