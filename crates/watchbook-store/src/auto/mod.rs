//! A database first, and the files of this node while it is gone.
//!
//! Every node of a database has a [`Shelter`]: a condition that all its processes share, and a local log. While the
//! database answers, writes go to it, and what they wrote enters the local log before they are acknowledged, as does what
//! others write (the mirror). When it is lost, the local log takes over: reads are answered from the mirror, writes are
//! decided on it and durable in it. When the database is back, those commits are brought into it in order and exactly
//! once ([`Absorb`](crate::Absorb)), a fresh mirror is made, and writes go to the database again.
//!
//! - [`condition`]: when which of this happens, as a pure state machine.
//! - `ask`: what is a loss. `writes`, `reads`, `audit`, `keys`: the contract, on either side.
//! - `mirror`, `together`, `follow`: what enters the local log. `replay`, `report`, `renew`: the way back.

mod ask;
mod audit;
pub mod condition;
mod counters;
mod folder;
mod follow;
mod in_memory;
mod keys;
mod leases;
mod mirror;
mod notes;
mod patience;
mod reads;
mod renew;
mod replay;
mod report;
mod seen;
mod shelter;
mod status;
mod tend;
mod together;
mod writes;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use watchbook_core::audit::AuditOpening;
use watchbook_core::{Clock, EventId, Timestamp};

use crate::contract::{Pepper, StoreError};

pub use condition::{Condition, Phase, Signal};
pub use counters::AutoCounts;
pub use folder::Folder;
pub use in_memory::MemoryShelter;
pub use notes::Quarantined;
pub(crate) use shelter::weight;
pub use shelter::{LONGEST_GATE, Local, MAX_RUN_BYTES, OwnCommits, Pass, Primary, Shelter};
pub use status::AutoStatus;
pub use tend::Tended;

use counters::Counters;
use together::Together;

/// How long the database is left alone after it was lost, by default.
pub const RETRY: Duration = Duration::from_mins(5);
/// How long a call waits for the database before it counts as lost, by default.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How long writes may wait at the gate while the last commits are brought into the database.
const GATE: Duration = Duration::from_millis(250);

/// What may be chosen about a node.
#[derive(Debug, Clone)]
pub struct AutoOptions {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long the database is left alone after it was lost.
    pub retry: Duration,
    /// How long a call waits for the database before it counts as lost.
    pub patience: Duration,
    /// Whether a call that finds the database due for a try makes it at once, as a command that ends soon must. A
    /// server tends its node beside its calls instead.
    pub eager: bool,
}

impl AutoOptions {
    /// The defaults.
    pub const fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            retry: RETRY,
            patience: PATIENCE,
            eager: false,
        }
    }
}

/// A database first, and the files of this node while it is gone. Cheap to clone.
#[derive(Clone)]
pub struct AutoStore {
    node: Arc<Node>,
}

struct Node {
    primary: Arc<dyn Primary>,
    shelter: Arc<dyn Shelter>,
    options: AutoOptions,
    counters: Counters,
    /// The local log of the generation that was in use when it was last asked for.
    local: RwLock<Option<(u64, Arc<dyn Local>)>>,
    /// Writes of this process whose lines enter the local log.
    entering: Together,
    /// Calls under way whose opening went to the database: should that be lost, their closing needs it again.
    openings: Mutex<HashMap<EventId, Opened>>,
    pepper: Mutex<Option<Pepper>>,
    /// When a fresh mirror is tried again that could not be made.
    renewal: Mutex<Option<Timestamp>>,
    /// The note of the keys as it was last kept.
    kept_keys: Mutex<Vec<u8>>,
}

/// The first half of an audit entry.
#[derive(Debug, Clone)]
struct Opened {
    opening: AuditOpening,
    /// Whether it went to the local log: it must be in the database before its closing is.
    is_apart: bool,
}

impl fmt::Debug for AutoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoStore")
            .field("primary", &self.node.primary)
            .field("shelter", &self.node.shelter)
            .finish_non_exhaustive()
    }
}

impl AutoStore {
    /// A node with its database and its shelter. Asks neither of them anything yet.
    pub fn new(primary: Arc<dyn Primary>, shelter: Arc<dyn Shelter>, options: AutoOptions) -> Self {
        Self {
            node: Arc::new(Node {
                primary,
                shelter,
                options,
                counters: Counters::default(),
                local: RwLock::default(),
                entering: Together::default(),
                openings: Mutex::default(),
                pepper: Mutex::default(),
                renewal: Mutex::default(),
                kept_keys: Mutex::default(),
            }),
        }
    }

    fn now(&self) -> Timestamp {
        self.node.options.clock.now()
    }

    /// The local log of a generation.
    fn local(&self, generation: u64) -> Result<Arc<dyn Local>, StoreError> {
        if let Some((open, local)) = self.node.local.read().as_ref()
            && *open == generation
        {
            return Ok(Arc::clone(local));
        }
        let local = self.node.shelter.open(generation)?;
        *self.node.local.write() = Some((generation, Arc::clone(&local)));
        Ok(local)
    }

    /// Goes on with a local log that is open already.
    fn use_log(&self, generation: u64, log: Arc<dyn Local>) {
        *self.node.local.write() = Some((generation, log));
    }

    /// Leaves the local log as the next opening likes to find it. Blocks.
    ///
    /// # Errors
    /// When its files cannot be written. Nothing that was acknowledged is lost by that.
    pub fn close(&self) -> Result<(), StoreError> {
        match self.node.local.read().as_ref() {
            Some((_, local)) => local.settle(),
            None => Ok(()),
        }
    }
}
