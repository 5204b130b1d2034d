//! Looking at every file below a folder.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use watchbook_store::conformance::FileSeen;

/// Every file below a folder; none if it is not there.
pub(crate) fn below(dir: &Path) -> Vec<FileSeen> {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        let is = std::fs::symlink_metadata(&path).unwrap();
        if is.is_dir() {
            seen.extend(below(&path));
        } else {
            seen.push(FileSeen {
                content: std::fs::read(&path).unwrap(),
                mode: is.permissions().mode() & 0o777,
                path,
            });
        }
    }
    seen
}
