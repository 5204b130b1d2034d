//! Random lives of nodes that are apart, taken in by two stores.

use watchbook_core::query::PageRequest;
use watchbook_core::{Clock as _, Command, Decision, Op};

use super::life::{Life, Turn};
use super::look_alike;
use super::nouns::Draws;
use crate::conformance::Node;
use crate::contract::{Absorb, Run, Store};
use crate::system::ManualClock;

/// Nodes that are apart.
const NODES: usize = 3;
/// The most commits of one run: few, so that the runs of several nodes come in turns.
const PIECE: usize = 5;

/// Lets one node write what all know, then three nodes write apart from each other; both stores, which must be empty,
/// take all of it in, piece by piece, and must look alike.
///
/// # Panics
/// When the stores differ.
pub async fn compare_absorbing<A: Store + Absorb, B: Store + Absorb>(
    reference: &A,
    other: &B,
    clock: &ManualClock,
    (before, apart): (&[u64], &[u64]),
) {
    let mut life = Life::new(clock);
    let mut first = Node::new(100);
    for draw in before {
        turn(&mut life, &mut first, clock, *draw);
    }
    both(reference, other, first.pending()).await;
    let mut nodes: Vec<Node> = (1..).take(NODES).map(Node::new).collect();
    for node in &mut nodes {
        for id in super::look::same_lists(reference, other).await {
            let page = PageRequest {
                limit: 500,
                after: None,
            };
            node.learn(reference.events(id, page).await.unwrap().items);
        }
    }
    for draw in apart {
        let draws = Draws::new(!*draw);
        let node = &mut nodes[draws.index(NODES)];
        if draws.one_in(6) {
            let most = 1 + draws.index(PIECE);
            both(reference, other, node.send(most)).await;
        } else {
            turn(&mut life, node, clock, *draw);
        }
    }
    for node in &mut nodes {
        both(reference, other, node.pending()).await;
    }
    look_alike(reference, other).await;
}

async fn both<A: Absorb, B: Absorb>(reference: &A, other: &B, run: Run) {
    let expected = reference.absorb(run.clone()).await.unwrap();
    let given = other.absorb(run.clone()).await.unwrap();
    assert_eq!(given, expected, "{run:?}");
    let progress = other.absorbed(run.source).await.unwrap();
    assert_eq!(progress, run.upto);
}

fn turn(life: &mut Life, node: &mut Node, clock: &ManualClock, draw: u64) {
    let told = |node: &mut Node, command: &Command| match node.try_tell(clock.now(), command) {
        Ok(Decision::Commit { commit, .. }) => Some(commit),
        Ok(Decision::Unchanged | Decision::Replay) | Err(_) => None,
    };
    let commit = match life.turn(draw) {
        // What names bytes that may not be there.
        Turn::Do(Command {
            op: Op::Attach { .. },
            ..
        }) => None,
        Turn::Do(command) => told(node, &command),
        Turn::Attach(command, content) if command.check_content(&content).is_ok() => {
            let commit = told(node, &command);
            if commit.is_some() {
                node.bring(command.incident, &content);
            }
            commit
        }
        Turn::Attach(..) | Turn::Wait | Turn::Try(_) | Turn::Look(_) => None,
    };
    if let Some(commit) = commit {
        life.learn_apart(&commit);
    }
}
