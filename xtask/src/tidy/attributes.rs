//! Attributes that hide something: `allow` (a silenced lint may stay silent for ever) and `ignore` (a test that rots).

use crate::finding::Finding;
use crate::source::{RustFile, Word};

/// Every `allow` and `ignore` attribute, also inside `cfg_attr` and macros.
pub(super) fn check(file: &RustFile) -> Vec<Finding> {
    attributes(&file.words)
        .filter_map(|words| Some((words, forbidden(words)?)))
        .map(|(words, message)| Finding::at(&file.path, words[0].line, message))
        .collect()
}

/// The words of each attribute, between its brackets and the first word of what follows.
fn attributes(words: &[Word]) -> impl Iterator<Item = &[Word]> {
    (0..words.len()).filter_map(|position| {
        let rest = words.get(position..)?;
        let inner = match rest {
            [hash, bang, open, inner @ ..] if is(hash, "#") && is(bang, "!") && is(open, "[") => {
                inner
            }
            [hash, open, inner @ ..] if is(hash, "#") && is(open, "[") => inner,
            _ => return None,
        };
        let inner = inner.get(..length(inner))?;
        (!inner.is_empty()).then_some(inner)
    })
}

/// How many words there are before the bracket that closes the attribute.
fn length(inner: &[Word]) -> usize {
    let mut depth = 0_usize;
    let closing = inner.iter().position(|word| {
        match word.text.as_str() {
            "[" => depth += 1,
            "]" if depth == 0 => return true,
            "]" => depth -= 1,
            _ => {}
        }
        false
    });
    closing.unwrap_or(inner.len())
}

fn forbidden(attribute: &[Word]) -> Option<&'static str> {
    let names: &[Word] = match attribute {
        [first, rest @ ..] if is(first, "cfg_attr") => rest,
        [first, ..] => std::slice::from_ref(first),
        [] => &[],
    };
    names.iter().find_map(|name| match name.text.as_str() {
        "allow" => Some("use `#[expect(…, reason = \"…\")]`: it fails when it is no longer needed"),
        "ignore" => {
            Some("an ignored test rots; make it run, or probe for what it needs and skip aloud")
        }
        _ => None,
    })
}

fn is(word: &Word, text: &str) -> bool {
    word.text == text
}
