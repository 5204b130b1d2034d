//! Plays the scenario on a directory: every call goes through the one door, at its own time, as its own agent.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde_json::Value;
use watchbook_config::{Environment, Flags};
use watchbook_core::{AgentId, Clock, Entropy, Timestamp};

use super::scenario::{self, Call as Scripted, Refers};
use crate::failure::Failure;
use crate::reach::{Call, Directory, Opening};

/// What was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Played {
    /// How many incidents there are.
    pub(crate) incidents: usize,
    /// How many calls were made.
    pub(crate) calls: usize,
    /// An incident that is still open, to try things on.
    pub(crate) open: Option<String>,
}

/// Fills `dir` with the twelve weeks that end at `now`.
///
/// # Errors
/// When the directory cannot be written.
pub(crate) async fn play(dir: &Path, now: Timestamp) -> Result<Played, Failure> {
    let clock = Arc::new(Simulated(AtomicI64::new(0)));
    let environment = Environment::default();
    let opening = Opening {
        dir,
        config: None,
        environment: &environment,
        // Nothing here is worth the wait for a disk.
        flags: Flags {
            fsync: Some("never".to_owned()),
            ..Flags::default()
        },
        agent: agent("watchbook-demo")?,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy: Arc::new(Seeded(AtomicU64::new(SEED))),
        is_tended: false,
    };
    let directory = opening.open()?;
    let calls = scenario::calls(now);
    let count = calls.len();
    let mut known = Known::default();
    for call in calls {
        clock.0.store(call.at.millis(), Ordering::SeqCst);
        make(&directory, call, &mut known).await?;
    }
    clock.0.store(now.millis(), Ordering::SeqCst);
    directory.app.sync_audit().await?;
    directory.store.close()?;
    Ok(Played {
        incidents: known.incidents.len(),
        calls: count,
        open: known
            .incidents
            .get("tariffs")
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

fn agent(id: &str) -> Result<AgentId, Failure> {
    id.parse()
        .map_err(|error| Failure::Usage(format!("{id}: {error}")))
}

/// What was made on the way and is referred to later.
#[derive(Debug, Default)]
struct Known {
    incidents: BTreeMap<String, Value>,
    followups: BTreeMap<String, Vec<Value>>,
}

async fn make(directory: &Directory, scripted: Scripted, known: &mut Known) -> Result<(), Failure> {
    let Scripted {
        at: _,
        agent: name,
        story,
        action,
        mut params,
        refers,
    } = scripted;
    let own = known.incidents.get(&story).cloned().unwrap_or_default();
    match refers {
        Refers::Nothing => {}
        Refers::Own => drop(params.insert("incident_id".to_owned(), own)),
        Refers::Into(other) => {
            let other = known.incidents.get(other).cloned().unwrap_or_default();
            params.insert("incident_id".to_owned(), own);
            params.insert("into".to_owned(), other);
        }
        Refers::Followup(number) => {
            let all = known
                .followups
                .get(&story)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let index = usize::try_from(number).unwrap_or(0).saturating_sub(1);
            let followup = all.get(index).cloned().unwrap_or_default();
            params.insert("incident_id".to_owned(), own);
            params.insert("followup_id".to_owned(), followup);
        }
    }
    let is_followup = params.get("type").and_then(Value::as_str) == Some("followup");
    let call = Call {
        tool: "oncall_tool".to_owned(),
        action: action.to_owned(),
        params,
    };
    let answer = directory.call_as(agent(name)?, call).await?;
    if refers == Refers::Nothing {
        let id = answer
            .pointer("/result/incident/id")
            .cloned()
            .unwrap_or_default();
        known.incidents.insert(story, id);
    } else if is_followup {
        let id = answer
            .pointer("/result/followup/id")
            .or_else(|| answer.pointer("/result/event/id"));
        known
            .followups
            .entry(story)
            .or_default()
            .push(id.cloned().unwrap_or_default());
    }
    Ok(())
}

/// A clock that stands where the script puts it.
#[derive(Debug)]
struct Simulated(AtomicI64);

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Where the numbers of the demo begin.
const SEED: u64 = 0x77_61_74_63_68;

/// The same numbers on every run (`SplitMix64`): a demo has no secrets. Keys are never made with it.
#[derive(Debug)]
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^= mixed >> 31;
            let random = mixed.to_le_bytes();
            let length = chunk.len();
            chunk.copy_from_slice(&random[..length]);
        }
    }
}
