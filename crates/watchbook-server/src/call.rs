//! One call from HTTP to the door and back. What cannot be understood goes to the door too: it keeps the audit.

use watchbook_api::{ActionKind, CallOptions, Problem, Request, decode, encode};
use watchbook_app::{Caller, Context, Outcome};

use serde_json::Value;

use crate::arrival::Arrival;
use crate::envelope::{Envelope, Unreadable};
use crate::request_id::RequestId;
use crate::state::Server;
use crate::text::checked;
use crate::{conditions, credentials};

/// A call that was carried out.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    pub(crate) options: CallOptions,
}

impl Done {
    /// The envelope of the answer.
    pub(crate) fn to_json(&self) -> Value {
        encode(&self.outcome.reply, &self.outcome.meta, &self.options)
    }
}

impl Server {
    /// Carries out a call.
    ///
    /// # Errors
    /// Everything a caller can be told.
    pub(crate) async fn carry_out(
        &self,
        arrival: &Arrival,
        envelope: Envelope,
    ) -> Result<Done, Problem> {
        let context = match context(arrival, envelope.agent_id.as_deref()) {
            Ok(context) => context,
            Err(problem) => return Err(self.refuse(arrival, &envelope, problem).await),
        };
        let Envelope {
            tool,
            action,
            params,
            agent_id: _,
        } = envelope;
        let request = match decoded(arrival, &tool, &action, params) {
            Ok(request) => request,
            Err(problem) => {
                let refused = self
                    .app
                    .refuse_undecodable(&context, &tool, &action, problem);
                return Err(refused.await);
            }
        };
        let options = request.options.clone();
        let outcome = self.app.execute(&context, request).await?;
        Ok(Done { outcome, options })
    }

    /// Has the door audit a body that is no tool call, and says what to answer.
    pub(crate) async fn refuse_unreadable(
        &self,
        arrival: &Arrival,
        unreadable: Unreadable,
    ) -> Problem {
        let Unreadable { read, problem } = unreadable;
        match context(arrival, read.agent_id.as_deref()) {
            Ok(context) => {
                let refused =
                    self.app
                        .refuse_undecodable(&context, &read.tool, &read.action, problem);
                refused.await
            }
            Err(_) => self.refuse(arrival, &read, problem).await,
        }
    }

    /// Audits the call of somebody who cannot even be named. The problem stays: it says what is wrong with the name.
    async fn refuse(&self, arrival: &Arrival, envelope: &Envelope, problem: Problem) -> Problem {
        let nobody = Caller::Keyless { claims: None };
        match context_of(nobody, &arrival.id) {
            Ok(context) => {
                let Envelope { tool, action, .. } = envelope;
                let audited = self
                    .app
                    .refuse_undecodable(&context, tool, action, problem.clone());
                audited.await;
                problem
            }
            Err(other) => other,
        }
    }
}

fn context(arrival: &Arrival, agent_id: Option<&str>) -> Result<Context, Problem> {
    let caller = credentials::caller(&arrival.headers, agent_id)?;
    context_of(caller, &arrival.id)
}

/// Who calls, in the request with this id.
pub(crate) fn context_of(caller: Caller, id: &RequestId) -> Result<Context, Problem> {
    let id = checked("/request_id", id.as_str())?;
    Ok(Context::new(caller, id))
}

fn decoded(
    arrival: &Arrival,
    tool: &str,
    action: &str,
    mut params: serde_json::Map<String, Value>,
) -> Result<Request, Problem> {
    // Clients that send an idempotency key with everything send it with reads too, where it means nothing.
    if writes(tool, action) {
        conditions::apply(&arrival.headers, &mut params)?;
    }
    decode(tool, action, params)
}

fn writes(tool: &str, action: &str) -> bool {
    let mut kinds = ActionKind::ALL.iter();
    kinds
        .find(|kind| kind.name() == action && kind.tool().as_str() == tool)
        .is_some_and(|kind| kind.access().writes())
}
