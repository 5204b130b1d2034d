//! Signatures: what makes two incidents "the same thing again".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::kind::Kind;
use crate::text::{ServiceName, TextError, Title, form_error};

/// What makes two incidents "the same thing again": 16 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(u64);

impl Signature {
    /// The signature of an incident that was given none: service, kind, and the words of the title
    /// without numbers, ids and times (every word that has a digit is left out).
    pub fn derive(service: &ServiceName, kind: Kind, title: &Title) -> Self {
        let title = title.as_str().to_lowercase();
        let words = title
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| {
                !word.is_empty() && !word.contains(|character: char| character.is_numeric())
            });
        let mut hash = Sha256::new()
            .chain_update(service.as_str())
            .chain_update([0])
            .chain_update(kind.as_str());
        for word in words {
            hash = hash.chain_update([0]).chain_update(word);
        }
        let hash = hash.finalize();
        Self(
            hash.iter()
                .take(8)
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    }

    /// The signature as a number.
    pub const fn to_bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", self.0))
    }
}

impl FromStr for Signature {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let refused = || form_error("a signature", text, "16 of 0-9a-f");
        if text.len() != 16 || !text.bytes().all(lower_hex) {
            return Err(refused());
        }
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| refused())
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            crate::id::from_text(deserializer)
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(title: &str) -> Signature {
        Signature::derive(
            &ServiceName::new("gateway").unwrap(),
            Kind::ErrorRate,
            &Title::new(title).unwrap(),
        )
    }

    #[test]
    fn numbers_ids_and_times_do_not_matter() {
        let first = derive("Gateway 5xx rate >5% on pod web-7f9c at 10:42");
        assert_eq!(
            first,
            derive("gateway 12xx RATE > 31% on pod web-81aa at 23:01")
        );
        assert_ne!(first, derive("Gateway latency on pod web at"));
        assert_eq!(first.to_string().parse::<Signature>().unwrap(), first);
    }
}
