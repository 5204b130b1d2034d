//! Asking: filters, orders and cursors, the same for every backend.

mod cursor;
mod followups;
mod incidents;
mod page;
mod place;

pub use cursor::{Cursor, ListKind, ParseCursorError};
pub use followups::{FollowupFilter, FollowupItem, FollowupQuery};
pub use incidents::{IncidentFilter, IncidentQuery, owners, search_text};
pub use page::{DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest, page_of};
pub use place::{Place, Sort};

use crate::incident::Incident;
use crate::text::ServiceName;

/// Whether an incident is about a service or affects it.
fn touches(incident: &Incident, service: &ServiceName) -> bool {
    incident.service == *service || incident.affects.contains(service)
}
