//! What happened in the first weeks of the demo.

use super::Begins::Day;
use super::Deed::{
    Acknowledge, Act, Attach, Cancel, Close, Decide, Followup, FollowupDone, Mitigate, Note,
    Resolve, Storm,
};
use super::{Story, line, story};

/// Everything that happened once, in the first weeks.
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
];
