//! Projections: the current record of every incident and artifact, for people with `jq`.
//!
//! The journal alone is the truth. These files are appended after each commit without a sync, and the last line of an id
//! wins. Their first line says up to which commit they were complete when they were last made anew. Whoever appends sees
//! by a [mark](mark::Mark) whether the last commit before is in them, whole; when it is not (a process died between, the
//! power was cut, the disk was full, somebody changed them) they are made anew from the journal.

mod mark;

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use watchbook_core::{ArtifactName, ArtifactVersion, Event, Incident, IncidentId, Set};

use crate::disk::{Disk, DiskFile, Metadata, Open};
use crate::journal::Position;

use super::layout::Layout;
use super::whole_file::{self, Readers};

use mark::{Extent, Mark};

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
    mark: Arc<dyn DiskFile>,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The projections are complete.
    Complete,
    /// They lack an earlier commit or are not as they were left, and have to be made anew.
    Behind,
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

    /// Appends what the commits between two places led to: their incidents, and their lines of artifacts. The caller
    /// holds the directory's lock.
    ///
    /// # Errors
    /// When they could not be appended. Nobody takes the files for complete then.
    pub(crate) fn append(
        &self,
        (before, after): (Option<Position>, Position),
        incidents: &[Incident],
        artifacts: &[u8],
    ) -> io::Result<Kept> {
        let mut records = Vec::with_capacity(incidents.len() * TYPICAL_RECORD_BYTES);
        for incident in incidents {
            push_line(&mut records, incident)?;
        }
        let mut files = self.files.lock();
        let open = match files.take() {
            Some(open) => self.complete(&open, before)?.map(|mark| (open, mark)),
            None => None,
        };
        // Other processes may have made the files anew since they were opened.
        let open = match open {
            Some(open) => Some(open),
            None => self.open(before)?,
        };
        let Some((open, mark)) = open else {
            return Ok(Kept::Behind);
        };
        Mark::new(
            &after,
            mark.incidents.append(&*open.incidents, &records)?,
            mark.artifacts.append(&*open.artifacts, artifacts)?,
        )
        .write(&*open.mark)?;
        *files = Some(open);
        Ok(Kept::Complete)
    }

    /// Opens the files, and reads what a power cut may have taken. `None` when they are not complete up to `position`.
    fn open(&self, position: Option<Position>) -> io::Result<Option<(Files, Mark)>> {
        let (disk, layout) = (&*self.disk, &self.layout);
        let open = Files {
            incidents: disk.open(&layout.incident_records(), Open::Append)?,
            artifacts: disk.open(&layout.artifact_records(), Open::Append)?,
            mark: mark::file(disk, layout)?,
        };
        let Some(mark) = self.complete(&open, position)? else {
            return Ok(None);
        };
        let whole = mark.incidents.is_whole(&*open.incidents)?
            && mark.artifacts.is_whole(&*open.artifacts)?;
        Ok(whole.then_some((open, mark)))
    }

    /// The mark, if the files are complete up to `position`, as long as they were left, and still have their names.
    fn complete(&self, open: &Files, position: Option<Position>) -> io::Result<Option<Mark>> {
        let Some(mark) = Mark::read(&*open.mark)
            .filter(|mark| position.is_some_and(|position| mark.is_at(&position)))
        else {
            return Ok(None);
        };
        // What has the name is the open file, so one look tells the length of both.
        let fits = |extent: Extent, file: &dyn DiskFile, path: &Path| {
            let ours = file.identity()?;
            let named = self.named(path)?;
            Ok::<_, io::Error>(
                named.is_some_and(|named| named.identity == ours && extent.fits(named)),
            )
        };
        let fit = fits(
            mark.incidents,
            &*open.incidents,
            &self.layout.incident_records(),
        )? && fits(
            mark.artifacts,
            &*open.artifacts,
            &self.layout.artifact_records(),
        )?;
        Ok(fit.then_some(mark))
    }

    /// What has this name; `None` when nothing has.
    fn named(&self, path: &Path) -> io::Result<Option<Metadata>> {
        match self.disk.metadata(path) {
            Ok(named) => Ok(Some(named)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether there is room to make the records of so many `incidents` anew.
    pub(crate) fn have_room(&self, incidents: u64) -> bool {
        let room = self.disk.room(&self.layout.incidents);
        room.is_ok_and(|room| room > BYTES_PER_RECORD * incidents)
    }

    /// Whether the records have outgrown the `incidents` that they describe.
    pub(crate) fn is_overgrown(&self, incidents: u64) -> bool {
        let found = self.disk.metadata(&self.layout.incident_records());
        found.is_ok_and(|found| found.len > SMALL.max(GROWTH * BYTES_PER_RECORD * incidents))
    }

    /// Makes both files anew, as of `position`. The caller holds the directory's lock.
    pub(crate) fn rebuild(
        &self,
        position: &Position,
        incidents: impl Iterator<Item = Incident>,
    ) -> io::Result<()> {
        let (mut records, mut versions) = (Vec::new(), Vec::new());
        push_line(&mut records, &AsOf { as_of: position.n })?;
        push_line(&mut versions, &AsOf { as_of: position.n })?;
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
        let (disk, layout) = (&*self.disk, &self.layout);
        let mut files = self.files.lock();
        *files = None;
        mark::remove(disk, layout)?;
        let put = |path: &Path, lines: &[u8]| {
            whole_file::replace(disk, path, lines, Readers::Group)?;
            disk.metadata(path).map(Extent::durable)
        };
        let mark = Mark::new(
            position,
            put(&layout.incident_records(), &records)?,
            put(&layout.artifact_records(), &versions)?,
        );
        mark.write(&*mark::file(disk, layout)?)
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
