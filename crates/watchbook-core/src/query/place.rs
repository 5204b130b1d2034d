//! Orders, and the place of an item in them.

use crate::audit::AuditOpening;
use crate::followup::Followup;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::severity::Severity;
use crate::text::word_enum;

word_enum! {
    /// The order of a list. Equal items follow in the order of their ids, so every order is total.
    Sort, "an order" {
        /// The newest first.
        CreatedDesc = "-created_at",
        /// The oldest first.
        Created = "created_at",
        /// The latest change first.
        UpdatedDesc = "-updated_at",
        /// The earliest change first.
        Updated = "updated_at",
        /// The worst first; of the same severity, the newest.
        Severity = "severity",
    }
}

word_enum! {
    /// The order of a list of follow-ups. Equal ones follow in the order of their ids, so every order is total.
    #[derive(Default)]
    FollowupSort, "an order" {
        /// The earliest deadline first, those without one last.
        #[default]
        Due = "due_date",
        /// The one that was opened first.
        Opened = "opened_at",
        /// The one that was opened last.
        OpenedDesc = "-opened_at",
    }
}

/// The place of an item in an order: lists are read from place to place, so that what is written meanwhile
/// neither repeats nor hides an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub(super) major: i64,
    pub(super) minor: i64,
    pub(super) id: i128,
}

impl Place {
    /// Where `incident` stands in the order `sort`.
    pub fn of(incident: &Incident, sort: Sort) -> Self {
        let Incident {
            id,
            created_at,
            updated_at,
            severity,
            ..
        } = incident;
        Self::of_parts(
            *id,
            created_at.millis(),
            updated_at.millis(),
            *severity,
            sort,
        )
    }

    /// Where an incident with these times (in milliseconds since 1970) and this severity stands in the order `sort`.
    pub fn of_parts(
        id: IncidentId,
        created: i64,
        updated: i64,
        severity: Severity,
        sort: Sort,
    ) -> Self {
        let id = i128::from(id.to_bits());
        match sort {
            Sort::CreatedDesc => Self {
                major: -created,
                minor: 0,
                id: -id,
            },
            Sort::Created => Self {
                major: created,
                minor: 0,
                id,
            },
            Sort::UpdatedDesc => Self {
                major: -updated,
                minor: 0,
                id: -id,
            },
            Sort::Updated => Self {
                major: updated,
                minor: 0,
                id,
            },
            Sort::Severity => Self {
                major: severity as i64,
                minor: -created,
                id: -id,
            },
        }
    }

    /// The time that an index by creation or by change finds this place under, in milliseconds since 1970.
    pub const fn indexed(self) -> i64 {
        self.major.abs()
    }

    /// The three numbers that places are compared by, the first first.
    pub const fn parts(self) -> (i64, i64, i128) {
        (self.major, self.minor, self.id)
    }

    /// Where a follow-up stands in the order `sort`.
    pub fn of_followup(followup: &Followup, sort: FollowupSort) -> Self {
        let opened = followup.opened_at.millis();
        #[expect(
            clippy::cast_possible_wrap,
            reason = "only the order within one deadline and time depends on it"
        )]
        let id = followup.id.to_bits() as i128;
        match sort {
            FollowupSort::Due => Self {
                major: followup.due.map_or(i64::MAX, |due| due.deadline().millis()),
                minor: opened,
                id,
            },
            FollowupSort::Opened => Self {
                major: opened,
                minor: 0,
                id,
            },
            // All bits turned around are the opposite order, and unlike a minus have no largest number to fail on.
            FollowupSort::OpenedDesc => Self {
                major: -opened,
                minor: 0,
                id: !id,
            },
        }
    }

    /// Where an audit entry stands: the newest first.
    pub fn of_audit(opening: &AuditOpening) -> Self {
        #[expect(
            clippy::cast_possible_wrap,
            reason = "only the order within one millisecond depends on it"
        )]
        let id = opening.id.to_bits() as i128;
        Self {
            major: -opening.at.millis(),
            minor: 0,
            id,
        }
    }

    /// Where the line with this number stands.
    pub fn of_seq(seq: u32) -> Self {
        Self {
            major: i64::from(seq),
            minor: 0,
            id: 0,
        }
    }

    /// The number of the line that stands here; `None` if no line can.
    pub fn seq(self) -> Option<u32> {
        u32::try_from(self.major).ok()
    }
}
