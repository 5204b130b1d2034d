//! Ids: made by the writer before the write, so that a retry never makes a second thing.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::time::{Entropy, Timestamp, days_from_civil};

/// A text that is not an id of the kind asked for; the message gives the right form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}; the form is {form}")]
pub struct ParseIdError {
    text: String,
    what: &'static str,
    form: &'static str,
}

/// The characters of an offending text that an error repeats.
const SHOWN_CHARS: usize = 60;

fn refuse<T>(text: &str, what: &'static str, form: &'static str) -> Result<T, ParseIdError> {
    Err(ParseIdError {
        text: text.chars().take(SHOWN_CHARS).collect(),
        what,
        form,
    })
}

const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// 36⁶: how many endings one minute has.
const ENDINGS: u32 = 2_176_782_336;
const INCIDENT_FORM: &str = "inc_YYYYMMDD_HHMM_<6 of 0-9a-z>, for example inc_20260223_1000_a1b2c3";

/// An incident's id: `inc_YYYYMMDD_HHMM_<rand>`, the UTC minute of creation and six base-36 digits.
///
/// Ids sort by minute of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId {
    minute: u32,
    ending: u32,
}

impl IncidentId {
    /// The least id.
    pub const MIN: Self = Self {
        minute: 0,
        ending: 0,
    };
    /// The greatest id.
    pub const MAX: Self = Self {
        minute: MAX_MINUTE,
        ending: ENDINGS - 1,
    };

    /// A new id for an incident created at `now`.
    pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        Self::from_seed(now, u64::from_le_bytes(bytes))
    }

    /// The id that `seed` gives for the minute of `created`; the same for the same values.
    pub fn from_seed(created: Timestamp, seed: u64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a remainder below ENDINGS fits u32"
        )]
        let ending = (seed % u64::from(ENDINGS)) as u32;
        Self {
            minute: created.minutes(),
            ending,
        }
    }

    /// The id that an imported incident has on every run: the source's own minute and a hash of source and source id.
    pub fn imported(created: Timestamp, source: &str, source_id: &str) -> Self {
        let hash = Sha256::new()
            .chain_update(source)
            .chain_update([0])
            .chain_update(source_id)
            .finalize();
        Self::from_seed(created, u64::from_be_bytes(first(&hash)))
    }

    /// The id as one number, in the order of the ids.
    pub fn to_bits(self) -> u64 {
        u64::from(self.minute) << 32 | u64::from(self.ending)
    }

    /// The inverse of [`Self::to_bits`]; `None` for a number that no id has.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let minute = u32::try_from(bits >> 32).ok()?;
        let ending = u32::try_from(bits & u64::from(u32::MAX)).ok()?;
        (ending < ENDINGS && minute <= MAX_MINUTE).then_some(Self { minute, ending })
    }
}

/// The last minute of the year 9999.
const MAX_MINUTE: u32 = 4_223_371_679;

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0))
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let created = Timestamp::from_millis(i64::from(self.minute) * 60_000);
        let ((year, month, day), (hour, minute)) = (created.date(), created.hour_minute());
        let mut ending = [0; 6];
        let mut rest = self.ending;
        for slot in ending.iter_mut().rev() {
            *slot = BASE36[(rest % 36) as usize];
            rest /= 36;
        }
        let ending = std::str::from_utf8(&ending).map_err(|_| fmt::Error)?;
        f.pad(&format!(
            "inc_{year:04}{month:02}{day:02}_{hour:02}{minute:02}_{ending}"
        ))
    }
}

impl FromStr for IncidentId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_incident(text.as_bytes())
            .map_or_else(|| refuse(text, "an incident id", INCIDENT_FORM), Ok)
    }
}

fn parse_incident(text: &[u8]) -> Option<IncidentId> {
    let text: &[u8; 24] = text.try_into().ok()?;
    if &text[..4] != b"inc_" || text[12] != b'_' || text[17] != b'_' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0_i64, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i64::from(byte - b'0'))
        })
    };
    let days = days_from_civil(number(4..8)?, number(8..10)?, number(10..12)?)?;
    let (hour, minute) = (number(13..15)?, number(15..17)?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let ending = text[18..].iter().try_fold(0_u64, |sum, byte| {
        let digit = BASE36.iter().position(|known| known == byte)?;
        Some(sum * 36 + digit as u64)
    })?;
    Some(IncidentId {
        minute: u32::try_from(days * 1_440 + hour * 60 + minute).ok()?,
        ending: u32::try_from(ending).ok()?,
    })
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bits:ty, $prefix:literal, $digits:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($bits);

        impl $name {
            /// The id with this number.
            pub const fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }

            /// The id as a number.
            pub const fn to_bits(self) -> $bits {
                self.0
            }

            /// A new random id.
            pub fn generate(entropy: &dyn Entropy) -> Self {
                let mut bytes = [0; size_of::<$bits>()];
                entropy.fill(&mut bytes);
                Self(<$bits>::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!(concat!($prefix, "{:0", $digits, "x}"), self.0))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let form = concat!($prefix, "<", $digits, " of 0-9a-f>");
                let Some(hex) = text.strip_prefix($prefix) else { return refuse(text, $what, form) };
                let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                if hex.len() != size_of::<$bits>() * 2 || !hex.bytes().all(lower_hex) {
                    return refuse(text, $what, form);
                }
                <$bits>::from_str_radix(hex, 16).map_or_else(|_| refuse(text, $what, form), |bits| Ok(Self(bits)))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    from_text(deserializer)
                } else {
                    <$bits>::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

hex_id!(
    /// The id of one line of a timeline. A follow-up and a proposal have the id of the event that opened them.
    EventId, u128, "evt_", "32", "an event id"
);
hex_id!(
    /// The id of one change: of everything that one call writes, in one commit.
    ///
    /// Frozen before the first attempt. With an idempotency key it is a hash of scope and key, so that every node
    /// and every retry agrees on it; without one it is random.
    ChangeId, u128, "chg_", "32", "a change id"
);
hex_id!(
    /// The id of one node (one directory or one server) that makes stamps.
    NodeId, u32, "", "08", "a node id"
);
hex_id!(
    /// The id of one store, written into everything that belongs to it.
    StoreId, u128, "", "32", "a store id"
);

impl ChangeId {
    /// The id of the change that `key` names within `scope` (for example `sofiia/oncall_tool/incident_create`).
    pub fn from_key(scope: &str, key: &str) -> Self {
        let hash = Sha256::new()
            .chain_update(scope)
            .chain_update([0])
            .chain_update(key)
            .finalize();
        Self(u128::from_be_bytes(first(&hash)))
    }

    /// The id of the `index`-th event of this change.
    pub fn event(self, index: u32) -> EventId {
        let hash = Sha256::new()
            .chain_update(self.0.to_be_bytes())
            .chain_update(index.to_be_bytes())
            .finalize();
        EventId(u128::from_be_bytes(first(&hash)))
    }

    /// The id of the `index`-th event of this change when it creates `incident`. A request that is repeated on a node
    /// that is apart creates another incident under the same change; their lines must not be taken for each other.
    pub fn creation(self, incident: IncidentId, index: u32) -> EventId {
        let hash = Sha256::new()
            .chain_update(self.0.to_be_bytes())
            .chain_update(incident.to_bits().to_be_bytes())
            .chain_update(index.to_be_bytes())
            .finalize();
        EventId(u128::from_be_bytes(first(&hash)))
    }
}

impl EventId {
    /// The id of a line that follows from this one for `reason`; the same wherever it is derived.
    #[must_use]
    pub fn derived(self, reason: &str) -> Self {
        let hash = Sha256::new()
            .chain_update(self.0.to_be_bytes())
            .chain_update(reason)
            .finalize();
        Self(u128::from_be_bytes(first(&hash)))
    }
}

impl Serialize for IncidentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.to_bits().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for IncidentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return from_text(deserializer);
        }
        let bits = u64::deserialize(deserializer)?;
        Self::from_bits(bits).ok_or_else(|| de::Error::custom("no incident id has this number"))
    }
}

/// Reads a value through its `FromStr`, borrowing the text where the format allows it.
pub(crate) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Text<T>(PhantomData<T>);

    impl<T: FromStr> Visitor<'_> for Text<T>
    where
        T::Err: fmt::Display,
    {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}

#[cfg(test)]
mod tests;
