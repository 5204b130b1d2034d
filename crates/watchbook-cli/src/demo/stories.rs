//! The life of a small made-up platform over twelve weeks: the words of the demo, as data.
//!
//! Larkspur tracks parcels. Nothing here happened. Times are days before the day of the demo and minutes of that day.

mod first_weeks;
mod last_weeks;

/// One incident and what became of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story {
    /// The name by which other stories refer to it.
    pub(super) name: &'static str,
    /// When it began.
    pub(super) begins: Begins,
    /// Who noticed it.
    pub(super) by: &'static str,
    /// The service it is about.
    pub(super) service: &'static str,
    /// Further services.
    pub(super) affects: &'static [&'static str],
    /// How bad it is.
    pub(super) severity: &'static str,
    /// What sort of trouble it is.
    pub(super) kind: &'static str,
    /// What is wrong.
    pub(super) title: &'static str,
    /// Whether it is an exercise.
    pub(super) drill: bool,
    /// What happened then.
    pub(super) lines: &'static [Line],
}

/// When a story begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begins {
    /// So many days before today, at this minute of the day.
    Day(u32, u32),
    /// So many minutes before now.
    Ago(u32),
}

/// What happened, so many minutes after what was told before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Minutes since the line before.
    pub(super) after: u32,
    /// Who did it.
    pub(super) by: &'static str,
    /// What was done.
    pub(super) deed: Deed,
}

/// What was done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    /// Somebody took it.
    Acknowledge(&'static str),
    /// An observation.
    Note(&'static str),
    /// What was decided.
    Decide(&'static str),
    /// What was done.
    Act(&'static str),
    /// The impact ended.
    Mitigate(&'static str),
    /// The cause was dealt with: what ended it, and what caused it.
    Resolve(&'static str, &'static str),
    /// Nothing is left to do.
    Close,
    /// It was a false alarm.
    Cancel(&'static str),
    /// It was part of another story.
    Merge(&'static str),
    /// It is back.
    Reopen(&'static str),
    /// It is worse than thought.
    Raise(&'static str, &'static str),
    /// Something is to be done: title, owner, priority, and days from today until it is due.
    Followup(&'static str, &'static str, &'static str, i32),
    /// The follow-up of this number, from 1, is done.
    FollowupDone(u32, &'static str),
    /// A file: name and content.
    Attach(&'static str, &'static str),
    /// A storm: this many alerts within a few minutes, as notes.
    Storm(u32),
}

use Begins::Day;
use Deed::{Acknowledge, Close, Mitigate, Note, Resolve};

/// Days on which the same thing happens again.
pub(super) const RECURRING_DAYS: [u32; 9] = [80, 71, 62, 53, 44, 35, 26, 17, 8];

/// What comes back every nine days, after the import of the carriers' routes.
pub(super) const RECURRING: Story = Story {
    name: "search-lag",
    begins: Day(0, 245),
    by: "helion",
    service: "search",
    affects: &["tracking"],
    severity: "P2",
    kind: "latency",
    title: "Search index lags behind after the route import",
    drill: false,
    lines: &[
        line(6, "helion", Acknowledge("on it, same picture as last time")),
        line(
            9,
            "helion",
            Note("the import writes 4 million rows in one transaction; the indexer waits for it"),
        ),
        line(
            21,
            "helion",
            Mitigate("indexer restarted with a larger batch; lag is falling"),
        ),
        line(
            64,
            "helion",
            Resolve(
                "The index caught up by itself.",
                "The route import holds one long transaction.",
            ),
        ),
        line(300, "sofiia", Close),
    ],
};

const fn line(after: u32, by: &'static str, deed: Deed) -> Line {
    Line { after, by, deed }
}

const fn story(
    name: &'static str,
    begins: Begins,
    by: &'static str,
    severity: &'static str,
    kind: &'static str,
    service: &'static str,
    title: &'static str,
) -> Story {
    Story {
        name,
        begins,
        by,
        service,
        affects: &[],
        severity,
        kind,
        title,
        drill: false,
        lines: &[],
    }
}

/// Everything that happened once, the earliest weeks first.
pub(super) fn stories() -> impl Iterator<Item = &'static Story> {
    first_weeks::STORIES.iter().chain(last_weeks::STORIES)
}

/// The alerts of a storm: each tells of one service and one sign.
pub(super) const STORM_SERVICES: [&str; 6] = [
    "gateway", "tracking", "labels", "notify", "search", "billing",
];
/// What such an alert says.
pub(super) const STORM_SIGNS: [&str; 7] = [
    "error rate over 5 %",
    "p99 latency over 3 s",
    "readiness probe fails in zone b",
    "connection resets to postgres",
    "retries over 100 a second",
    "queue depth rises",
    "no heartbeat from zone b",
];
