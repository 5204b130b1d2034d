//! What cargo knows about the workspace, reduced to what the checks ask.

use std::path::PathBuf;

use serde::Deserialize;

use crate::checkout;
use crate::failure::Failure;
use crate::process::Program;

/// The answer of `cargo metadata --no-deps`.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// The members; without `--no-deps` it would be every package of the lock file.
    pub(crate) packages: Vec<Package>,
    /// Where cargo builds.
    pub(crate) target_directory: PathBuf,
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
}

/// One member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    /// The crate's name.
    pub(crate) name: String,
    /// Its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// What it declares, optional dependencies included.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One declared dependency.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The package's real name, also when it is renamed locally.
    pub(crate) name: String,
    /// Nothing for a normal dependency, else `build` or `dev`.
    pub(crate) kind: Option<String>,
}

impl Dependency {
    /// Whether it is there for tests and examples only, so that nothing that ships sees it.
    pub(crate) fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// Asks cargo; reads the manifests only, so it needs no network and no lock.
pub(crate) fn load() -> Result<Workspace, Failure> {
    let question = Program::cargo(["metadata", "--no-deps", "--format-version", "1"]);
    let command = question.to_string();
    let answer = question.within(&checkout::root()).capture()?;
    serde_json::from_slice(&answer).map_err(|source| Failure::Output { command, source })
}
