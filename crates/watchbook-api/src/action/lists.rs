//! Lists of incidents: which, in which order, how many.

use watchbook_core::query::{Cursor, IncidentFilter, IncidentQuery, ListKind, PageRequest, Sort};
use watchbook_core::text::{Env, ServiceName, Short};
use watchbook_core::{Kind, Severity, Signature};

use crate::fault::{At, Faults};
use crate::param::{Labels, Limit, Moment, Several, StatusFilter, Words, params};

/// Declares a list action: its own parameters, then the filters that all of them share.
macro_rules! incident_lists {
    ($($(#[doc = $doc:literal])+ $name:ident { $(#[doc = $q_doc:literal])+ q: $q:ty })+) => {
        params! {$(
            $(#[doc = $doc])+
            pub $name {
                $(#[doc = $q_doc])+
                q: $q,
                /// `open` (every unfinished one), `all`, another status, or `exact:open,acknowledged`.
                status: StatusFilter = "all",
                /// About this service, or affecting it.
                service: Option<ServiceName>,
                /// In this environment.
                env: Option<Env>,
                /// Of this severity, or one of these.
                severity: Option<Several<Severity, 5>>,
                /// Of this kind.
                kind: Option<Kind>,
                /// With this signature.
                signature: Option<Signature>,
                /// With all of these labels, as `name=value`.
                label: Labels = {},
                /// With this person or agent in a role, or as the owner of a follow-up.
                owner: Option<Short>,
                /// Changed at or after this.
                updated_since: Option<Moment>,
                /// Created at or after this.
                from: Option<Moment>,
                /// Created before this.
                to: Option<Moment>,
                /// Only exercises, or none; both if left out.
                drill: Option<bool>,
                /// The order; `-` puts the latest first.
                sort: Sort = "-created_at",
                /// How many at most, up to 500.
                limit: Limit = 20,
                /// Where to go on: `next_cursor` of the page before, with the same `sort`.
                cursor: Option<Cursor>,
            }
            check $name::check;
        )+}

        $(impl $name {
            fn check(&self, at: &At<'_>, faults: &mut Faults) {
                check_range(self.from, self.to, at, faults);
                check_cursor(self.cursor, ListKind::Incidents(self.sort), at, faults);
            }

            /// The question it asks.
            pub fn into_query(self) -> IncidentQuery {
                let Self {
                    q, status, service, env, severity, kind, signature, label: Labels(label), owner,
                    updated_since, from, to, drill, sort, limit, cursor,
                } = self;
                let moment = |Moment(moment): Moment| moment;
                IncidentQuery {
                    filter: IncidentFilter {
                        statuses: status.statuses(),
                        service,
                        env,
                        severities: severity.map(|Several(severities)| severities),
                        kind,
                        signature,
                        labels: label.into_iter().collect(),
                        owner,
                        updated_since: updated_since.map(moment),
                        from: from.map(moment),
                        to: to.map(moment),
                        drill,
                        words: SearchText::from(q).words(),
                        unfinished_followups: false,
                    },
                    sort,
                    page: page(limit, cursor),
                }
            }
        })+
    };
}

incident_lists! {
    /// Lists incidents, the newest first. `status=open` gives every unfinished one.
    IncidentList {
        /// Words that all must occur in id, title, summary, services or labels.
        q: Option<Words>
    }

    /// Finds incidents by words, with the same filters as `incident_list`.
    IncidentSearch {
        /// Words that all must occur in id, title, summary, services or labels, without regard to case.
        q: Words
    }
}

/// The words of a list, required or not.
struct SearchText(Option<Words>);

impl From<Words> for SearchText {
    fn from(words: Words) -> Self {
        Self(Some(words))
    }
}

impl From<Option<Words>> for SearchText {
    fn from(words: Option<Words>) -> Self {
        Self(words)
    }
}

impl SearchText {
    fn words(&self) -> Vec<String> {
        self.0.as_ref().map(Words::split).unwrap_or_default()
    }
}

/// The part of a list that is asked for.
pub(super) fn page(limit: Limit, cursor: Option<Cursor>) -> PageRequest {
    PageRequest {
        limit: usize::try_from(limit.get()).unwrap_or(usize::MAX),
        after: cursor.map(|cursor| cursor.after),
    }
}

/// A range must not be empty.
pub(super) fn check_range(
    from: Option<Moment>,
    to: Option<Moment>,
    at: &At<'_>,
    faults: &mut Faults,
) {
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        faults.add(&at.member("to"), "must be later than from");
    }
}

/// A cursor must be of the list it is used with.
pub(super) fn check_cursor(
    cursor: Option<Cursor>,
    list: ListKind,
    at: &At<'_>,
    faults: &mut Faults,
) {
    if cursor.is_some_and(|cursor| cursor.list != list) {
        let error = watchbook_core::query::ParseCursorError;
        faults.add(&at.member("cursor"), error.to_string());
    }
}
