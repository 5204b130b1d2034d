//! Leases: a small file that is read and replaced under the directory's lock, which every write holds as well. So what
//! a fence is compared with cannot change before the write has ended.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::text::Name;
use watchbook_core::{Command, Fence, LeaseName};

use super::JsonlStore;
use super::failure;
use super::store::Directory;
use super::whole_file::{self, Readers};
use crate::contract::{CorruptPlace, Lease, Leases, StoreError, Taken};
use crate::disk::create_dir_all;
use crate::ledger::Ledger;

/// The largest file of leases; [`MAX_LEASES`](crate::contract::MAX_LEASES) of them are smaller.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
const RETRY: Duration = Duration::from_secs(5);

#[async_trait]
impl Leases for JsonlStore {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        let (name, holder) = (name.clone(), holder.clone());
        self.blocking(move |directory| {
            let now = directory.options.clock.now();
            directory.change_leases(|ledger| ledger.acquire(&name, &holder, span, now))
        })
        .await
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        let fence = fence.clone();
        self.blocking(move |directory| {
            let now = directory.options.clock.now();
            directory.change_leases(|ledger| ledger.renew(&fence, span, now))
        })
        .await
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        let fence = fence.clone();
        self.blocking(move |directory| {
            directory.change_leases(|ledger| {
                ledger.release(&fence);
                Ok(())
            })
        })
        .await
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.blocking(|directory| Ok(directory.ledger()?.held(directory.options.clock.now())))
            .await
    }
}

impl Directory {
    /// Refuses a command whose fence does not hold. The caller holds the directory's lock, or only wants to know.
    pub(crate) fn check_fence(&self, command: &Command) -> Result<(), StoreError> {
        match &command.fence {
            Some(fence) => self.ledger()?.check(fence, self.options.clock.now()),
            None => Ok(()),
        }
    }

    fn change_leases<T>(
        &self,
        change: impl FnOnce(&mut Ledger) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let journal = self.journal_or_new().map_err(failure::writing)?;
        let _locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        let mut ledger = self.ledger()?;
        let before = ledger.clone();
        let changed = change(&mut ledger)?;
        if ledger != before {
            self.keep(&ledger)
                .map_err(|error| unavailable("written", error))?;
        }
        Ok(changed)
    }

    fn ledger(&self) -> Result<Ledger, StoreError> {
        let path = self.options.layout.leases();
        let bytes = match whole_file::read(&*self.options.disk, &path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ledger::default()),
            Err(error) => return Err(unavailable("read", error)),
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            StoreError::Corrupt(CorruptPlace {
                file: path,
                line: error.line() as u64,
                byte: 0,
                what: format!("it does not hold leases ({error}); stop everything that writes here, then remove it"),
            })
        })
    }

    fn keep(&self, ledger: &Ledger) -> io::Result<()> {
        let (disk, layout) = (&*self.options.disk, &self.options.layout);
        let bytes = serde_json::to_vec(ledger).map_err(io::Error::other)?;
        create_dir_all(disk, &layout.private())?;
        whole_file::replace(disk, &layout.leases(), &bytes, Readers::Group)
    }
}

fn unavailable(what: &str, error: io::Error) -> StoreError {
    StoreError::Unavailable {
        why: format!("the leases cannot be {what} ({error})"),
        retry_after: RETRY,
        source: Some(Box::new(error)),
    }
}
