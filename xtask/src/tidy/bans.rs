//! Calls that have one home each: the clock, randomness, the environment, the file system, sleeping.
//!
//! Clippy bans most of them too and sees through types; this check sees imports, macros and which code is test.

use crate::finding::Finding;
use crate::source::{RustFile, Word};
use crate::tidy::homes;

/// One banned path.
pub(super) struct Ban {
    /// The path as its parts; it matches anywhere inside a longer path.
    pub(super) path: &'static [&'static str],
    /// What to do instead.
    pub(super) instead: &'static str,
    /// Whether tests are held to it too.
    pub(super) in_tests: bool,
    /// Where it may be called.
    pub(super) homes: &'static [Home],
}

/// A place that may call what is banned elsewhere.
pub(super) struct Home {
    /// A file, or a folder when it ends in `/`.
    pub(super) prefix: &'static str,
    /// Why it may; shown with the home, so that a reader can judge whether his case is the same.
    pub(super) reason: &'static str,
}

/// Every use of a banned path away from its homes.
pub(super) fn check(file: &RustFile) -> Vec<Finding> {
    let held = homes::BANS.iter().filter(|ban| !ban.is_at_home(&file.path));
    held.flat_map(|ban| ban.findings(file)).collect()
}

/// Homes that no file lives in any more: an open door that nobody would notice.
pub(super) fn check_homes(paths: &[&str]) -> Vec<Finding> {
    let homes = homes::BANS.iter().flat_map(|ban| ban.homes);
    let empty = homes.filter(|home| !paths.iter().any(|path| home.holds(path)));
    let message = |home: &Home| format!("{} holds no file; take it out of the table", home.prefix);
    empty
        .map(|home| Finding::of("xtask/src/tidy/homes.rs", message(home)))
        .collect()
}

impl Home {
    fn holds(&self, path: &str) -> bool {
        if self.prefix.ends_with('/') {
            return path.starts_with(self.prefix);
        }
        path == self.prefix
    }
}

impl Ban {
    fn is_at_home(&self, path: &str) -> bool {
        self.homes.iter().any(|home| home.holds(path))
    }

    fn findings(&self, file: &RustFile) -> Vec<Finding> {
        let written = self.written(&file.words);
        let mut lines: Vec<usize> = written.chain(self.imported(file)).collect();
        lines.retain(|line| self.in_tests || !file.is_test_line(*line));
        lines.sort_unstable();
        lines.dedup();
        let message = format!(
            "`{}` away from home; {}{}",
            self.path.join("::"),
            self.instead,
            self.known_homes()
        );
        let finding = |line| Finding::at(&file.path, line, message.as_str());
        lines.into_iter().map(finding).collect()
    }

    fn known_homes(&self) -> String {
        let line = |Home { prefix, reason }: &Home| format!("\n    at home in {prefix}: {reason}");
        self.homes.iter().map(line).collect()
    }

    /// Lines where the path stands in the code. A path of one part must lead somewhere (`name::…`).
    fn written<'a>(&'a self, words: &'a [Word]) -> impl Iterator<Item = usize> + 'a {
        let mut wanted: Vec<&str> = self
            .path
            .iter()
            .flat_map(|part| ["::", part])
            .skip(1)
            .collect();
        if self.path.len() == 1 {
            wanted.push("::");
        }
        let matches = move |window: &&[Word]| {
            window
                .iter()
                .map(|word| word.text.as_str())
                .eq(wanted.iter().copied())
        };
        let length = (self.path.len() * 2 - 1).max(2);
        words
            .windows(length)
            .filter(matches)
            .map(|window| window[0].line)
    }

    fn imported<'a>(&'a self, file: &'a RustFile) -> impl Iterator<Item = usize> + 'a {
        let is_named = |path: &[String]| {
            path.windows(self.path.len())
                .any(|window| window == self.path)
        };
        let imports = file.outline.imports.iter();
        imports
            .filter(move |import| is_named(&import.path))
            .map(|import| import.line)
    }
}
