//! `cost_weights.yml`.

use std::collections::BTreeMap;

use watchbook_rbac::{ActionGlob, CostWeights, MAX_WEIGHT};

use crate::read::{Whole, keys};

/// What one call costs.
type Weight = Whole<1, MAX_WEIGHT>;

keys! {
    /// What calls cost: heavy ones use up the budgets of `tool_limits.yml` faster.
    pub(crate) struct CostKeys {
        /// A call that reads. 1 to 1000.
        read: Weight,
        /// A call that writes. 1 to 1000.
        write: Weight,
        /// Actions that cost something else; * for any part of a name, and the narrowest line decides.
        actions: BTreeMap<ActionGlob, Weight>,
    }
}

impl CostKeys {
    pub(super) fn into_policy(self) -> CostWeights {
        let Self {
            read,
            write,
            actions,
        } = self;
        CostWeights {
            read: read.0,
            write: write.0,
            actions: actions
                .into_iter()
                .map(|(glob, weight)| (glob, weight.0))
                .collect(),
        }
    }
}
