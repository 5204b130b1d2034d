//! Writing: read, decide, save, and again when somebody was quicker.

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use watchbook_core::{
    Command, Commit, Decision, Event, EventId, Facts as _, Fence, IncidentId, Op, Set, redact,
};

use super::PostgresStore;
use super::exec::{Link, Statement};
use super::facts::Known;
use super::record;
use super::save::{SaveError, Saving, Sent};
use super::sqlstate::{self, WriteError};
use crate::contract::{Applied, StoreError};

/// How often a write is decided anew before it takes the locks of its rows.
const RACES: u32 = 5;
/// How often it is tried with locks: two servers that create the same thing at once meet here.
const LOCKED_TRIES: u32 = 3;

pub(super) const BLANK: Statement = Statement {
    sql: include_str!("sql/blank.sql"),
    types: &[Type::TEXT, Type::TEXT, Type::TEXT],
};
pub(super) const KEEP_BYTES: Statement = Statement {
    sql: include_str!("sql/keep_bytes.sql"),
    types: &[Type::TEXT, Type::TEXT, Type::TIMESTAMPTZ, Type::BYTEA],
};

/// Which of the attempts at one write it is.
#[derive(Debug, Clone, Copy, Default)]
struct Attempt {
    number: u32,
    /// Whether an earlier one found something of the same change in the database.
    meets_itself: bool,
}

impl Attempt {
    const fn next(self, meets_itself: bool) -> Self {
        Self {
            number: self.number + 1,
            meets_itself: self.meets_itself || meets_itself,
        }
    }

    /// Whether it takes the locks of the rows it looks at.
    const fn is_locked(self) -> bool {
        self.number >= RACES
    }
}

/// A decision that is to be saved, and what to answer then.
struct Ready {
    commit: Commit,
    applied: Applied,
    /// What it makes of each incident it touches, first the command's own.
    savings: Vec<Saving>,
    /// Lines to be blanked.
    blanks: Vec<(IncidentId, Event)>,
    /// What must hold while it is saved.
    fence: Option<Fence>,
}

/// What deciding led to.
enum Decided {
    Save(Box<Ready>),
    Answer(Box<Applied>),
}

impl PostgresStore {
    /// Decides on a command and saves what it leads to, together with the bytes of an attachment.
    pub(super) async fn write(
        &self,
        command: &Command,
        bytes: Option<&[u8]>,
    ) -> Result<Applied, StoreError> {
        let mut connection = self.connect().await?;
        let mut attempt = Attempt::default();
        while attempt.number < RACES + LOCKED_TRIES {
            match self
                .try_write(&mut connection, command, bytes, attempt)
                .await
            {
                Err(WriteError::Raced) => attempt = attempt.next(false),
                Err(WriteError::Known) => attempt = attempt.next(true),
                Err(WriteError::Failed(error)) => return Err(error),
                Ok(applied) => return Ok(applied),
            }
        }
        Err(crowded())
    }

    /// What [`Self::write`] would answer.
    pub(super) async fn rehearse(&self, command: &Command) -> Result<Applied, StoreError> {
        let connection = self.connect().await?;
        let link = self.database.link(&connection);
        let decided = self.decided(link, command, Attempt::default()).await?;
        Ok(match decided {
            Decided::Answer(applied) => *applied,
            Decided::Save(ready) => {
                if let Some(fence) = &ready.fence {
                    self.check_fence(link, fence).await?;
                }
                ready.applied
            }
        })
    }

    async fn try_write(
        &self,
        connection: &mut Object,
        command: &Command,
        bytes: Option<&[u8]>,
        attempt: Attempt,
    ) -> Result<Applied, WriteError> {
        if !attempt.is_locked() && bytes.is_none() {
            let link = self.database.link(connection);
            match self.decided(link, command, attempt).await? {
                Decided::Answer(applied) => return Ok(*applied),
                Decided::Save(ready) if ready.is_one_statement() => {
                    ready.save(link).await?;
                    return Ok(self.settled(*ready));
                }
                Decided::Save(_) => {}
            }
        }
        self.write_in_transaction(connection, command, bytes, attempt)
            .await
    }

    async fn write_in_transaction(
        &self,
        connection: &mut Object,
        command: &Command,
        bytes: Option<&[u8]>,
        attempt: Attempt,
    ) -> Result<Applied, WriteError> {
        let change = command.change;
        let outside = self.database.clone();
        let transaction = outside
            .begin(connection)
            .await
            .map_err(|error| WriteError::Failed(sqlstate::of_read(error)))?;
        let link = outside.link_in(&transaction);
        let ready = match self.decided(link, command, attempt).await? {
            Decided::Answer(applied) => return Ok(*applied),
            Decided::Save(ready) => *ready,
        };
        if let (Some(bytes), Op::Attach { sha256, .. }) = (bytes, &command.op) {
            let (id, sha256) = (command.incident.to_string(), sha256.to_string());
            let now = record::moment(ready.commit.stamp.time);
            link.rows(&KEEP_BYTES, &[&id, &sha256, &now, &bytes])
                .await
                .map_err(|error| sqlstate::of_write(error, change))?;
        }
        ready.save(link).await?;
        outside
            .commit(transaction)
            .await
            .map_err(|error| sqlstate::of_write(error, change))?;
        Ok(self.settled(ready))
    }

    /// Reads, decides, and makes ready what is to be saved.
    async fn decided(
        &self,
        link: Link<'_>,
        command: &Command,
        attempt: Attempt,
    ) -> Result<Decided, StoreError> {
        let mut known = Box::pin(self.know(link, command, attempt.is_locked())).await?;
        let stamp = self.stamps.lock().next(self.options.clock.now());
        let decision = match self.decide(link, &mut known, command, stamp).await? {
            Ok(decision @ (Decision::Commit { .. } | Decision::Replay)) => decision,
            // It may be what this very change has led to, whose answer was lost on the way.
            futile if known.prior.is_none() => match self.itself(link, command).await? {
                Some(answer) => return Ok(answer),
                None => futile?,
            },
            refused => refused?,
        };
        let (commit, changed, similar) = match decision {
            Decision::Unchanged => return unchanged(&known, command),
            Decision::Replay => return self.replayed(link, &known, command).await,
            Decision::Commit {
                commit,
                changed,
                similar,
            } => (commit, changed, similar),
        };
        if changed && attempt.meets_itself {
            let lines = self.lines_of(link, command.change).await?;
            if !lines.is_empty() {
                // The same change was saved before, and its answer was lost on the way.
                return self.repeated(link, command, lines, similar).await;
            }
        }
        let ready = Ready::new(&known, command, commit, changed, similar);
        Ok(Decided::Save(Box::new(ready?)))
    }

    /// The answer to a change that stands there already, if it does.
    async fn itself(
        &self,
        link: Link<'_>,
        command: &Command,
    ) -> Result<Option<Decided>, StoreError> {
        let lines = self.lines_of(link, command.change).await?;
        if lines
            .iter()
            .all(|line| line.incident_id != command.incident)
        {
            return Ok(None);
        }
        let answer = self.repeated(link, command, lines, Vec::new()).await?;
        Ok(Some(answer))
    }

    /// The answer of the first time, by the key.
    async fn replayed(
        &self,
        link: Link<'_>,
        known: &Known,
        command: &Command,
    ) -> Result<Decided, StoreError> {
        let forgotten = || record::no_incident(command.incident);
        let key = known.prior.clone().ok_or_else(forgotten)?;
        let mut events = self.lines_of(link, command.change).await?;
        // Nodes that were apart may each have created an incident for this key; it stands for one of them.
        events.retain(|line| line.seq != 1 || line.incident_id == key.incident);
        let then = self.folded(link, key.incident, key.seq).await?;
        Ok(Decided::Answer(Box::new(Applied {
            incident: then.incident(key.incident).ok_or_else(forgotten)?,
            changed: !events.is_empty(),
            events,
            similar: key.similar,
            replayed: true,
            durable: true,
        })))
    }

    /// The answer to a change that stands there already under its own id.
    async fn repeated(
        &self,
        link: Link<'_>,
        command: &Command,
        events: Vec<Event>,
        similar: Vec<IncidentId>,
    ) -> Result<Decided, StoreError> {
        let own = events
            .iter()
            .filter(|event| event.incident_id == command.incident);
        let last = own.map(|event| event.seq).max().unwrap_or(0);
        let seq = i32::try_from(last).unwrap_or(i32::MAX);
        let then = self.folded(link, command.incident, seq).await?;
        Ok(Decided::Answer(Box::new(Applied {
            incident: then
                .incident(command.incident)
                .ok_or_else(|| record::no_incident(command.incident))?,
            events,
            similar,
            changed: true,
            replayed: true,
            durable: true,
        })))
    }

    /// The answer to what is saved now.
    fn settled(&self, ready: Ready) -> Applied {
        self.stamps.lock().observe(ready.commit.last_stamp());
        Applied {
            durable: true,
            ..ready.applied
        }
    }
}

impl Ready {
    fn new(
        known: &Known,
        command: &Command,
        commit: Commit,
        changed: bool,
        similar: Vec<IncidentId>,
    ) -> Result<Self, StoreError> {
        let mut touched = vec![command.incident];
        for event in commit.events() {
            if !touched.contains(&event.incident_id) {
                touched.push(event.incident_id);
            }
        }
        let mut savings = Vec::with_capacity(touched.len());
        let mut own = None;
        for id in touched {
            let events = commit.events().filter(|event| event.incident_id == id);
            let state = known.after(id, events);
            let saving = Saving::of(&commit, id, known.version(id), &state);
            savings.push(saving.map_err(unwritable)?);
            if id == command.incident {
                own = state.incident(id);
            }
        }
        let incident = own.ok_or_else(|| record::no_incident(command.incident))?;
        let applied = Applied {
            incident,
            events: commit.events().cloned().collect(),
            similar,
            changed,
            replayed: false,
            durable: false,
        };
        let blanks = blanks(known, &commit);
        Ok(Self {
            commit,
            applied,
            savings,
            blanks,
            fence: command.fence.clone(),
        })
    }

    /// Whether one statement saves all of it.
    const fn is_one_statement(&self) -> bool {
        self.savings.len() == 1 && self.blanks.is_empty()
    }

    /// That the lease is not held any more.
    fn fenced(&self) -> WriteError {
        match &self.fence {
            Some(fence) => WriteError::Failed(StoreError::Fenced(fence.clone())),
            None => WriteError::Raced,
        }
    }

    async fn save(&self, link: Link<'_>) -> Result<(), WriteError> {
        let failed = |error| sqlstate::of_write(error, self.commit.change);
        for saving in &self.savings {
            match saving
                .send(link, self.fence.as_ref())
                .await
                .map_err(failed)?
            {
                Sent::Saved => {}
                Sent::Raced => return Err(WriteError::Raced),
                Sent::Fenced => return Err(self.fenced()),
            }
        }
        for (incident, line) in &self.blanks {
            let blank = serde_json::to_string(line)
                .map_err(|error| WriteError::Failed(sqlstate::of_value("an event", error)))?;
            link.rows(
                &BLANK,
                &[&incident.to_string(), &line.id.to_string(), &blank],
            )
            .await
            .map_err(failed)?;
        }
        Ok(())
    }
}

/// The lines that a commit blacks out, without their texts.
fn blanks(known: &Known, commit: &Commit) -> Vec<(IncidentId, Event)> {
    let redacted = |set: &Set| match set {
        Set::Redacted(id) => Some(*id),
        _ => None,
    };
    commit
        .events()
        .flat_map(|event| {
            event
                .set
                .iter()
                .filter_map(redacted)
                .map(|id| (event.incident_id, id))
        })
        .filter_map(|(incident, id): (IncidentId, EventId)| {
            Some((incident, redact::blank(known.event(incident, id)?)))
        })
        .collect()
}

fn unchanged(known: &Known, command: &Command) -> Result<Decided, StoreError> {
    Ok(Decided::Answer(Box::new(Applied {
        incident: known.incident(command.incident)?,
        events: Vec::new(),
        similar: Vec::new(),
        changed: false,
        replayed: false,
        durable: true,
    })))
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

fn unwritable(error: SaveError) -> StoreError {
    sqlstate::of_value("a commit", error)
}

fn crowded() -> StoreError {
    StoreError::Unavailable {
        why: "too many writers change this incident at once; try again in a moment".to_owned(),
        retry_after: sqlstate::RETRY,
        source: None,
    }
}
