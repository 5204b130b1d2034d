//! `layers`: arrows between crates run one way only, transport stays on top, the database stays in the store.
//!
//! The table is DESIGN's, in `layers/table.rs`; changing an arrow means changing the table and
//! `docs/ARCHITECTURE.md` in the same commit.

mod arrows;
mod database;
mod manifest;
mod table;

use crate::checkout;
use crate::failure::Failure;
use crate::finding::{self, Finding};
use crate::metadata::{self, Workspace};
use crate::source;

/// Checks the workspace as it is on disk.
pub(crate) fn run() -> Result<(), Failure> {
    let workspace = metadata::load()?;
    let mut findings = arrows::check(&workspace);
    findings.extend(manifests(&workspace)?);
    let (files, broken) = source::parse_all(&checkout::text_files()?);
    findings.extend(broken);
    findings.extend(files.iter().flat_map(database::check));
    let looked_at = format!("{} crates", workspace.packages.len());
    finding::conclude("layers", &looked_at, findings)
}

fn manifests(workspace: &Workspace) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let text = checkout::read_if_there(&package.manifest_path)?.unwrap_or_default();
        findings.extend(manifest::check(package, &text));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests;
