//! What is wrong with the parameters of a call: every fault with its place, all of them at once.

use std::fmt;

/// The most faults one answer lists. A caller who made more has seen the pattern.
pub(crate) const MAX_FAULTS: usize = 50;
/// The most bytes of a caller's own name that a pointer or a message repeats.
pub(crate) const SHOWN_BYTES: usize = 80;

/// One invalid parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamProblem {
    /// Where it is: a JSON pointer (RFC 6901) relative to the parameters, such as `/labels/region`.
    pub pointer: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// A place inside the parameters. Costs nothing until a fault is written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Member(&'a str),
    Item(usize),
}

impl At<'_> {
    /// The parameters as a whole.
    pub(crate) const ROOT: At<'static> = At {
        parent: None,
        step: Step::Root,
    };

    /// A member of the object here.
    pub(crate) const fn member<'b>(&'b self, name: &'b str) -> At<'b> {
        At {
            parent: Some(self),
            step: Step::Member(name),
        }
    }

    /// An item of the list here, counted from 0.
    pub(crate) const fn item(&self, index: usize) -> At<'_> {
        At {
            parent: Some(self),
            step: Step::Item(index),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Member(name) => write!(f, "/{}", escape(shown(name))),
            Step::Item(index) => write!(f, "/{index}"),
        }
    }
}

/// A member's name as one step of a JSON pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The beginning of a caller's text, short enough to repeat.
pub(crate) fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES)]
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    listed: Vec<ParamProblem>,
    unlisted: usize,
    too_large: usize,
}

impl Faults {
    /// Writes a fault down.
    pub(crate) fn add(&mut self, at: &At<'_>, message: impl Into<String>) {
        if self.listed.len() >= MAX_FAULTS {
            self.unlisted += 1;
            return;
        }
        self.listed.push(ParamProblem {
            pointer: at.to_string(),
            message: message.into(),
        });
    }

    /// Writes down that something is larger than its limit.
    pub(crate) fn add_too_large(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.too_large += 1;
        self.add(at, message);
    }

    /// How many there are, listed or not.
    pub(crate) const fn count(&self) -> usize {
        self.listed.len() + self.unlisted
    }

    /// Whether being too large is all that is wrong.
    pub(crate) const fn only_too_large(&self) -> bool {
        self.count() > 0 && self.too_large == self.count()
    }

    /// The faults to list.
    pub(crate) fn into_listed(self) -> Vec<ParamProblem> {
        self.listed
    }
}
