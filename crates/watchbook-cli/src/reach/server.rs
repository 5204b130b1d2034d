//! A server, over HTTP.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::{Map, Value, json};
use watchbook_api::ErrorCode;
use watchbook_core::AgentId;

use super::Call;
use crate::exit::Exit;
use crate::failure::Failure;

/// How long an answer may take. Calls have shorter limits of their own on the server.
const TIMEOUT: Duration = Duration::from_secs(90);
/// How long it may take until there is a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read: an artifact of 2 MiB in an envelope, however its characters are escaped.
const MAX_ANSWER: usize = 32 << 20;

/// A server, and as whom it is called.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    address: Url,
    client: Client,
    key: Option<Key>,
    agent: Option<AgentId>,
}

/// A key; never shown.
#[derive(Clone)]
struct Key(String);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Server {
    /// A server at this address. Without an `agent` the key says who calls.
    ///
    /// # Errors
    /// When the address is none.
    pub(crate) fn new(
        address: &str,
        key: Option<String>,
        agent: Option<AgentId>,
    ) -> Result<Self, Failure> {
        let refused = |why: String| {
            Failure::Usage(format!(
                "--server {address:?} {why}; write it like http://127.0.0.1:8000"
            ))
        };
        let url: Url = address
            .parse()
            .map_err(|error| refused(format!("is no address ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
            return Err(refused("is not a plain http or https address".to_owned()));
        }
        // Whoever was first has installed one; any will do.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| Failure::System(std::io::Error::other(error)))?;
        let key = key.filter(|key| !key.trim().is_empty()).map(Key);
        Ok(Self {
            address: url,
            client,
            key,
            agent,
        })
    }

    pub(super) async fn call(&self, call: Call) -> Result<Value, Failure> {
        let wrote = call.writes();
        let Call {
            tool,
            action,
            params,
        } = call;
        let mut body = Map::new();
        body.insert("tool".to_owned(), tool.into());
        body.insert("action".to_owned(), action.into());
        body.insert("params".to_owned(), params.into());
        if let Some(agent) = &self.agent {
            body.insert("agent_id".to_owned(), json!(agent.as_str()));
        }
        let unreachable = |error: reqwest::Error| Failure::Unreachable {
            server: self.name(),
            why: reason(&error),
            // A connection that was never made has changed nothing.
            wrote: wrote && !error.is_connect(),
        };
        let mut url = self.address.clone();
        url.set_path(&format!("{}/v1/tools", url.path().trim_end_matches('/')));
        let mut request = self
            .client
            .post(url)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(Value::Object(body).to_string());
        if let Some(Key(key)) = &self.key {
            request = request.header("X-API-Key", key);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let bytes = self.read(response, unreachable).await?;
        self.judge(status, &bytes)
    }

    fn name(&self) -> String {
        self.address.as_str().trim_end_matches('/').to_owned()
    }

    async fn read(
        &self,
        mut response: Response,
        unreachable: impl Fn(reqwest::Error) -> Failure,
    ) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(&unreachable)? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(self.stranger(response.status()));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn stranger(&self, status: StatusCode) -> Failure {
        Failure::Stranger {
            server: self.name(),
            status: status.as_u16(),
        }
    }

    /// Whether the bytes are an answer or a refusal of a watchbook server.
    fn judge(&self, status: StatusCode, bytes: &[u8]) -> Result<Value, Failure> {
        let stranger = || self.stranger(status);
        let answer: Value = serde_json::from_slice(bytes).map_err(|_| stranger())?;
        let ok = answer
            .get("ok")
            .and_then(Value::as_bool)
            .ok_or_else(stranger)?;
        if ok && status == StatusCode::OK {
            return Ok(answer);
        }
        let code = answer.get("code").and_then(Value::as_str);
        let code: ErrorCode = code
            .and_then(|code| code.parse().ok())
            .ok_or_else(stranger)?;
        Err(Failure::Answered {
            exit: Exit::of(code),
            problem: answer,
        })
    }
}

/// The innermost reason: the outer ones only repeat the address.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
