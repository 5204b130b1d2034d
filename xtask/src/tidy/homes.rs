//! The table of banned calls and their homes. A new home needs a reason that its reviewer believes.

use crate::tidy::bans::{Ban, Home};

const CLOCK: &[Home] = &[
    home(
        "crates/watchbook-store/src/system.rs",
        "the machine's clock, behind the trait `Clock`",
    ),
    home("xtask/src/bench/", "a benchmark measures time"),
    home("xtask/src/surroundings.rs", "durations shown to people"),
];

const RANDOMNESS: &[Home] = &[home(
    "crates/watchbook-store/src/system.rs",
    "the machine's randomness, behind the trait `Entropy`",
)];

const ENVIRONMENT: &[Home] = &[
    home(
        "crates/watchbook-cli/src/main.rs",
        "the arguments of the command line, handed on at once",
    ),
    home(
        "crates/watchbook-config/src/environment.rs",
        "the environment, read once",
    ),
    home("xtask/src/bench/", "a benchmark starts itself again"),
    home(
        "xtask/src/surroundings.rs",
        "arguments and switches of the automation",
    ),
];

const FILES: &[Home] = &[
    home(
        "crates/watchbook-cli/src/files.rs",
        "the files that a person names on the command line",
    ),
    home(
        "crates/watchbook-config/src/files.rs",
        "settings and policies, read once",
    ),
    home(
        "crates/watchbook-store/src/disk/real.rs",
        "the disk itself, behind the trait `Disk`",
    ),
    home("xtask/src/bench/", "the bare calls are what is measured"),
    home(
        "xtask/src/checkout.rs",
        "the automation reads and writes the checkout",
    ),
];

const SLEEP: &[Home] = &[home(
    "crates/watchbook-store/tests/chaos/",
    "real processes and a real database, which notify nobody: each pause is followed by another look, with a deadline",
)];

/// Every ban. Tests may use files and read what they need from the environment, but nothing but the
/// chaos of real processes may sleep.
pub(super) const BANS: &[Ban] = &[
    ship(
        &["SystemTime", "now"],
        "take a `Clock`, or `now` as an argument",
        CLOCK,
    ),
    ship(
        &["Instant", "now"],
        "take a `Clock`, or `now` as an argument",
        CLOCK,
    ),
    ship(
        &["OffsetDateTime", "now_utc"],
        "take a `Clock`, or `now` as an argument",
        CLOCK,
    ),
    ship(
        &["UtcDateTime", "now"],
        "take a `Clock`, or `now` as an argument",
        CLOCK,
    ),
    ship(
        &["getrandom"],
        "take an `Entropy`, so that a seed repeats the run",
        RANDOMNESS,
    ),
    ship(
        &["rand"],
        "take an `Entropy`, so that a seed repeats the run",
        RANDOMNESS,
    ),
    ship(
        &["std", "env"],
        "read it in the crate `config` and pass it in",
        ENVIRONMENT,
    ),
    ship(
        &["std", "fs"],
        "go through the store's `Disk`, or `config` for settings",
        FILES,
    ),
    ship(
        &["tokio", "fs"],
        "go through the store's `Disk`, or `config` for settings",
        FILES,
    ),
    everywhere(
        &["thread", "sleep"],
        "wait for the event itself, with a deadline",
        SLEEP,
    ),
    everywhere(
        &["time", "sleep"],
        "wait for the event itself, with a deadline",
        SLEEP,
    ),
];

const fn home(prefix: &'static str, reason: &'static str) -> Home {
    Home { prefix, reason }
}

/// A ban for what ships.
const fn ship(path: &'static [&'static str], instead: &'static str, homes: &'static [Home]) -> Ban {
    Ban {
        path,
        instead,
        in_tests: false,
        homes,
    }
}

/// A ban for tests as well.
const fn everywhere(
    path: &'static [&'static str],
    instead: &'static str,
    homes: &'static [Home],
) -> Ban {
    Ban {
        path,
        instead,
        in_tests: true,
        homes,
    }
}
