//! `auto` over a database that fails all the time, before or after it did what it was asked. Each call finds it due for a
//! try, so a case falls back and comes back many times.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use watchbook_store::auto::{AutoOptions, AutoStore};
use watchbook_store::conformance::{self, Harness};
use watchbook_store::system::ManualClock;

use crate::flaky::Flaky;
use crate::insistent::Insistent;
use crate::over_memory::{memory, shelter};

struct UnderFaults {
    clock: ManualClock,
    seed: u64,
    database: Mutex<Option<Arc<Flaky>>>,
}

impl UnderFaults {
    fn new(seed: u64) -> Self {
        Self {
            clock: ManualClock::default(),
            seed,
            database: Mutex::default(),
        }
    }
}

impl Default for UnderFaults {
    fn default() -> Self {
        Self::new(7)
    }
}

impl Harness for UnderFaults {
    type Store = Insistent;

    async fn open(&self) -> Insistent {
        let options = AutoOptions {
            retry: Duration::ZERO,
            eager: true,
            ..AutoOptions::new(Arc::new(self.clock.clone()))
        };
        let database = Arc::new(Flaky::new(memory(&self.clock, 1), self.seed));
        *self.database.lock() = Some(Arc::clone(&database));
        Insistent(AutoStore::new(database, shelter(&self.clock), options))
    }

    async fn reopen(&self, lost: Insistent) -> Insistent {
        drop(lost);
        self.open().await
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

watchbook_store::conformance_suite!(
    UnderFaults::default(),
    without: [Persistent, Shared, Verifiable, Faults, Damage, Files, Restoration, Transfer, Absorbs]
);

#[test]
fn the_suite_really_falls_back_and_comes_back() {
    let case = conformance::case("every_operation_leads_where_it_is_decided").expect("a case");
    let mut failures = 0;
    for seed in 0..20 {
        let harness = UnderFaults::new(seed);
        conformance::run(case, &harness);
        let database = harness.database.lock();
        failures += database.as_ref().map_or(0, |database| database.failures());
    }
    assert!(failures > 100, "only {failures} failures");
}
