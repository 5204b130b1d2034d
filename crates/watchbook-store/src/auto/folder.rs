//! A shelter below `ops/auto` of a directory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::condition::Condition;
use super::patience::{PAUSE, Patience};
use super::seen::Seen;
use super::shelter::{LONGEST_GATE, Local, Pass, Shelter};
use crate::contract::StoreError;
use crate::disk::{self, Disk, DiskFile, Open};
use crate::jsonl::whole_file::{self, Readers};
use crate::jsonl::{JsonlOptions, JsonlStore, Layout};

/// How long a lock that is only held for moments is waited for.
const MOMENTS: Duration = Duration::from_secs(5);
/// The most bytes of a condition or a note.
const MAX_NOTE: u64 = 16 << 20;

/// A shelter below `ops/auto` of a directory: `condition.json`, the locks, notes, and `logs/<generation>/`.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// How its local logs are opened; the layout is another one for each.
    options: JsonlOptions,
    seen: Seen,
    /// The hold on the gate that all writers of this process share.
    inside: Mutex<Option<Weak<dyn DiskFile>>>,
}

impl Folder {
    /// The shelter of the folder `dir` that holds `ops/`. Makes nothing yet. `options` say how its logs are kept; their
    /// layout is not used.
    pub fn new(dir: &Path, options: JsonlOptions) -> Self {
        Self {
            root: dir.join("ops").join("auto"),
            options,
            seen: Seen::default(),
            inside: Mutex::default(),
        }
    }

    fn disk(&self) -> &dyn Disk {
        &*self.options.disk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn log_dir(&self, generation: u64) -> PathBuf {
        self.root.join("logs").join(format!("{generation:06}"))
    }

    fn lock_file(&self, name: &str) -> Result<Arc<dyn DiskFile>, StoreError> {
        let path = self.path(name);
        match self.disk().open(&path, Open::Create) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = disk::create_dir_all(self.disk(), &self.root);
                made.and_then(|()| self.disk().open(&path, Open::Create))
                    .map_err(|error| unusable(&path, error))
            }
            opened => opened.map_err(|error| unusable(&path, error)),
        }
    }

    /// Takes the lock of the condition, which everybody holds for moments only. Blocks.
    fn lock(&self) -> Result<Arc<dyn DiskFile>, StoreError> {
        let file = self.lock_file("lock")?;
        let mut patience = Patience::new(MOMENTS);
        while !take(&*file, Hold::Alone)? {
            if !patience.pause_blocking() {
                return Err(held("ops/auto/lock"));
            }
        }
        Ok(file)
    }

    /// Goes inside, with the others of this process if any are; `None` when the gate is closed.
    fn inside(&self) -> Result<Option<Arc<dyn DiskFile>>, StoreError> {
        let mut inside = self.inside.lock();
        if let Some(others) = inside.as_ref().and_then(Weak::upgrade) {
            return Ok(Some(others));
        }
        let gate = self.lock_file("gate")?;
        if !take(&*gate, Hold::Shared)? {
            return Ok(None);
        }
        *inside = Some(Arc::downgrade(&gate));
        Ok(Some(gate))
    }

    /// The condition of a node that has none yet. Where a later log than the first is, there was one.
    fn first(&self) -> Result<Condition, StoreError> {
        let logs = self.disk().read_dir(&self.path("logs"));
        let is_late = |name: &String| name.parse::<u64>().is_ok_and(|generation| generation > 1);
        if logs.is_ok_and(|logs| logs.iter().any(is_late)) {
            let why = "it is gone, and the logs of this node are there: put it back, or move ops/auto away if all of them are in the database";
            let gone = io::Error::new(io::ErrorKind::NotFound, why);
            return Err(unusable(&self.path("condition.json"), gone));
        }
        Ok(Condition::first())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(name);
        match whole_file::read(self.disk(), &path, MAX_NOTE) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&path, error)),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8], readers: Readers) -> Result<(), StoreError> {
        let path = self.path(name);
        disk::create_dir_all(self.disk(), &self.root)
            .and_then(|()| whole_file::replace(self.disk(), &path, bytes, readers))
            .map_err(|error| unusable(&path, error))
    }
}

#[async_trait]
impl Shelter for Folder {
    fn condition(&self) -> Result<Condition, StoreError> {
        let path = self.path("condition.json");
        let seen = self.seen.look(self.disk(), &path, MAX_NOTE);
        let seen = seen.map_err(|error| unusable(&path, error))?;
        match seen {
            Some(condition) => Ok(condition),
            None => self.first(),
        }
    }

    fn change(
        &self,
        change: &mut (dyn FnMut(&Condition) -> Option<Condition> + Send),
    ) -> Result<Condition, StoreError> {
        let _locked = self.lock()?;
        let before = self.condition()?;
        let Some(after) = change(&before) else {
            return Ok(before);
        };
        let mut bytes = serde_json::to_vec(&after)
            .map_err(|error| unusable(&self.path("condition.json"), io::Error::other(error)))?;
        bytes.push(b'\n');
        self.replace("condition.json", &bytes, Readers::Group)?;
        Ok(after)
    }

    async fn enter(&self) -> Result<Pass, StoreError> {
        let turn = self.lock_file("turn")?;
        let mut patience = Patience::new(LONGEST_GATE);
        loop {
            // Who closes the gate holds the turn while those who are inside come out.
            if take(&*turn, Hold::Shared)?
                && let Some(inside) = self.inside()?
            {
                return Ok(Pass::holding(inside));
            }
            if !patience.pause().await {
                return Err(held("ops/auto/gate"));
            }
        }
    }

    async fn close(&self, patience: Duration) -> Result<Option<Pass>, StoreError> {
        let (turn, gate) = (self.lock_file("turn")?, self.lock_file("gate")?);
        let mut patience = Patience::new(patience);
        while !(take(&*turn, Hold::Alone)? && take(&*gate, Hold::Alone)?) {
            if !patience.pause().await {
                return Ok(None);
            }
        }
        Ok(Some(Pass::holding((turn, gate))))
    }

    fn tend(&self) -> Result<Option<Pass>, StoreError> {
        let file = self.lock_file("tend")?;
        let mine = take(&*file, Hold::Alone)?;
        Ok(mine.then(|| Pass::holding(file)))
    }

    fn open(&self, generation: u64) -> Result<Arc<dyn Local>, StoreError> {
        let options = JsonlOptions {
            layout: Layout::below(&self.log_dir(generation)),
            ..self.options.clone()
        };
        Ok(Arc::new(JsonlStore::open(options)?))
    }

    fn clear(&self, generation: u64) -> Result<(), StoreError> {
        let dir = self.log_dir(generation);
        if self.condition()?.generation == generation {
            let why = "it is in use; nothing may take it away";
            return Err(unusable(&dir, io::Error::other(why)));
        }
        disk::remove_dir_all(self.disk(), &dir).map_err(|error| unusable(&dir, error))
    }

    fn note(&self, name: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(name)
    }

    fn keep_note(&self, name: &'static str, bytes: &[u8]) -> Result<(), StoreError> {
        let _locked = self.lock()?;
        self.replace(name, bytes, Readers::Owner)
    }
}

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    Alone,
    Shared,
}

fn take(file: &dyn DiskFile, hold: Hold) -> Result<bool, StoreError> {
    let taken = match hold {
        Hold::Alone => file.try_lock(),
        Hold::Shared => file.try_lock_shared(),
    };
    taken.map_err(|error| unusable(Path::new("ops/auto"), error))
}

fn held(what: &str) -> StoreError {
    StoreError::Unavailable {
        why: format!(
            "another process of this node holds {what}; see which watchbook processes run"
        ),
        retry_after: PAUSE,
        source: None,
    }
}

fn unusable(path: &Path, error: io::Error) -> StoreError {
    StoreError::Unavailable {
        why: format!(
            "{} cannot be used: {error}; auto needs a folder that it can write to",
            path.display()
        ),
        retry_after: MOMENTS,
        source: Some(Box::new(error)),
    }
}

#[cfg(test)]
mod tests;
