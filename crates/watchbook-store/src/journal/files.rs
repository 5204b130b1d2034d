//! The segment files of one journal: which there are, and how each is opened.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchbook_core::{Clock, StoreId};

use super::error::JournalError;
use super::line::{self, Header, Line};
use super::settings::{Place, Settings};
use crate::disk::{Disk, DiskFile, Open};

/// How often a segment is looked for again while another process seals it under our eyes.
const OPEN_TRIES: usize = 16;
/// Enough bytes for any header.
const HEADER_BYTES: usize = 1024;

/// What every part of the engine needs to know.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) place: Place,
    pub(super) settings: Settings,
    pub(super) store: StoreId,
}

/// An open segment.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) number: u32,
    /// The name it was opened by.
    pub(super) name: String,
    pub(super) file: Arc<dyn DiskFile>,
}

/// The segments that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    /// The numbers of the sealed ones, ascending.
    pub(super) sealed: Vec<u32>,
    /// Whether there is an active one.
    pub(super) active: bool,
}

impl Listing {
    /// The lowest and the highest number; `None` when there is no segment.
    ///
    /// The active one continues the highest sealed one.
    pub(super) fn range(&self) -> Option<(u32, u32)> {
        let highest = self.sealed.last().copied().unwrap_or(0) + u32::from(self.active);
        let lowest = self.sealed.first().copied().unwrap_or(highest);
        (highest > 0).then_some((lowest, highest))
    }
}

/// Looks which segments there are.
pub(super) fn list(disk: &dyn Disk, place: &Place) -> Result<Listing, JournalError> {
    let names = match disk.read_dir(place.dir()) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(JournalError::io("list", place.dir())(error)),
    };
    let mut sealed: Vec<u32> = names
        .iter()
        .filter_map(|name| place.sealed_number(name))
        .filter(|number| *number > 0)
        .collect();
    sealed.sort_unstable();
    Ok(Listing {
        sealed,
        active: names.contains(&place.active_name()),
    })
}

/// Reads the header of a segment; `None` when its first line is not one.
pub(super) fn read_header(file: &dyn DiskFile) -> io::Result<Option<Header>> {
    let mut bytes = vec![0; HEADER_BYTES];
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    let Some(end) = memchr::memchr(b'\n', &bytes[..read]) else {
        return Ok(None);
    };
    match line::read(&bytes[..end], &mut Vec::new()) {
        Ok(Line::Header(header)) => Ok(Some(header)),
        Ok(Line::Commit(_) | Line::Marker(_)) | Err(_) => Ok(None),
    }
}

impl Files {
    /// Opens a segment; `None` when it is not there.
    ///
    /// The sealed name is tried first: a segment that is sealed in the meantime is then found under one of its names.
    pub(super) fn open(&self, number: u32, how: Open) -> Result<Option<Segment>, JournalError> {
        for _ in 0..OPEN_TRIES {
            if let Some(file) = self.try_open(&self.place.sealed(number), how)? {
                let name = self.place.sealed_name(number);
                return Ok(Some(Segment { number, name, file }));
            }
            let path = self.place.active();
            let Some(file) = self.try_open(&path, how)? else {
                continue;
            };
            let header = read_header(&*file).map_err(JournalError::io("read", &path))?;
            if header.is_none_or(|header| header.segment == number) {
                let name = self.place.active_name();
                return Ok(Some(Segment { number, name, file }));
            }
        }
        Ok(None)
    }

    fn try_open(&self, path: &Path, how: Open) -> Result<Option<Arc<dyn DiskFile>>, JournalError> {
        match self.disk.open(path, how) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::io("open", path)(error)),
        }
    }

    /// The path of an open segment.
    pub(super) fn path(&self, segment: &Segment) -> PathBuf {
        self.place.dir().join(&segment.name)
    }

    /// The name under which damage in a segment is reported.
    pub(super) fn name(&self, number: u32, active: u32) -> String {
        if number == active {
            self.place.active_name()
        } else {
            self.place.sealed_name(number)
        }
    }

    /// Makes the names in the journal's directory durable.
    pub(super) fn sync_dir(&self) -> Result<(), JournalError> {
        let dir = self.place.dir();
        self.disk
            .sync_dir(dir)
            .map_err(JournalError::io("sync", dir))
    }

    /// A name in the journal's directory that is free: `<base>`, else `<base>-2` and so on, opened.
    pub(super) fn create_aside(
        &self,
        base: &str,
    ) -> Result<(String, Arc<dyn DiskFile>), JournalError> {
        for k in 1..=MAX_ASIDE {
            let name = if k == 1 {
                base.to_owned()
            } else {
                format!("{base}-{k}")
            };
            let path = self.place.dir().join(&name);
            match self.disk.open(&path, Open::CreateNew) {
                Ok(file) => return Ok((name, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(JournalError::io("create", &path)(error)),
            }
        }
        let path = self.place.dir().join(base);
        Err(JournalError::io("create", &path)(
            io::ErrorKind::AlreadyExists.into(),
        ))
    }

    /// The time, as it stands in the names of files that are set aside: `20260223T100000Z`.
    pub(super) fn time_suffix(&self) -> String {
        let written = self.clock.now().to_string();
        let digits: String = written
            .chars()
            .take(19)
            .filter(|c| !matches!(c, '-' | ':'))
            .collect();
        format!("{digits}Z")
    }
}

/// How many files may be set aside within one second.
const MAX_ASIDE: u32 = 1000;
