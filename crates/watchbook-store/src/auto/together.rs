//! Entering the local log together: what comes while the lines of one caller enter it goes with the next.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Mutex as Turn, oneshot};

use super::shelter::Local;
use crate::contract::{StoreError, Whole};

/// The most entries that go together.
const MOST: usize = 256;

type Answer = Result<(), StoreError>;

/// Callers whose lines are to enter the local log.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// Held by the one who carries what waits.
    turn: Turn<()>,
    waiting: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    generation: u64,
    wholes: Arc<[Whole]>,
    done: oneshot::Sender<Answer>,
}

impl Together {
    /// Lets lines enter the log of a generation, with those of others who wait for the same.
    ///
    /// # Errors
    /// What the log says of these lines.
    pub(super) async fn enter(
        &self,
        (generation, local): (u64, &dyn Local),
        wholes: &Arc<[Whole]>,
    ) -> Answer {
        // Who carries it may hang up meanwhile; then it waits again.
        loop {
            let mut answer = self.wait(generation, wholes);
            tokio::select! {
                biased;
                carried = &mut answer => if let Ok(answer) = carried {
                    return answer;
                },
                _turn = self.turn.lock() => loop {
                    match answer.try_recv() {
                        Ok(answer) => return answer,
                        Err(TryRecvError::Closed) => break,
                        Err(TryRecvError::Empty) => self.carry(generation, local).await,
                    }
                },
            }
        }
    }

    fn wait(&self, generation: u64, wholes: &Arc<[Whole]>) -> oneshot::Receiver<Answer> {
        let (done, answer) = oneshot::channel();
        self.waiting.lock().push(Entry {
            generation,
            wholes: Arc::clone(wholes),
            done,
        });
        answer
    }

    /// The first of those who wait, as far as they mean this generation.
    fn first(&self, generation: u64) -> Vec<Entry> {
        let mut waiting = self.waiting.lock();
        let most = waiting.len().min(MOST);
        let mut first: Vec<Entry> = waiting.drain(..most).collect();
        first.retain(|entry| entry.generation == generation);
        first
    }

    async fn carry(&self, generation: u64, local: &dyn Local) {
        let entries = self.first(generation);
        let wholes = entries
            .iter()
            .flat_map(|entry| entry.wholes.iter().cloned());
        let mut wholes: Vec<Whole> = wholes.collect();
        // The lines of one incident in their order, whoever came first.
        wholes.sort_by_key(|whole| whole.lines.first().map(|line| line.event.seq));
        match local.plant(wholes, false).await {
            Err(error) => answer_singly(local, entries, error).await,
            Ok(_) => {
                for entry in entries {
                    answer(entry.done, Ok(()));
                }
            }
        }
    }
}

/// One of them holds up the others: each gets its own answer.
async fn answer_singly(local: &dyn Local, mut entries: Vec<Entry>, error: StoreError) {
    if entries.len() == 1 {
        if let Some(entry) = entries.pop() {
            answer(entry.done, Err(error));
        }
        return;
    }
    for entry in entries {
        let planted = local.plant(entry.wholes.to_vec(), false).await;
        answer(entry.done, planted.map(drop));
    }
}

/// Who has hung up does not want to know.
fn answer(done: oneshot::Sender<Answer>, answer: Answer) {
    drop(done.send(answer));
}

#[cfg(test)]
mod tests;
