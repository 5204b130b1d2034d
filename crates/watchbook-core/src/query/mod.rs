//! Asking: filters, orders and cursors, the same for every backend.

mod cursor;
mod events;
mod followups;
mod incidents;
mod page;
mod place;

pub use cursor::{Cursor, ListKind, ParseCursorError};
pub use events::EventFilter;
pub use followups::{FollowupFilter, FollowupItem, FollowupQuery, followup_text};
pub use incidents::{IncidentFilter, IncidentQuery, owners, search_text};
pub use page::{DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest, page_of};
pub use place::{FollowupSort, Place, Sort};

use crate::incident::Incident;
use crate::text::ServiceName;

/// Whether every word (in lower case) occurs in a text, without regard to case.
fn has_all(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// Whether an incident is about a service or affects it.
fn touches(incident: &Incident, service: &ServiceName) -> bool {
    incident.service == *service || incident.affects.contains(service)
}
