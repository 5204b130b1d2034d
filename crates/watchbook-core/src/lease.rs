//! Leases: who may do something for a while, and the proof of it that a write can bear.

use serde::{Deserialize, Serialize};

use crate::text::{Lines, TextError, check, form_error};

/// What a lease is for, such as `task/digest/2026-02-23T10:00:00.000Z`: 1 to 200 of `A-Z a-z 0-9 _ . / : -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct LeaseName(Box<str>);

/// The proof that a lease was given: a write that bears it is carried out only while that still holds.
///
/// A holder that was stopped for longer than its lease does not know that it has ended. Its token does: whoever got the
/// lease since has a greater one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fence {
    /// The lease.
    pub name: LeaseName,
    /// Its token. Greater each time the lease is given.
    pub token: u64,
}

impl LeaseName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 200;

    const WHAT: &'static str = "the name of a lease";

    /// Checks a name and takes it over.
    ///
    /// # Errors
    /// When it is empty, too long, or contains other characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, TextError> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(TextError::Empty { what: Self::WHAT });
        }
        check(Self::WHAT, text, Self::MAX_BYTES, Lines::One)?;
        if text.bytes().all(crate::text::is_name_byte) {
            Ok(Self(text.into()))
        } else {
            let form = "1 to 200 of A-Z a-z 0-9 _ . / : -";
            Err(form_error(Self::WHAT, text, form))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for LeaseName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for LeaseName {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for LeaseName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::id::from_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::LeaseName;

    #[test]
    fn a_name_is_plain_and_short() {
        let longest = "x".repeat(LeaseName::MAX_BYTES);
        for good in ["task/digest/2026-02-23T10:00:00.000Z", "a", &longest] {
            assert_eq!(
                LeaseName::new(good).map(|name| name.to_string()),
                Ok(good.to_owned())
            );
        }
        let too_long = format!("{longest}x");
        for bad in ["", " a", "a b", "a'b", "ä", "a\n", &too_long] {
            assert!(LeaseName::new(bad).is_err(), "{bad:?}");
        }
    }
}
