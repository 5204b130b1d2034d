//! Reading both sides in the end: what was copied is what was meant.

use sha2::{Digest as _, Sha256};
use watchbook_core::{ArtifactName, Digest, IncidentId};

use super::incidents::named;
use super::walk::{Portion, Walk};
use super::{Compared, CopyError, MAX_LOST, Progress};
use crate::contract::{ArtifactContent, KeptLine, Movable, StoreError, Whole};

/// Compares all incidents of the source with those of the target.
pub(super) async fn compare(
    from: &dyn Movable,
    to: &dyn Movable,
    progress: &dyn Progress,
) -> Result<Compared, CopyError> {
    let mut comparison = Comparison {
        from,
        to,
        compared: Compared::default(),
        there: Sha256::new(),
        here: Sha256::new(),
    };
    let mut walk = Walk::new(from, to);
    let mut portion = Portion::default();
    loop {
        let step = walk.next().await?;
        let full = match step {
            Some(step) if step.there == 0 => None,
            Some(step) => portion.add(step.id, 0, step.there),
            None => Some(std::mem::take(&mut portion)),
        };
        let Some(full) = full else { continue };
        comparison.portion(&full, progress).await?;
        if step.is_none() {
            return Ok(comparison.end());
        }
    }
}

struct Comparison<'a> {
    from: &'a dyn Movable,
    to: &'a dyn Movable,
    compared: Compared,
    there: Sha256,
    here: Sha256,
}

impl Comparison<'_> {
    async fn portion(
        &mut self,
        portion: &Portion,
        progress: &dyn Progress,
    ) -> Result<(), CopyError> {
        let (there, here) = tokio::join!(
            self.from.export(&portion.wanted),
            self.to.export(&portion.wanted)
        );
        let there = there.map_err(CopyError::Source)?;
        let here = here.map_err(CopyError::Target)?;
        for whole in &there {
            let other = here.iter().find(|other| other.id == whole.id);
            let other = other.ok_or_else(|| differs(whole.id, "it is not in the target"))?;
            same(whole, other)?;
            for line in &whole.lines {
                self.there.update(canonical(whole.id, line)?);
            }
            for line in &other.lines {
                self.here.update(canonical(whole.id, line)?);
            }
            self.compared.incidents += 1;
            self.compared.lines += whole.lines.len() as u64;
            progress.advance(whole.lines.len() as u64);
            for (incident, name, sha256) in named(whole) {
                self.artifact(incident, name, sha256).await?;
            }
        }
        Ok(())
    }

    async fn artifact(
        &mut self,
        incident: IncidentId,
        name: &ArtifactName,
        sha256: Digest,
    ) -> Result<(), CopyError> {
        // What is given out has been compared with its digest.
        if is_there(self.to.artifact(incident, name, Some(sha256)).await)
            .map_err(CopyError::Target)?
            || self.mended(incident, name, sha256).await?
        {
            self.there.update(sha256.as_bytes());
            self.here.update(sha256.as_bytes());
            self.compared.artifacts += 1;
        } else if self.compared.lost.len() < MAX_LOST {
            self.compared.lost.push(format!("{incident}/{name}"));
        }
        Ok(())
    }

    /// Brings bytes that the target lacks, as where its lines came by another way; `false` when the source has none.
    async fn mended(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        sha256: Digest,
    ) -> Result<bool, CopyError> {
        let content = match self.from.artifact(incident, name, Some(sha256)).await {
            Ok(content) => content,
            Err(StoreError::Corrupt(_) | StoreError::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(CopyError::Source(error)),
        };
        let planted = self.to.plant_bytes(incident, sha256, content.bytes).await;
        planted.map_err(CopyError::Target)?;
        let there = is_there(self.to.artifact(incident, name, Some(sha256)).await);
        if there.map_err(CopyError::Target)? {
            return Ok(true);
        }
        let what = format!("the bytes of {name} are damaged in the target");
        Err(differs(incident, what))
    }

    fn end(mut self) -> Compared {
        let digest = |hash: Sha256| Digest::from_bytes(hash.finalize().into());
        let (there, here) = (digest(self.there), digest(self.here));
        debug_assert_eq!(there, here, "every line was compared");
        self.compared.content = (there == here).then_some(there);
        self.compared
    }
}

/// Whether bytes are there and whole.
fn is_there(given: Result<ArtifactContent, StoreError>) -> Result<bool, StoreError> {
    match given {
        Ok(_) => Ok(true),
        Err(StoreError::Corrupt(_) | StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn same(there: &Whole, here: &Whole) -> Result<(), CopyError> {
    for (line, other) in there.lines.iter().zip(&here.lines) {
        if line != other {
            let what = format!("line {} is another one", line.event.seq);
            return Err(differs(there.id, what));
        }
    }
    if there.lines.len() == here.lines.len() {
        return Ok(());
    }
    let what = format!(
        "{} lines in the source, {} in the target",
        there.lines.len(),
        here.lines.len()
    );
    Err(differs(there.id, what))
}

/// A line in one form, wherever it is kept.
fn canonical(id: IncidentId, line: &KeptLine) -> Result<Vec<u8>, CopyError> {
    let KeptLine { change, by, event } = line;
    let mut bytes = serde_json::to_vec(&(change, by, event))
        .map_err(|error| differs(id, format!("a line cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn differs(incident: IncidentId, what: impl Into<String>) -> CopyError {
    CopyError::Differs {
        incident,
        what: what.into(),
    }
}
