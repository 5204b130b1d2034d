//! Copying incidents: bytes first, then the lines that name them; while one portion is written the next is read.

use watchbook_core::{ArtifactName, Digest, IncidentId, Set};

use super::walk::{Portion, Walk};
use super::{Copied, CopyError, Progress};
use crate::contract::{Movable, StoreError, Whole};

pub(super) async fn copy(
    from: &dyn Movable,
    to: &dyn Movable,
    progress: &dyn Progress,
    copied: &mut Copied,
) -> Result<(), CopyError> {
    let mut walk = Walk::new(from, to);
    let mut portion = Portion::default();
    let mut read: Vec<Whole> = Vec::new();
    loop {
        let step = walk.next().await?;
        let full = match step {
            // What goes further in the target, or is there alone, is left as it is.
            Some(step) if step.here > step.there || step.there == 0 => None,
            // One that has all its lines may still miss a key.
            Some(step) => portion.add(step.id, step.here, step.there - step.here),
            None => Some(std::mem::take(&mut portion)),
        };
        let Some(full) = full else { continue };
        let written = std::mem::take(&mut read);
        let (next, done) = tokio::join!(
            from.export(&full.wanted),
            write(from, to, written, progress, copied),
        );
        done?;
        read = next.map_err(CopyError::Source)?;
        if step.is_none() {
            return write(from, to, read, progress, copied).await;
        }
    }
}

async fn write(
    from: &dyn Movable,
    to: &dyn Movable,
    wholes: Vec<Whole>,
    progress: &dyn Progress,
    copied: &mut Copied,
) -> Result<(), CopyError> {
    for (incident, name, sha256) in wholes.iter().flat_map(named) {
        let content = from.artifact(incident, name, Some(sha256)).await;
        let bytes = match content {
            Ok(content) => content.bytes,
            // What is lost in the source cannot be copied; the comparison names it.
            Err(StoreError::Corrupt(_) | StoreError::NotFound { .. }) => continue,
            Err(error) => return Err(CopyError::Source(error)),
        };
        let kept = to.plant_bytes(incident, sha256, bytes).await;
        kept.map_err(CopyError::Target)?;
        copied.artifacts += 1;
    }
    if wholes.is_empty() {
        return Ok(());
    }
    let planted = to.plant(wholes, true).await.map_err(CopyError::Target)?;
    copied.incidents += planted.incidents;
    copied.lines += planted.lines;
    copied.idempotency_keys += planted.keys;
    progress.advance(planted.lines);
    Ok(())
}

/// The versions of artifacts that lines name.
pub(super) fn named(whole: &Whole) -> impl Iterator<Item = (IncidentId, &ArtifactName, Digest)> {
    let sets = whole.lines.iter().flat_map(|line| &line.event.set);
    sets.filter_map(|set| match set {
        Set::Artifact { name, version } => Some((whole.id, name, version.sha256)),
        _ => None,
    })
}
