//! What happened in the last weeks of the demo.

use super::Begins::{Ago, Day};
use super::Deed::{
    Acknowledge, Act, Close, Followup, Merge, Mitigate, Note, Raise, Reopen, Resolve,
};
use super::{Story, line, story};

/// Everything that happened once, in the last weeks.
pub(super) const STORIES: &[Story] = &[
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
