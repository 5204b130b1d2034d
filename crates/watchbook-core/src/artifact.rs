//! Artifacts: the files of an incident. What may be one is decided here, from name and content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::actor::AgentId;
use crate::digest::Digest;
use crate::time::Timestamp;

/// The largest artifact, in bytes: 2 MiB.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Why a file cannot be an artifact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// A name with separators, a leading dot, or other characters.
    #[error(
        "{name:?} is not an artifact name; use 1 to 120 of A-Z a-z 0-9 . _ - without a leading dot"
    )]
    Name {
        /// The name, shortened.
        name: String,
    },
    /// An ending other than the three that are allowed.
    #[error("{name:?} must end in .json, .md or .txt")]
    Ending {
        /// The name.
        name: String,
    },
    /// More bytes than [`MAX_BYTES`].
    #[error("the artifact has {bytes} bytes; the limit is {MAX_BYTES} (2 MiB)")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Bytes that are not UTF-8 text.
    #[error("the artifact is not UTF-8 text: byte {at} is invalid")]
    NotText {
        /// The first invalid byte.
        at: usize,
    },
    /// Bytes other than those the command speaks of.
    #[error("the command does not attach these bytes; give it their SHA-256 and their number")]
    Mismatch,
    /// A `.json` file that does not parse.
    #[error("the artifact is not valid JSON: {message}")]
    NotJson {
        /// What the parser says, with line and column.
        message: String,
    },
}

/// What an artifact is, told by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactKind {
    /// `.json`
    Json,
    /// `.md`
    Markdown,
    /// `.txt`
    Text,
}

impl ArtifactKind {
    /// The media type to serve it with.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// A file name that is safe on every file system and in every header:
/// 1 to 120 of `A-Z a-z 0-9 . _ -`, no leading dot, ending in `.json`, `.md` or `.txt`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ArtifactName(Box<str>);

impl ArtifactName {
    /// Checks a name and takes it over.
    ///
    /// # Errors
    /// [`ArtifactError::Name`] or [`ArtifactError::Ending`].
    pub fn new(name: &str) -> Result<Self, ArtifactError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = (1..=120).contains(&name.len());
        if !fits || name.starts_with('.') || !name.bytes().all(known) {
            return Err(ArtifactError::Name {
                name: name.chars().take(60).collect(),
            });
        }
        match kind_of(name) {
            Some(_) => Ok(Self(name.into())),
            None => Err(ArtifactError::Ending {
                name: name.to_owned(),
            }),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the ending says it is.
    pub fn kind(&self) -> ArtifactKind {
        kind_of(&self.0).unwrap_or(ArtifactKind::Text)
    }

    /// Checks that `content` may be stored under this name.
    ///
    /// # Errors
    /// When it is too large, not UTF-8, or not what the name's ending says.
    pub fn check(&self, content: &[u8]) -> Result<(), ArtifactError> {
        if content.len() > MAX_BYTES {
            return Err(ArtifactError::TooLarge {
                bytes: content.len(),
            });
        }
        let text = std::str::from_utf8(content).map_err(|error| ArtifactError::NotText {
            at: error.valid_up_to(),
        })?;
        match self.kind() {
            ArtifactKind::Json => serde_json::from_str::<serde::de::IgnoredAny>(text)
                .map(drop)
                .map_err(|error| ArtifactError::NotJson {
                    message: error.to_string(),
                }),
            ArtifactKind::Markdown | ArtifactKind::Text => match text.find('\0') {
                Some(at) => Err(ArtifactError::NotText { at }),
                None => Ok(()),
            },
        }
    }
}

fn kind_of(name: &str) -> Option<ArtifactKind> {
    match name.rsplit_once('.')? {
        ("", _) => None,
        (_, "json") => Some(ArtifactKind::Json),
        (_, "md") => Some(ArtifactKind::Markdown),
        (_, "txt") => Some(ArtifactKind::Text),
        _ => None,
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ArtifactName {
    type Err = ArtifactError;

    fn from_str(name: &str) -> Result<Self, ArtifactError> {
        Self::new(name)
    }
}

impl<'de> Deserialize<'de> for ArtifactName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::id::from_text(deserializer)
    }
}

/// One version of an artifact. The bytes are found by their digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactVersion {
    /// The digest of the bytes.
    pub sha256: Digest,
    /// How many bytes there are.
    pub bytes: u64,
    /// Who attached it.
    pub created_by: AgentId,
    /// When it was attached.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_folder() {
        for name in [
            "",
            "../x.md",
            "a/b.md",
            "a\\b.md",
            ".hidden.md",
            "a\0.md",
            "é.md",
            "x.md\n",
            &"x".repeat(121),
        ] {
            assert!(
                matches!(ArtifactName::new(name), Err(ArtifactError::Name { .. })),
                "{name}"
            );
        }
        for name in ["x", "x.exe", "x.MD", "md", "x.md.exe"] {
            assert!(
                matches!(ArtifactName::new(name), Err(ArtifactError::Ending { .. })),
                "{name}"
            );
        }
        for name in ["x.md", "a..b.txt", "-rf.json", "A-1_2.json"] {
            assert!(ArtifactName::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn content_must_be_what_the_name_says() {
        let check = |name: &str, content: &[u8]| {
            ArtifactName::new(name)
                .unwrap()
                .check(content)
                .map_err(|e| e.to_string())
        };
        assert_eq!(check("a.json", b"{\"a\":[1]}"), Ok(()));
        assert!(
            check("a.json", b"{\"a\":")
                .unwrap_err()
                .starts_with("the artifact is not valid JSON: EOF")
        );
        assert!(check("a.json", b"{} {}").is_err());
        assert_eq!(
            check("a.md", b"ok\xff").unwrap_err(),
            "the artifact is not UTF-8 text: byte 2 is invalid"
        );
        assert!(check("a.txt", b"a\0b").is_err());
        assert_eq!(check("a.txt", &vec![b'x'; MAX_BYTES]), Ok(()));
        assert!(
            check("a.txt", &vec![b'x'; MAX_BYTES + 1])
                .unwrap_err()
                .contains("the limit is 2097152 (2 MiB)")
        );
    }
}
