//! Who calls: from what a caller shows to an agent that the policies know.

use watchbook_api::Problem;
use watchbook_core::text::Name;
use watchbook_core::{AgentId, By, Source, Via};
use watchbook_rbac::Standing;

use crate::context::Caller;
use crate::keys::KeyRing;
use crate::problem;

/// Whom a keyless call is made as when it names nobody.
const NOBODY: &str = "agent_default";
/// Whom the audit names when a key is not known, or nobody has looked.
const STRANGER: &str = "unauthenticated";

/// Who calls, as far as it was shown and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Whom the call is made as.
    pub(crate) agent: AgentId,
    /// The public id of the key that was shown.
    pub(crate) key: Option<Name>,
    /// The identity of the key, when it acts, or tried to act, for somebody else.
    pub(crate) delegate: Option<AgentId>,
    /// The way in.
    pub(crate) via: Via,
}

/// Somebody who may not come in: what is known of them for the audit, and what they are told.
#[derive(Debug)]
pub(crate) struct TurnedAway {
    pub(crate) shown: Identity,
    pub(crate) problem: Problem,
}

impl TurnedAway {
    fn new(shown: Identity, problem: Problem) -> Box<Self> {
        Box::new(Self { shown, problem })
    }
}

impl Identity {
    fn new(agent: AgentId, via: Via) -> Self {
        Self {
            agent,
            key: None,
            delegate: None,
            via,
        }
    }

    /// Somebody whom nobody has looked at, or whose key is not known.
    pub(crate) fn stranger(via: Via) -> Self {
        Self::new(named(STRANGER), via)
    }

    /// From where the caller comes: the role of those whom no policy lists depends on it.
    pub(crate) const fn standing(&self) -> Standing {
        match self.via {
            Via::Key | Via::Keyless => Standing::Remote,
            Via::Local | Via::Embedded => Standing::Local,
            Via::Job => Standing::Job,
        }
    }

    /// What sort of writer a timeline shows.
    pub(crate) fn source(&self) -> Source {
        match self.via {
            Via::Job => Source::System,
            _ if self.agent.is_human() => Source::Human,
            _ => Source::Agent,
        }
    }

    /// Who makes a change, as it rides in the commit.
    pub(crate) fn by(&self, request: &Name) -> By {
        By {
            agent: self.agent.clone(),
            key: self.key.clone(),
            delegate: self.delegate.clone(),
            request: Some(request.clone()),
            via: self.via,
            source: self.source(),
        }
    }
}

/// Finds out who calls.
///
/// # Errors
/// When the key is unknown, may not act for the agent that is named, or cannot be looked up.
pub(crate) async fn identify(ring: &KeyRing, caller: &Caller) -> Result<Identity, Box<TurnedAway>> {
    match caller.settled() {
        Caller::Key { secret, claims } => by_key(ring, &secret, claims).await,
        Caller::Keyless { claims } => keyless(ring, claims).await,
        Caller::Local { agent } => Ok(Identity::new(agent, Via::Local)),
        Caller::Job { agent } => Ok(Identity::new(agent, Via::Job)),
    }
}

async fn by_key(
    ring: &KeyRing,
    secret: &str,
    claims: Option<AgentId>,
) -> Result<Identity, Box<TurnedAway>> {
    let stranger = || Identity::stranger(Via::Key);
    let record = match ring.verify(secret).await {
        Ok(Some(record)) => record,
        Ok(None) => return Err(TurnedAway::new(stranger(), problem::unknown_key())),
        Err(error) => {
            return Err(TurnedAway::new(
                stranger(),
                problem::keys_unreadable(&error),
            ));
        }
    };
    let acts_for = claims.filter(|claimed| *claimed != record.agent);
    let identity = Identity {
        agent: acts_for.clone().unwrap_or_else(|| record.agent.clone()),
        key: Some(record.id),
        delegate: acts_for.is_some().then(|| record.agent.clone()),
        via: Via::Key,
    };
    if record.ingest_only {
        return Err(TurnedAway::new(identity, problem::ingest_only()));
    }
    if acts_for.is_some() && !record.delegate {
        let problem = problem::forged_agent(&record.agent, &identity.agent);
        return Err(TurnedAway::new(identity, problem));
    }
    Ok(identity)
}

async fn keyless(ring: &KeyRing, claims: Option<AgentId>) -> Result<Identity, Box<TurnedAway>> {
    let believed = Identity::new(claims.unwrap_or_else(|| named(NOBODY)), Via::Keyless);
    let stranger = || Identity::stranger(Via::Keyless);
    match ring.is_empty().await {
        Ok(true) => Ok(believed),
        Ok(false) => Err(TurnedAway::new(stranger(), problem::key_needed())),
        Err(error) => Err(TurnedAway::new(
            stranger(),
            problem::keys_unreadable(&error),
        )),
    }
}

fn named(id: &'static str) -> AgentId {
    #[expect(clippy::expect_used, reason = "both ids of this file are agent ids")]
    AgentId::new(id).expect("a constant that is an agent id")
}
