//! A shelter in memory, for tests of everything above it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, RwLock};

use super::condition::Condition;
use super::shelter::{LONGEST_GATE, Local, Pass, Shelter};
use crate::contract::StoreError;

/// A shelter in memory. Handles that share it are as processes of one node.
pub struct MemoryShelter {
    condition: Mutex<Condition>,
    gate: Arc<RwLock<()>>,
    turn: Arc<Turn<()>>,
    make: Box<dyn Fn(u64) -> Arc<dyn Local> + Send + Sync>,
    logs: Mutex<BTreeMap<u64, Arc<dyn Local>>>,
    notes: Mutex<BTreeMap<&'static str, Vec<u8>>>,
}

impl MemoryShelter {
    /// A shelter whose local logs are made by `make`, from the number of their generation.
    pub fn new(make: impl Fn(u64) -> Arc<dyn Local> + Send + Sync + 'static) -> Self {
        Self {
            condition: Mutex::new(Condition::first()),
            gate: Arc::default(),
            turn: Arc::default(),
            make: Box::new(make),
            logs: Mutex::default(),
            notes: Mutex::default(),
        }
    }
}

impl fmt::Debug for MemoryShelter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryShelter")
            .field("condition", &*self.condition.lock())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Shelter for MemoryShelter {
    fn condition(&self) -> Result<Condition, StoreError> {
        Ok(self.condition.lock().clone())
    }

    fn change(
        &self,
        change: &mut (dyn FnMut(&Condition) -> Option<Condition> + Send),
    ) -> Result<Condition, StoreError> {
        let mut condition = self.condition.lock();
        if let Some(after) = change(&condition) {
            *condition = after;
        }
        Ok(condition.clone())
    }

    async fn enter(&self) -> Result<Pass, StoreError> {
        let gate = Arc::clone(&self.gate).read_owned();
        match tokio::time::timeout(LONGEST_GATE, gate).await {
            Ok(inside) => Ok(Pass::holding(inside)),
            Err(_) => Err(StoreError::Unavailable {
                why: "the gate stays closed; try again".to_owned(),
                retry_after: LONGEST_GATE,
                source: None,
            }),
        }
    }

    async fn close(&self, patience: Duration) -> Result<Option<Pass>, StoreError> {
        let gate = Arc::clone(&self.gate).write_owned();
        let closed = tokio::time::timeout(patience, gate).await;
        Ok(closed.ok().map(Pass::holding))
    }

    fn tend(&self) -> Result<Option<Pass>, StoreError> {
        let turn = Arc::clone(&self.turn).try_lock_owned();
        Ok(turn.ok().map(Pass::holding))
    }

    fn open(&self, generation: u64) -> Result<Arc<dyn Local>, StoreError> {
        let mut logs = self.logs.lock();
        let log = logs
            .entry(generation)
            .or_insert_with(|| (self.make)(generation));
        Ok(Arc::clone(log))
    }

    fn clear(&self, generation: u64) -> Result<(), StoreError> {
        if self.condition.lock().generation == generation {
            return Err(StoreError::Unavailable {
                why: format!("log {generation} is in use; nothing may take it away"),
                retry_after: LONGEST_GATE,
                source: None,
            });
        }
        self.logs.lock().remove(&generation);
        Ok(())
    }

    fn note(&self, name: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.notes.lock().get(name).cloned())
    }

    fn keep_note(&self, name: &'static str, bytes: &[u8]) -> Result<(), StoreError> {
        self.notes.lock().insert(name, bytes.to_vec());
        Ok(())
    }
}
