//! Which actions are switched on, and for whom: a new action can be tried before it is trusted.

use std::fmt;

use watchbook_core::AgentId;

use crate::glob::ActionGlob;

/// How far an action has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It is refused.
    Off,
    /// A write only says what it would do. A read is carried out.
    DryRun,
    /// It is carried out.
    On,
}

impl Stage {
    /// Every stage, the strictest first.
    pub const ALL: [Self; 3] = [Self::Off, Self::DryRun, Self::On];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::DryRun => "dry_run",
            Self::On => "on",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line of `rules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRule {
    /// The actions it is about.
    pub actions: Vec<ActionGlob>,
    /// The callers it is about; absent stands for everyone.
    pub agents: Option<Vec<AgentId>>,
    /// How far these actions have come for these callers.
    pub stage: Stage,
}

/// What is switched on, as it is written in `tools_rollout.yml`. The first line that fits decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// The lines, in order.
    pub rules: Vec<RolloutRule>,
    /// What holds when no line fits.
    pub default: Stage,
}

/// How far an action has come for a caller, and which line says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutState {
    /// How far.
    pub stage: Stage,
    /// The place of the line, from 0; nothing when the default decided.
    pub rule: Option<usize>,
}

impl Rollout {
    /// How far this action has come for this caller.
    pub fn state(&self, agent: &AgentId, tool: &str, action: &str) -> RolloutState {
        let fits = |rule: &RolloutRule| {
            let RolloutRule {
                actions,
                agents,
                stage: _,
            } = rule;
            agents.as_ref().is_none_or(|agents| agents.contains(agent))
                && actions.iter().any(|glob| glob.matches(tool, action))
        };
        let rule = self.rules.iter().position(fits);
        RolloutState {
            stage: rule.map_or(self.default, |index| self.rules[index].stage),
            rule,
        }
    }
}

impl fmt::Display for RolloutState {
    /// The line's place in `tools_rollout.yml` and what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Some(index) => write!(f, "rules[{index}]: {}", self.stage),
            None => write!(f, "default: {}", self.stage),
        }
    }
}

#[cfg(test)]
mod tests;
