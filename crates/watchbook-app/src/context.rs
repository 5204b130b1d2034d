//! Who calls, as the front-end saw it: nothing here has been checked yet.

use std::fmt;

use watchbook_core::text::Name;
use watchbook_core::{AgentId, Via};

/// What a front-end knows of a call before anything of it has been believed.
#[derive(Debug, Clone)]
pub struct Context {
    /// Whom the caller shows itself to be.
    pub caller: Caller,
    /// The id of the request: in the answer, in logs, in the audit and in the commit.
    pub request_id: Name,
}

/// Whom a caller shows itself to be.
#[derive(Clone)]
pub enum Caller {
    /// It shows a key. An empty one counts as none.
    Key {
        /// The key as it was shown.
        secret: String,
        /// The `agent_id` that the body names, if it names one.
        claims: Option<AgentId>,
    },
    /// It shows no key. Believed as long as the store has never had one; the front-end vouches for loopback.
    Keyless {
        /// The `agent_id` that the body names, if it names one.
        claims: Option<AgentId>,
    },
    /// The command line on the directory itself: whoever may write the files is believed.
    Local {
        /// Whom it acts as.
        agent: AgentId,
    },
    /// A job of watchbook's own.
    Job {
        /// The system agent it acts as.
        agent: AgentId,
    },
}

impl Context {
    /// A call by `caller`, to be found again by `request_id`.
    pub const fn new(caller: Caller, request_id: Name) -> Self {
        Self { caller, request_id }
    }
}

impl Caller {
    /// The same caller, with an empty key counted as none.
    pub(crate) fn settled(&self) -> Self {
        match self {
            Self::Key { secret, claims } if secret.trim().is_empty() => Self::Keyless {
                claims: claims.clone(),
            },
            other => other.clone(),
        }
    }

    /// The way in.
    pub fn via(&self) -> Via {
        match self.settled() {
            Self::Key { .. } => Via::Key,
            Self::Keyless { .. } => Via::Keyless,
            Self::Local { .. } => Via::Local,
            Self::Job { .. } => Via::Job,
        }
    }
}

/// Never shows the key.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { secret: _, claims } => f
                .debug_struct("Key")
                .field("claims", claims)
                .finish_non_exhaustive(),
            Self::Keyless { claims } => f.debug_struct("Keyless").field("claims", claims).finish(),
            Self::Local { agent } => f.debug_struct("Local").field("agent", agent).finish(),
            Self::Job { agent } => f.debug_struct("Job").field("agent", agent).finish(),
        }
    }
}
