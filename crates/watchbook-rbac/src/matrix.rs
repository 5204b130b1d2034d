//! The matrix: agents and people → roles → permissions.

use std::collections::BTreeMap;

use watchbook_core::AgentId;

use crate::approval::{ApprovalPolicy, ApprovalRule, Asked, AskedMove};
use crate::decision::{Decision, Rule};
use crate::glob::Pattern;
use crate::permission::Permission;
use crate::role::{RoleName, Subject};

/// The matrix as it is written in `rbac_tools_matrix.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixPolicy {
    /// Agents and their roles.
    pub agents: BTreeMap<AgentId, RoleName>,
    /// People (`human:…`) and their roles.
    pub people: BTreeMap<AgentId, RoleName>,
    /// The roles of everyone else.
    pub defaults: DefaultRoles,
    /// What the roles may do.
    pub roles: BTreeMap<RoleName, RolePolicy>,
    /// Which changes want a second pair of eyes.
    pub approvals: Vec<ApprovalPolicy>,
}

/// The roles of those whom no line lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRoles {
    /// An agent.
    pub agent: RoleName,
    /// A person who comes in over the network.
    pub person: RoleName,
    /// A person at the command line of the directory itself, who could edit its files anyway.
    pub local: RoleName,
    /// A job of watchbook's own.
    pub job: RoleName,
}

/// What a role may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolePolicy {
    /// What it may.
    pub allow: Vec<Pattern>,
    /// What it may not, whatever `allow` says.
    pub deny: Vec<Pattern>,
}

/// From where a caller comes: it decides the role of those whom no line lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Over the network, with or without a key.
    Remote,
    /// The command line on the directory itself.
    Local,
    /// A job of watchbook's own.
    Job,
}

/// A line of the matrix that contradicts another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatrixFault {
    /// A role that is not defined.
    #[error("there is no role {role}; define it under roles, or use one of {}", known.join(", "))]
    NoRole {
        /// Where it is named, as a path in the file such as `agents.helion`.
        path: Vec<String>,
        /// The role that was named.
        role: RoleName,
        /// The roles that there are.
        known: Vec<String>,
    },
    /// An agent among the people.
    #[error("a person's id begins with human:, as in human:{agent}; agents belong under agents")]
    NoPerson {
        /// Where it is named.
        path: Vec<String>,
        /// The id.
        agent: AgentId,
    },
    /// A person among the agents.
    #[error("{agent} is a person; move the line to people")]
    NoAgent {
        /// Where it is named.
        path: Vec<String>,
        /// The id.
        agent: AgentId,
    },
}

impl MatrixFault {
    /// The place in the file: keys, and places in lists from 0.
    pub fn path(&self) -> &[String] {
        match self {
            Self::NoRole { path, .. }
            | Self::NoPerson { path, .. }
            | Self::NoAgent { path, .. } => path,
        }
    }
}

/// The matrix, checked: every role that a line names is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    listed: BTreeMap<AgentId, RoleName>,
    defaults: DefaultRoles,
    roles: BTreeMap<RoleName, RolePolicy>,
    approvals: Vec<ApprovalPolicy>,
}

impl Matrix {
    /// Checks a matrix and takes it over.
    ///
    /// # Errors
    /// Every line that contradicts another, all at once.
    pub fn new(policy: MatrixPolicy) -> Result<Self, Vec<MatrixFault>> {
        let faults = faults(&policy);
        if !faults.is_empty() {
            return Err(faults);
        }
        let MatrixPolicy {
            agents,
            people,
            defaults,
            roles,
            approvals,
        } = policy;
        Ok(Self {
            listed: agents.into_iter().chain(people).collect(),
            defaults,
            roles,
            approvals,
        })
    }

    /// The role of a caller.
    pub fn role_of(&self, agent: &AgentId, standing: Standing) -> &RoleName {
        self.listed
            .get(agent)
            .unwrap_or_else(|| match (standing, agent.is_human()) {
                (Standing::Job, _) => &self.defaults.job,
                (Standing::Local, true) => &self.defaults.local,
                (Standing::Remote, true) => &self.defaults.person,
                (Standing::Remote | Standing::Local, false) => &self.defaults.agent,
            })
    }

    /// Whose budget a caller's calls are paid from.
    pub fn subject_of(&self, agent: &AgentId, standing: Standing) -> Subject {
        if self.listed.contains_key(agent) {
            Subject::Agent(agent.clone())
        } else {
            Subject::Role(self.role_of(agent, standing).clone())
        }
    }

    /// Whether a caller may do this, and which line says so.
    pub fn decide(
        &self,
        agent: &AgentId,
        standing: Standing,
        permission: &Permission<'_>,
    ) -> Decision {
        self.decide_for_role(self.role_of(agent, standing), permission)
    }

    /// Whether a role may do this, and which line says so. A role that is not defined may do nothing.
    pub fn decide_for_role(&self, role: &RoleName, permission: &Permission<'_>) -> Decision {
        let line = self.line(role, permission);
        Decision {
            allowed: matches!(line, Rule::Allow { .. }),
            role: role.clone(),
            rule: line,
        }
    }

    fn line(&self, role: &RoleName, permission: &Permission<'_>) -> Rule {
        let role = role.clone();
        let Some(RolePolicy { allow, deny }) = self.roles.get(&role) else {
            return Rule::Unnamed { role };
        };
        if let Some(pattern) = deny.iter().find(|line| line.withdraws(permission)) {
            let pattern = pattern.clone();
            return Rule::Deny { role, pattern };
        }
        match allow.iter().find(|line| line.grants(permission)) {
            Some(pattern) => Rule::Allow {
                role,
                pattern: pattern.clone(),
            },
            None => Rule::Unnamed { role },
        }
    }

    /// The first line of `approvals` that wants a second pair of eyes for a change, if one does.
    pub fn approval(&self, asked: &Asked<'_>) -> Option<ApprovalRule> {
        let index = self.approvals.iter().position(|line| line.wants(asked))?;
        Some(ApprovalRule { index })
    }

    /// The first line of `approvals` that a change of the environment would get around, if one is: such a change wants
    /// what the line wants.
    pub fn approval_of_move(&self, asked: &AskedMove<'_>) -> Option<ApprovalRule> {
        let mut lines = self.approvals.iter();
        let index = lines.position(|line| line.is_evaded_by(asked))?;
        Some(ApprovalRule { index })
    }

    /// Every role, by name.
    pub fn roles(&self) -> impl Iterator<Item = &RoleName> {
        self.roles.keys()
    }

    /// Everyone whom a line lists, by id, with their role.
    pub fn listed(&self) -> impl Iterator<Item = (&AgentId, &RoleName)> {
        self.listed.iter()
    }
}

fn faults(policy: &MatrixPolicy) -> Vec<MatrixFault> {
    let strangers = policy
        .people
        .keys()
        .filter(|agent| !agent.is_human())
        .map(|agent| MatrixFault::NoPerson {
            path: path(["people", agent.as_str()]),
            agent: agent.clone(),
        });
    let persons = policy
        .agents
        .keys()
        .filter(|agent| agent.is_human())
        .map(|agent| MatrixFault::NoAgent {
            path: path(["agents", agent.as_str()]),
            agent: agent.clone(),
        });
    let undefined = named_roles(policy)
        .into_iter()
        .filter(|(_, role)| !policy.roles.contains_key(role))
        .map(|(path, role)| MatrixFault::NoRole {
            path,
            role: role.clone(),
            known: policy.roles.keys().map(ToString::to_string).collect(),
        });
    strangers.chain(persons).chain(undefined).collect()
}

/// Every role that a line names, with the line's place.
fn named_roles(policy: &MatrixPolicy) -> Vec<(Vec<String>, &RoleName)> {
    let MatrixPolicy {
        agents,
        people,
        defaults:
            DefaultRoles {
                agent,
                person,
                local,
                job,
            },
        roles: _,
        approvals,
    } = policy;
    let of_agents = agents
        .iter()
        .map(|(id, role)| (path(["agents", id.as_str()]), role));
    let of_people = people
        .iter()
        .map(|(id, role)| (path(["people", id.as_str()]), role));
    let of_defaults = [
        ("agent", agent),
        ("person", person),
        ("local", local),
        ("job", job),
    ]
    .map(|(key, role)| (path(["defaults", key]), role));
    let of_approvals = approvals.iter().enumerate().flat_map(|(index, line)| {
        let index = index.to_string();
        let named = line.roles.iter().flatten().enumerate();
        let excepted = line.except_roles.iter().enumerate();
        named
            .map(|(at, role)| ("roles", at, role))
            .chain(excepted.map(|(at, role)| ("except_roles", at, role)))
            .map(move |(key, at, role)| (path(["approvals", &index, key, &at.to_string()]), role))
            .collect::<Vec<_>>()
    });
    of_agents
        .chain(of_people)
        .chain(of_defaults)
        .chain(of_approvals)
        .collect()
}

fn path<const N: usize>(parts: [&str; N]) -> Vec<String> {
    parts.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests;
