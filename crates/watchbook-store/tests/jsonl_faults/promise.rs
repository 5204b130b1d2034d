//! What the callers were told, and whether what is there keeps to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::{ChangeId, Command, Event, EventId, Incident, IncidentId, Op};
use watchbook_store::disk::{Disk as _, Kind, SimDisk};
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Applied, Incidents as _, Outcome, StoreError};

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// The store does not open: everything that was acknowledged is out of reach.
    Closed(String),
    /// It opens, and this cannot be read.
    Unreadable(String),
    /// It was acknowledged, and is not there.
    Lost(EventId),
    /// It was refused, and is there.
    Back(EventId),
    /// Some lines of one change are there, and others are not.
    Partial(ChangeId, Vec<EventId>),
    /// An incident says that it was merged and the lines do not, or the other way round.
    HalfMerged(IncidentId),
    Twice(EventId),
    Gap(IncidentId, Vec<u32>),
    /// The text of an acknowledged redaction is in these files.
    Told(String, Vec<PathBuf>),
    /// The chain does not verify.
    Unverified(String),
    /// It takes no writes any more.
    Stuck(String),
}

/// What a caller knows of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Acknowledged,
    Refused,
    Unknown,
}

/// A call, with the events that its change makes.
#[derive(Debug)]
struct Call {
    change: ChangeId,
    events: Vec<EventId>,
    answer: Answer,
}

#[derive(Debug)]
struct Merge {
    change: ChangeId,
    from: IncidentId,
    into: IncidentId,
}

/// A text whose redaction was acknowledged.
#[derive(Debug)]
struct Blackened {
    text: String,
    /// Whether no file held it at that moment.
    gone: bool,
}

/// Everything the callers were told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    calls: Vec<Call>,
    merges: Vec<Merge>,
    blackened: Vec<Blackened>,
}

impl Told {
    pub(crate) fn note(
        &mut self,
        command: &Command,
        events: u32,
        answer: Result<Applied, StoreError>,
    ) {
        let change = command.change;
        let id = |index| match command.op {
            Op::Create(_) => change.creation(command.incident, index),
            _ => change.event(index),
        };
        let events: Vec<EventId> = (0..events).map(id).collect();
        let answer = match answer {
            Ok(applied) => {
                let ids: Vec<EventId> = applied.events.iter().map(|event| event.id).collect();
                assert_eq!(ids, events, "the answer to {:?}", command.op);
                Answer::Acknowledged
            }
            Err(error) => match error.outcome() {
                Outcome::NotApplied => Answer::Refused,
                Outcome::Unknown(_) => Answer::Unknown,
            },
        };
        self.calls.push(Call {
            change,
            events,
            answer,
        });
    }

    /// Remembers which incidents a change makes one.
    pub(crate) fn merges(&mut self, change: ChangeId, from: IncidentId, into: IncidentId) {
        self.merges.push(Merge { change, from, into });
    }

    /// Remembers a redaction that was acknowledged, and whether the text was `gone` from all files then.
    pub(crate) fn blackened(&mut self, text: &str, gone: bool) {
        let text = text.to_owned();
        self.blackened.push(Blackened { text, gone });
    }

    /// Whether every call was acknowledged.
    pub(crate) fn all_acknowledged(&self) -> bool {
        let acknowledged = |call: &Call| call.answer == Answer::Acknowledged;
        self.calls.iter().all(acknowledged)
    }

    /// Whether the text of each acknowledged redaction was gone at once.
    pub(crate) fn all_gone_at_once(&self) -> bool {
        self.blackened.iter().all(|one| one.gone)
    }

    /// A text whose redaction was acknowledged, and which a file holds: any, or only those that were gone once.
    pub(crate) fn still_told(&self, disk: &SimDisk, gone_once: bool) -> Option<Finding> {
        let asked = self.blackened.iter().filter(|one| one.gone || !gone_once);
        asked
            .map(|one| (one, holding(disk, &one.text)))
            .find(|(_, files)| !files.is_empty())
            .map(|(one, files)| Finding::Told(one.text.clone(), files))
    }

    /// What is wrong with what is there.
    pub(crate) fn broken(&self, there: &There) -> Option<Finding> {
        let call = self.calls.iter().find_map(|call| call.broken(there));
        call.or_else(|| self.merges.iter().find_map(|merge| merge.broken(there)))
    }
}

impl Call {
    fn broken(&self, there: &There) -> Option<Finding> {
        let ids = self.events.iter().copied();
        let (kept, missing): (Vec<EventId>, Vec<EventId>) =
            ids.partition(|id| there.events.contains_key(id));
        match (self.answer, kept.first(), missing.first()) {
            (Answer::Acknowledged, _, Some(lost)) => Some(Finding::Lost(*lost)),
            (Answer::Refused, Some(back), _) => Some(Finding::Back(*back)),
            (_, Some(_), Some(_)) => Some(Finding::Partial(self.change, missing)),
            _ => None,
        }
    }
}

impl Merge {
    /// It shows on both sides, in the lines and in the incident, or nowhere.
    fn broken(&self, there: &There) -> Option<Finding> {
        let line = |index, on| there.events.get(&self.change.event(index)) == Some(&on);
        let says = |incident: &Incident| incident.merged_into == Some(self.into);
        let shown = [
            line(0, self.from),
            line(1, self.into),
            there.incidents.get(&self.from).is_some_and(says),
        ];
        let even = shown == [true; 3] || shown == [false; 3];
        (!even).then_some(Finding::HalfMerged(self.from))
    }
}

/// Everything that a store shows.
#[derive(Debug, Default)]
pub(crate) struct There {
    events: HashMap<EventId, IncidentId>,
    incidents: HashMap<IncidentId, Incident>,
}

impl There {
    /// Reads all of it. What can be seen to be wrong by itself is told at once.
    pub(crate) async fn of(store: &JsonlStore) -> Result<Self, Finding> {
        let unreadable = |error: StoreError| Finding::Unreadable(format!("{error:?}"));
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        let query = IncidentQuery {
            filter: IncidentFilter::default(),
            sort: Sort::Created,
            page,
        };
        let mut there = Self::default();
        for incident in store.list(query).await.map_err(unreadable)?.items {
            let events = store.events(incident.id, page).await.map_err(unreadable)?;
            there.take(incident, &events.items)?;
        }
        Ok(there)
    }

    fn take(&mut self, incident: Incident, events: &[Event]) -> Result<(), Finding> {
        let id = incident.id;
        let numbers: Vec<u32> = events.iter().map(|event| event.seq).collect();
        if numbers != (1..=incident.events).collect::<Vec<_>>() {
            return Err(Finding::Gap(id, numbers));
        }
        for event in events {
            if self.events.insert(event.id, id).is_some() {
                return Err(Finding::Twice(event.id));
            }
        }
        self.incidents.insert(id, incident);
        Ok(())
    }
}

/// The files that hold a text, the audit trail aside: it keeps what was asked, not what is shown.
pub(crate) fn holding(disk: &SimDisk, text: &str) -> Vec<PathBuf> {
    // A disk of its own, so that the looking counts for nothing and no fault strikes it.
    let disk = disk.fork();
    let mut files = Vec::new();
    walk(&disk, Path::new("/site"), &mut files);
    files.retain(|path| {
        let content = disk.peek(path).unwrap_or_default();
        let held = |window: &[u8]| window == text.as_bytes();
        !path.starts_with("/site/ops/audit") && content.windows(text.len()).any(held)
    });
    files
}

fn walk(disk: &SimDisk, dir: &Path, files: &mut Vec<PathBuf>) {
    for name in disk.read_dir(dir).unwrap_or_default() {
        let path = dir.join(name);
        match disk.metadata(&path).unwrap().kind {
            Kind::Directory => walk(disk, &path, files),
            Kind::File | Kind::Other => files.push(path),
        }
    }
}
