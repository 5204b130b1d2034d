//! Writes: to the database, or to the local log.

use std::sync::Arc;

use watchbook_core::{Command, EventId, IncidentId, Op, ProposedChange, Refused};

use super::AutoStore;
use super::ask::{Asked, Lost};
use super::condition::{Condition, Phase};
use super::leases::unmarked;
use super::shelter::Local;
use crate::contract::{Applied, StoreError};

/// The bytes that come with an attachment.
pub(super) type Content = Option<Arc<Vec<u8>>>;

impl AutoStore {
    /// Carries a command out where writes go at this moment. The command is the same at every try, so what the
    /// database may have done already is recognised by its id when it is brought in.
    pub(super) async fn write(
        &self,
        command: Command,
        content: Content,
    ) -> Result<Applied, StoreError> {
        self.tend_when_due().await;
        let _inside = self.node.shelter.enter().await?;
        let condition = self.node.shelter.condition()?;
        if condition.phase.is_apart() {
            return self.write_apart(&condition, command, content).await;
        }
        let asked = self
            .ask(|primary| {
                let (command, content) = (command.clone(), content.clone());
                async move {
                    match content {
                        Some(bytes) => primary.attach(command, bytes.to_vec()).await,
                        None => primary.apply(command).await,
                    }
                }
            })
            .await;
        match asked {
            Asked::Answered(Ok(mut applied)) => {
                // Without a key nobody can have asked before but our own first try.
                applied.replayed &= command.key.is_some();
                self.mirror(&condition, &command, &applied, content).await;
                Ok(applied)
            }
            Asked::Answered(Err(error)) => Err(error),
            Asked::Lost(lost) => {
                let change = command.change;
                let written = match self.lost(condition.epoch, &lost) {
                    Ok(condition) => self.write_apart(&condition, command, content).await,
                    Err(error) => Err(error),
                };
                written.map_err(|error| if_it_may_have_happened(&lost, change, error))
            }
        }
    }

    async fn write_apart(
        &self,
        condition: &Condition,
        mut command: Command,
        content: Content,
    ) -> Result<Applied, StoreError> {
        let local = self.local(condition.generation)?;
        check_apart(&*local, &command).await?;
        hold_to_this_node(&mut command, condition.generation)?;
        let written = carry_out(&*local, command, content).await;
        self.node.counters.wrote_apart();
        written.map_err(of_apart)
    }

    /// What a write would lead to, where writes go at this moment.
    pub(super) async fn rehearse(&self, mut command: Command) -> Result<Applied, StoreError> {
        self.tend_when_due().await;
        let mut condition = self.node.shelter.condition()?;
        if condition.phase == Phase::Primary {
            let asked = self
                .ask(|primary| {
                    let command = command.clone();
                    async move { primary.preview(command).await }
                })
                .await;
            match asked {
                Asked::Answered(answer) => return answer,
                Asked::Lost(lost) => condition = self.lost(condition.epoch, &lost)?,
            }
        }
        let local = self.local(condition.generation)?;
        check_apart(&*local, &command).await?;
        hold_to_this_node(&mut command, condition.generation)?;
        local.preview(command).await.map_err(of_apart)
    }
}

async fn carry_out(
    local: &dyn Local,
    command: Command,
    content: Content,
) -> Result<Applied, StoreError> {
    match content {
        Some(bytes) => local.attach(command, bytes.to_vec()).await,
        None => local.apply(command).await,
    }
}

/// Reads the fence of a command as the local log does, if it is one of this node.
fn hold_to_this_node(command: &mut Command, generation: u64) -> Result<(), StoreError> {
    if let Some(fence) = &command.fence {
        command.fence = Some(unmarked(fence, generation)?);
    }
    Ok(())
}

/// What changes several incidents or takes texts away wants all nodes to agree, so it waits for the database.
async fn check_apart(local: &dyn Local, command: &Command) -> Result<(), StoreError> {
    let is_merge = match &command.op {
        Op::Merge { .. } | Op::Unmerge { .. } => true,
        Op::Propose(proposal) => matches!(proposal.change, ProposedChange::Merge(_)),
        Op::Approve { proposal, .. } => proposes_merge(local, command.incident, *proposal).await?,
        Op::Redact { .. } => return Err(waits("blacking out a line")),
        _ => false,
    };
    if is_merge {
        return Err(waits("merging incidents"));
    }
    Ok(())
}

/// Whether agreeing to a proposal merges incidents. That it is not known here is for the write itself to say.
async fn proposes_merge(
    local: &dyn Local,
    incident: IncidentId,
    proposal: EventId,
) -> Result<bool, StoreError> {
    let proposals = match local.get(incident).await {
        Ok(incident) => incident.proposals,
        Err(StoreError::NotFound { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut merges = proposals
        .iter()
        .filter(|record| matches!(record.change, ProposedChange::Merge(_)));
    Ok(merges.any(|record| record.id == proposal))
}

fn waits(what: &str) -> StoreError {
    StoreError::Unavailable {
        why: format!("{what} waits until the database is back; everything else goes on"),
        retry_after: super::RETRY,
        source: None,
    }
}

/// What the local log does not know may be in the database all the same.
pub(super) fn of_apart(error: StoreError) -> StoreError {
    let what = match &error {
        StoreError::NotFound { what, name } => format!("{what} {name}"),
        StoreError::Refused(Refused::NoIncident(id)) => format!("incident {id}"),
        _ => return error,
    };
    StoreError::Unavailable {
        why: format!(
            "the database is lost, and {what} is not in the local copy; ask again when it is back (`watchbook auto status`)"
        ),
        retry_after: super::RETRY,
        source: None,
    }
}

/// A write that the database may have done, and that the local log did not do: it is not known whether it happened, even
/// when the local log has a reason to refuse it.
fn if_it_may_have_happened(
    lost: &Lost,
    change: watchbook_core::ChangeId,
    error: StoreError,
) -> StoreError {
    if !lost.may_have_happened {
        return error;
    }
    StoreError::Unknown {
        change,
        why: format!("{}; and this node: {error}", lost.why),
        source: Some(Box::new(error)),
    }
}
