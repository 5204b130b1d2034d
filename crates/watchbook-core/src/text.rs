//! Texts that came from outside, held to what a reader can trust.
//!
//! Every text of the domain is a type of its own with a length limit. Control characters are refused, and so
//! are the characters that reorder or hide text (the bidirectional overrides and isolates of Unicode Annex 9,
//! zero-width spaces and joiners, the byte-order mark): a title at 3 am must read as what it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing but white space.
    #[error("{what} must not be empty")]
    Empty {
        /// The kind of text.
        what: &'static str,
    },
    /// Longer than its limit.
    #[error("{what} is {bytes} bytes long; the limit is {limit}")]
    TooLong {
        /// The kind of text.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A control character, or one that reorders or hides text.
    #[error(
        "{what} contains the character U+{code:04X} at byte {at}, which can hide or reorder text; remove it"
    )]
    Forbidden {
        /// The kind of text.
        what: &'static str,
        /// The character's code point.
        code: u32,
        /// Its place in the text.
        at: usize,
    },
    /// A text that does not follow the form of its kind.
    #[error("{text:?} is not {what}; the form is {form}")]
    Form {
        /// The kind of text.
        what: &'static str,
        /// The text, shortened.
        text: String,
        /// The form, in words.
        form: &'static str,
    },
}

/// Whether a text may have line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    One,
    Many,
}

/// Characters that reorder or hide their neighbours.
const fn deceives(character: char) -> bool {
    matches!(character,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}' | '\u{061C}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Characters that hide text and that ordinary writing in some scripts needs; allowed in long texts only.
const fn shapes_script(character: char) -> bool {
    matches!(character, '\u{200C}'..='\u{200F}' | '\u{061C}')
}

pub(crate) fn check(
    what: &'static str,
    text: &str,
    limit: usize,
    lines: Lines,
) -> Result<(), TextError> {
    if text.len() > limit {
        return Err(TextError::TooLong {
            what,
            bytes: text.len(),
            limit,
        });
    }
    let forbidden = |character: char| match lines {
        Lines::One => {
            character.is_control()
                || matches!(character, '\u{2028}' | '\u{2029}')
                || deceives(character)
        }
        Lines::Many => {
            (character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
                || (deceives(character) && !shapes_script(character))
        }
    };
    match text
        .char_indices()
        .find(|(_, character)| forbidden(*character))
    {
        Some((at, character)) => Err(TextError::Forbidden {
            what,
            code: u32::from(character),
            at,
        }),
        None => Ok(()),
    }
}

/// The characters of an offending text that an error repeats.
const SHOWN_CHARS: usize = 60;

pub(crate) fn form_error(what: &'static str, text: &str, form: &'static str) -> TextError {
    TextError::Form {
        what,
        text: text.chars().take(SHOWN_CHARS).collect(),
        form,
    }
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $limit:expr, $lines:expr, |$text:ident| $form:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(Box<str>);

        impl $name {
            /// The longest text, in bytes.
            pub const MAX_BYTES: usize = $limit;

            /// Checks a text and takes it over. White space around it is cut off.
            ///
            /// # Errors
            /// When it is empty, too long, or contains what its kind forbids.
            pub fn new(text: impl AsRef<str>) -> Result<Self, TextError> {
                let $text = text.as_ref().trim();
                if $text.is_empty() {
                    return Err(TextError::Empty { what: $what });
                }
                check($what, $text, Self::MAX_BYTES, $lines)?;
                let form: Option<&'static str> = $form;
                match form {
                    Some(form) => Err(form_error($what, $text, form)),
                    None => Ok(Self($text.into())),
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::id::from_text(deserializer)
            }
        }
    };
}

/// An enum of plain words: written, read and listed from one table.
macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The written form.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::text::UnknownWord::new($what, text, &[$($word,)+])),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(self.as_str())
                } else {
                    serializer.serialize_u8(*self as u8)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    return $crate::id::from_text(deserializer);
                }
                let at = <u8 as serde::Deserialize>::deserialize(deserializer)?;
                Self::ALL.get(usize::from(at)).copied().ok_or_else(|| serde::de::Error::custom(concat!("not ", $what)))
            }
        }
    };
}
pub(crate) use word_enum;

/// A word that is none of those its kind knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}; use one of {}", known.join(", "))]
pub struct UnknownWord {
    what: &'static str,
    text: String,
    known: &'static [&'static str],
}

impl UnknownWord {
    pub(crate) fn new(what: &'static str, text: &str, known: &'static [&'static str]) -> Self {
        Self {
            what,
            text: text.chars().take(SHOWN_CHARS).collect(),
            known,
        }
    }

    /// The words that are known.
    pub const fn known(&self) -> &'static [&'static str] {
        self.known
    }
}

text_type!(
    /// One line that says what is wrong.
    Title, "a title", 300, Lines::One, |_text| None
);
text_type!(
    /// A longer text: summary, resolution, root cause, reason. May have line breaks.
    Prose, "a text", 16 * 1024, Lines::Many, |_text| None
);
text_type!(
    /// What a timeline line says. May have line breaks.
    Message, "a message", 64 * 1024, Lines::Many, |_text| None
);
text_type!(
    /// One line of up to 200 bytes: a label's value, a role's holder, an owner, an outside reference.
    Short, "a short text", 200, Lines::One, |_text| None
);
text_type!(
    /// The name of a service or component.
    ServiceName, "a service name", 100, Lines::One, |_text| None
);
text_type!(
    /// An environment: a lower-case slug such as `prod`, `staging`, `eu-west-1`.
    Env, "an environment", 32, Lines::One,
    |text| (!is_slug(text)).then_some("1 to 32 of a-z 0-9 _ -, beginning with a letter or digit")
);
text_type!(
    /// A label's key or a role's name: 1 to 64 of `A-Z a-z 0-9 _ . / : -`.
    Name, "a name", 64, Lines::One, |text| (!text.bytes().all(is_name_byte)).then_some("1 to 64 of A-Z a-z 0-9 _ . / : -")
);

fn is_slug(text: &str) -> bool {
    !text.starts_with(['_', '-'])
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        })
}

pub(crate) const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b':' | b'-')
}

impl Message {
    /// Takes over a line that watchbook itself wrote, from parts that were checked.
    pub(crate) fn written(text: String) -> Self {
        debug_assert!(check("a message", &text, Self::MAX_BYTES, Lines::Many).is_ok());
        Self(text.into_boxed_str())
    }
}

/// What stands where a text was blacked out.
pub const REDACTED: &str = "[redacted]";

macro_rules! redactable {
    ($($name:ident),+) => {
        $(impl $name {
            /// What stands where a text of this kind was blacked out.
            pub(crate) fn redacted() -> Self {
                Self(REDACTED.into())
            }
        })+
    };
}

redactable!(Title, Prose, Message, Short);

impl From<&Prose> for Message {
    fn from(text: &Prose) -> Self {
        Self(text.0.clone())
    }
}

impl Env {
    /// `prod`, the environment of an incident that names none.
    pub fn prod() -> Self {
        Self("prod".into())
    }
}

#[cfg(test)]
mod tests;
