//! The ledger keeps the contract, as far as something that forgets can.

use std::sync::Arc;

use third_party_store::Ledger;
use watchbook_store::conformance::Harness;
use watchbook_store::system::{ManualClock, SeededEntropy};

#[derive(Default)]
struct Ledgers {
    clock: ManualClock,
}

impl Harness for Ledgers {
    type Store = Ledger;

    async fn open(&self) -> Ledger {
        Ledger::new(Arc::new(self.clock.clone()), &SeededEntropy::new(1))
    }

    async fn reopen(&self, forgotten: Ledger) -> Ledger {
        drop(forgotten);
        self.open().await
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

watchbook_store::conformance_suite!(Ledgers::default(), without: [Persistent, Shared, Verifiable, Faults, Damage, Files, Restoration, Transfer, Absorbs]);
