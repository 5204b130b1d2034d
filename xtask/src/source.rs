//! Rust source as the checks see it: words with their lines, functions, imports, and which part is test.
//!
//! Parsing instead of searching text keeps comments and strings out of the matches and finds calls inside macros.

mod outline;
mod words;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::checkout::TextFile;
use crate::finding::Finding;
pub(crate) use crate::source::outline::Outline;
pub(crate) use crate::source::words::Word;

/// One parsed file.
#[derive(Debug)]
pub(crate) struct RustFile {
    /// Path below the root.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
    /// Every token in order.
    pub(crate) words: Vec<Word>,
    /// Functions, imports and test parts.
    pub(crate) outline: Outline,
    /// Whether the whole file is compiled for tests only.
    pub(crate) is_test: bool,
}

impl RustFile {
    /// Parses one file.
    pub(crate) fn parse(file: &TextFile) -> Result<Self, Finding> {
        let TextFile { path, text } = file;
        let syntax = syn::parse_file(text).map_err(|error| {
            let line = error.span().start().line;
            Finding::at(path, line, format!("not valid Rust: {error}"))
        })?;
        let words = words::of(text).map_err(|error| Finding::of(path, error.to_string()))?;
        Ok(Self {
            path: path.clone(),
            text: text.clone(),
            words,
            outline: Outline::of(&syntax),
            is_test: is_test_path(path),
        })
    }

    /// Whether this line, counted from 1, is compiled for tests only.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        let holds = |range: &RangeInclusive<usize>| range.contains(&line);
        self.is_test || self.outline.test_lines.iter().any(holds)
    }

    /// How many lines are not test: what the limit on file size counts.
    pub(crate) fn product_lines(&self) -> usize {
        (1..=self.text.lines().count())
            .filter(|line| !self.is_test_line(*line))
            .count()
    }
}

/// Parses all Rust files among these; what does not parse is a finding.
pub(crate) fn parse_all(files: &[TextFile]) -> (Vec<RustFile>, Vec<Finding>) {
    let mut parsed = Vec::new();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        match RustFile::parse(file) {
            Ok(file) => parsed.push(file),
            Err(finding) => findings.push(finding),
        }
    }
    mark_test_modules(&mut parsed);
    (parsed, findings)
}

/// Test files by place: a `tests` or `benches` folder, or a `tests.rs` beside its module.
fn is_test_path(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

/// Test files by declaration: `#[cfg(test)] mod name;` makes `name.rs` and all below `name/` test.
fn mark_test_modules(files: &mut [RustFile]) {
    let declared: BTreeSet<String> = files
        .iter()
        .flat_map(|file| {
            let folder = module_folder(&file.path);
            let names = file.outline.test_modules.iter();
            names.map(move |name| format!("{folder}/{name}"))
        })
        .collect();
    for file in files {
        let module = module_folder(&file.path);
        let is_below = |test: &String| {
            let rest = module.strip_prefix(test.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        file.is_test |= declared.iter().any(is_below);
    }
}

/// The folder in which the submodules of this file live: `a/lib.rs` and `a/mod.rs` → `a`, `a/b.rs` → `a/b`.
fn module_folder(path: &str) -> &str {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    match stem.rsplit_once('/') {
        Some((folder, "lib" | "main" | "mod")) => folder,
        _ => stem,
    }
}

#[cfg(test)]
mod tests;
