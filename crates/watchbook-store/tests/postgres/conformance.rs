//! Every case of the suite, with statements prepared and with statements sent whole each time, and the latter also
//! through a pooler that lends connections for one transaction each.

use std::time::Duration;

use watchbook_core::Digest;
use watchbook_store::conformance::{Harness, Need, block_on};
use watchbook_store::postgres::{ExecMode, PostgresStore};
use watchbook_store::system::ManualClock;
use watchbook_store::{Absorb, Transfer};

use crate::schema::Schema;

struct InDatabase {
    schema: Schema,
    mode: ExecMode,
    is_pooled: bool,
}

impl InDatabase {
    fn new(mode: ExecMode) -> Self {
        Self {
            schema: block_on(Schema::migrated()),
            mode,
            is_pooled: false,
        }
    }

    fn pooled() -> Self {
        let direct = Self::new(ExecMode::Unnamed);
        block_on(direct.schema.open_to_pooler());
        Self {
            is_pooled: true,
            ..direct
        }
    }

    fn handle(&self) -> PostgresStore {
        if !self.is_pooled {
            return self.schema.store(self.mode);
        }
        let options = self.schema.options_through_pooler().with_mode(self.mode);
        PostgresStore::new(options).expect("an address")
    }
}

impl Harness for InDatabase {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        self.handle()
    }

    async fn reopen(&self, store: PostgresStore) -> PostgresStore {
        drop(store);
        self.handle()
    }

    async fn second(&self, _first: &PostgresStore) -> Option<PostgresStore> {
        Some(self.handle())
    }

    fn clock(&self) -> &ManualClock {
        &self.schema.clock
    }

    fn offers(&self) -> &'static [Need] {
        &[
            Need::Damage,
            Need::Restoration,
            Need::Transfer,
            Need::Absorbs,
        ]
    }

    /// The database judges leases by its own clock: so they are moved, not the clock.
    async fn pass(&self, _store: &PostgresStore, span: Duration) {
        self.schema.let_leases_age(span).await;
    }

    async fn keep_copy(&self, _store: &PostgresStore) {
        self.schema.keep_copy().await;
    }

    async fn restore_copy(&self, store: PostgresStore) -> Option<PostgresStore> {
        drop(store);
        self.schema.restore_copy().await;
        Some(self.schema.store(self.mode))
    }

    fn transfer<'s>(&self, store: &'s PostgresStore) -> Option<&'s dyn Transfer> {
        Some(store)
    }

    fn absorbing<'s>(&self, store: &'s PostgresStore) -> Option<&'s dyn Absorb> {
        Some(store)
    }

    fn damage(&self, _store: &PostgresStore, artifact: Digest) -> bool {
        self.schema.damage(artifact)
    }
}

mod prepared {
    use super::{ExecMode, InDatabase};

    watchbook_store::conformance_suite!(InDatabase::new(ExecMode::Prepared), without: [Verifiable, Faults, Files]);
}

mod unnamed {
    use super::{ExecMode, InDatabase};

    watchbook_store::conformance_suite!(InDatabase::new(ExecMode::Unnamed), without: [Verifiable, Faults, Files]);
}

mod pooled {
    use super::InDatabase;

    watchbook_store::conformance_suite!(InDatabase::pooled(), without: [Verifiable, Faults, Files]);
}
