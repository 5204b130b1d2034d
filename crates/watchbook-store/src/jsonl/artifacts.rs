//! The bytes of artifacts: first under their digest, then, after the commit, under their name.

use std::io;
use std::path::Path;
use std::time::Duration;

use watchbook_core::artifact::MAX_BYTES;
use watchbook_core::{ArtifactName, ArtifactVersion, Digest, IncidentId};

use crate::contract::{ArtifactContent, CorruptPlace, StoreError};
use crate::disk::{Disk, Kind, create_dir_all};

use super::layout::Layout;
use super::whole_file::{self, Readers};

const RETRY: Duration = Duration::from_secs(5);

/// Makes the bytes durable under their digest. Refused when something stands in the way of `name`, because it could
/// not be given afterwards.
pub(crate) fn keep(
    disk: &dyn Disk,
    layout: &Layout,
    incident: IncidentId,
    (name, sha256): (&ArtifactName, Digest),
    content: &[u8],
) -> Result<(), StoreError> {
    expect(disk, layout, &layout.artifact(incident, name), Kind::File)?;
    keep_version(disk, layout, incident, sha256, content)
}

/// Makes bytes durable under their digest that are not named yet.
pub(crate) fn keep_version(
    disk: &dyn Disk,
    layout: &Layout,
    incident: IncidentId,
    sha256: Digest,
    content: &[u8],
) -> Result<(), StoreError> {
    check_way(disk, layout, incident)?;
    let path = layout.version(incident, sha256);
    let there = whole_file::read(disk, &path, MAX_BYTES as u64).is_ok_and(|there| there == content);
    let kept = (|| {
        if !there {
            create_dir_all(disk, &layout.versions(incident))?;
            whole_file::replace(disk, &path, content, Readers::Group)?;
        }
        // An earlier try may have made the folders and failed before it synced their names.
        for dir in [
            layout.versions(incident),
            layout.artifact_dir(incident),
            layout.artifacts.clone(),
        ] {
            disk.sync_dir(&dir)?;
        }
        Ok(())
    })();
    kept.map_err(|error| unwritable(layout, error))
}

/// Gives the bytes their name. The log names the version already, so this may fail without harm: the next reader or
/// `rebuild` puts it right. A link in place of the file itself is replaced, not followed.
pub(crate) fn publish(
    disk: &dyn Disk,
    layout: &Layout,
    incident: IncidentId,
    name: &ArtifactName,
    content: &[u8],
) -> Result<(), StoreError> {
    check_way(disk, layout, incident)?;
    let path = layout.artifact(incident, name);
    whole_file::replace(disk, &path, content, Readers::Group)
        .map_err(|error| unwritable(layout, error))
}

/// The bytes of one version.
pub(crate) fn read(
    disk: &dyn Disk,
    layout: &Layout,
    incident: IncidentId,
    name: &ArtifactName,
    version: ArtifactVersion,
) -> Result<ArtifactContent, StoreError> {
    let path = layout.version(incident, version.sha256);
    let corrupt = |what: String| {
        StoreError::Corrupt(CorruptPlace {
            file: path.clone(),
            line: 0,
            byte: 0,
            what,
        })
    };
    let bytes = match whole_file::read(disk, &path, MAX_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(corrupt(format!(
                "the bytes of artifact {name} are gone; restore them from a backup"
            )));
        }
        Err(error) => return Err(unreadable(layout, error)),
    };
    if Digest::of(&bytes) == version.sha256 {
        Ok(ArtifactContent { version, bytes })
    } else {
        Err(corrupt(format!(
            "the bytes of artifact {name} do not match their digest; restore them from a backup"
        )))
    }
}

/// Whoever can put a link in the artifact folder must not choose where we write.
fn check_way(disk: &dyn Disk, layout: &Layout, incident: IncidentId) -> Result<(), StoreError> {
    expect(
        disk,
        layout,
        &layout.artifact_dir(incident),
        Kind::Directory,
    )?;
    expect(disk, layout, &layout.versions(incident), Kind::Directory)
}

/// Refuses what stands at `path` unless it is nothing or of the `kind` that belongs there. Names the path below the
/// folder of artifacts: where that folder lies is nobody's business outside.
fn expect(disk: &dyn Disk, layout: &Layout, path: &Path, kind: Kind) -> Result<(), StoreError> {
    match disk.metadata(path) {
        Ok(found) if found.kind != kind => {
            let belongs = if kind == Kind::File { "file" } else { "folder" };
            let shown = path.strip_prefix(&layout.artifacts).unwrap_or(path);
            let shown = shown.display();
            Err(StoreError::Unavailable {
                why: format!(
                    "{shown} in the folder of artifacts is not the {belongs} that belongs there, perhaps a link; ask an operator to remove it"
                ),
                retry_after: RETRY,
                source: None,
            })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn unwritable(layout: &Layout, error: io::Error) -> StoreError {
    let why = format!(
        "artifacts cannot be written to {} ({error}); check its permissions or set INCIDENT_ARTIFACTS_DIR",
        layout.artifacts.display()
    );
    StoreError::Unavailable {
        why,
        retry_after: RETRY,
        source: Some(Box::new(error)),
    }
}

fn unreadable(layout: &Layout, error: io::Error) -> StoreError {
    let why = format!(
        "artifacts cannot be read from {} ({error})",
        layout.artifacts.display()
    );
    StoreError::Unavailable {
        why,
        retry_after: RETRY,
        source: Some(Box::new(error)),
    }
}
