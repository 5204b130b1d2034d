//! The mirror: what the database holds, in the local log.

use std::sync::Arc;

use watchbook_core::{Command, Event, IncidentId, KeyUse, Set};

use super::AutoStore;
use super::ask::Asked;
use super::condition::Condition;
use super::notes::{TORN, Torn};
use super::shelter::Local;
use super::writes::Content;
use crate::contract::{Applied, KeptKey, KeptLine, StoreError, Whole};

impl AutoStore {
    /// Lets what the database has just taken from us enter the local log. It is safe in the database, so when it does
    /// not enter, the write stands all the same; the mirror is made anew then.
    pub(super) async fn mirror(
        &self,
        condition: &Condition,
        command: &Command,
        applied: &Applied,
        content: Content,
    ) {
        let entered = self
            .enter_mirror(condition, command, applied, content)
            .await;
        if let Err(error) = entered {
            self.node.counters.missed_the_mirror();
            tracing::warn!("the local copy misses something and will be made anew: {error}");
            self.tear(condition.generation);
        }
    }

    /// Notes that the mirror has a hole, or numbers of its own, so that it is made anew.
    fn tear(&self, generation: u64) {
        if let Err(error) = self.keep_note(TORN, &Torn { generation }) {
            tracing::error!("it cannot be noted that the local copy misses something: {error}");
        }
    }

    async fn enter_mirror(
        &self,
        condition: &Condition,
        command: &Command,
        applied: &Applied,
        content: Content,
    ) -> Result<(), StoreError> {
        let local = self.local(condition.generation)?;
        if let Some(bytes) = content
            && let Some(sha256) = attached(&applied.events)
        {
            local
                .plant_bytes(command.incident, sha256, bytes.to_vec())
                .await?;
        }
        let wholes: Arc<[Whole]> = wholes(command, applied).into();
        let log = (condition.generation, &*local);
        match self.node.entering.enter(log, &wholes).await {
            Err(StoreError::Diverged { .. }) => self.fill_up(&*local, wholes.to_vec()).await,
            entered => entered,
        }
    }

    /// Fetches what others wrote between what the local log has and what we wrote; without the database, our lines are
    /// numbered on from what is here, until the mirror is made anew.
    async fn fill_up(&self, local: &dyn Local, wholes: Vec<Whole>) -> Result<(), StoreError> {
        for whole in wholes {
            let here = last_line(local, whole.id).await?;
            let wanted = [(whole.id, here)];
            let asked = self
                .ask(|primary| async move { primary.export(&wanted).await })
                .await;
            match asked {
                Asked::Answered(missing) => {
                    local.plant(missing?, false).await?;
                }
                Asked::Lost(lost) => {
                    local.plant(vec![numbered_on(whole, here)], false).await?;
                    return Err(StoreError::Diverged {
                        incident: wanted[0].0,
                        why: lost.why,
                    });
                }
            }
        }
        Ok(())
    }
}

/// The number of the last line that the local log has of an incident; 0 if it does not know it.
pub(super) async fn last_line(local: &dyn Local, id: IncidentId) -> Result<u32, StoreError> {
    match local.get(id).await {
        Ok(incident) => Ok(incident.events),
        Err(StoreError::NotFound { .. }) => Ok(0),
        Err(error) => Err(error),
    }
}

/// The lines with numbers that follow `here`.
fn numbered_on(mut whole: Whole, here: u32) -> Whole {
    for (line, seq) in whole.lines.iter_mut().zip(here + 1..) {
        line.event.seq = seq;
    }
    for key in &mut whole.keys {
        key.seq = whole.lines.last().map_or(here, |line| line.event.seq);
    }
    whole
}

fn attached(events: &[Event]) -> Option<watchbook_core::Digest> {
    events
        .iter()
        .flat_map(|event| &event.set)
        .find_map(|set| match set {
            Set::Artifact { version, .. } => Some(version.sha256),
            _ => None,
        })
}

/// What a write added to each incident that it touched.
fn wholes(command: &Command, applied: &Applied) -> Vec<Whole> {
    let mut wholes: Vec<Whole> = vec![Whole {
        id: command.incident,
        lines: Vec::new(),
        keys: Vec::new(),
    }];
    for event in &applied.events {
        let line = KeptLine {
            change: command.change,
            by: command.by.clone(),
            event: event.clone(),
        };
        match wholes
            .iter_mut()
            .find(|whole| whole.id == event.incident_id)
        {
            Some(whole) => whole.lines.push(line),
            None => wholes.push(Whole {
                id: event.incident_id,
                lines: vec![line],
                keys: Vec::new(),
            }),
        }
    }
    if let Some(key) = kept_key(command, applied)
        && let Some(own) = wholes
            .iter_mut()
            .find(|whole| whole.id == applied.incident.id)
    {
        own.keys.push(key);
    }
    wholes.retain(|whole| !(whole.lines.is_empty() && whole.keys.is_empty()));
    wholes
}

fn kept_key(command: &Command, applied: &Applied) -> Option<KeptKey> {
    let key = command.key?;
    let own = applied
        .events
        .iter()
        .filter(|event| event.incident_id == applied.incident.id);
    Some(KeptKey {
        used: KeyUse {
            change: command.change,
            body: key.body,
            incident: applied.incident.id,
            similar: applied.similar.clone(),
        },
        seq: own
            .clone()
            .map(|event| event.seq)
            .max()
            .unwrap_or(applied.incident.events),
        at: own
            .map(Event::recorded_at)
            .max()
            .unwrap_or(applied.incident.updated_at),
    })
}
