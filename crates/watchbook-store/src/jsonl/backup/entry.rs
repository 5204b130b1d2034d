//! The names in a backup. Only these are ever written or believed: a name from outside never becomes a path.

use std::path::PathBuf;

use watchbook_core::{Digest, IncidentId};

use crate::journal::Place;
use crate::jsonl::layout::{JOURNAL, Layout};

/// One file of a backup, by its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A sealed segment.
    Sealed(u32),
    /// The last segment of the backup, when it was sealed before it was copied. In the backup it is the active one.
    LastSealed(u32),
    /// The segment that is written to.
    Active,
    /// The bytes of an artifact's version.
    Version(IncidentId, Digest),
    /// The audit trail of one day, such as `2026-02-23`.
    Audit(String),
    /// The records of keys.
    Keys,
    /// The pepper.
    Pepper,
}

fn place(layout: &Layout) -> Place {
    Place::new(layout.incidents.clone(), JOURNAL)
}

impl Entry {
    /// Its name in the backup.
    pub(super) fn name(&self) -> String {
        let files = Place::new("", JOURNAL);
        match self {
            Self::Sealed(number) => format!("incidents/{}", files.sealed_name(*number)),
            Self::LastSealed(_) | Self::Active => format!("incidents/{}", files.active_name()),
            Self::Version(incident, sha256) => format!("artifacts/{incident}/{sha256}"),
            Self::Audit(day) => format!("audit/audit-{day}.jsonl"),
            Self::Keys => "private/keys.json".to_owned(),
            Self::Pepper => "private/pepper".to_owned(),
        }
    }

    /// The entry with this name; `None` for any name that no backup of ours has.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (folder, rest) = name.split_once('/')?;
        match (folder, rest) {
            ("private", "keys.json") => Some(Self::Keys),
            ("private", "pepper") => Some(Self::Pepper),
            ("incidents", file) => parse_segment(file),
            ("audit", file) => parse_day(file.strip_prefix("audit-")?.strip_suffix(".jsonl")?),
            ("artifacts", file) => {
                let (incident, sha256) = file.split_once('/')?;
                Some(Self::Version(incident.parse().ok()?, sha256.parse().ok()?))
            }
            _ => None,
        }
    }

    /// Where it lies in a directory.
    pub(super) fn source(&self, layout: &Layout) -> PathBuf {
        match self {
            Self::Sealed(number) | Self::LastSealed(number) => {
                layout.incidents.join(place(layout).sealed_name(*number))
            }
            Self::Active => layout.incidents.join(place(layout).active_name()),
            Self::Version(incident, sha256) => layout.version(*incident, *sha256),
            Self::Audit(day) => layout.audit.join(format!("audit-{day}.jsonl")),
            Self::Keys => layout.keys(),
            Self::Pepper => layout.pepper(),
        }
    }

    /// Whether its owner alone may read it.
    pub(super) const fn is_private(&self) -> bool {
        matches!(self, Self::Keys | Self::Pepper)
    }
}

fn parse_segment(file: &str) -> Option<Entry> {
    let files = Place::new("", JOURNAL);
    if file == files.active_name() {
        return Some(Entry::Active);
    }
    let digits = file
        .strip_prefix(JOURNAL)?
        .strip_prefix('-')?
        .strip_suffix(".jsonl")?;
    let number = digits.parse().ok()?;
    (files.sealed_name(number) == file).then_some(Entry::Sealed(number))
}

fn parse_day(day: &str) -> Option<Entry> {
    let form = day.len() == 10
        && day.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    form.then(|| Entry::Audit(day.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_believed() {
        for name in [
            "incidents/events.jsonl",
            "incidents/events-000001.jsonl",
            "artifacts/inc_20260218_1430_abc123/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "audit/audit-2026-02-23.jsonl",
            "private/keys.json",
            "private/pepper",
        ] {
            assert_eq!(
                Entry::parse(name).map(|entry| entry.name()).as_deref(),
                Some(name)
            );
        }
        for name in [
            "incidents/../events.jsonl",
            "/incidents/events.jsonl",
            "incidents/events-1.jsonl",
            "incidents/.watchbook/head",
            "artifacts/inc_20260218_1430_abc123/../../x",
            "audit/audit-2026-02-2x.jsonl",
            "audit/../../etc/passwd",
            "private/other",
            "events.jsonl",
            "",
        ] {
            assert_eq!(Entry::parse(name), None, "{name}");
        }
    }
}
