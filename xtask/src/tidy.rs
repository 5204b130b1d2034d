//! `tidy`: the house rules that neither the compiler nor clippy can hold.

mod attributes;
mod bans;
mod homes;
mod names;
mod places;
mod sizes;

use crate::checkout::{self, TextFile};
use crate::failure::Failure;
use crate::finding::{self, Finding};
use crate::source::{self, RustFile};

/// Checks every file of the checkout.
pub(crate) fn run() -> Result<(), Failure> {
    let files = checkout::text_files()?;
    let (rust, mut findings) = source::parse_all(&files);
    findings.extend(check(&files, &rust));
    findings.extend(sizes::check_medians(&rust));
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    findings.extend(bans::check_homes(&paths));
    finding::conclude("tidy", &format!("{} files", files.len()), findings)
}

/// Prints the sizes of what ships.
pub(crate) fn report() -> Result<(), Failure> {
    let (files, _) = source::parse_all(&checkout::text_files()?);
    print!("{}", sizes::report(&files));
    Ok(())
}

fn check(files: &[TextFile], rust: &[RustFile]) -> Vec<Finding> {
    let texts = files.iter().flat_map(check_text);
    texts.chain(rust.iter().flat_map(check_rust)).collect()
}

fn check_text(file: &TextFile) -> Vec<Finding> {
    [names::check(&file.path), places::check(file)].concat()
}

fn check_rust(file: &RustFile) -> Vec<Finding> {
    [
        sizes::check(file),
        head(file),
        attributes::check(file),
        bans::check(file),
    ]
    .concat()
}

/// Every file says its purpose before anything else.
fn head(file: &RustFile) -> Vec<Finding> {
    let first = file.text.lines().find(|line| !line.trim().is_empty());
    let says_it = |line: &str| line.starts_with("//!") || line.starts_with("#![doc");
    if first.is_some_and(says_it) {
        return Vec::new();
    }
    let message = "does not say its purpose; begin it with a `//!` sentence";
    vec![Finding::at(&file.path, 1, message)]
}

#[cfg(test)]
mod tests;
