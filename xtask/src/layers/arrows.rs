//! Holds the declared dependencies of every member against the table.

use std::path::Path;

use crate::finding::Finding;
use crate::layers::table;
use crate::metadata::{Package, Workspace};

/// Every dependency that ships (normal and build, optional ones too) and is not in the table.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let check = |package| check_package(&workspace.root, package);
    workspace.packages.iter().flat_map(check).collect()
}

fn check_package(root: &Path, package: &Package) -> Vec<Finding> {
    let Some(member) = Member::of(root, package) else {
        let message =
            "no row in xtask/src/layers/table.rs; add one there and in docs/ARCHITECTURE.md";
        return vec![Finding::of(&package.name, message)];
    };
    let ships = |dependency: &&_| !crate::metadata::Dependency::is_for_tests(dependency);
    let dependencies = package.dependencies.iter().filter(ships);
    dependencies
        .filter_map(|dependency| member.objection(&dependency.name))
        .map(|message| Finding::of(&package.name, message))
        .collect()
}

/// A member with its rights.
struct Member<'a> {
    name: &'a str,
    may_use: &'static [&'static str],
}

impl<'a> Member<'a> {
    fn of(root: &Path, package: &'a Package) -> Option<Self> {
        if package.manifest_path.starts_with(root.join("examples")) {
            let (name, may_use) = (package.name.as_str(), table::FOR_EMBEDDERS);
            return Some(Self { name, may_use });
        }
        let name = table::short(&package.name)?;
        let may_use = table::allowed(name)?;
        Some(Self { name, may_use })
    }

    /// Why this dependency may not be, or nothing.
    fn objection(&self, dependency: &str) -> Option<String> {
        if let Some(ours) = table::short(dependency) {
            return (!self.may_use.contains(&ours)).then(|| self.forbidden_arrow(ours));
        }
        let forbidden =
            |named: &[&str], by: &[&str]| named.contains(&dependency) && !by.contains(&self.name);
        if table::WAITING.contains(&dependency) && table::WITHOUT_IO.contains(&self.name) {
            return Some(format!(
                "names {dependency}; this crate has no I/O and no async, so pass it what it needs as values"
            ));
        }
        if forbidden(table::TRANSPORT, table::SPEAK_TRANSPORT) {
            let who = table::SPEAK_TRANSPORT.join(", ");
            return Some(format!(
                "names the transport crate {dependency}; only {who} may"
            ));
        }
        if forbidden(table::DATABASE, table::SPEAK_DATABASE) {
            let who = table::SPEAK_DATABASE.join(", ");
            return Some(format!(
                "names the database crate {dependency}; only {who} may"
            ));
        }
        None
    }

    fn forbidden_arrow(&self, dependency: &str) -> String {
        let allowed = match self.may_use {
            [] => "none of ours".to_owned(),
            names => names.join(", "),
        };
        format!("may not use {dependency}; it may use {allowed}")
    }
}
