//! Patterns over `tool.action`: how policies name many actions at once.

use std::fmt;
use std::str::FromStr;

use crate::permission::Permission;

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 128;
/// The characters of an offending text that an error repeats.
const SHOWN_CHARS: usize = 60;

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseGlobError {
    /// Not of the form.
    #[error(
        "{text:?} is not a pattern; write tool.action with * for any part of either, for example \"oncall_tool.*\", or \"*\" for everything"
    )]
    Form {
        /// The text, shortened.
        text: String,
    },
    /// A suffix that is not `:write`.
    #[error(
        "{text:?} ends in an unknown suffix; write \":write\" for reading and writing, or nothing for reading alone"
    )]
    Suffix {
        /// The text, shortened.
        text: String,
    },
    /// `:write` where reading and writing are not told apart.
    #[error("{text:?} must not end in \":write\" here; this applies to an action as a whole")]
    Unexpected {
        /// The text, shortened.
        text: String,
    },
}

/// A pattern over actions: `tool.action`, with `*` for any run of characters on either side of the dot.
///
/// `*` alone means `*.*`. A `*` never reaches across the dot, so `oncall_*.get` names no action of `oncall_tool.x.get`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionGlob {
    tool: Box<str>,
    action: Box<str>,
}

impl ActionGlob {
    /// Whether it names this action.
    pub fn matches(&self, tool: &str, action: &str) -> bool {
        part_matches(self.tool.as_bytes(), tool.as_bytes())
            && part_matches(self.action.as_bytes(), action.as_bytes())
    }

    /// How narrow it is: without any `*` first, then by the number of its other characters.
    fn narrowness(&self) -> (bool, usize) {
        let stars = self.stars();
        (stars == 0, self.tool.len() + self.action.len() - stars)
    }

    fn stars(&self) -> usize {
        let both = self.tool.bytes().chain(self.action.bytes());
        both.filter(|byte| *byte == b'*').count()
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters.
///
/// Greedy with one remembered way back, which for `*` alone is complete: at most `pattern × text` steps.
fn part_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut way_back: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                way_back = Some((at + 1, seen));
                at += 1;
            }
            Some(byte) if *byte == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((after_star, taken)) = way_back else {
                    return false;
                };
                way_back = Some((after_star, taken + 1));
                at = after_star;
                seen = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

fn is_part(text: &str) -> bool {
    let known = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'*')
    };
    !text.is_empty() && text.bytes().all(known)
}

impl FromStr for ActionGlob {
    type Err = ParseGlobError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.ends_with(":write") {
            return Err(ParseGlobError::Unexpected { text: shown(text) });
        }
        let (tool, action) = match text {
            "*" => ("*", "*"),
            _ => text.split_once('.').unwrap_or_default(),
        };
        if text.len() > MAX_BYTES || !is_part(tool) || !is_part(action) {
            return Err(ParseGlobError::Form { text: shown(text) });
        }
        Ok(Self {
            tool: tool.into(),
            action: action.into(),
        })
    }
}

impl fmt::Display for ActionGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.tool, &*self.action) {
            ("*", "*") => f.write_str("*"),
            (tool, action) => write!(f, "{tool}.{action}"),
        }
    }
}

/// A pattern over permissions: `tool.action` for reading, `tool.action:write` for reading and writing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    actions: ActionGlob,
    write: bool,
}

impl Pattern {
    /// Whether it grants the permission, as a line of `allow`: one without `:write` grants reading alone, one
    /// with it grants both.
    pub fn grants(&self, permission: &Permission<'_>) -> bool {
        (self.write || !permission.write) && self.names(permission)
    }

    /// Whether it takes the permission away, as a line of `deny`: one without `:write` takes both away (who may
    /// not read by an action may not write by it either), one with it takes writing alone.
    pub fn withdraws(&self, permission: &Permission<'_>) -> bool {
        (!self.write || permission.write) && self.names(permission)
    }

    fn names(&self, permission: &Permission<'_>) -> bool {
        self.actions.matches(permission.tool, permission.action)
    }
}

impl FromStr for Pattern {
    type Err = ParseGlobError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (actions, write) = match text.split_once(':') {
            None => (text, false),
            Some((actions, "write")) => (actions, true),
            Some(_) => return Err(ParseGlobError::Suffix { text: shown(text) }),
        };
        let actions = actions
            .parse()
            .map_err(|_| ParseGlobError::Form { text: shown(text) })?;
        Ok(Self { actions, write })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.write { ":write" } else { "" };
        write!(f, "{}{suffix}", self.actions)
    }
}

/// Values by pattern; the narrowest pattern that names an action decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByAction<T> {
    narrowest_first: Vec<(ActionGlob, T)>,
}

impl<T> ByAction<T> {
    /// The value for an action and the pattern that gave it, or nothing when no pattern names it.
    pub fn get(&self, tool: &str, action: &str) -> Option<(&ActionGlob, &T)> {
        self.iter().find(|(glob, _)| glob.matches(tool, action))
    }

    /// Every pattern and its value, the narrowest first.
    pub fn iter(&self) -> impl Iterator<Item = (&ActionGlob, &T)> {
        self.narrowest_first
            .iter()
            .map(|(glob, value)| (glob, value))
    }
}

impl<T> Default for ByAction<T> {
    fn default() -> Self {
        Self {
            narrowest_first: Vec::new(),
        }
    }
}

impl<T> FromIterator<(ActionGlob, T)> for ByAction<T> {
    fn from_iter<I: IntoIterator<Item = (ActionGlob, T)>>(entries: I) -> Self {
        let mut narrowest_first: Vec<_> = entries.into_iter().collect();
        // The text breaks ties, so that the order in which a file lists its lines means nothing.
        narrowest_first.sort_by(|(left, _), (right, _)| {
            let narrower = right.narrowness().cmp(&left.narrowness());
            narrower.then_with(|| left.cmp(right))
        });
        Self { narrowest_first }
    }
}

#[cfg(test)]
mod tests;
