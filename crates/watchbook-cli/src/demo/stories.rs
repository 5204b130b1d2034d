//! The life of a small made-up platform over twelve weeks: the words of the demo, as data.
//!
//! Larkspur tracks parcels. Nothing here happened. Times are days before the day of the demo and minutes of that day.

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

use Begins::{Ago, Day};
use Deed::{
    Acknowledge, Act, Attach, Cancel, Close, Decide, Followup, FollowupDone, Merge, Mitigate, Note,
    Raise, Reopen, Resolve, Storm,
};

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

/// Everything that happened once.
pub(super) const STORIES: &[Story] = &[
    Story {
        affects: &["tracking", "labels"],
        lines: &[
            line(2, "helion", Acknowledge("paged")),
            line(
                3,
                "helion",
                Note("TLS handshakes fail since 06:10; the certificate ended at 06:09"),
            ),
            line(
                11,
                "human:mira",
                Act("issued and deployed a new certificate by hand"),
            ),
            line(
                4,
                "helion",
                Mitigate("handshakes succeed again in all zones"),
            ),
            line(
                30,
                "human:mira",
                Resolve(
                    "A new certificate was deployed by hand.",
                    "The renewal job had no permission to write to the new secret store, and nobody watched it.",
                ),
            ),
            line(
                60,
                "sofiia",
                Followup("Alert 14 days before a certificate ends", "mira", "P1", -61),
            ),
            line(
                1,
                "sofiia",
                Followup(
                    "Give the renewal job its permission back, and test that it has it",
                    "jonas",
                    "P1",
                    -68,
                ),
            ),
            line(
                2_880,
                "human:jonas",
                FollowupDone(2, "done, with a nightly check"),
            ),
            line(
                8_600,
                "human:mira",
                FollowupDone(1, "alert is in place and was seen firing in staging"),
            ),
            line(60, "sofiia", Close),
        ],
        ..story(
            "certificate",
            Day(82, 372),
            "helion",
            "P0",
            "availability",
            "gateway",
            "Gateway refuses TLS connections",
        )
    },
    Story {
        lines: &[
            line(8, "helion", Acknowledge("looking at the last deploy")),
            line(
                7,
                "helion",
                Decide(
                    "roll back 3.18 rather than look further: labels are printed for the morning run",
                ),
            ),
            line(5, "helion", Act("rolled back to 3.17")),
            line(6, "helion", Mitigate("error rate back to 0.1 %")),
            line(
                120,
                "human:jonas",
                Resolve(
                    "Rolled back to 3.17.",
                    "3.18 asked the printer service for a field it does not have.",
                ),
            ),
            line(
                15,
                "human:jonas",
                Followup(
                    "Contract test between labels and the printer service",
                    "jonas",
                    "P2",
                    -40,
                ),
            ),
            line(1_440, "sofiia", Close),
        ],
        ..story(
            "labels-deploy",
            Day(76, 301),
            "helion",
            "P1",
            "deploy",
            "labels",
            "Label printing fails for one order in five",
        )
    },
    Story {
        lines: &[
            line(14, "helion", Acknowledge("probably the new probe")),
            line(
                12,
                "helion",
                Cancel(
                    "the probe in zone c had no route to the internet; nothing was wrong with the service",
                ),
            ),
        ],
        ..story(
            "false-alarm",
            Day(70, 1_080),
            "helion",
            "P2",
            "availability",
            "tracking",
            "Tracking pages unreachable from zone c",
        )
    },
    Story {
        affects: &["gateway"],
        lines: &[
            line(4, "helion", Acknowledge("seeing it too")),
            line(
                6,
                "helion",
                Note(
                    "all 200 connections of the pool are taken; the oldest query runs since 40 minutes",
                ),
            ),
            line(3, "human:mira", Act("ended the report query of billing")),
            line(2, "helion", Mitigate("pool has room again")),
            line(
                45,
                "human:mira",
                Resolve(
                    "The query was ended.",
                    "A monthly report read the live database without a time limit.",
                ),
            ),
            line(
                20,
                "sofiia",
                Followup("Move the monthly report to the replica", "mira", "P1", -20),
            ),
            line(
                2,
                "sofiia",
                Followup(
                    "Statement timeout for every role but the migrations'",
                    "jonas",
                    "P2",
                    12,
                ),
            ),
            line(900, "sofiia", Close),
        ],
        ..story(
            "pool",
            Day(66, 570),
            "helion",
            "P1",
            "saturation",
            "postgres",
            "Database connections are used up",
        )
    },
    Story {
        drill: true,
        lines: &[
            line(5, "helion", Acknowledge("drill understood")),
            line(
                18,
                "helion",
                Act("restored yesterday's backup into the spare zone"),
            ),
            line(
                30,
                "helion",
                Resolve(
                    "Restored and verified in 48 minutes.",
                    "This was an exercise.",
                ),
            ),
            line(10, "sofiia", Close),
        ],
        ..story(
            "drill",
            Day(60, 840),
            "sofiia",
            "P2",
            "custom",
            "postgres",
            "Drill: restore the database in the spare zone",
        )
    },
    Story {
        lines: &[
            line(
                25,
                "helion",
                Acknowledge("with the carrier's status page open"),
            ),
            line(
                10,
                "helion",
                Note(
                    "the carrier's API answers 503 to one call in three; their status page says nothing yet",
                ),
            ),
            line(40, "helion", Act("raised the retry interval to 10 minutes")),
            line(190, "helion", Mitigate("the carrier answers again")),
            line(
                60,
                "helion",
                Resolve("The carrier recovered.", "An outage of the carrier."),
            ),
            line(2_000, "sofiia", Close),
        ],
        ..story(
            "carrier",
            Day(51, 700),
            "helion",
            "P3",
            "error_rate",
            "warehouse-sync",
            "Carrier API answers with errors",
        )
    },
    Story {
        affects: &["billing"],
        lines: &[
            line(
                12,
                "human:mira",
                Acknowledge("taking it, security is informed"),
            ),
            line(8, "human:mira", Act("revoked the token and made a new one")),
            line(
                55,
                "human:mira",
                Note("no call with the token from outside our own addresses in the last 30 days"),
            ),
            line(
                30,
                "human:mira",
                Resolve(
                    "The token was revoked before anybody used it.",
                    "It was pasted into a public issue.",
                ),
            ),
            line(
                30,
                "sofiia",
                Followup(
                    "Scan for our token format before an issue can be published",
                    "mira",
                    "P1",
                    -9,
                ),
            ),
            line(2_000, "sofiia", Close),
        ],
        ..story(
            "token",
            Day(45, 655),
            "human:jonas",
            "P1",
            "security",
            "gateway",
            "API token published in a public issue",
        )
    },
    Story {
        affects: &["tracking", "labels", "notify", "search", "billing"],
        lines: &[
            line(
                1,
                "helion",
                Acknowledge("everything is red, opening a bridge"),
            ),
            line(1, "helion", Storm(42)),
            line(
                4,
                "helion",
                Note("the switch between zones a and b drops two packets in three"),
            ),
            line(
                3,
                "human:jonas",
                Decide("take zone b out of rotation and run on a and c"),
            ),
            line(6, "human:jonas", Act("zone b drained")),
            line(5, "helion", Mitigate("error rates are normal on two zones")),
            line(
                260,
                "human:jonas",
                Act("provider replaced the switch; zone b is back"),
            ),
            line(
                20,
                "human:jonas",
                Resolve(
                    "The provider replaced a switch.",
                    "A failing line card, and no alert on loss between zones.",
                ),
            ),
            line(
                40,
                "sofiia",
                Attach(
                    "impact.md",
                    "# Impact\n\n- 11 minutes of errors for two requests in three\n- 4,310 status mails sent twice\n",
                ),
            ),
            line(
                5,
                "sofiia",
                Followup("Alert on packet loss between zones", "jonas", "P0", -16),
            ),
            line(
                2,
                "sofiia",
                Followup("Drain a zone with one command", "jonas", "P2", 20),
            ),
            line(
                3_000,
                "human:jonas",
                FollowupDone(1, "alert on loss over 1 % for 2 minutes"),
            ),
            line(1_000, "sofiia", Close),
        ],
        ..story(
            "zone-b",
            Day(33, 1_021),
            "helion",
            "P0",
            "availability",
            "gateway",
            "Two requests in three fail: packet loss between zones",
        )
    },
    Story {
        lines: &[line(9, "helion", Merge("zone-b"))],
        ..story(
            "zone-b-twin",
            Day(33, 1_026),
            "human:mira",
            "P1",
            "availability",
            "tracking",
            "Tracking pages time out",
        )
    },
    Story {
        lines: &[
            line(
                30,
                "human:mira",
                Acknowledge("invoices of the night are on hold"),
            ),
            line(
                95,
                "human:mira",
                Note("112 invoices have the tax of the old rate"),
            ),
            line(
                200,
                "human:mira",
                Act("recomputed the 112 invoices; none had been sent"),
            ),
            line(
                10,
                "human:mira",
                Resolve(
                    "The invoices were recomputed.",
                    "The new tax table was loaded after the nightly run instead of before.",
                ),
            ),
            line(
                10,
                "human:mira",
                Followup(
                    "Refuse to run with a tax table that ended",
                    "mira",
                    "P2",
                    -3,
                ),
            ),
            line(1_000, "sofiia", Close),
        ],
        ..story(
            "tax",
            Day(28, 420),
            "human:mira",
            "P2",
            "data",
            "billing",
            "Invoices computed with last year's tax rate",
        )
    },
    Story {
        lines: &[
            line(
                40,
                "helion",
                Acknowledge("storage grows by 90 GB a day since the release"),
            ),
            line(
                600,
                "human:jonas",
                Act("debug logging switched off, old logs moved to cold storage"),
            ),
            line(
                30,
                "human:jonas",
                Resolve(
                    "Logging is back to normal.",
                    "A debug switch was left on in 3.21.",
                ),
            ),
            line(2_000, "sofiia", Close),
        ],
        ..story(
            "storage-cost",
            Day(22, 480),
            "sofiia",
            "P3",
            "cost",
            "tracking",
            "Log storage costs three times as much as last month",
        )
    },
    Story {
        lines: &[
            line(
                6,
                "helion",
                Acknowledge("queue depth 1.2 million and growing"),
            ),
            line(14, "helion", Act("doubled the consumers")),
            line(35, "helion", Mitigate("queue drains at 900 a second")),
            line(
                180,
                "helion",
                Resolve(
                    "The queue is empty.",
                    "A campaign mail to all customers shared the queue of status mails.",
                ),
            ),
            line(
                240,
                "human:mira",
                Reopen("the second half of the campaign filled it again"),
            ),
            line(
                12,
                "helion",
                Acknowledge("separate queue for campaigns is being set up"),
            ),
            line(
                200,
                "helion",
                Resolve(
                    "Campaigns have a queue of their own.",
                    "One queue for everything.",
                ),
            ),
            line(
                10,
                "sofiia",
                Followup("Limit campaign mails per minute", "helion", "P2", 5),
            ),
            line(1_500, "sofiia", Close),
        ],
        ..story(
            "mail-queue",
            Day(14, 545),
            "helion",
            "P2",
            "saturation",
            "notify",
            "Status mails arrive hours late",
        )
    },
    Story {
        lines: &[
            line(5, "helion", Acknowledge("looking")),
            line(22, "helion", Mitigate("rolled back to 3.24")),
        ],
        ..story(
            "memory",
            Day(6, 880),
            "helion",
            "P2",
            "deploy",
            "search",
            "Search restarts every ten minutes since 3.25",
        )
    },
    Story {
        lines: &[
            line(
                90,
                "human:mira",
                Note("only parcels that were split; 37 customers so far"),
            ),
            line(
                10,
                "human:mira",
                Followup(
                    "Merge the two halves of a split parcel's history",
                    "mira",
                    "P2",
                    9,
                ),
            ),
        ],
        ..story(
            "split-parcels",
            Day(4, 615),
            "human:mira",
            "P3",
            "data",
            "tracking",
            "Split parcels show two histories",
        )
    },
    Story {
        affects: &["billing"],
        lines: &[
            line(3, "helion", Acknowledge("p99 is 4.1 s, normal is 0.3 s")),
            line(
                7,
                "helion",
                Note("only requests that ask for a price; the tariff service is slow, not down"),
            ),
            line(
                9,
                "helion",
                Raise("P1", "checkout of business customers is affected as well"),
            ),
            line(6, "human:jonas", Act("caching tariffs for 10 minutes")),
        ],
        ..story(
            "tariffs",
            Ago(41),
            "helion",
            "P2",
            "latency",
            "gateway",
            "Price requests take four seconds",
        )
    },
    Story {
        lines: &[],
        ..story(
            "disk",
            Ago(12),
            "helion",
            "P3",
            "saturation",
            "warehouse-sync",
            "Disk of warehouse-sync-2 is 85 % full",
        )
    },
];

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
