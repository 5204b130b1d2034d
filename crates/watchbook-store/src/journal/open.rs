//! Opens a journal, or makes a new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;

use parking_lot::Mutex;
use watchbook_core::{Clock, StoreId};

use super::damage::{Damage, Flaw};
use super::error::JournalError;
use super::files::{self, Files, Listing, read_header};
use super::head::Found;
use super::locked::Writer;
use super::position::Position;
use super::{FORMAT, Journal, Place, Settings, chain, roll};
use crate::disk::{self, Disk, Open};

impl Journal {
    /// Opens an existing journal. Nothing is created or changed.
    ///
    /// # Errors
    /// [`JournalError::NotFound`] when there is none; [`JournalError::Corrupt`] when it cannot be told whose it is.
    pub fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        place: Place,
        settings: Settings,
    ) -> Result<Self, JournalError> {
        // The id is only known once the files can be read.
        let mut journal = Self::with(Files {
            disk,
            clock,
            place,
            settings,
            store: StoreId::from_bits(0),
        });
        let listing = files::list(&*journal.files.disk, &journal.files.place)?;
        let head = journal.read_head()?;
        let id = match (head, listing.range()) {
            (Found::Head(head), _) => Some(head.store),
            (_, None) => {
                return Err(JournalError::NotFound {
                    dir: journal.files.place.dir().to_owned(),
                });
            }
            (Found::Copied(head), _) => {
                id_in_headers(&journal.files, &listing)?.or(Some(head.store))
            }
            (Found::Nothing | Found::Newer, _) => id_in_headers(&journal.files, &listing)?,
        };
        let Some(id) = id else {
            let file = journal.files.place.active_name();
            return Err(JournalError::Corrupt(Damage {
                file,
                line: 1,
                byte: 0,
                flaw: Flaw::Header,
            }));
        };
        journal.files.store = id;
        Ok(journal)
    }

    /// Opens the journal, making it for the store `id` when there is none. `wait` is how long to wait for the lock.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::lock`].
    pub fn create(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        place: Place,
        settings: Settings,
        id: StoreId,
        wait: Duration,
    ) -> Result<Self, JournalError> {
        match Self::open(
            Arc::clone(&disk),
            Arc::clone(&clock),
            place.clone(),
            settings,
        ) {
            Err(JournalError::NotFound { .. }) => {}
            other => return other,
        }
        disk::create_dir_all(&*disk, place.dir())
            .map_err(JournalError::io("create", place.dir()))?;
        let journal = Self::with(Files {
            disk,
            clock,
            place,
            settings,
            store: id,
        });
        {
            let mut locked = journal.lock_as_is(wait)?;
            let listing = files::list(&*journal.files.disk, &journal.files.place)?;
            if listing.range().is_none() && matches!(journal.read_head()?, Found::Nothing) {
                let before: Position = Position::start(1, chain::genesis(id));
                roll::begin_segment(&journal.files, &before)?;
                locked.begin()?;
                drop(locked);
                return Ok(journal);
            }
        }
        // Somebody else made it in the meantime, with an id of their own.
        let Journal {
            files:
                Files {
                    disk,
                    clock,
                    place,
                    settings,
                    store: _,
                },
            ..
        } = journal;
        Self::open(disk, clock, place, settings)
    }

    fn with(files: Files) -> Self {
        Self {
            files,
            writer: Mutex::new(Writer::default()),
            assumed: Mutex::new(None),
            notices: Mutex::new(Vec::new()),
            poisoned: AtomicBool::new(false),
            newest: AtomicU32::new(FORMAT),
        }
    }
}

/// The store's id as the first readable header has it.
fn id_in_headers(files: &Files, listing: &Listing) -> Result<Option<StoreId>, JournalError> {
    let sealed = listing
        .sealed
        .iter()
        .map(|number| files.place.sealed(*number));
    for path in sealed.chain(listing.active.then(|| files.place.active())) {
        let file = files
            .disk
            .open(&path, Open::Read)
            .map_err(JournalError::io("open", &path))?;
        if let Some(header) = read_header(&*file).map_err(JournalError::io("read", &path))? {
            return Ok(Some(header.store_id));
        }
    }
    Ok(None)
}
