//! Sixteen writers through `auto` while everything beneath them fails: the database is killed, stopped, cut off and
//! restarted, and so is the process that writes. In the end every change that was acknowledged is in the database
//! exactly once.
//!
//! `cargo xtask chaos` runs more cycles than the suite does; the seed of a cycle is in every message.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]
#![expect(
    clippy::disallowed_methods,
    reason = "real processes, a real database and a real clock are what is tested"
)]

mod cluster;
mod cycle;
mod node;
mod plan;
mod verdict;
mod writer;

use cycle::Chaos;

/// How many cycles the suite runs; `cargo xtask chaos` asks for more.
const CYCLES: u64 = 20;

#[test]
fn nothing_acknowledged_is_lost_or_doubled_whatever_fails() {
    if let Some(role) = node::role() {
        return node::play(&role);
    }
    let number = |name: &str, default| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let cycles = number("WATCHBOOK_CHAOS_CYCLES", CYCLES);
    let seed = number("WATCHBOOK_CHAOS_SEED", 1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut chaos = Chaos::begin(seed).await;
        for plan in plan::plans(seed, cycles) {
            chaos.cycle(plan).await;
        }
        let report = chaos.end().await;
        println!("{report}");
        report.check(cycles);
    });
}
