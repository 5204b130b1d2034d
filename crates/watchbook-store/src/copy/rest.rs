//! What stands beside the incidents: the keys of callers, and the audit trail.

use super::CopyError;
use crate::contract::Movable;

/// How many lines of the trail are copied at once.
const TRAIL_LINES: usize = 2_000;

/// Copies the records of keys in their order, and the secret they are hashed under. How many were not there before.
pub(super) async fn keys(from: &dyn Movable, to: &dyn Movable) -> Result<u64, CopyError> {
    let records = from.keys().await.map_err(CopyError::Source)?;
    if records.is_empty() {
        return Ok(0);
    }
    let pepper = from.pepper().await.map_err(CopyError::Source)?;
    to.plant_pepper(pepper).await.map_err(CopyError::Target)?;
    let known = to.keys().await.map_err(CopyError::Target)?;
    let mut taken = 0;
    for record in records {
        if !known.contains(&record) {
            to.put_key(record).await.map_err(CopyError::Target)?;
            taken += 1;
        }
    }
    Ok(taken)
}

/// Copies the audit trail. How many lines were not there before.
pub(super) async fn trail(from: &dyn Movable, to: &dyn Movable) -> Result<u64, CopyError> {
    let (mut after, mut taken) = (None, 0);
    loop {
        let stretch = from.trail_after(after, TRAIL_LINES).await;
        let stretch = stretch.map_err(CopyError::Source)?;
        if !stretch.lines.is_empty() {
            let planted = to.plant_trail(stretch.lines).await;
            taken += planted.map_err(CopyError::Target)?;
        }
        after = stretch.next;
        if after.is_none() {
            return Ok(taken);
        }
    }
}
