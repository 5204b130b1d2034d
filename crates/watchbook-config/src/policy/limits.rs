//! `tool_limits.yml`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use watchbook_core::AgentId;
use watchbook_rbac::{ActionGlob, ByAction, MAX_RATE, Rate, RoleName, ToolLimits};

use crate::read::{Span, Text, Whole, keys};

/// How long a call may take: 100 ms to 10 minutes.
type Timeout = Span<100, 600_000>;
/// Writes on one day: none to a million.
type DailyCap = Whole<0, 1_000_000>;

keys! {
    /// How much a caller may do: rates, daily caps and time.
    pub(crate) struct LimitKeys {
        /// Roles that no rate and no cap holds.
        exempt_roles: Vec<RoleName>,
        /// Budgets: a call is paid from three, that of its caller, that of caller and tool, and that of caller and action.
        rates: RateKeys,
        /// Callers with another budget for everything. They must be listed in `rbac_tools_matrix.yml`.
        agents: BTreeMap<AgentId, BudgetKeys>,
        /// Tools with another budget.
        tools: BTreeMap<Text<64>, BudgetKeys>,
        /// Actions with another budget; * for any part of a name, and the narrowest line decides.
        actions: BTreeMap<ActionGlob, BudgetKeys>,
        /// Writes on one day, UTC.
        daily_writes: DailyKeys,
        /// How long a call may take.
        timeouts: TimeoutKeys,
    }
}

keys! {
    /// The usual budgets.
    pub(crate) struct RateKeys {
        /// A caller's budget for everything.
        agent: BudgetKeys,
        /// A caller's budget for one tool.
        tool: BudgetKeys,
        /// A caller's budget for one action.
        action: BudgetKeys,
    }
}

keys! {
    /// A budget, counted in the weights of `cost_weights.yml`.
    pub(crate) struct BudgetKeys {
        /// What flows in each minute. 1 to 1000000.
        per_minute: Whole<1, MAX_RATE>,
        /// What it holds, and so what may be used at once. 1 to 1000000.
        burst: Whole<1, MAX_RATE>,
    }
}

keys! {
    /// Writes on one day, UTC.
    pub(crate) struct DailyKeys {
        /// What a caller may. 0 to 1000000.
        default: DailyCap,
        /// Callers with another number. They must be listed in `rbac_tools_matrix.yml`.
        agents: BTreeMap<AgentId, DailyCap>,
    }
}

keys! {
    /// How long a call may take. 100ms to 10m.
    pub(crate) struct TimeoutKeys {
        /// What any call may take.
        default: Timeout,
        /// Actions with another time; * for any part of a name, and the narrowest line decides.
        actions: BTreeMap<ActionGlob, Timeout>,
    }
}

impl BudgetKeys {
    fn into_rate(self) -> Rate {
        let Self { per_minute, burst } = self;
        Rate {
            per_minute: per_minute.0,
            burst: burst.0,
        }
    }
}

impl LimitKeys {
    pub(super) fn into_policy(self) -> ToolLimits {
        let Self {
            exempt_roles,
            rates,
            agents,
            tools,
            actions,
            daily_writes,
            timeouts,
        } = self;
        let RateKeys {
            agent,
            tool,
            action,
        } = rates;
        let DailyKeys {
            default: daily,
            agents: daily_of,
        } = daily_writes;
        let TimeoutKeys {
            default: timeout,
            actions: timeouts,
        } = timeouts;
        ToolLimits {
            exempt: exempt_roles.into_iter().collect::<BTreeSet<_>>(),
            per_agent: agent.into_rate(),
            agents: rates_by(agents, |agent| agent),
            per_tool: tool.into_rate(),
            tools: rates_by(tools, |tool| tool.0),
            per_action: action.into_rate(),
            actions: actions
                .into_iter()
                .map(|(glob, keys)| (glob, keys.into_rate()))
                .collect(),
            daily_writes: daily.0,
            daily_writes_of: daily_of
                .into_iter()
                .map(|(agent, cap)| (agent, cap.0))
                .collect(),
            timeout: timeout.0,
            timeouts: timeouts
                .into_iter()
                .map(|(glob, span)| (glob, span.0))
                .collect::<ByAction<Duration>>(),
        }
    }
}

fn rates_by<K, N: Ord>(
    budgets: BTreeMap<K, BudgetKeys>,
    name: impl Fn(K) -> N,
) -> BTreeMap<N, Rate> {
    let named = budgets
        .into_iter()
        .map(|(key, keys)| (name(key), keys.into_rate()));
    named.collect()
}
