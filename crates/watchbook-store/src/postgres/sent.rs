//! What the store sends, for a look at plans and for measuring beside it: the same texts, the same values.

use std::fmt;

use tokio_postgres::types::{ToSql, Type};
use watchbook_core::audit::AuditQuery;
use watchbook_core::query::{FollowupQuery, IncidentQuery, PageRequest};

use super::condition::Conditions;
use super::exec::Statement;
use super::{
    absorb, artifacts, audit, export, facts, feed, followups, incidents, keys, leases, list, plant,
    planted_columns, read, save, store_fact, trail, write,
};

/// A question that a list answers.
#[derive(Debug, Clone)]
pub enum Question {
    /// For incidents.
    Incidents(IncidentQuery),
    /// For follow-ups across incidents.
    Followups(FollowupQuery),
    /// For audit entries.
    Audit(AuditQuery, PageRequest),
}

/// A statement of a list with its values.
pub struct Sent {
    /// The statement.
    pub sql: String,
    asked: Conditions,
}

/// The statements that answer a page: the page itself, and the end of a stretch where conditions have no index.
pub fn sent_for(question: &Question) -> Vec<Sent> {
    let (source, page) = match question {
        Question::Incidents(query) => (list::source(query.sort), query.page),
        Question::Followups(query) => (followups::source(query.sort), query.page),
        Question::Audit(_, page) => (audit::SOURCE, *page),
    };
    let asked = asked_for(question);
    let mut texts = vec![source.page(&asked, page.limit + 1)];
    if asked.loose().is_some() {
        texts.push(source.end(&asked));
    }
    let sent = texts.into_iter().map(|sql| Sent {
        sql,
        asked: asked_for(question),
    });
    sent.collect()
}

fn asked_for(question: &Question) -> Conditions {
    match question {
        Question::Incidents(query) => list::asked(query, query.page.after),
        Question::Followups(query) => followups::asked(query, query.page.after),
        Question::Audit(query, page) => audit::asked(query, page.after),
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("sql", &self.sql)
            .finish_non_exhaustive()
    }
}

impl Sent {
    /// The values of its parameters.
    pub fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.asked.params()
    }
}

/// Every statement that does not grow with what is asked, by name, with the types of its parameters.
pub fn fixed_statements() -> Vec<(&'static str, &'static str, &'static [Type])> {
    let named: [(&'static str, &Statement); 57] = [
        ("load", &read::LOAD),
        ("load_locked", &read::LOAD_LOCKED),
        ("prior", &read::PRIOR),
        ("line", &read::LINE),
        ("lines_of_change", &read::LINES_OF_CHANGE),
        ("lines_up_to", &read::LINES_UP_TO),
        ("timeline", &read::TIMELINE),
        ("alike", &facts::ALIKE),
        ("save", &save::SAVE),
        ("blank", &write::BLANK),
        ("keep_bytes", &write::KEEP_BYTES),
        ("has_bytes", &artifacts::HAS_BYTES),
        ("bytes", &artifacts::BYTES),
        ("open_entry", &audit::OPEN),
        ("close_entry", &audit::CLOSE),
        ("health", &incidents::HEALTH),
        ("put_key", &keys::PUT_KEY),
        ("fact", &store_fact::FACT),
        ("new_fact", &store_fact::NEW_FACT),
        ("without_followups", &followups::WITHOUT_ROWS),
        ("put_followups", &followups::PUT),
        ("renew_followups", &followups::RENEW),
        ("keys", &keys::KEYS),
        ("feed", &feed::FEED),
        ("feed_end", &feed::FEED_END),
        ("forget_foreign", &feed::FORGET_FOREIGN),
        ("acquire", &leases::ACQUIRE),
        ("renew", &leases::RENEW),
        ("release", &leases::RELEASE),
        ("lease", &leases::LEASE),
        ("leases", &leases::LEASES),
        ("extents", &export::EXTENTS),
        ("export", &export::EXPORT),
        ("known_keys", &plant::KNOWN_KEYS),
        ("plant_incidents", &planted_columns::INCIDENTS),
        ("plant_lines", &planted_columns::LINES),
        ("plant_keys", &planted_columns::KEYS),
        ("plant_feed", &planted_columns::FEED),
        ("trail", &trail::TRAIL),
        ("plant_openings", &trail::OPENINGS),
        ("plant_closings", &trail::CLOSINGS),
        ("absorb_progress", &absorb::PROGRESS),
        ("absorb_advance", &absorb::ADVANCE),
        ("absorbed", &absorb::ABSORBED),
        ("absorb_keys", &absorb::gather::KEYS),
        ("absorb_openings", &absorb::gather::OPENINGS),
        ("absorb_held", &absorb::gather::HELD),
        ("absorb_lines", &absorb::gather::LINES),
        ("absorb_bytes_here", &absorb::gather::BYTES_HERE),
        ("absorb_texts", &absorb::gather::TEXTS),
        ("absorb_incidents", &absorb::save::INCIDENTS),
        ("absorb_events", &absorb::save::EVENTS),
        ("absorb_new_keys", &absorb::save::NEW_KEYS),
        ("absorb_moved_keys", &absorb::save::MOVED_KEYS),
        ("absorb_blanks", &absorb::save::BLANKS),
        ("absorb_bytes", &absorb::save::BYTES),
        ("absorb_met", &absorb::save::MET),
    ];
    named
        .into_iter()
        .map(|(name, statement)| (name, statement.sql, statement.types))
        .collect()
}

/// Makes a million incidents, as many lines and audit entries, and 30,000 follow-ups inside a database that holds one
/// incident: statements to run in this order, in a session whose `search_path` begins with the tables' schema. For
/// tests and measurements only: what it makes is not crash-safe.
pub const MILLION: [&str; 3] = [
    include_str!("million/set_indexes_aside.sql"),
    include_str!("million/load.sql"),
    include_str!("million/bring_indexes_back.sql"),
];
