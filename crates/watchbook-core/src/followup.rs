//! Follow-ups: what is left to do. They outlive the incident.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{EventId, from_text};
use crate::severity::Severity;
use crate::text::{Prose, Short, TextError, Title, form_error, word_enum};
use crate::time::{Timestamp, days_from_civil};

word_enum! {
    /// How far a follow-up has come.
    FollowupStatus, "a follow-up status" {
        /// Nobody has begun.
        Open = "open",
        /// Somebody is at it.
        InProgress = "in_progress",
        /// Done.
        Done = "done",
        /// Will not be done; a reason says why.
        Canceled = "canceled",
    }
}

impl FollowupStatus {
    /// Whether there is still something to do.
    pub const fn is_unfinished(self) -> bool {
        matches!(self, Self::Open | Self::InProgress)
    }
}

/// When a follow-up is due: a moment, or a day (until its last millisecond in UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// At this moment.
    At(Timestamp),
    /// At the end of the day that begins at this moment, UTC.
    Day(Timestamp),
}

impl Due {
    /// The last moment at which the follow-up is not yet overdue.
    pub const fn deadline(self) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Day(day) => day.end_of_day(),
        }
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(moment) => moment.fmt(f),
            Self::Day(day) => {
                let (year, month, day) = day.date();
                f.pad(&format!("{year:04}-{month:02}-{day:02}"))
            }
        }
    }
}

const DUE_FORM: &str = "a date such as 2026-03-01 or a time such as 2026-03-01T12:00:00Z";

impl FromStr for Due {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        if let Some(day) = parse_day(text) {
            return Ok(Self::Day(day));
        }
        text.parse()
            .map(Self::At)
            .map_err(|_| form_error("a due date", text, DUE_FORM))
    }
}

fn parse_day(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let all_digits = [year, month, day]
        .iter()
        .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) || !all_digits {
        return None;
    }
    let days = days_from_civil(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(Timestamp::from_millis(days * 86_400_000))
}

impl Serialize for Due {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

/// Something to do after, or because of, an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followup {
    /// The id of the event that opened it.
    pub id: EventId,
    /// What is to be done.
    pub title: Title,
    /// Who does it.
    pub owner: Option<Short>,
    /// How urgent it is, on the scale of severities.
    pub priority: Severity,
    /// When it is due.
    pub due: Option<Due>,
    /// How far it has come.
    pub status: FollowupStatus,
    /// Where it is tracked outside, such as a ticket number.
    pub external_ref: Option<Short>,
    /// Why it was canceled.
    pub reason: Option<Prose>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Followup {
    /// Whether it is unfinished and its deadline lies before `now`.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.status.is_unfinished() && self.due.is_some_and(|due| due.deadline() < now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_bare_date_is_due_at_the_end_of_that_day() {
        let due: Due = "2026-03-01".parse().unwrap();
        assert_eq!(due.deadline(), at("2026-03-01T23:59:59.999Z"));
        assert_eq!(due.to_string(), "2026-03-01");
        let due: Due = "2026-03-01T12:00:00+02:00".parse().unwrap();
        assert_eq!(due.to_string(), "2026-03-01T10:00:00.000Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2026-02-30",
            "2026-2-3",
            "tomorrow",
            "2026-02-23-01",
            "+026-02-23",
        ] {
            assert!(text.parse::<Due>().is_err(), "{text}");
        }
    }
}
