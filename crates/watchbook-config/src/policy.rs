//! The policy files: their keys, and how they become the plain structs of the pure crates.

mod costs;
mod cross;
mod governance;
mod limits;
mod matrix;
mod nodes;
mod rollout;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use costs::CostKeys;
pub(crate) use governance::GovernanceKeys;
pub(crate) use limits::LimitKeys;
pub(crate) use matrix::MatrixKeys;
pub(crate) use nodes::{NodesKeys, check_own_name};
pub(crate) use rollout::RolloutKeys;

use crate::error::ConfigError;
use crate::files::ConfigFile;
use crate::load::{Policies, typed};
use crate::place::{Place, Source};
use crate::read::Node;

/// Reads every policy, and reports the mistakes of all of them.
pub(crate) fn read(
    written: &BTreeMap<ConfigFile, Node>,
    errors: &mut Vec<ConfigError>,
) -> Option<Policies> {
    let matrix = typed(ConfigFile::Matrix, written, errors);
    let limits = typed(ConfigFile::Limits, written, errors);
    let costs = typed(ConfigFile::Costs, written, errors);
    let rollout = typed(ConfigFile::Rollout, written, errors);
    let governance = typed(ConfigFile::Governance, written, errors);
    let nodes = typed(ConfigFile::Nodes, written, errors);
    let matrix = matrix.and_then(|keys: MatrixKeys| matrix::compile(keys, written, errors));
    let nodes = nodes.and_then(|keys: NodesKeys| nodes::compile(keys, written, errors));
    let limits = limits.map(|keys: LimitKeys| keys.into_policy());
    if let (Some(matrix), Some(limits)) = (&matrix, &limits) {
        cross::check_limits(limits, matrix, written, errors);
    }
    Some(Policies {
        matrix: matrix?,
        rollout: rollout.map(|keys: RolloutKeys| keys.into_policy())?,
        limits: Arc::new(limits?),
        costs: costs.map(|keys: CostKeys| keys.into_policy())?,
        governance: governance.map(|keys: GovernanceKeys| keys.into_policy())?,
        nodes: nodes?,
    })
}

/// A mistake in the value at a path of keys and of places in lists.
pub(crate) fn at(
    file: ConfigFile,
    path: &[String],
    written: &BTreeMap<ConfigFile, Node>,
    message: String,
    fix: String,
) -> ConfigError {
    let place = written
        .get(&file)
        .and_then(|node| node.find(path))
        .map_or_else(
            || Place::whole(Source::Shipped(file.name())),
            |node| node.place.clone(),
        );
    ConfigError {
        place,
        key: path_text(path),
        message,
        fix,
    }
}

fn path_text(path: &[String]) -> String {
    let is_index = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = path.iter().enumerate().map(|(at, part)| match at {
        _ if is_index(part) => format!("[{part}]"),
        0 => part.clone(),
        _ => format!(".{part}"),
    });
    parts.collect()
}
