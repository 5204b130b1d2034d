//! Questions for the lines of one timeline.

use crate::actor::{AgentId, Source};
use crate::event::{Event, EventType};
use crate::time::Timestamp;

use super::has_all;

/// Which lines of a timeline are meant. An empty filter means all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of one of these types.
    pub kinds: Option<Vec<EventType>>,
    /// By one of these sorts of writer.
    pub sources: Option<Vec<Source>>,
    /// By this agent or person.
    pub actor: Option<AgentId>,
    /// Of what happened at or after this.
    pub from: Option<Timestamp>,
    /// Of what happened before this.
    pub to: Option<Timestamp>,
    /// Every one of these words (in lower case) occurs, without regard to case, in the message or the facts.
    pub words: Vec<String>,
}

impl EventFilter {
    /// Whether `event` is meant.
    pub fn matches(&self, event: &Event) -> bool {
        let Self {
            kinds,
            sources,
            actor,
            from,
            to,
            words,
        } = self;
        let among = |kinds: &Vec<EventType>| kinds.contains(&event.kind);
        kinds.as_ref().is_none_or(among)
            && sources
                .as_ref()
                .is_none_or(|sources| sources.contains(&event.source))
            && actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && from.is_none_or(|from| event.at >= from)
            && to.is_none_or(|to| event.at < to)
            && (words.is_empty() || has_words(event, words))
    }
}

fn has_words(event: &Event, words: &[String]) -> bool {
    let mut text = event.message.to_string();
    for (name, value) in &event.meta {
        text.extend([" ", name.as_str(), " ", &value.to_string()]);
    }
    has_all(&text, words)
}
