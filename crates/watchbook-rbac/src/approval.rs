//! Which changes want a second pair of eyes.

use std::fmt;

use watchbook_core::Severity;
use watchbook_core::text::Env;

use crate::role::RoleName;

/// A change that may want a second pair of eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Closing an incident.
    Close,
    /// Merging it into another.
    Merge,
    /// Giving it another severity.
    Severity,
}

impl Change {
    /// Every change that can want one.
    pub const ALL: [Self; 3] = [Self::Close, Self::Merge, Self::Severity];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Merge => "merge",
            Self::Severity => "severity",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line of `approvals`. A list that is absent stands for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// The changes it is about.
    pub changes: Option<Vec<Change>>,
    /// The environments.
    pub envs: Option<Vec<Env>>,
    /// The severities: that of the incident, or the one it would get.
    pub severities: Option<Vec<Severity>>,
    /// The roles that must ask.
    pub roles: Option<Vec<RoleName>>,
    /// The roles that need not, though another list names them.
    pub except_roles: Vec<RoleName>,
}

/// What the matrix is asked about a change.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The change.
    pub change: Change,
    /// The incident's environment.
    pub env: &'a Env,
    /// The incident's severity.
    pub severity: Severity,
    /// The severity it would get, when that is the change.
    pub becomes: Option<Severity>,
    /// The caller's role.
    pub role: &'a RoleName,
}

/// What the matrix is asked about a change of the environment: an environment and a severity before, and after.
#[derive(Debug, Clone, Copy)]
pub struct AskedMove<'a> {
    /// As the incident is.
    pub from: (&'a Env, Severity),
    /// As it would become.
    pub to: (&'a Env, Severity),
    /// The caller's role.
    pub role: &'a RoleName,
}

/// The line of `approvals` that wants a second pair of eyes, by its place in the list, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovalRule {
    /// The place.
    pub index: usize,
}

impl fmt::Display for ApprovalRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "approvals[{}]", self.index)
    }
}

impl ApprovalPolicy {
    /// Whether this line wants a second pair of eyes.
    pub(crate) fn wants(&self, asked: &Asked<'_>) -> bool {
        let covers = |severity| self.covers((asked.env, severity));
        names(self.changes.as_ref(), &asked.change)
            && (covers(asked.severity) || asked.becomes.is_some_and(covers))
            && self.binds(asked.role)
    }

    /// Whether a change of the environment gets around this line: out of its reach, where whatever it names is free, or
    /// into it with a severity that was free to choose before.
    pub(crate) fn is_evaded_by(&self, asked: &AskedMove<'_>) -> bool {
        let AskedMove { from, to, role } = *asked;
        let around = match (self.covers(from), self.covers(to)) {
            (true, false) => true,
            (false, true) => names(self.changes.as_ref(), &Change::Severity),
            (true, true) | (false, false) => false,
        };
        around && self.binds(role)
    }

    fn covers(&self, (env, severity): (&Env, Severity)) -> bool {
        names(self.envs.as_ref(), env) && names(self.severities.as_ref(), &severity)
    }

    fn binds(&self, role: &RoleName) -> bool {
        names(self.roles.as_ref(), role) && !self.except_roles.contains(role)
    }
}

fn names<T: PartialEq>(list: Option<&Vec<T>>, value: &T) -> bool {
    list.is_none_or(|list| list.contains(value))
}
