//! Whole incidents, in memory.

use async_trait::async_trait;
use watchbook_core::{Digest, IncidentId};

use super::book::Book;
use super::{KEY_MEMORY, MemoryStore};
use crate::contract::{
    Extent, Pepper, Planted, StoreError, TrailLine, TrailPosition, TrailStretch, Transfer, Whole,
};
use crate::planting;

#[async_trait]
impl Transfer for MemoryStore {
    async fn export_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Whole>, StoreError> {
        let extents = self.extents_after(after, limit).await?;
        self.export(&planting::some_of(&extents)).await
    }

    async fn extents_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError> {
        let book = self.book.lock();
        let later = book.after(after).take(limit);
        Ok(later
            .map(|(id, last_seq)| Extent { id, last_seq })
            .collect())
    }

    async fn export(&self, wanted: &[(IncidentId, u32)]) -> Result<Vec<Whole>, StoreError> {
        let horizon = self.clock.now().minus(KEY_MEMORY);
        let book = self.book.lock();
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        let whole = |(id, after): (IncidentId, u32)| Whole {
            id,
            lines: book.lines_after(id, after),
            keys: planting::since(book.keys_of(id, horizon), after),
        };
        let wholes = wanted.into_iter().map(whole);
        Ok(wholes.filter(planting::says_something).collect())
    }

    async fn plant(&self, wholes: Vec<Whole>, _durable: bool) -> Result<Planted, StoreError> {
        let mut book = self.book.lock();
        let mut rests = Vec::new();
        for whole in planting::pieced(wholes)? {
            rests.push(rest(&book, whole)?);
        }
        let mut planted = Planted::default();
        for rest in rests {
            plant(&mut book, rest, &mut planted)?;
        }
        Ok(planted)
    }

    async fn plant_bytes(
        &self,
        _incident: IncidentId,
        sha256: Digest,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        planting::check_bytes(sha256, &bytes)?;
        self.book.lock().artifacts.insert(sha256, bytes);
        Ok(())
    }

    async fn plant_pepper(&self, pepper: Pepper) -> Result<(), StoreError> {
        self.keys.lock().plant_pepper(pepper)
    }

    async fn trail_after(
        &self,
        after: Option<TrailPosition>,
        limit: usize,
    ) -> Result<TrailStretch, StoreError> {
        Ok(self.trail.lock().stretch(after, limit))
    }

    async fn plant_trail(&self, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        let mut trail = self.trail.lock();
        let mut taken = 0;
        for line in lines {
            taken += u64::from(trail.take_over(line)?);
        }
        Ok(taken)
    }
}

/// What of an incident is not there yet.
fn rest(book: &Book, whole: Whole) -> Result<Whole, StoreError> {
    let id = whole.id;
    let here = planting::before(&whole).map(|before| book.lines_after(id, before));
    let mut rest = planting::continued(whole, book.last_seq(id), &here.unwrap_or_default())?;
    planting::folded(book.state(id), &rest)?;
    planting::new_keys(&mut rest, |change| {
        book.key(change).map(|key| key.used.body)
    })?;
    Ok(rest)
}

fn plant(book: &mut Book, rest: Whole, planted: &mut Planted) -> Result<(), StoreError> {
    let Whole { id, lines, keys } = rest;
    planted.incidents += u64::from(book.last_seq(id) == 0);
    planted.lines += lines.len() as u64;
    let mut change = None;
    for line in lines {
        if change.replace(line.change) != Some(line.change) {
            book.count_one()?;
        }
        book.take_over(line);
    }
    for key in keys {
        planted.keys += u64::from(book.take_over_key(key));
    }
    Ok(())
}
