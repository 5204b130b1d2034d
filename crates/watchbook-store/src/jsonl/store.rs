//! One directory, opened.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockUpgradableReadGuard};
use watchbook_core::{NodeId, StoreId};

use crate::contract::StoreError;
use crate::journal::{Journal, JournalError, Place, Position};

use super::audit::AuditFiles;
use super::checkpoint;
use super::failure;
use super::layout::JOURNAL;
use super::obstacle::Troubles;
use super::options::JsonlOptions;
use super::projection::Projections;
use super::restoring::Looked;
use super::shelf::{Shelf, ShelfError, node_of};

/// One directory, opened. Everything blocks; the async face is [`JsonlStore`](super::JsonlStore).
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) options: JsonlOptions,
    pub(crate) shelf: RwLock<Shelf>,
    pub(crate) audit: AuditFiles,
    /// Whether this process has looked for audit entries that a power cut took.
    pub(crate) looked: Looked,
    pub(crate) projections: Projections,
    /// Writes that failed.
    pub(crate) troubles: Troubles,
    /// Where the stretch of the feed ended that was told last: its reader goes on there.
    pub(crate) told: Mutex<Option<Position>>,
    /// The journal; `None` until there is one. Reads never make one.
    journal: RwLock<Option<Arc<Journal>>>,
    /// Only one thread at a time makes or reopens the journal.
    opening: Mutex<()>,
}

impl Directory {
    /// Opens a directory: reads its checkpoint, if that fits, and the rest of its journal.
    pub(crate) fn open(options: JsonlOptions) -> Result<Self, StoreError> {
        let directory = Self {
            shelf: RwLock::new(Shelf::new(NodeId::from_bits(0))),
            audit: AuditFiles::new(Arc::clone(&options.disk), options.layout.clone()),
            looked: Looked::default(),
            projections: Projections::new(Arc::clone(&options.disk), options.layout.clone()),
            troubles: Troubles::default(),
            told: Mutex::new(None),
            journal: RwLock::new(None),
            opening: Mutex::new(()),
            options,
        };
        directory.recover();
        let needed = directory.fresh()?.book.bytes();
        if needed > directory.options.max_memory {
            return Err(failure::memory(needed, directory.options.max_memory));
        }
        Ok(directory)
    }

    /// Publishes what a writer left behind that died, or that the power was cut under: it may have been acknowledged.
    ///
    /// Whoever holds the lock has done so already, and who may not write can only read what was published.
    fn recover(&self) {
        if let Ok(Some(journal)) = self.journal()
            && journal.has_unpublished().unwrap_or(false)
        {
            drop(journal.lock(Duration::ZERO));
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place::new(self.options.layout.incidents.clone(), JOURNAL)
    }

    /// The journal, if there is one by now.
    pub(crate) fn journal(&self) -> Result<Option<Arc<Journal>>, JournalError> {
        if let Some(journal) = self.journal.read().as_ref() {
            return Ok(Some(Arc::clone(journal)));
        }
        let _alone = self.opening.lock();
        if let Some(journal) = self.journal.read().as_ref() {
            return Ok(Some(Arc::clone(journal)));
        }
        let JsonlOptions {
            disk,
            clock,
            journal,
            ..
        } = &self.options;
        match Journal::open(Arc::clone(disk), Arc::clone(clock), self.place(), *journal) {
            Ok(journal) => Ok(Some(self.adopt(journal))),
            Err(JournalError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The journal, made if there is none.
    pub(crate) fn journal_or_new(&self) -> Result<Arc<Journal>, JournalError> {
        if let Some(journal) = self.journal()? {
            return Ok(journal);
        }
        let _alone = self.opening.lock();
        if let Some(journal) = self.journal.read().as_ref() {
            return Ok(Arc::clone(journal));
        }
        let JsonlOptions {
            disk,
            clock,
            entropy,
            journal,
            lock_deadline,
            ..
        } = &self.options;
        let id = StoreId::generate(&**entropy);
        let journal = Journal::create(
            Arc::clone(disk),
            Arc::clone(clock),
            self.place(),
            *journal,
            id,
            *lock_deadline,
        )?;
        Ok(self.adopt(journal))
    }

    fn adopt(&self, journal: Journal) -> Arc<Journal> {
        let journal = Arc::new(journal);
        *self.journal.write() = Some(Arc::clone(&journal));
        journal
    }

    /// Drops the journal, so that the next use opens it anew: after a failure that left it unusable.
    pub(crate) fn forget_journal(&self) {
        *self.journal.write() = None;
    }

    /// The shelf, caught up with everything that is durable in any process.
    pub(crate) fn fresh(&self) -> Result<RwLockReadGuard<'_, Shelf>, StoreError> {
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return Ok(self.shelf.read());
        };
        let published = journal.published().map_err(failure::reading)?;
        let shelf = self.shelf.upgradable_read();
        if shelf.position == Some(published) {
            return Ok(RwLockUpgradableReadGuard::downgrade(shelf));
        }
        let mut shelf = RwLockUpgradableReadGuard::upgrade(shelf);
        self.fill(&mut shelf, &journal).map_err(failure::filling)?;
        Ok(parking_lot::RwLockWriteGuard::downgrade(shelf))
    }

    /// Whether a read needs no disk beyond the head.
    pub(crate) fn is_fresh(&self) -> bool {
        let Ok(Some(journal)) = self.journal() else {
            return false;
        };
        journal
            .published()
            .is_ok_and(|published| self.shelf.read().position == Some(published))
    }

    /// Brings a shelf up to date; from the checkpoint or from nothing when files were replaced.
    pub(crate) fn fill(&self, shelf: &mut Shelf, journal: &Journal) -> Result<(), ShelfError> {
        if shelf.position.is_none() {
            *shelf = self.shelf_of_checkpoint(journal);
        }
        let JsonlOptions {
            layout, workers, ..
        } = &self.options;
        match shelf.catch_up(journal, *workers, layout) {
            Err(ShelfError::Journal(JournalError::Replaced) | ShelfError::Pack(_)) => {
                *shelf = Shelf::new(node_of(journal.store_id()));
                shelf.catch_up(journal, *workers, layout)?;
            }
            result => result?,
        }
        self.see_to_losses(shelf, journal)
    }

    fn shelf_of_checkpoint(&self, journal: &Journal) -> Shelf {
        let node = node_of(journal.store_id());
        let mut shelf = Shelf::new(node);
        let Ok(found) = checkpoint::read(&*self.options.disk, &self.options.layout) else {
            return shelf;
        };
        let fits =
            found.store_id == journal.store_id() && journal.holds(&found.position).unwrap_or(false);
        if fits && let Ok(book) = super::book::Book::load(node, found.parts) {
            shelf.book = book;
            shelf.position = Some(found.position);
        }
        shelf
    }

    /// How long a write waits for the lock.
    pub(crate) const fn lock_deadline(&self) -> Duration {
        self.options.lock_deadline
    }
}
