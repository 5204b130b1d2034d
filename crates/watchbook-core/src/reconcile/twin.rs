//! Incidents that were opened twice: for one request that was repeated on another node, or for one group of alerts.
//!
//! The earlier of two survives. With three, each later one is merged into each earlier one; the merge into the
//! earliest has the greatest mark, so that is where all of them lead.

use serde_json::{Map, Value};

use super::line::{self, Derived};
use super::{Apart, Ground, Opening, creates, is_unseen};
use crate::commit::Commit;
use crate::event::{Event, EventType, Set};
use crate::id::EventId;
use crate::likeness::Likeness;
use crate::limit;
use crate::text::Short;

/// The merges that the arrival of `lines` calls for.
pub(super) fn beside(ground: &dyn Ground, apart: Apart<'_>, lines: &[Event]) -> Vec<Commit> {
    let created = lines.iter().filter(|line| creates(line));
    created
        .flat_map(|event| merges(ground, apart, event))
        .collect()
}

fn merges(ground: &dyn Ground, apart: Apart<'_>, event: &Event) -> Vec<Commit> {
    let change = apart.commit.change;
    let opened = Opening { change, event };
    let others = ground.openings(change, group(event)).into_iter();
    others
        .filter(|other| {
            let id = other.event.incident_id;
            let is_known = apart.seen.iter().any(|(incident, _)| *incident == id);
            !is_known && is_unseen(ground, apart, other.event)
        })
        .filter_map(|other| merge(opened, other))
        .filter(|commit| commit.events().all(|line| ground.holds(line.id).is_none()))
        .collect()
}

/// The group of alerts that an incident is opened for.
pub(super) fn group(created: &Event) -> Option<&Short> {
    created.set.iter().find_map(Set::group_key)
}

/// What two openings that did not know of each other have in common.
fn shared(one: Opening<'_>, other: Opening<'_>) -> Option<&'static str> {
    // A key that was used for two different things does not make them one.
    let likeness = Likeness::of(one.event);
    if one.change == other.change && likeness.is_some() && likeness == Likeness::of(other.event) {
        return Some("idempotency_key");
    }
    let key = group(one.event)?;
    let apart = one.event.stamp.time.millis() - other.event.stamp.time.millis();
    let is_close = u128::from(apart.unsigned_abs()) <= limit::TWINS.as_millis();
    (group(other.event) == Some(key) && is_close).then_some("group_key")
}

/// The merge of two openings, if they opened one thing: a line on each.
fn merge(one: Opening<'_>, other: Opening<'_>) -> Option<Commit> {
    let by = shared(one, other)?;
    let (earlier, later) = if one.event.mark() < other.event.mark() {
        (one.event, other.event)
    } else {
        (other.event, one.event)
    };
    let (into, from) = (earlier.incident_id, later.incident_id);
    if into == from {
        return None;
    }
    let id = merge_id(earlier, later);
    let merged = Derived {
        id,
        incident: from,
        // The stamp of the creation itself: whatever anybody does to the incident afterwards is later and counts more.
        stamp: later.stamp,
        kind: EventType::Merge,
        message: format!(
            "merged into {into}: both were opened for one thing on nodes that were apart"
        ),
        meta: meta([
            ("merged_into", into.to_string()),
            ("twin_by", by.to_owned()),
        ]),
        set: vec![Set::MergedInto(Some(into))],
    };
    let told = Derived {
        id: id.derived("merged from"),
        incident: into,
        stamp: later.stamp,
        kind: EventType::Merge,
        message: format!(
            "{from} was merged into this incident: both were opened for one thing on nodes that were apart"
        ),
        meta: meta([
            ("merged_from", from.to_string()),
            ("twin_by", by.to_owned()),
        ]),
        set: Vec::new(),
    };
    line::commit(later.stamp, [merged.into_event(), told.into_event()])
}

fn meta<const N: usize>(pairs: [(&str, String); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

/// The id of the line that merges `later` into `earlier`. Merges of one incident have one stamp, so their ids settle
/// which of them counts: the id is the greater, the earlier the creation it leads to.
fn merge_id(earlier: &Event, later: &Event) -> EventId {
    const TIME_BITS: u32 = 44;
    const HASH_BITS: u32 = 36;
    let stamp = earlier.stamp;
    let time = u128::from(stamp.time.millis().unsigned_abs()) & ((1 << TIME_BITS) - 1);
    let counter = u128::from(u16::try_from(stamp.counter).unwrap_or(u16::MAX));
    let node = u128::from(stamp.node.to_bits());
    let order = (time << 48) | (counter << 32) | node;
    let inverted = !order & ((1 << (TIME_BITS + 48)) - 1);
    let hash = later
        .id
        .derived(&format!("merged into {}", earlier.incident_id));
    EventId::from_bits((inverted << HASH_BITS) | (hash.to_bits() & ((1 << HASH_BITS) - 1)))
}
