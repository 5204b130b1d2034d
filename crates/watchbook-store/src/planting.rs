//! What every backend asks of incidents that it is to take over.

use std::collections::{BTreeMap, BTreeSet};

use watchbook_core::artifact::{ArtifactError, MAX_BYTES};
use watchbook_core::{ChangeId, Digest, EventId, IncidentId, IncidentState, Set, fold, redact};

use crate::contract::{Extent, KeptKey, KeptLine, StoreError, Whole};

/// Checks that each incident is of one piece, and puts pieces of one incident together. In the order of ids.
///
/// # Errors
/// [`StoreError::Diverged`] for what is not of one piece.
pub(crate) fn pieced(wholes: Vec<Whole>) -> Result<Vec<Whole>, StoreError> {
    let mut pieced: BTreeMap<IncidentId, Whole> = BTreeMap::new();
    for whole in wholes {
        check(&whole)?;
        match pieced.get_mut(&whole.id) {
            None => {
                pieced.insert(whole.id, whole);
            }
            Some(known) => {
                known.lines.extend(whole.lines);
                known.keys.extend(whole.keys);
                check(known)?;
            }
        }
    }
    Ok(pieced.into_values().collect())
}

fn check(whole: &Whole) -> Result<(), StoreError> {
    let Whole { id, lines, keys } = whole;
    let own = lines.iter().all(|line| line.event.incident_id == *id);
    if !own || keys.iter().any(|key| key.used.incident != *id) {
        return Err(diverged(
            *id,
            "it was given with what belongs to another incident",
        ));
    }
    let gap = lines
        .windows(2)
        .any(|pair| pair[0].event.seq.checked_add(1) != Some(pair[1].event.seq));
    if gap || lines.first().is_some_and(|line| line.event.seq == 0) {
        return Err(diverged(
            *id,
            "its lines are not in order, or some are missing",
        ));
    }
    Ok(())
}

/// The number of the line before the first that is given.
pub(crate) fn before(whole: &Whole) -> Option<u32> {
    whole.lines.first().map(|line| line.event.seq - 1)
}

/// Leaves the lines that are new where `last_seq` is the last that is there, and blacks out those that a later one of
/// them redacts. `here` are the lines that are there, from the first that is given on.
///
/// # Errors
/// [`StoreError::Diverged`] when there is a gap, or a line is there in another form.
pub(crate) fn continued(
    mut whole: Whole,
    last_seq: u32,
    here: &[KeptLine],
) -> Result<Whole, StoreError> {
    let id = whole.id;
    match before(&whole) {
        Some(before) if before > last_seq => {
            let why = format!(
                "its lines go up to number {last_seq} here, and those that follow begin with {}",
                before + 1
            );
            return Err(diverged(id, why));
        }
        None if last_seq == 0 => return Err(diverged(id, "it is not here")),
        _ => {}
    }
    for (here, given) in here.iter().zip(&whole.lines) {
        if !same(here, given) {
            let why = format!("line {} is another one here", given.event.seq);
            return Err(diverged(id, why));
        }
    }
    whole.lines.retain(|line| line.event.seq > last_seq);
    black_out(&mut whole.lines);
    Ok(whole)
}

/// Whether two lines are the same but for what was blacked out on one side.
fn same(here: &KeptLine, given: &KeptLine) -> bool {
    let head = |line: &KeptLine| (line.change, line.event.id, line.event.seq);
    if here.event.redacted == given.event.redacted {
        return here == given;
    }
    head(here) == head(given)
        && here.by == given.by
        && redact::blank(&here.event) == redact::blank(&given.event)
}

/// The events that these lines black out.
pub(crate) fn redacted(lines: &[KeptLine]) -> BTreeSet<EventId> {
    let sets = lines.iter().flat_map(|line| &line.event.set);
    sets.filter_map(|set| match set {
        Set::Redacted(id) => Some(*id),
        _ => None,
    })
    .collect()
}

fn black_out(lines: &mut [KeptLine]) {
    let black = redacted(lines);
    if black.is_empty() {
        return;
    }
    for line in lines
        .iter_mut()
        .filter(|line| black.contains(&line.event.id))
    {
        if !line.event.redacted {
            line.event = redact::blank(&line.event);
        }
    }
}

/// The state that the lines of `whole` lead to from `state`.
///
/// # Errors
/// [`StoreError::Diverged`] when that is no incident.
pub(crate) fn folded(mut state: IncidentState, whole: &Whole) -> Result<IncidentState, StoreError> {
    for line in &whole.lines {
        fold::apply(&mut state, &line.event);
    }
    if state.outline().is_none() {
        return Err(diverged(whole.id, "its first line does not create it"));
    }
    Ok(state)
}

pub(crate) fn diverged(incident: IncidentId, why: impl Into<String>) -> StoreError {
    StoreError::Diverged {
        incident,
        why: why.into(),
    }
}

/// The most lines that one stretch of incidents holds, unless one incident alone has more.
pub(crate) const STRETCH_LINES: u32 = 2_000;

/// The first of these incidents that make up one stretch, from their first line on.
pub(crate) fn some_of(extents: &[Extent]) -> Vec<(IncidentId, u32)> {
    let mut lines = 0_u32;
    let fits = |extent: &&Extent| {
        let first = lines == 0;
        lines = lines.saturating_add(extent.last_seq);
        first || lines <= STRETCH_LINES
    };
    let some = extents.iter().take_while(fits);
    some.map(|extent| (extent.id, 0)).collect()
}

/// The keys that were used since line `after`.
pub(crate) fn since(mut keys: Vec<KeptKey>, after: u32) -> Vec<KeptKey> {
    keys.retain(|key| key.seq >= after);
    keys
}

/// Leaves the keys that are not there yet. `known` gives the body that a change was made with.
///
/// # Errors
/// [`StoreError::Diverged`] when a key was used with another body.
pub(crate) fn new_keys(
    whole: &mut Whole,
    known: impl Fn(ChangeId) -> Option<Digest>,
) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    let mut other = None;
    whole.keys.retain(|key| {
        let change = key.used.change;
        let first = seen.insert(change);
        match known(change) {
            None => first,
            Some(body) => {
                if body != key.used.body {
                    other = Some(change);
                }
                false
            }
        }
    });
    match other {
        Some(change) => {
            let why = format!("the key of change {change} was used with another body here");
            Err(diverged(whole.id, why))
        }
        None => Ok(()),
    }
}

/// Refuses bytes that are not those of a digest.
///
/// # Errors
/// [`StoreError::BadArtifact`].
pub(crate) fn check_bytes(sha256: Digest, bytes: &[u8]) -> Result<(), StoreError> {
    if bytes.len() > MAX_BYTES {
        return Err(ArtifactError::TooLarge { bytes: bytes.len() }.into());
    }
    if Digest::of(bytes) == sha256 {
        Ok(())
    } else {
        Err(ArtifactError::Mismatch.into())
    }
}

/// Whether there is anything of an incident to give out.
pub(crate) fn says_something(whole: &Whole) -> bool {
    !whole.lines.is_empty() || !whole.keys.is_empty()
}
