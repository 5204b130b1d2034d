//! What of a request matters to a call: its id, its headers and its query.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use watchbook_api::{ErrorCode, Problem};

use crate::request_id::RequestId;
use crate::state::Server;

/// The query parameter that says as whom a read is made, like `agent_id` in a body.
const AGENT_ID: &str = "agent_id";

/// A request without its body.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Its id.
    pub(crate) id: RequestId,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    uri: Uri,
}

/// The query of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// As whom the request is made.
    pub(crate) agent_id: Option<String>,
    /// The rest, in the order of the query.
    pub(crate) pairs: Vec<(String, String)>,
}

impl Arrival {
    /// Reads the query.
    ///
    /// # Errors
    /// `malformed` when it is none, or names two agents.
    pub(crate) fn query(&self) -> Result<Asked, Problem> {
        let malformed = |message: &str| Problem::new(ErrorCode::Malformed, message);
        let Query(pairs) =
            Query::<Vec<(String, String)>>::try_from_uri(&self.uri).map_err(|_| {
                malformed("the query cannot be read; write it as name=value&name=value")
            })?;
        let (agents, pairs): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(name, _)| name == AGENT_ID);
        let mut agents = agents.into_iter().map(|(_, id)| id);
        let agent_id = agents.next();
        if agents.next().is_some() {
            return Err(malformed(
                "the query has agent_id more than once; send it once",
            ));
        }
        Ok(Asked { agent_id, pairs })
    }
}

impl FromRequestParts<Arc<Server>> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, Infallible> {
        Ok(Self {
            id: server.id_of(parts),
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
        })
    }
}
