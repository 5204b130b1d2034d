//! `nodes_registry.yml`.

use std::collections::{BTreeMap, BTreeSet};

use watchbook_core::text::Name;

use crate::error::ConfigError;
use crate::files::ConfigFile;
use crate::nodes::{MAX_NODES, NodeEntry, Nodes};
use crate::policy::at;
use crate::read::{Node, keys, nearest};
use crate::settings::PublicUrl;

keys! {
    /// The servers that share one store.
    pub(crate) struct NodesKeys {
        /// Every server, at most 1000. Empty: a server may have any name.
        nodes: Vec<NodeKeys>,
    }
}

keys! {
    /// A server.
    pub(crate) struct NodeKeys {
        /// Its name: what its own setting `server.node` says. 1 to 64 of A-Z a-z 0-9 _ . / : -.
        name: Name,
        /// What it is for, in one word of yours.
        role: Option<Name>,
        /// Where it is reached, such as `https://eu.watchbook.example.com`.
        url: Option<PublicUrl>,
    }
}

impl NodeKeys {
    fn into_entry(self) -> NodeEntry {
        let Self { name, role, url } = self;
        NodeEntry {
            name,
            role,
            url: url.map(|url| url.0),
        }
    }
}

/// The registry, or what is wrong between its entries.
pub(super) fn compile(
    keys: NodesKeys,
    written: &BTreeMap<ConfigFile, Node>,
    errors: &mut Vec<ConfigError>,
) -> Option<Nodes> {
    let before = errors.len();
    let mut report = |path: &[String], message, fix: &str| {
        let error = at(ConfigFile::Nodes, path, written, message, fix.to_owned());
        errors.push(error);
    };
    let listed = keys.nodes.len();
    if listed > MAX_NODES {
        let message = format!("{listed} nodes are listed; the limit is {MAX_NODES}");
        report(&["nodes".to_owned()], message, "remove those that are gone");
    }
    let mut names = BTreeSet::new();
    for (index, node) in keys.nodes.iter().enumerate() {
        if !names.insert(&node.name) {
            let path = ["nodes".to_owned(), index.to_string(), "name".to_owned()];
            let message = format!("there is another node {}", node.name);
            report(&path, message, "give each node a name of its own");
        }
    }
    let entries = keys.nodes.into_iter().map(NodeKeys::into_entry);
    let nodes = Nodes(entries.collect());
    (errors.len() == before).then_some(nodes)
}

/// What is wrong when a registry is there and does not list this server: it would hold leases under a name that nobody
/// knows.
pub(crate) fn check_own_name(
    own: &Name,
    nodes: &Nodes,
    written: &BTreeMap<ConfigFile, Node>,
) -> Option<ConfigError> {
    if nodes.0.is_empty() || nodes.get(own).is_some() {
        return None;
    }
    let known = || nodes.0.iter().map(|node| node.name.as_str());
    let fix = match nearest(own.as_str(), known()) {
        Some(near) => format!("did you mean {near}?"),
        None => "set it, or WATCHBOOK_NODE, to one of the names there, or list it".to_owned(),
    };
    let path = ["server", "node"].map(str::to_owned);
    let registry = ConfigFile::Nodes.name();
    let message = format!("{registry} lists no node {own}");
    Some(at(ConfigFile::Settings, &path, written, message, fix))
}
