//! What all nodes must agree on waits for the database.

use watchbook_core::text::Message;
use watchbook_core::{
    AgentId, EventId, IncidentId, Op, Proposal, ProposedChange, Severity, Status,
};
use watchbook_store::conformance::block_on;
use watchbook_store::{Feed as _, Incidents as _, Loss, StoreError};

use crate::outage::{Outage, command};

fn message(text: &str) -> Message {
    Message::new(text).expect("a message")
}

/// What another than the proposer is answered who agrees.
async fn agree(outage: &Outage, id: IncidentId, proposal: EventId) -> Result<Status, StoreError> {
    let mut command = command(
        id,
        Op::Approve {
            proposal,
            note: None,
        },
    );
    command.by.agent = AgentId::new("human:ada").expect("an agent");
    let rehearsed = outage.store.preview(command.clone()).await;
    let applied = outage.store.apply(command).await;
    assert_eq!(rehearsed.is_ok(), applied.is_ok(), "{rehearsed:?}");
    Ok(applied?.incident.status)
}

async fn proposed(outage: &Outage, id: IncidentId, change: ProposedChange) -> EventId {
    let proposal = Proposal {
        change: change.clone(),
        reason: message("they look alike"),
        seconds: 3_600,
    };
    let propose = Op::Propose(Box::new(proposal));
    outage.apply(id, propose).await.expect("proposed");
    let incident = outage.store.get(id).await.expect("the incident");
    let mut proposals = incident.proposals.into_iter();
    let known = proposals.find(|known| known.change == change);
    known.expect("the proposal").id
}

fn assert_waits<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    let error = answer.expect_err("it waits").to_string();
    assert!(
        error.contains("merging incidents waits until the database is back"),
        "{error}"
    );
}

#[test]
fn merging_waits() {
    block_on(async {
        let outage = Outage::begin().await;
        let (one, other) = (outage.created().await, outage.created().await);
        outage.database.lose(Some(Loss::Gone));
        let merge = Op::Merge {
            into: other,
            at: None,
            note: None,
        };
        assert_waits(outage.apply(one, merge).await);
        let keys = outage.store.feed_end().await.expect_err("nobody tells");
        assert!(keys.to_string().contains("told again"), "{keys}");
    });
}

#[test]
fn agreeing_to_a_merge_waits_and_agreeing_to_anything_else_does_not() {
    block_on(async {
        let outage = Outage::begin().await;
        let (one, other) = (outage.created().await, outage.created().await);
        let merge = proposed(&outage, one, ProposedChange::Merge(other)).await;
        let milder = proposed(&outage, one, ProposedChange::Severity(Severity::P3)).await;
        outage.database.lose(Some(Loss::Gone));
        assert_waits(agree(&outage, one, merge).await);
        agree(&outage, one, milder).await.expect("agreed");

        outage.back().await;
        let status = agree(&outage, one, merge).await.expect("agreed");
        assert_eq!(status, Status::Merged);
    });
}
