//! Mistakes between files: lines that could never apply, because another file does not know whom they name.

use std::collections::BTreeMap;

use watchbook_core::AgentId;
use watchbook_rbac::{Matrix, RoleName, ToolLimits};

use crate::error::ConfigError;
use crate::files::ConfigFile;
use crate::place::Source;
use crate::policy::at;
use crate::read::{Data, Node};

/// Finds lines of the limits that name roles or callers which the matrix does not know.
pub(super) fn check_limits(
    limits: &ToolLimits,
    matrix: &Matrix,
    written: &BTreeMap<ConfigFile, Node>,
    errors: &mut Vec<ConfigError>,
) {
    let Some(node) = written.get(&ConfigFile::Limits) else {
        return;
    };
    let found = unknown_roles(node, matrix)
        .into_iter()
        .chain(unlisted_callers(limits, matrix));
    // The shipped lines stay harmless when somebody writes other roles.
    errors.extend(
        found
            .map(|(path, message, fix)| at(ConfigFile::Limits, &path, written, message, fix))
            .filter(|error| !matches!(error.place.source, Source::Shipped(_))),
    );
}

/// A path, what is wrong there, and what to do.
type Fault = (Vec<String>, String, String);

fn unknown_roles(limits: &Node, matrix: &Matrix) -> Vec<Fault> {
    let known: Vec<&str> = matrix.roles().map(RoleName::as_str).collect();
    let exempt = match limits.get("exempt_roles").map(|node| &node.data) {
        Some(Data::List(items)) => items.as_slice(),
        _ => &[],
    };
    let unknown = exempt
        .iter()
        .enumerate()
        .filter_map(|(index, item)| match &item.data {
            Data::Text(role) if !known.contains(&role.as_str()) => Some((index, role)),
            _ => None,
        });
    unknown
        .map(|(index, role)| {
            let path = vec!["exempt_roles".to_owned(), index.to_string()];
            let fix = format!("use one of {}", known.join(", "));
            (path, format!("there is no role {role}"), fix)
        })
        .collect()
}

fn unlisted_callers(limits: &ToolLimits, matrix: &Matrix) -> Vec<Fault> {
    let is_listed = |agent: &AgentId| matrix.listed().any(|(listed, _)| listed == agent);
    let rates = limits.agents.keys().map(|agent| (vec!["agents"], agent));
    let caps = limits.daily_writes_of.keys();
    let caps = caps.map(|agent| (vec!["daily_writes", "agents"], agent));
    rates
        .chain(caps)
        .filter(|(_, agent)| !is_listed(agent))
        .map(|(section, agent)| {
            let parts = section.into_iter().chain([agent.as_str()]);
            let matrix = ConfigFile::Matrix.name();
            (
                parts.map(str::to_owned).collect(),
                format!("{agent} is not listed in {matrix}, so it has no budget of its own"),
                "list it there under agents or people, or remove this line".to_owned(),
            )
        })
        .collect()
}
