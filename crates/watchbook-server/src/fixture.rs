//! A server over an empty store in memory, without a socket, for this crate's own tests.

use std::path::Path;
use std::sync::Arc;

use watchbook_app::{App, AppParts, Caller, Context, NewKey};
use watchbook_config::{Environment, Flags, load};
use watchbook_core::AgentId;
use watchbook_core::text::Name;
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::{ManualClock, SeededEntropy};

use crate::guard::Ends;
use crate::options::Options;
use crate::state::Server;

/// The server.
pub(crate) fn server() -> Arc<Server> {
    let (clock, entropy) = (
        Arc::new(ManualClock::default()),
        Arc::new(SeededEntropy::new(1)),
    );
    let nowhere = Path::new("/nonexistent");
    let config = load(nowhere, None, &Environment::default(), &Flags::default());
    let app = App::new(AppParts {
        store: Arc::new(MemoryStore::new(clock.clone(), entropy.as_ref())),
        config: Arc::new(config.expect("the shipped settings")),
        clock,
        entropy,
    });
    Arc::new(Server::new(Arc::new(app), Options::new(1)))
}

/// The ends of a connection from `peer`.
pub(crate) fn from(peer: &str) -> Ends {
    Ends {
        peer: peer.parse().expect("an address"),
        local: "192.0.2.1:8000".parse().expect("an address"),
    }
}

/// Makes the first key.
pub(crate) async fn make_key(app: &App) {
    let agent = AgentId::new("human:ada").expect("an id");
    let new = NewKey {
        agent: agent.clone(),
        label: None,
        delegate: false,
        ingest_only: false,
        expires_at: None,
    };
    let name = Name::new("test").expect("a name");
    let context = Context::new(Caller::Local { agent }, name);
    app.keys().create(&context, new).await.expect("a key");
}
