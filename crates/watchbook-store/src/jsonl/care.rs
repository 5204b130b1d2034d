//! Looking after a directory: verify, repair, rebuild.

use watchbook_core::{Digest, IncidentId};

use crate::contract::{CorruptPlace, StoreError};
use crate::journal::{AnchorCheck, Damage, Journal};

use super::shelf::{Shelf, corrupt_place, node_of};
use super::store::Directory;
use super::{JsonlStore, artifacts, codec, failure};

/// The most damaged artifacts that a report lists.
const MAX_LISTED: usize = 1_000;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many commits are whole.
    pub commits: u64,
    /// How many segments the journal has.
    pub segments: u32,
    /// How many records were blacked out.
    pub redactions: u64,
    /// How many gaps earlier repairs have left.
    pub gaps: usize,
    /// How many versions of artifacts were compared with their digests.
    pub artifacts: u64,
    /// The head of the chain: the anchor for the next time.
    pub head: Digest,
    /// What became of the anchor.
    pub anchor: AnchorCheck,
    /// What is wrong, place by place.
    pub damaged: Vec<CorruptPlace>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty()
            && matches!(
                self.anchor,
                AnchorCheck::NotGiven | AnchorCheck::Holds { .. }
            )
    }
}

/// What a repair did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The damage that was found.
    pub found: Vec<CorruptPlace>,
    /// What of it is still there.
    pub left: Vec<CorruptPlace>,
    /// The file that what was damaged was set aside in.
    pub aside: Option<String>,
    /// How many audit entries of writes were missing, and were made anew from the commits.
    pub audit_restored: u64,
}

impl JsonlStore {
    /// Checks every line and every artifact. Needs no lock and disturbs nobody. Blocks.
    ///
    /// With an `anchor`, the head of an earlier verification, it proves that nothing was changed or cut since.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn verify(&self, anchor: Option<Digest>) -> Result<Verified, StoreError> {
        let journal = self
            .directory
            .journal()
            .map_err(failure::reading)?
            .ok_or_else(nothing)?;
        self.directory.verify(&journal, anchor)
    }

    /// Sets what is damaged aside, never deletes it, and marks the gaps. Restores audit entries that were lost. Blocks.
    ///
    /// # Errors
    /// When the files cannot be read or written.
    pub fn repair(&self) -> Result<Repaired, StoreError> {
        let journal = self
            .directory
            .journal()
            .map_err(failure::reading)?
            .ok_or_else(nothing)?;
        self.directory.repair(&journal)
    }

    /// Reads the whole journal anew, and makes projections, artifact names and checkpoint from it. Gives how many
    /// incidents there are. Blocks.
    ///
    /// # Errors
    /// When the files cannot be read or written.
    pub fn rebuild(&self) -> Result<u64, StoreError> {
        let journal = self
            .directory
            .journal()
            .map_err(failure::reading)?
            .ok_or_else(nothing)?;
        self.directory.rebuild(&journal)
    }
}

fn nothing() -> StoreError {
    StoreError::NotFound {
        what: "store",
        name: "here; the first write makes one".to_owned(),
    }
}

impl Directory {
    fn verify(&self, journal: &Journal, anchor: Option<Digest>) -> Result<Verified, StoreError> {
        let found = journal
            .verify(anchor, self.options.workers, codec::authorised_tombstone)
            .map_err(failure::reading)?;
        let mut damaged: Vec<CorruptPlace> = self.places(&found.damages);
        let artifacts = self.verify_artifacts(&mut damaged)?;
        Ok(Verified {
            commits: found.commits,
            segments: found.segments,
            redactions: found.tombstones,
            gaps: found.gaps.len(),
            artifacts,
            head: found.end.chain,
            anchor: found.anchor,
            damaged,
        })
    }

    fn places(&self, damages: &[Damage]) -> Vec<CorruptPlace> {
        damages
            .iter()
            .map(|damage| corrupt_place(damage, &self.options.layout))
            .collect()
    }

    fn verify_artifacts(&self, damaged: &mut Vec<CorruptPlace>) -> Result<u64, StoreError> {
        let versions = {
            let shelf = self.fresh()?;
            all_versions(&shelf)?
        };
        let mut checked = 0;
        for (incident, name, version) in versions {
            checked += 1;
            match artifacts::read(
                &*self.options.disk,
                &self.options.layout,
                incident,
                &name,
                version,
            ) {
                Err(StoreError::Corrupt(place)) if damaged.len() < MAX_LISTED => {
                    damaged.push(place);
                }
                Ok(_) | Err(StoreError::Corrupt(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(checked)
    }

    fn repair(&self, journal: &Journal) -> Result<Repaired, StoreError> {
        let done = journal
            .repair(self.lock_deadline())
            .map_err(failure::writing)?;
        self.rebuild(journal)?;
        Ok(Repaired {
            found: self.places(&done.found),
            left: self.places(&done.left),
            aside: done.aside,
            audit_restored: self.restore_audit(self.lock_deadline())?,
        })
    }

    fn rebuild(&self, journal: &Journal) -> Result<u64, StoreError> {
        let locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        let incidents = {
            let mut shelf = self.shelf.write();
            let mut anew = Shelf::new(node_of(journal.store_id()));
            anew.catch_up(journal, self.options.workers, &self.options.layout)
                .and_then(|()| self.see_to_losses(&mut anew, journal))
                .map_err(failure::filling)?;
            *shelf = anew;
            shelf.book.len() as u64
        };
        self.rebuild_projections()?;
        self.rename_artifacts()?;
        self.checkpoint(journal)?;
        drop(locked);
        Ok(incidents)
    }

    /// Gives the current version of every artifact its name again.
    fn rename_artifacts(&self) -> Result<(), StoreError> {
        let versions = all_versions(&self.shelf.read())?;
        for (incident, name, version) in versions {
            // A version whose bytes are gone is reported by `verify`; it keeps nobody else from being named.
            if let Ok(content) = artifacts::read(
                &*self.options.disk,
                &self.options.layout,
                incident,
                &name,
                version,
            ) {
                self.name_bytes(incident, &name, &content.bytes);
            }
        }
        Ok(())
    }
}

type Version = (
    IncidentId,
    watchbook_core::ArtifactName,
    watchbook_core::ArtifactVersion,
);

/// Every version of every artifact; of one artifact the newest last.
pub(crate) fn all_versions(shelf: &Shelf) -> Result<Vec<Version>, StoreError> {
    let mut all = Vec::new();
    for (id, _) in shelf.book.entries() {
        let Some(incident) = shelf
            .book
            .incident(id)
            .transpose()
            .map_err(failure::packed)?
        else {
            continue;
        };
        for artifact in incident.artifacts {
            all.extend(
                artifact
                    .versions
                    .into_iter()
                    .map(|version| (id, artifact.name.clone(), version)),
            );
        }
    }
    Ok(all)
}
