//! Snapshots are strict: none waits for review, and none outlives the test that made it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::Failure;
use crate::finding::{self, Finding};
use crate::process::Program;

/// The file in which insta notes every snapshot that a test compared with.
#[derive(Debug)]
pub(super) struct References {
    file: PathBuf,
}

impl References {
    /// Begins an empty list below cargo's target folder.
    pub(super) fn start(target: &Path) -> Result<Self, Failure> {
        let file = target.join("xtask").join("snapshot-references.txt");
        checkout::write(&file, b"")?;
        Ok(Self { file })
    }

    /// Makes a test run note its snapshots, and fail on a difference instead of writing a new one.
    pub(super) fn record(&self, tests: Program) -> Program {
        tests
            .with("INSTA_SNAPSHOT_REFERENCES_FILE", &self.file)
            .with("INSTA_UPDATE", "no")
            .with("INSTA_FORCE_PASS", "0")
    }

    fn read(&self) -> Result<BTreeSet<PathBuf>, Failure> {
        let text = checkout::read_if_there(&self.file)?.unwrap_or_default();
        let paths = text.lines().map(Path::new);
        Ok(paths.filter_map(checkout::canonical).collect())
    }
}

/// Fails on snapshots that wait for review and, given a complete list of references, on those nobody compares with.
pub(super) fn check(references: Option<&References>) -> Result<(), Failure> {
    let known = references.map(References::read).transpose()?;
    let is_referenced = |path: &str| {
        let file = checkout::canonical(&checkout::root().join(path));
        known
            .as_ref()
            .is_none_or(|known| file.is_some_and(|file| known.contains(&file)))
    };
    let mut findings = pending(&checkout::untracked_paths()?);
    findings.extend(unreferenced(&checkout::paths()?, is_referenced));
    finding::quietly_conclude("snapshots", findings)
}

fn pending(paths: &[String]) -> Vec<Finding> {
    let waits = |path: &&String| path.ends_with(".snap.new") || path.ends_with(".pending-snap");
    let message = "waits for review; accept it (cargo insta review) or delete it";
    paths
        .iter()
        .filter(waits)
        .map(|path| Finding::of(path, message))
        .collect()
}

fn unreferenced(paths: &[String], is_referenced: impl Fn(&str) -> bool) -> Vec<Finding> {
    let snapshots = paths
        .iter()
        .filter(|path| checkout::has_extension(path, "snap"));
    let orphans = snapshots.filter(|path| !is_referenced(path));
    let message = "no test compares with it; delete it, or mend the test that should";
    orphans.map(|path| Finding::of(path, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(findings: &[Finding]) -> Vec<&str> {
        findings
            .iter()
            .map(|finding| finding.place.as_str())
            .collect()
    }

    #[test]
    fn waiting_and_orphaned_snapshots_are_found() {
        let paths = [
            "a/snapshots/x.snap",
            "a/snapshots/y.snap",
            "a/snapshots/y.snap.new",
            "a/.t.rs.pending-snap",
            "a/t.rs",
        ];
        let paths = paths.map(str::to_owned);
        assert_eq!(
            places(&pending(&paths)),
            ["a/snapshots/y.snap.new", "a/.t.rs.pending-snap"]
        );
        assert_eq!(
            places(&unreferenced(&paths, |path| path.contains("/x."))),
            ["a/snapshots/y.snap"]
        );
        assert_eq!(places(&unreferenced(&paths, |_| true)), [""; 0]);
    }
}
