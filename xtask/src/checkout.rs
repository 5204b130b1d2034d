//! The checkout that xtask works on: where it is, which files belong to it, reading and writing them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::process::Program;

/// A text file of the checkout.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    /// Path below the root, with `/` between its parts.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

impl TextFile {
    /// Whether the file's name ends in this extension, given without its dot.
    pub(crate) fn is(&self, extension: &str) -> bool {
        has_extension(&self.path, extension)
    }
}

/// Whether the path ends in this extension, given without its dot. Case counts, as it does for cargo and insta.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

/// The root folder: the parent of `xtask/`.
pub(crate) fn root() -> PathBuf {
    let manifest_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_folder
        .parent()
        .unwrap_or(manifest_folder)
        .to_path_buf()
}

/// Paths, below the root, of every file that is committed or would be by `git add --all`; deleted ones left out.
pub(crate) fn paths() -> Result<Vec<String>, Failure> {
    listed(&["--cached", "--others", "--exclude-standard"])
}

/// Paths, below the root, of files that git does not know, ignored ones too, but nothing of what cargo builds.
pub(crate) fn untracked_paths() -> Result<Vec<String>, Failure> {
    listed(&["--others", "--exclude=/target"])
}

fn listed(which: &[&str]) -> Result<Vec<String>, Failure> {
    let root = root();
    let listing = Program::new("git", [&["ls-files", "-z"], which].concat());
    let listing = listing.within(&root).capture()?;
    let mut paths: Vec<String> = String::from_utf8_lossy(&listing)
        .split('\0')
        .filter(|path| !path.is_empty() && root.join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Every text file of the checkout; a file that is not UTF-8 is data and left out.
pub(crate) fn text_files() -> Result<Vec<TextFile>, Failure> {
    let mut files = Vec::new();
    for path in paths()? {
        let bytes = read_bytes(&root().join(&path))?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(TextFile { path, text });
        }
    }
    Ok(files)
}

/// The text of one file, or nothing when there is no such file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path, source)),
    }
}

/// Writes one file, making its folder when needed.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| failed("make the folder", folder, source))?;
    }
    fs::write(path, content).map_err(|source| failed("write", path, source))
}

/// The same path without `..` and symlinks, so that two spellings of one file compare equal.
pub(crate) fn canonical(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| failed("read", path, source))
}

fn failed(verb: &str, path: &Path, source: std::io::Error) -> Failure {
    let doing = format!("{verb} {}", path.display());
    Failure::File { doing, source }
}
