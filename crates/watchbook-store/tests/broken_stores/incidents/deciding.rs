//! Incidents 1 and 2: what is decided, by whom, and whether it shows whole.

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::text::Message;
use watchbook_core::{
    AppendType, ChangeId, Command, Incident, IncidentId, Move, Op, Refused, Severity, Status,
};
use watchbook_store::{Applied, Incidents, StoreError};

use crate::twist::{Real, Twist};

/// A note beside what was asked for.
fn note(command: &Command, number: u32, text: &str) -> Command {
    Command {
        change: ChangeId::from_bits(
            command
                .change
                .to_bits()
                .wrapping_add(u128::from(number) + 1),
        ),
        key: None,
        if_match: None,
        fence: None,
        op: Op::Append {
            kind: AppendType::Note,
            message: Message::new(text).unwrap(),
            meta: serde_json::Map::new(),
            at: None,
        },
        ..command.clone()
    }
}

/// Does not look at the version a caller decided on.
#[derive(Debug)]
pub(crate) struct IgnoresTheVersion;

#[async_trait]
impl Twist for IgnoresTheVersion {
    async fn apply(&self, real: &Real, mut command: Command) -> Result<Applied, StoreError> {
        command.if_match = None;
        real.apply(command).await
    }
}

/// Writes a line about what it refused.
#[derive(Debug)]
pub(crate) struct NotesRefusals;

#[async_trait]
impl Twist for NotesRefusals {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let answer = real.apply(command.clone()).await;
        if answer.is_err() {
            let _no_such_incident = real.apply(note(&command, 0, "refused")).await;
        }
        answer
    }
}

/// Looks, lets others go first, and writes what it had decided before.
#[derive(Debug)]
pub(crate) struct DecidesBeforeItLocks;

#[async_trait]
impl Twist for DecidesBeforeItLocks {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let decided = real.disk.memory().preview(command.clone()).await?;
        tokio::task::yield_now().await;
        match real.apply(command).await {
            Err(StoreError::Refused(_)) => Ok(decided),
            answer => answer,
        }
    }
}

/// Writes a line although nothing changes.
#[derive(Debug)]
pub(crate) struct WritesWhatIsSo;

#[async_trait]
impl Twist for WritesWhatIsSo {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let applied = real.apply(command.clone()).await?;
        if applied.changed || applied.replayed {
            return Ok(applied);
        }
        real.apply(note(&command, 0, "once more")).await
    }
}

/// Names nothing that looks the same.
#[derive(Debug)]
pub(crate) struct KnowsNothingSimilar;

#[async_trait]
impl Twist for KnowsNothingSimilar {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let applied = real.apply(command).await?;
        Ok(Applied {
            similar: Vec::new(),
            ..applied
        })
    }
}

/// Takes an id for a time: it names the minute, and chance decides within it.
#[derive(Debug)]
pub(crate) struct SortsTheSimilarById;

#[async_trait]
impl Twist for SortsTheSimilarById {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let mut applied = real.apply(command).await?;
        applied.similar.sort_by(|left, right| right.cmp(left));
        Ok(applied)
    }
}

/// Has an opinion of its own on how bad an incident is.
#[derive(Debug)]
pub(crate) struct DecidesByItself;

#[async_trait]
impl Twist for DecidesByItself {
    async fn apply(&self, real: &Real, mut command: Command) -> Result<Applied, StoreError> {
        let mut applied = real.apply(command.clone()).await?;
        if let Op::Create(new) = &mut command.op {
            new.severity = Severity::P0;
            applied.incident.severity = Severity::P0;
        }
        Ok(applied)
    }
}

/// Takes the clock's word for the order of things.
#[derive(Debug)]
pub(crate) struct TrustsTheClock;

#[async_trait]
impl Twist for TrustsTheClock {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let written = real.disk.memory().get(command.incident).await;
        let from = written
            .as_ref()
            .map_or(Status::Open, |incident| incident.status);
        if written.is_ok_and(|incident| incident.updated_at > real.disk.now()) {
            return Err(Refused::IllegalMove {
                from,
                step: Move::Acknowledge,
                allowed: &[],
            }
            .into());
        }
        real.apply(command).await
    }
}

/// Writes the two halves of a merge one after the other.
#[derive(Debug, Default)]
pub(crate) struct ShowsHalfAMerge {
    unwritten: Mutex<Option<Incident>>,
}

#[async_trait]
impl Twist for ShowsHalfAMerge {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        if let Op::Merge { into, .. } = &command.op {
            let before = real.disk.memory().get(*into).await?;
            *self.unwritten.lock() = Some(before);
        }
        let applied = real.apply(command).await;
        tokio::task::yield_now().await;
        *self.unwritten.lock() = None;
        applied
    }

    async fn get(&self, real: &Real, id: IncidentId) -> Result<Incident, StoreError> {
        let half = self
            .unwritten
            .lock()
            .clone()
            .filter(|before| before.id == id);
        match half {
            Some(before) => Ok(before),
            None => real.disk.memory().get(id).await,
        }
    }
}

/// Brings an incident in first, and its past line by line.
#[derive(Debug)]
pub(crate) struct ImportsLineByLine;

#[async_trait]
impl Twist for ImportsLineByLine {
    async fn apply(&self, real: &Real, mut command: Command) -> Result<Applied, StoreError> {
        let Op::Import(imported) = &mut command.op else {
            return real.apply(command).await;
        };
        let past = std::mem::take(&mut imported.events);
        let mut applied = real.apply(command.clone()).await?;
        for (number, event) in (0..).zip(past) {
            tokio::task::yield_now().await;
            applied = real
                .apply(note(&command, number, event.message.as_str()))
                .await?;
        }
        Ok(applied)
    }
}
