//! What an action costs: heavy ones use up a budget faster.

use crate::glob::ByAction;

/// The greatest weight. Every budget holds at least this much, so that nothing is unaffordable for ever.
pub const MAX_WEIGHT: u32 = 1_000;

/// What actions cost, as it is written in `cost_weights.yml`. Each weight lies between 1 and [`MAX_WEIGHT`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostWeights {
    /// A call that reads.
    pub read: u32,
    /// A call that writes.
    pub write: u32,
    /// Actions that cost something else; the narrowest pattern decides.
    pub actions: ByAction<u32>,
}

impl CostWeights {
    /// What a call costs: between 1 and [`MAX_WEIGHT`].
    pub fn weight(&self, tool: &str, action: &str, writes: bool) -> u32 {
        let usual = if writes { self.write } else { self.read };
        let weight = self
            .actions
            .get(tool, action)
            .map_or(usual, |(_, weight)| *weight);
        weight.clamp(1, MAX_WEIGHT)
    }
}
