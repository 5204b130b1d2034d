//! A short story that uses every operation, for the cases that look at what is left of it.

use std::collections::BTreeMap;

use watchbook_core::text::Name;
use watchbook_core::{
    Command, EventId, FollowupPatch, FollowupStatus, ImportedEvent, ImportedIncident, IncidentId,
    IncidentPatch, Lifecycle, NewIncident, Op, Proposal, ProposedChange, Resolution, Severity,
    Stage, Step,
};

use super::scene::{
    Scene, agent, followup, message, note, open_followup, plain, prose, service, short, step, title,
};
use crate::contract::{Applied, Store};

/// What the story left behind.
#[derive(Debug)]
pub(crate) struct Story {
    /// An incident with all sorts of lines, closed in the end.
    pub(crate) main: IncidentId,
    /// One that was merged into it.
    pub(crate) merged: IncidentId,
    /// One that was brought in.
    pub(crate) imported: IncidentId,
    /// One that was canceled.
    pub(crate) canceled: IncidentId,
    /// Every command, with what it was answered.
    pub(crate) told: Vec<(Command, Applied)>,
}

/// Tells the story: every operation at least once, on four incidents.
pub(crate) async fn tell<S: Store>(scene: &Scene<S>) -> Story {
    let mut teller = Teller {
        scene,
        told: Vec::new(),
    };
    let main = teller.create(rich()).await;
    let merged = teller.create(plain("gateway is slow")).await;
    let canceled = teller.create(uncertain()).await;
    let imported = teller.import().await;
    teller.work(main).await;
    teller.followups(main).await;
    teller.proposals(main).await;
    teller.merging(merged, main).await;
    teller.run(canceled, step(Step::Cancel)).await;
    teller.ending(main).await;
    Story {
        main,
        merged,
        imported,
        canceled,
        told: teller.told,
    }
}

struct Teller<'a, S> {
    scene: &'a Scene<S>,
    told: Vec<(Command, Applied)>,
}

impl<S: Store> Teller<'_, S> {
    async fn say(&mut self, command: Command) -> EventId {
        let applied = self.scene.apply(command.clone()).await;
        let first = applied.events.first().map(|event| event.id);
        self.told.push((command, applied));
        first.unwrap_or(EventId::from_bits(0))
    }

    async fn run(&mut self, incident: IncidentId, op: Op) -> EventId {
        self.say(self.scene.command(incident, op)).await
    }

    async fn run_as(&mut self, who: &str, incident: IncidentId, op: Op) -> EventId {
        let mut command = self.scene.command(incident, op);
        command.by.agent = agent(who);
        self.say(command).await
    }

    /// The same by a key that acts for the teller.
    async fn run_through(&mut self, key: &str, incident: IncidentId, op: Op) -> EventId {
        let mut command = self.scene.command(incident, op);
        command.by.delegate = Some(agent(key));
        self.say(command).await
    }

    async fn create(&mut self, new: NewIncident) -> IncidentId {
        let command = self.scene.creation(new);
        let id = command.incident;
        self.say(command).await;
        id
    }

    async fn import(&mut self) -> IncidentId {
        let id = self.scene.id();
        self.run(id, Op::Import(Box::new(past(self.scene)))).await;
        id
    }

    async fn work(&mut self, id: IncidentId) {
        let note = self.run(id, note("5xx at 12 %")).await;
        self.run(id, step(Step::Acknowledge)).await;
        self.run(id, Op::Claim { seconds: 900 }).await;
        self.run(id, Op::Update(Box::new(patch()))).await;
        self.run(id, step(Step::Mitigate)).await;
        self.run(id, step(Step::Reopen)).await;
        let reason = prose("names a customer");
        self.run(
            id,
            Op::Redact {
                event: note,
                reason,
            },
        )
        .await;
        self.run(id, Op::Release).await;
    }

    async fn followups(&mut self, id: IncidentId) {
        let mut new = followup("raise the pool size");
        new.owner = Some(short("ada"));
        new.due = Some("2026-03-01".parse().unwrap());
        let first = self.run(id, open_followup(new)).await;
        self.run(id, open_followup(followup("alert on pool use")))
            .await;
        let patch = FollowupPatch {
            status: Some(FollowupStatus::Done),
            owner: Some(None),
            ..FollowupPatch::default()
        };
        let op = Op::UpdateFollowup {
            followup: first,
            patch: Box::new(patch),
            note: Some(message("rolled out")),
        };
        self.run(id, op).await;
    }

    async fn proposals(&mut self, id: IncidentId) {
        for (severity, approve) in [(Severity::P0, false), (Severity::P1, true)] {
            let proposal = Proposal {
                change: ProposedChange::Severity(severity),
                reason: message("more than one region"),
                seconds: 3_600,
            };
            let propose = Op::Propose(Box::new(proposal));
            let proposal = self.run_through("bridge", id, propose).await;
            let verdict = if approve {
                Op::Approve {
                    proposal,
                    note: None,
                }
            } else {
                Op::Reject {
                    proposal,
                    reason: message("one region only"),
                }
            };
            self.run_as("helion", id, verdict).await;
        }
    }

    async fn merging(&mut self, id: IncidentId, into: IncidentId) {
        self.run(
            id,
            Op::Merge {
                into,
                at: None,
                note: None,
            },
        )
        .await;
        self.run(
            id,
            Op::Unmerge {
                at: None,
                note: None,
            },
        )
        .await;
        let note = Some(message("the same pool"));
        self.run(
            id,
            Op::Merge {
                into,
                at: None,
                note,
            },
        )
        .await;
    }

    async fn ending(&mut self, id: IncidentId) {
        self.run(id, step(Step::Resolve)).await;
        let resolution = Resolution {
            summary: Some(prose("pool raised to 200")),
            root_cause: Some(prose("a leak in the retry path")),
        };
        let close = Lifecycle {
            step: Step::Close,
            at: None,
            note: Some(message("quiet for an hour")),
            resolution,
        };
        self.run(id, Op::Move(Box::new(close))).await;
    }
}

/// An incident with everything said about it.
pub(crate) fn rich() -> NewIncident {
    NewIncident {
        affects: vec![service("checkout"), service("search")],
        severity: Severity::P2,
        summary: Some(prose("Requests fail.\nSince the release.")),
        labels: BTreeMap::from([(name("region"), short("eu-west-1"))]),
        roles: BTreeMap::from([(name("commander"), short("sofiia"))]),
        ..plain("gateway returns 5xx")
    }
}

fn uncertain() -> NewIncident {
    NewIncident {
        uncertain: true,
        drill: true,
        ..plain("a probe failed once")
    }
}

fn patch() -> IncidentPatch {
    IncidentPatch {
        severity: Some(Severity::P1),
        title: Some(title("gateway returns 5xx in eu-west-1")),
        labels: BTreeMap::from([
            (name("region"), None),
            (name("cell"), Some(short("eu-west-1b"))),
        ]),
        root_cause: Some(Some(prose("not known yet"))),
        ..IncidentPatch::default()
    }
}

/// An incident of another program, with three lines of its past.
pub(crate) fn past<S: Store>(scene: &Scene<S>) -> ImportedIncident {
    let at = |minutes_ago: u64| {
        let ago = std::time::Duration::from_mins(minutes_ago);
        scene.now().minus(ago)
    };
    let line = |minutes_ago, text: &str, stage| ImportedEvent {
        at: at(minutes_ago),
        message: message(text),
        stage,
        meta: serde_json::Map::new(),
    };
    ImportedIncident {
        incident: plain("issues with webhooks"),
        created_at: at(90),
        events: vec![
            line(30, "this incident has been resolved", Some(Stage::Resolved)),
            line(80, "we are investigating", Some(Stage::Acknowledged)),
            line(60, "we keep looking", None),
        ],
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
