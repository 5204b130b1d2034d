//! Incidents and their timelines.

use async_trait::async_trait;
use watchbook_core::query::{
    FollowupItem, FollowupQuery, IncidentQuery, MAX_LIMIT, Page, PageRequest, Place, page_of,
};
use watchbook_core::{Command, Commit, Decision, Event, Incident, IncidentId, Op, decide};
use watchbook_store::{Applied, Capabilities, Health, Incidents, StoreError};

use crate::view::View;
use crate::{Ledger, MAX_COMMITS, Pages};

impl Pages {
    /// Decides on what all commits so far fold to. Nothing is kept yet.
    fn decide(
        &self,
        command: &Command,
        now: watchbook_core::Timestamp,
    ) -> Result<(Applied, Option<Commit>), StoreError> {
        let view = View::of(&self.commits);
        match decide(&view, command, self.stamps.next(now))? {
            Decision::Unchanged => Ok((answer(&view, command.incident, Vec::new())?, None)),
            Decision::Replay => Ok((self.replay(&view, command)?, None)),
            Decision::Commit {
                commit,
                changed,
                similar,
            } => {
                if let Some(fence) = &command.fence {
                    self.leases.check(fence, now)?;
                }
                let mut all = self.commits.clone();
                all.push(commit.clone());
                let events = commit.events().cloned().collect();
                let applied = answer(&View::of(&all), command.incident, events)?;
                Ok((
                    Applied {
                        changed,
                        similar,
                        ..applied
                    },
                    Some(commit),
                ))
            }
        }
    }

    /// The answer of the first time: the fold of the list up to that commit, without what was redacted since.
    fn replay(&self, present: &View, command: &Command) -> Result<Applied, StoreError> {
        let uses = |commit: &Commit| commit.key().is_some_and(|key| key.change == command.change);
        let at = self
            .commits
            .iter()
            .position(uses)
            .ok_or_else(|| missing(command.incident))?;
        let (first, until) = (&self.commits[at], &self.commits[..=at]);
        let key = first.key().ok_or_else(|| missing(command.incident))?;
        let shown: Vec<Commit> = until
            .iter()
            .map(|commit| without_redacted(present, commit))
            .collect();
        let events: Vec<Event> = first.events().map(|event| present.shown(event)).collect();
        let applied = answer(&View::of(&shown), key.incident, events)?;
        let changed = !applied.events.is_empty();
        Ok(Applied {
            replayed: true,
            changed,
            similar: key.similar.clone(),
            ..applied
        })
    }
}

/// A commit whose redacted events are blank.
fn without_redacted(present: &View, commit: &Commit) -> Commit {
    let mut commit = commit.clone();
    for record in &mut commit.records {
        if let watchbook_core::Record::Event(event) = record {
            *event = present.shown(event);
        }
    }
    commit
}

fn answer(view: &View, id: IncidentId, events: Vec<Event>) -> Result<Applied, StoreError> {
    Ok(Applied {
        incident: view.incident(id).ok_or_else(|| missing(id))?,
        events,
        similar: Vec::new(),
        changed: false,
        replayed: false,
        durable: false,
    })
}

pub(crate) fn missing(id: IncidentId) -> StoreError {
    StoreError::NotFound {
        what: "incident",
        name: id.to_string(),
    }
}

/// Pages are never larger than the contract allows, and never empty by request.
pub(crate) fn bounded(page: PageRequest) -> PageRequest {
    PageRequest {
        limit: page.limit.clamp(1, MAX_LIMIT),
        ..page
    }
}

impl Ledger {
    /// Decides and keeps, in one breath.
    pub(crate) fn write(
        &self,
        command: &Command,
        pages: &mut Pages,
    ) -> Result<Applied, StoreError> {
        if pages.commits.len() >= MAX_COMMITS {
            return Err(full());
        }
        let (applied, commit) = pages.decide(command, self.clock.now())?;
        if let Some(commit) = commit {
            pages.stamps.observe(commit.last_stamp());
            pages.commits.push(commit);
        }
        Ok(applied)
    }

    fn view(&self) -> View {
        View::of(&self.pages.lock().commits)
    }
}

fn full() -> StoreError {
    StoreError::Unavailable {
        why: format!("the ledger holds {MAX_COMMITS} commits and no more"),
        retry_after: std::time::Duration::from_mins(1),
        source: None,
    }
}

#[async_trait]
impl Incidents for Ledger {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            persistent: false,
            shared: false,
            verifiable: false,
        }
    }

    async fn health(&self) -> Health {
        Health {
            backend: "ledger",
            readable: true,
            read_only: None,
            degraded_since: None,
            commits: self.pages.lock().commits.len() as u64,
            head: None,
            damaged: Vec::new(),
        }
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        let mut pages = self.pages.lock();
        if let Op::Attach { sha256, .. } = &command.op
            && !pages.files.contains_key(sha256)
        {
            return Err(StoreError::NotFound {
                what: "stored content",
                name: sha256.to_string(),
            });
        }
        self.write(&command, &mut pages)
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        let (applied, _not_kept) = self.pages.lock().decide(&command, self.clock.now())?;
        Ok(applied)
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.view().incident(id).ok_or_else(|| missing(id))
    }

    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let IncidentQuery { filter, sort, page } = query;
        let view = self.view();
        let meant = view.incidents().filter(|incident| filter.matches(incident));
        Ok(page_of(meant, bounded(page), |incident| {
            Place::of(incident, sort)
        }))
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        let events = self.view().timeline(id).ok_or_else(|| missing(id))?;
        Ok(page_of(events, bounded(page), |event| {
            Place::of_seq(event.seq)
        }))
    }

    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        let view = self.view();
        let items = view.incidents().flat_map(|incident| query.among(incident));
        Ok(page_of(items, bounded(query.page), |item| {
            query.place(&item.followup)
        }))
    }
}
