//! How bad an incident is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// How bad an incident is: `P0` (worst) to `P4`, the same as SEV-1 to SEV-5.
///
/// `sev1` to `sev5` are accepted on input. Sorts with the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Severity {
    /// Everything stops for it (SEV-1).
    P0,
    /// A major failure (SEV-2).
    P1,
    /// A failure that part of the users notice (SEV-3).
    P2,
    /// A fault without much effect (SEV-4).
    P3,
    /// Worth a note (SEV-5).
    P4,
}

/// A text that names no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a severity; use P0, P1, P2, P3 or P4 (P0 is the worst), or sev1 to sev5")]
pub struct ParseSeverityError {
    text: String,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 5] = [Self::P0, Self::P1, Self::P2, Self::P3, Self::P4];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = ParseSeverityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "p0" | "sev1" => Ok(Self::P0),
            "p1" | "sev2" => Ok(Self::P1),
            "p2" | "sev3" => Ok(Self::P2),
            "p3" | "sev4" => Ok(Self::P3),
            "p4" | "sev5" => Ok(Self::P4),
            _ => Err(ParseSeverityError {
                text: text.chars().take(20).collect(),
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Severity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return crate::id::from_text(deserializer);
        }
        let at = u32::deserialize(deserializer)?;
        usize::try_from(at)
            .ok()
            .and_then(|at| Self::ALL.get(at).copied())
            .ok_or_else(|| serde::de::Error::custom("no such severity"))
    }
}
