//! Projections: the current record of every incident and artifact, for people with `jq`.
//!
//! The journal alone is the truth. These files are appended after each commit without a sync, the last line of an id
//! wins, and `watchbook rebuild` makes them anew. Their first line says up to which commit they were complete when
//! they were last made anew.

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use watchbook_core::{ArtifactName, ArtifactVersion, Event, Incident, IncidentId, Set};

use crate::disk::{Disk, DiskFile, Open};

use super::layout::Layout;
use super::whole_file::{self, Readers};

/// A projection this many times larger than its current records need is made anew at the next checkpoint.
const GROWTH: u64 = 4;
/// What a current record takes, in bytes, as an estimate.
const BYTES_PER_RECORD: u64 = 1_500;
/// A guess of the bytes of one record, for how much room to make.
const TYPICAL_RECORD_BYTES: usize = 1_024;
/// Below this size, in bytes, nobody minds.
const SMALL: u64 = 64 << 20;

/// The two files of current records.
#[derive(Debug)]
pub(crate) struct Projections {
    disk: Arc<dyn Disk>,
    layout: Layout,
    files: Mutex<Option<Files>>,
}

#[derive(Debug)]
struct Files {
    incidents: Arc<dyn DiskFile>,
    artifacts: Arc<dyn DiskFile>,
}

/// The first line of a projection.
#[derive(Debug, Serialize)]
struct AsOf {
    as_of: u64,
}

/// The record of one version of an artifact.
#[derive(Debug, Serialize)]
struct ArtifactLine<'a> {
    incident_id: IncidentId,
    name: &'a ArtifactName,
    #[serde(flatten)]
    version: &'a ArtifactVersion,
}

impl Projections {
    pub(crate) const fn new(disk: Arc<dyn Disk>, layout: Layout) -> Self {
        Self {
            disk,
            layout,
            files: Mutex::new(None),
        }
    }

    /// Appends what a batch of commits led to: its incidents, and its lines of artifacts. A failure loses nothing: the
    /// files are made anew from the journal.
    pub(crate) fn append(&self, incidents: &[Incident], artifacts: &[u8]) -> io::Result<()> {
        let mut records = Vec::with_capacity(incidents.len() * TYPICAL_RECORD_BYTES);
        for incident in incidents {
            push_line(&mut records, incident)?;
        }
        let mut files = self.files.lock();
        let open = match files.take().filter(|open| self.is_current(open)) {
            Some(open) => open,
            None => self.open()?,
        };
        append(&*open.incidents, &records)?;
        append(&*open.artifacts, artifacts)?;
        *files = Some(open);
        Ok(())
    }

    /// Whether the open files still have their names: another process may have made them anew.
    fn is_current(&self, open: &Files) -> bool {
        let same = |file: &dyn DiskFile, path: &Path| {
            let (here, there) = (file.metadata(), self.disk.metadata(path));
            matches!((here, there), (Ok(here), Ok(there)) if here.identity == there.identity)
        };
        same(&*open.incidents, &self.layout.incident_records())
            && same(&*open.artifacts, &self.layout.artifact_records())
    }

    fn open(&self) -> io::Result<Files> {
        let open = |path: &Path| {
            let file = self.disk.open(path, Open::Append)?;
            if file.metadata()?.len == 0 {
                let mut first = Vec::new();
                push_line(&mut first, &AsOf { as_of: 0 })?;
                append(&*file, &first)?;
            }
            Ok::<_, io::Error>(file)
        };
        Ok(Files {
            incidents: open(&self.layout.incident_records())?,
            artifacts: open(&self.layout.artifact_records())?,
        })
    }

    /// Whether the records have outgrown the `incidents` that they describe.
    pub(crate) fn is_overgrown(&self, incidents: u64) -> bool {
        let found = self.disk.metadata(&self.layout.incident_records());
        found.is_ok_and(|found| found.len > SMALL.max(GROWTH * BYTES_PER_RECORD * incidents))
    }

    /// Makes both files anew, as of commit `n`. The caller holds the directory's lock.
    pub(crate) fn rebuild(
        &self,
        n: u64,
        incidents: impl Iterator<Item = Incident>,
    ) -> io::Result<()> {
        let (mut records, mut versions) = (Vec::new(), Vec::new());
        push_line(&mut records, &AsOf { as_of: n })?;
        push_line(&mut versions, &AsOf { as_of: n })?;
        for incident in incidents {
            push_line(&mut records, &incident)?;
            for artifact in &incident.artifacts {
                for version in &artifact.versions {
                    push_line(
                        &mut versions,
                        &ArtifactLine {
                            incident_id: incident.id,
                            name: &artifact.name,
                            version,
                        },
                    )?;
                }
            }
        }
        *self.files.lock() = None;
        whole_file::replace(
            &*self.disk,
            &self.layout.incident_records(),
            &records,
            Readers::Group,
        )?;
        whole_file::replace(
            &*self.disk,
            &self.layout.artifact_records(),
            &versions,
            Readers::Group,
        )
    }
}

/// The lines that these events add to the records of artifacts.
pub(crate) fn artifact_lines<'a>(events: impl Iterator<Item = &'a Event>) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for event in events {
        for set in &event.set {
            if let Set::Artifact { name, version } = set {
                push_line(
                    &mut lines,
                    &ArtifactLine {
                        incident_id: event.incident_id,
                        name,
                        version,
                    },
                )?;
            }
        }
    }
    Ok(lines)
}

fn push_line(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.push(b'\n');
    Ok(())
}

fn append(file: &dyn DiskFile, bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        Ok(())
    } else {
        file.append(bytes)
    }
}
