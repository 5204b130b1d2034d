//! Keys and pepper: two small files that their owner alone can read.

use std::io;
use std::time::Duration;

use watchbook_core::{Entropy, KeyRecord};

use crate::contract::{CorruptPlace, Pepper, StoreError};
use crate::disk::{Disk, create_dir_all};

use super::layout::Layout;
use super::whole_file::{self, Readers};

/// The largest file of keys: about 25,000 of them.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
const RETRY: Duration = Duration::from_secs(5);

/// All records, in the order in which they were made.
pub(crate) fn read(disk: &dyn Disk, layout: &Layout) -> Result<Vec<KeyRecord>, StoreError> {
    let path = layout.keys();
    let bytes = match whole_file::read(disk, &path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unavailable("read", error)),
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let what = format!("it does not hold keys ({error}); restore it from a backup");
        StoreError::Corrupt(CorruptPlace {
            file: path,
            line: error.line() as u64,
            byte: 0,
            what,
        })
    })
}

/// Stores a record. The caller holds the directory's lock.
pub(crate) fn put(disk: &dyn Disk, layout: &Layout, record: KeyRecord) -> Result<(), StoreError> {
    let mut records = read(disk, layout)?;
    match records.iter_mut().find(|known| known.id == record.id) {
        Some(known) => *known = record,
        None => records.push(record),
    }
    let bytes = serde_json::to_vec_pretty(&records)
        .map_err(|error| unavailable("written", io::Error::other(error)))?;
    create_dir_all(disk, &layout.private()).map_err(|error| unavailable("written", error))?;
    whole_file::replace(disk, &layout.keys(), &bytes, Readers::Owner)
        .map_err(|error| unavailable("written", error))
}

/// The pepper, if it was made.
pub(crate) fn read_pepper(disk: &dyn Disk, layout: &Layout) -> Result<Option<Pepper>, StoreError> {
    let path = layout.pepper();
    let bytes = match whole_file::read(disk, &path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unavailable("read", error)),
    };
    let pepper = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
        let what = format!(
            "the pepper has {} bytes instead of 32; restore it from a backup",
            bytes.len()
        );
        StoreError::Corrupt(CorruptPlace {
            file: path,
            line: 0,
            byte: 0,
            what,
        })
    })?;
    Ok(Some(Pepper(pepper)))
}

/// Takes over a pepper from another store. The caller holds the directory's lock.
pub(crate) fn plant_pepper(
    disk: &dyn Disk,
    layout: &Layout,
    pepper: Pepper,
) -> Result<(), StoreError> {
    if read_pepper(disk, layout)? == Some(pepper) {
        return Ok(());
    }
    if !read(disk, layout)?.is_empty() {
        return Err(StoreError::OtherSecret);
    }
    write_pepper(disk, layout, pepper)
}

/// Makes the pepper. The caller holds the directory's lock and has found that there is none.
pub(crate) fn make_pepper(
    disk: &dyn Disk,
    layout: &Layout,
    entropy: &dyn Entropy,
) -> Result<Pepper, StoreError> {
    let mut pepper = [0; 32];
    entropy.fill(&mut pepper);
    write_pepper(disk, layout, Pepper(pepper))?;
    Ok(Pepper(pepper))
}

fn write_pepper(disk: &dyn Disk, layout: &Layout, pepper: Pepper) -> Result<(), StoreError> {
    create_dir_all(disk, &layout.private()).map_err(|error| unavailable("written", error))?;
    whole_file::replace(disk, &layout.pepper(), &pepper.0, Readers::Owner)
        .map_err(|error| unavailable("written", error))
}

fn unavailable(what: &str, error: io::Error) -> StoreError {
    StoreError::Unavailable {
        why: format!("the keys cannot be {what} ({error})"),
        retry_after: RETRY,
        source: Some(Box::new(error)),
    }
}
