//! Values that lost against others that were written at the same time.
//!
//! Of two lines that did not know of each other and set one field to different values, the one with the lesser mark
//! loses. Each loser gets one line per field, whoever beat it and however often.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::field::{self, Field};
use super::line::{self, Derived};
use super::{Apart, Ground, is_unseen};
use crate::commit::Commit;
use crate::event::{Event, EventType, Set};
use crate::id::{EventId, IncidentId};

/// The lines that the arrival of `lines` calls for.
pub(super) fn beside(ground: &dyn Ground, apart: Apart<'_>, lines: &[Event]) -> Vec<Commit> {
    let mut told: BTreeMap<EventId, Event> = BTreeMap::new();
    let mut unseen: BTreeMap<IncidentId, Vec<&Event>> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.set.is_empty()) {
        let others = unseen
            .entry(line.incident_id)
            .or_insert_with(|| others(ground, apart, line.incident_id));
        for other in others {
            for loser in losers(line, other) {
                let event = loser.told();
                if ground.holds(event.id).is_none() {
                    told.entry(event.id).or_insert(event);
                }
            }
        }
    }
    told.into_values()
        .filter_map(|event| line::commit(event.stamp, [event]))
        .collect()
}

/// The lines here that the writer did not know of and that may contradict it.
fn others<'g>(ground: &'g dyn Ground, apart: Apart<'_>, id: IncidentId) -> Vec<&'g Event> {
    let known = apart.seen.iter().find(|(incident, _)| *incident == id);
    let seq = known.map_or(0, |(_, seq)| *seq);
    let mut others = ground.lines_after(id, seq);
    others.retain(|line| is_unseen(ground, apart, line) && !line::is_derived(line));
    others
}

/// A value that lost.
struct Loser<'a> {
    line: &'a Event,
    field: Field<'a>,
    set: &'a Set,
}

/// What loses of two lines that did not know of each other.
fn losers<'a>(one: &'a Event, other: &'a Event) -> Vec<Loser<'a>> {
    let (line, winner) = if one.mark() < other.mark() {
        (one, other)
    } else {
        (other, one)
    };
    let loses = |set: &'a Set| {
        let field = field::of(set)?;
        let mut against = winner.set.iter();
        let beaten = against.any(|won| field::of(won) == Some(field) && !field::agree(set, won));
        beaten.then_some(Loser { line, field, set })
    };
    line.set.iter().filter_map(loses).collect()
}

impl Loser<'_> {
    /// The line that tells of it. Nothing in it depends on who won.
    fn told(&self) -> Event {
        let Self { line, field, set } = self;
        let value = field::shown(set);
        let what = value
            .as_ref()
            .map_or_else(|| field.to_string(), |value| format!("{field} {value}"));
        let mut meta = Map::new();
        meta.insert("field".to_owned(), Value::String(field.to_string()));
        meta.insert("event".to_owned(), Value::String(line.id.to_string()));
        meta.extend(value.map(|value| ("overridden".to_owned(), value)));
        Derived {
            id: line.id.derived(&format!("conflict {field}")),
            incident: line.incident_id,
            stamp: line.stamp,
            kind: EventType::Conflict,
            message: format!(
                "overridden: {what}, as {} set it; another node set it as well while they were apart",
                line.id
            ),
            meta,
            set: Vec::new(),
        }
        .into_event()
    }
}
