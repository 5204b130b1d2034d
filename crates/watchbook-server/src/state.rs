//! What every request handler shares.

use std::sync::Arc;

use axum::http::request::Parts;
use tokio::sync::Semaphore;
use watchbook_app::App;

use crate::body::BodyMemory;
use crate::guard::Sites;
use crate::limits::Limits;
use crate::options::Options;
use crate::request_id::{RequestId, RequestIds};

/// What every request handler shares.
#[derive(Debug)]
pub(crate) struct Server {
    /// The one door.
    pub(crate) app: Arc<App>,
    /// The names this server answers to.
    pub(crate) sites: Sites,
    /// What callers are held to.
    pub(crate) limits: Limits,
    /// The memory for request bodies.
    pub(crate) memory: BodyMemory,
    /// The source of request ids.
    pub(crate) ids: RequestIds,
    /// The places for requests that are worked on.
    pub(crate) places: Semaphore,
}

impl Server {
    pub(crate) fn new(app: Arc<App>, options: Options) -> Self {
        let Options { sites, limits, run } = options;
        Self {
            app,
            sites,
            memory: BodyMemory::new(limits.body_memory.max(limits.body_bytes)),
            ids: RequestIds::new(run),
            places: Semaphore::new(limits.requests.min(Semaphore::MAX_PERMITS)),
            limits,
        }
    }

    /// The id of a request: the one it was given when it was received.
    pub(crate) fn id_of(&self, parts: &Parts) -> RequestId {
        let id = parts.extensions.get::<RequestId>().cloned();
        id.unwrap_or_else(|| self.ids.of(&parts.headers))
    }
}
