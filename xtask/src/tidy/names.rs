//! Names that say nothing: a file of that name takes in whatever fits nowhere else, and grows for ever.

use crate::finding::Finding;

/// Words that may not be part of a name of a code file, its folder or its crate.
const EMPTY_WORDS: &[&str] = &[
    "common", "helper", "helpers", "manager", "misc", "util", "utils",
];

/// Folders that hold code.
const CODE: &[&str] = &["crates", "examples", "tests", "xtask"];

/// Parts of the path that say nothing.
pub(super) fn check(path: &str) -> Vec<Finding> {
    let top = path.split('/').next().unwrap_or_default();
    if !CODE.contains(&top) {
        return Vec::new();
    }
    let words = path.split(['/', '-', '_', '.']);
    let empty = words.filter(|word| EMPTY_WORDS.contains(word));
    empty
        .map(|word| {
            Finding::of(
                path,
                format!("`{word}` says nothing; name it after what it does"),
            )
        })
        .collect()
}
