//! `rbac_tools_matrix.yml`.

use std::collections::BTreeMap;

use watchbook_core::text::Env;
use watchbook_core::{AgentId, Severity};
use watchbook_rbac::{
    ApprovalPolicy, Change, DefaultRoles, Matrix, MatrixFault, MatrixPolicy, Pattern, RoleName,
    RolePolicy,
};

use crate::error::ConfigError;
use crate::files::ConfigFile;
use crate::place::Source;
use crate::read::{Node, keys, nearest, words};

words!(Change, "a change that can want approval");

keys! {
    /// Who may do what: agents and people have roles, roles have permissions.
    pub(crate) struct MatrixKeys {
        /// Agents and their roles.
        agents: BTreeMap<AgentId, RoleName>,
        /// People (their ids begin with human:) and their roles.
        people: BTreeMap<AgentId, RoleName>,
        /// The roles of everyone who is not listed.
        defaults: DefaultKeys,
        /// What the roles may do. What no line allows is not allowed.
        roles: BTreeMap<RoleName, RoleKeys>,
        /// Changes that want a second pair of eyes: whoever would make them proposes them, and somebody else approves.
        approvals: Vec<ApprovalKeys>,
    }
}

keys! {
    /// The roles of everyone who is not listed.
    pub(crate) struct DefaultKeys {
        /// The role of an agent that is not listed.
        agent: RoleName,
        /// The role of a person who is not listed and comes in over the network.
        person: RoleName,
        /// The role of a person who is not listed and works at the command line on the directory itself.
        local: RoleName,
        /// The role of watchbook's own jobs.
        job: RoleName,
    }
}

keys! {
    /// What a role may do.
    pub(crate) struct RoleKeys {
        /// What it may: tool.action to read, tool.action:write to read and write; * for any part of a name.
        allow: Vec<Pattern>,
        /// What it may not, whatever allow says: tool.action for both, tool.action:write for writing alone.
        deny: Option<Vec<Pattern>>,
    }
}

keys! {
    /// Changes that want a second pair of eyes. A key that is left out stands for everything.
    pub(crate) struct ApprovalKeys {
        /// The changes: close, merge, severity.
        changes: Option<Vec<Change>>,
        /// The environments.
        envs: Option<Vec<Env>>,
        /// The severities, as they are or as they would become.
        severities: Option<Vec<Severity>>,
        /// The roles that must ask.
        roles: Option<Vec<RoleName>>,
        /// The roles that need not ask.
        except_roles: Option<Vec<RoleName>>,
    }
}

impl MatrixKeys {
    fn into_policy(self) -> MatrixPolicy {
        let Self {
            agents,
            people,
            defaults,
            roles,
            approvals,
        } = self;
        let DefaultKeys {
            agent,
            person,
            local,
            job,
        } = defaults;
        MatrixPolicy {
            agents,
            people,
            defaults: DefaultRoles {
                agent,
                person,
                local,
                job,
            },
            roles: roles
                .into_iter()
                .map(|(name, role)| (name, role.into_policy()))
                .collect(),
            approvals: approvals
                .into_iter()
                .map(ApprovalKeys::into_policy)
                .collect(),
        }
    }
}

impl RoleKeys {
    fn into_policy(self) -> RolePolicy {
        let Self { allow, deny } = self;
        RolePolicy {
            allow,
            deny: deny.unwrap_or_default(),
        }
    }
}

impl ApprovalKeys {
    fn into_policy(self) -> ApprovalPolicy {
        let Self {
            changes,
            envs,
            severities,
            roles,
            except_roles,
        } = self;
        ApprovalPolicy {
            changes,
            envs,
            severities,
            roles,
            except_roles: except_roles.unwrap_or_default(),
        }
    }
}

/// Checks the matrix as a whole, and says where its lines contradict each other.
pub(super) fn compile(
    keys: MatrixKeys,
    written: &BTreeMap<ConfigFile, Node>,
    errors: &mut Vec<ConfigError>,
) -> Option<Matrix> {
    Matrix::new(keys.into_policy())
        .map_err(|faults| errors.extend(faults.iter().map(|fault| mistake(fault, written))))
        .ok()
}

fn mistake(fault: &MatrixFault, written: &BTreeMap<ConfigFile, Node>) -> ConfigError {
    let text = fault.to_string();
    let (message, fix) = text.split_once("; ").unwrap_or((&text, "correct it"));
    let fix = match fault {
        MatrixFault::NoRole { role, known, .. } => {
            nearest(role.as_str(), known.iter().map(String::as_str))
                .map_or_else(|| fix.to_owned(), |role| format!("did you mean {role}?"))
        }
        MatrixFault::NoPerson { .. } | MatrixFault::NoAgent { .. } => fix.to_owned(),
    };
    let mut error = super::at(
        ConfigFile::Matrix,
        fault.path(),
        written,
        message.to_owned(),
        fix,
    );
    if matches!(error.place.source, Source::Shipped(_)) {
        let key = fault.path().first().map_or("", String::as_str);
        error.fix = format!(
            "{} (this is the shipped value of {key}, which your file leaves out: write your own)",
            error.fix
        );
    }
    error
}
