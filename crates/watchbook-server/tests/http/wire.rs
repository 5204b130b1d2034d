//! HTTP by hand: requests as bytes, answers as they come, nothing smoothed over by a client library.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// Reads an answer from its bytes. Ours always have a length, so nothing is chunked.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no HTTP answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("no status: {head:?}"));
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            (name.to_lowercase(), value.to_owned())
        };
        Self {
            status,
            headers: lines.map(header).collect(),
            body: body.to_owned(),
        }
    }

    /// The value of a header, `-` if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map_or("-", |(_, value)| value)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a refusal; `ok` for none.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        json["code"].as_str().unwrap_or("ok").to_owned()
    }

    /// What a refusal says.
    pub(crate) fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or("-").to_owned()
    }
}

/// The bytes of a body.
#[derive(Debug)]
pub(crate) struct Payload(Vec<u8>);

impl From<Value> for Payload {
    fn from(json: Value) -> Self {
        Self(json.to_string().into_bytes())
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for Payload {
    fn from(text: &T) -> Self {
        Self(text.as_ref().as_bytes().to_vec())
    }
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    fn new(method: &'static str, target: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn method(method: &'static str, target: &str) -> Self {
        Self::new(method, target)
    }

    /// A POST of a body without a content type.
    pub(crate) fn post(target: &str, body: impl Into<Payload>) -> Self {
        let Payload(bytes) = body.into();
        Self {
            body: Some(bytes),
            ..Self::new("POST", target)
        }
    }

    pub(crate) fn bytes(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The request with its headers, closing the connection afterwards.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self {
            method,
            target,
            headers,
            body,
        } = self;
        let mut text = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| name == "host") {
            text.push_str("host: localhost\r\n");
        }
        let length = body.as_ref().map(|body| body.len().to_string());
        let length = length.map(|length| ("content-length".to_owned(), length));
        for (name, value) in headers.iter().chain(&length) {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body.as_deref().unwrap_or_default());
        bytes
    }

    /// Sends it and waits for the answer.
    pub(crate) async fn send(&self, address: SocketAddr) -> Answer {
        raw(address, &self.to_bytes()).await
    }
}

/// Sends bytes and reads until the server closes the connection.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // A server that refuses early may close before everything is sent; its answer counts.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

/// Reads what the server still sends until it closes the connection.
pub(crate) async fn rest(stream: &mut TcpStream) -> Answer {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    Answer::parse(&answer)
}
