//! Each member inherits the workspace's lints and lives in the folder of its name.

use crate::finding::Finding;
use crate::metadata::Package;

/// Checks one member's manifest, given its text: cargo's metadata says nothing about lints.
pub(super) fn check(package: &Package, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !inherits_lints(text) {
        let message =
            "does not inherit the workspace's lints; add `[lints]` with `workspace = true`";
        findings.push(Finding::of(&package.name, message));
    }
    let folder = package
        .manifest_path
        .parent()
        .and_then(|path| path.file_name());
    if folder.is_none_or(|folder| folder != package.name.as_str()) {
        let message = format!(
            "lives in {}; name the folder as the crate",
            package.manifest_path.display()
        );
        findings.push(Finding::of(&package.name, message));
    }
    findings
}

/// Reads the two spellings that occur: a `[lints]` table, or a dotted key at the top.
fn inherits_lints(manifest: &str) -> bool {
    let mut table = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            table = line;
        }
        let setting: String = line.split_whitespace().collect();
        match table {
            "[lints]" => setting == "workspace=true",
            "" => setting == "lints.workspace=true",
            _ => false,
        }
    })
}
