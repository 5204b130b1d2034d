//! Database types are named in the store only: also not through a re-export, which a manifest would not show.

use crate::finding::Finding;
use crate::layers::table;
use crate::source::RustFile;

/// Where a database crate may be named.
const HOMES: &[&str] = &["crates/watchbook-store/", "xtask/src/bench/"];

/// Every path through a database crate in a file outside its homes.
pub(super) fn check(file: &RustFile) -> Vec<Finding> {
    if HOMES.iter().any(|home| file.path.starts_with(home)) {
        return Vec::new();
    }
    let named = file.words.windows(2).filter_map(|pair| {
        let [krate, next] = pair else { return None };
        (next.text == "::" && is_database(&krate.text)).then_some(krate)
    });
    named
        .map(|krate| {
            let message = format!(
                "names {}; database types stay in watchbook-store",
                krate.text
            );
            Finding::at(&file.path, krate.line, message)
        })
        .collect()
}

fn is_database(identifier: &str) -> bool {
    let is_same = |name: &str| name.replace('-', "_") == identifier;
    table::DATABASE.iter().any(|name| is_same(name))
}
