//! Reading only what folding needs: most bytes of a journal are messages, and the book keeps none of them.

use serde::Deserialize;
use watchbook_core::{Footprint, KeyUse, Stamp};

use super::{CodecError, Part, Redaction, part};

/// A commit as folding sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skimmed {
    /// When it was made.
    pub(crate) stamp: Stamp,
    /// What its events leave behind.
    pub(crate) footprints: Vec<Footprint>,
    /// The key it used, if it used one.
    pub(crate) key: Option<KeyUse>,
    /// The tombstones it permits.
    pub(crate) redactions: Vec<Redaction>,
}

impl Skimmed {
    /// The greatest stamp in it.
    pub(crate) fn last_stamp(&self) -> Stamp {
        self.footprints
            .iter()
            .map(|footprint| footprint.stamp)
            .fold(self.stamp, Stamp::max)
    }
}

/// The part of a commit's head that folding needs.
#[derive(Deserialize)]
struct Head {
    stamp: Stamp,
}

/// Reads what folding needs from the parts of a commit's line.
pub(crate) fn skim(by: &str, records: &[&str]) -> Result<Skimmed, CodecError> {
    let Head { stamp } = serde_json::from_str(by).map_err(CodecError::Head)?;
    let mut skimmed = Skimmed {
        stamp,
        footprints: Vec::with_capacity(records.len()),
        key: None,
        redactions: Vec::new(),
    };
    for (index, record) in records.iter().enumerate() {
        match part(index, record)? {
            Part::Event(footprint) => skimmed.footprints.push(footprint),
            Part::Key(key) => skimmed.key = Some(key),
            Part::Redaction(redaction) => skimmed.redactions.push(redaction),
        }
    }
    Ok(skimmed)
}
