//! Places that exist on one machine only: they must not be committed.

use crate::checkout::TextFile;
use crate::finding::Finding;

/// Folders of somebody's machine. Spelled in two parts, or this file would report itself.
const FOLDERS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/tmp/", "plan"),
];

/// The only registry: cargo's own name for it, whatever mirror a machine reads it through.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Folders of a machine in any file; foreign registries in cargo's files.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_cargo = file.path.ends_with("Cargo.lock") || file.path.contains(".cargo/");
    for (index, line) in file.text.lines().enumerate() {
        let mut found = |what: &str| {
            let message = format!("names {what}, which exists on one machine only");
            findings.push(Finding::at(&file.path, index + 1, message));
        };
        FOLDERS
            .iter()
            .filter(|folder| names(line, folder))
            .for_each(|folder| found(folder));
        if is_cargo && is_foreign_registry(line) {
            found("a registry");
        }
    }
    findings
}

/// Whether the folder is named from the root: not as a part of a longer path or an address.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(position, _)| {
        let before = line[..position].chars().next_back();
        before.is_none_or(|before| {
            !(before.is_alphanumeric() || matches!(before, '_' | '.' | '-' | '}' | '*'))
        })
    })
}

fn is_foreign_registry(line: &str) -> bool {
    let setting = line.trim_start();
    match setting.strip_prefix("source = ") {
        Some(source) => source.trim_matches('"') != REGISTRY,
        None => ["[source", "[registr", "index ="]
            .iter()
            .any(|start| setting.starts_with(start)),
    }
}
