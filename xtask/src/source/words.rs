//! The tokens of a file as a flat list of words, each with its line.

use proc_macro2::{Delimiter, LexError, Spacing, Span, TokenStream, TokenTree};

/// One token. `::` is one word; a doc comment is the attribute it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The token's text.
    pub(crate) text: String,
    /// Its line, counted from 1.
    pub(crate) line: usize,
}

/// Splits a file into words.
pub(crate) fn of(text: &str) -> Result<Vec<Word>, LexError> {
    let mut words = Vec::new();
    flatten(text.parse()?, &mut words);
    Ok(words)
}

fn flatten(stream: TokenStream, words: &mut Vec<Word>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                push(words, open, group.span_open());
                flatten(group.stream(), words);
                push(words, close, group.span_close());
            }
            first if is_joint_colon(first) && trees.next_if(is_colon).is_some() => {
                push(words, "::", first.span());
            }
            other => push(words, &other.to_string(), other.span()),
        }
    }
}

fn is_colon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ':')
}

fn is_joint_colon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn push(words: &mut Vec<Word>, text: &str, span: Span) {
    let line = span.start().line;
    let text = text.to_owned();
    words.push(Word { text, line });
}
