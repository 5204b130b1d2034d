//! What happens in which cycle, from a seed.

use watchbook_core::Entropy as _;
use watchbook_store::system::SeededEntropy;

/// How the database goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Harm {
    /// All its processes are killed at once.
    Kill,
    /// All its processes are stopped, and go on later.
    Stop,
    /// The network swallows everything.
    Partition,
    /// Connections end, and new ones are refused.
    Refuse,
    /// A commit is done and its answer is cut off; after that the network is gone.
    CutAtCommit,
    /// It is shut down and started again.
    Restart,
}

impl Harm {
    pub(crate) const ALL: [Self; 6] = [
        Self::Kill,
        Self::Stop,
        Self::Partition,
        Self::Refuse,
        Self::CutAtCommit,
        Self::Restart,
    ];
}

/// When the writing process is killed as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Death {
    /// Never.
    None,
    /// While the database is gone.
    Apart,
    /// While what was written meanwhile is brought in.
    Replaying,
}

/// One cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) number: u64,
    pub(crate) harm: Harm,
    pub(crate) death: Death,
    /// How many writes must have been acknowledged apart before the database comes back.
    pub(crate) apart: u64,
}

/// As many plans as cycles. Every harm comes round with every death, in an order that the seed shifts.
pub(crate) fn plans(seed: u64, cycles: u64) -> Vec<Plan> {
    let entropy = SeededEntropy::new(seed);
    let deaths = [Death::None, Death::Apart, Death::Replaying];
    (0..cycles)
        .map(|number| {
            let turn = usize::try_from(number + seed).unwrap();
            let mut byte = [0];
            entropy.fill(&mut byte);
            Plan {
                number,
                harm: Harm::ALL[turn % Harm::ALL.len()],
                death: deaths[(turn / Harm::ALL.len() + turn) % deaths.len()],
                apart: 200 + u64::from(byte[0]) / 2,
            }
        })
        .collect()
}
