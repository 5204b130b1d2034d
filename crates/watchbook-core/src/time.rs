//! Moments in time, and where they and randomness come from.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A source of the current time.
///
/// Everything that needs to know what time it is takes one, so that tests drive time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A source of random bytes, for ids and salts.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Fills `bytes` with randomness that nobody can predict.
    fn fill(&self, bytes: &mut [u8]);
}

/// A moment in UTC with millisecond precision.
///
/// Written as RFC 3339 with `Z` and exactly three digits of a second, for example
/// `2026-02-23T10:00:00.000Z`. Any RFC 3339 offset is accepted on input and turned into UTC;
/// finer digits are cut off. Years 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 time between the years 1970 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time; write it as RFC 3339, for example 2026-02-23T10:00:00Z")]
pub struct ParseTimestampError {
    text: String,
}

/// 9999-12-31T23:59:59.999Z, the last moment that RFC 3339 can write.
const MAX_MILLIS: i64 = 253_402_300_799_999;
const MILLIS_PER_DAY: i64 = 86_400_000;
/// The characters of an offending text that an error repeats.
const SHOWN_CHARS: usize = 40;

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const EPOCH: Self = Self(0);

    /// The moment `millis` milliseconds after 1970, held to the years 1970 to 9999.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 {
            Self(0)
        } else if millis > MAX_MILLIS {
            Self(MAX_MILLIS)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole minutes since 1970, rounded down.
    pub const fn minutes(self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the year 9999 is 4.3e9 minutes, below u32::MAX, and no moment is negative"
        )]
        {
            (self.0 / 60_000) as u32
        }
    }

    /// This moment plus `span`, held to the year 9999.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This moment minus `span`, held to 1970.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(millis))
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// The last millisecond of this moment's day in UTC.
    #[must_use]
    pub const fn end_of_day(self) -> Self {
        Self((self.0 / MILLIS_PER_DAY + 1) * MILLIS_PER_DAY - 1)
    }

    /// The UTC date, as year, month (1–12) and day (1–31).
    pub fn date(self) -> (i32, u8, u8) {
        civil_from_days(self.0 / MILLIS_PER_DAY)
    }

    /// The UTC hour and minute.
    pub const fn hour_minute(self) -> (u8, u8) {
        let minutes = self.0 / 60_000 % 1_440;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the value is between 0 and 1439"
        )]
        {
            ((minutes / 60) as u8, (minutes % 60) as u8)
        }
    }

    /// The 24 bytes of the written form, without allocating.
    fn write_ascii(self) -> [u8; 24] {
        let (year, month, day) = self.date();
        let (hour, minute) = self.hour_minute();
        let second_millis = self.0 % 60_000;
        let mut out = *b"0000-00-00T00:00:00.000Z";
        put_digits(&mut out[0..4], i64::from(year));
        put_digits(&mut out[5..7], i64::from(month));
        put_digits(&mut out[8..10], i64::from(day));
        put_digits(&mut out[11..13], i64::from(hour));
        put_digits(&mut out[14..16], i64::from(minute));
        put_digits(&mut out[17..19], second_millis / 1_000);
        put_digits(&mut out[20..23], second_millis % 1_000);
        out
    }

    /// Reads exactly the form that [`Self::write_ascii`] writes; `None` for anything else.
    fn read_ascii(text: &[u8]) -> Option<Self> {
        let text: &[u8; 24] = text.try_into().ok()?;
        for (at, mark) in [
            (4, b'-'),
            (7, b'-'),
            (10, b'T'),
            (13, b':'),
            (16, b':'),
            (19, b'.'),
            (23, b'Z'),
        ] {
            if text[at] != mark {
                return None;
            }
        }
        let year = digits(&text[0..4])?;
        let (month, day) = (digits(&text[5..7])?, digits(&text[8..10])?);
        let (hour, minute) = (digits(&text[11..13])?, digits(&text[14..16])?);
        let (second, millis) = (digits(&text[17..19])?, digits(&text[20..23])?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_from_civil(year, month, day)?;
        Some(Self(
            days * MILLIS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1_000 + millis,
        ))
    }
}

fn put_digits(out: &mut [u8], mut value: i64) {
    for slot in out.iter_mut().rev() {
        *slot = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    })
}

/// Days since 1970 to a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a date of the years 1970 to 9999"
    )]
    {
        (year as i32, month as u8, day as u8)
    }
}

/// The inverse of [`civil_from_days`]; `None` for a date that does not exist or lies before 1970.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = year - i64::from(month <= 2);
    let era = shifted_year / 400;
    let year_of_era = shifted_year % 400;
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100
        + day_of_year
        - 719_468;
    let real = civil_from_days(days);
    (i64::from(real.0) == year && i64::from(real.1) == month && i64::from(real.2) == day)
        .then_some(days)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ascii = self.write_ascii();
        f.pad(std::str::from_utf8(&ascii).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(fast) = Self::read_ascii(text.as_bytes()) {
            return Ok(fast);
        }
        let refused = || ParseTimestampError {
            text: text.chars().take(SHOWN_CHARS).collect(),
        };
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| refused())?;
        let millis = i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1_000_000))
            .map_err(|_| refused())?;
        if (0..=MAX_MILLIS).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(refused())
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            crate::id::from_text(deserializer)
        } else {
            i64::deserialize(deserializer).map(Self::from_millis)
        }
    }
}

#[cfg(test)]
mod tests;
