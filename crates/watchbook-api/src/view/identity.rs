//! Who a caller is, as it is told.

use watchbook_core::text::Name;
use watchbook_core::{AgentId, Via};

use super::view;

view! {
    /// Who a caller is, and what it may do.
    IdentityView {
        /// Whom its calls are made as.
        agent_id: AgentId,
        /// The role it has.
        role: String,
        /// The way in: key, keyless, local, embedded or job.
        via: Via,
        /// The public id of the key that was shown.
        key: Option<Name>,
        /// The identity of the key, when it acts for somebody else.
        delegate: Option<AgentId>,
        /// The actions it may call, as `tool.action`.
        may: Vec<String>,
    }
}
