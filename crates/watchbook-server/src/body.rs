//! Request bodies: held to a size, a time and a share of memory, then read as one JSON object.

mod json;
mod media_type;

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use watchbook_api::{ErrorCode, Problem};

use crate::limits::Limits;
use crate::refusal::Refusal;

/// How much of a body that is too large is read and forgotten.
const DRAINED_BYTES: usize = 32 * 1024 * 1024;
/// The unit in which memory for bodies is handed out, in bytes.
const UNIT: usize = 1024;

/// The memory for bodies that are being read, shared by all connections.
#[derive(Debug, Clone)]
pub(crate) struct BodyMemory {
    units: Arc<Semaphore>,
}

/// A JSON object that was read, with its share of the memory.
#[derive(Debug)]
pub(crate) struct ReadObject {
    /// The object.
    pub(crate) object: Map<String, Value>,
    /// Given back when this is dropped: hold it as long as anything of the body is held.
    pub(crate) share: OwnedSemaphorePermit,
}

impl BodyMemory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            units: Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))),
        }
    }

    /// A share that holds a body of `bytes`.
    ///
    /// # Errors
    /// `unavailable` when so much is not free now.
    fn share(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.units).try_acquire_many_owned(units);
        share.map_err(|_| {
            Problem::new(
                ErrorCode::Unavailable,
                "too many large requests at once; repeat this one in a moment",
            )
            .with_retry_after(crate::limits::RETRY_AFTER)
        })
    }
}

/// Reads a body as one JSON object.
///
/// # Errors
/// Another content type (415), too large (413), too slow or no memory for it now (503), no JSON object (400).
pub(crate) async fn read_object(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
    memory: &BodyMemory,
) -> Result<ReadObject, Refusal> {
    media_type::check(headers)?;
    let (bytes, share) = read(headers, body, limits, memory).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("the body is empty; send a JSON object with \"action\"").into());
    }
    match json::parse(&bytes) {
        Ok(Value::Object(object)) => Ok(ReadObject { object, share }),
        Ok(_) => Err(malformed("the body is not a JSON object; send one with \"action\"").into()),
        Err(error) => Err(malformed(error.to_string()).into()),
    }
}

fn malformed(message: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::Malformed, message)
}

async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
    memory: &BodyMemory,
) -> Result<(Bytes, OwnedSemaphorePermit), Refusal> {
    let declared = declared_length(headers);
    if declared.is_some_and(|length| length > limits.body_bytes) {
        // Who asked first has not begun to send, and will not.
        if !headers.contains_key(EXPECT) {
            let _ = timeout(limits.body_time, drain(body)).await;
        }
        return Err(too_large(limits).into());
    }
    let share = memory.share(declared.unwrap_or(limits.body_bytes))?;
    let collected = timeout(limits.body_time, collect(body, limits)).await;
    let bytes = collected.map_err(|_| Refusal::slow_body(limits.body_time))??;
    Ok((bytes, share))
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limits: &Limits) -> Problem {
    let limit = limits.body_bytes;
    Problem::new(
        ErrorCode::TooLarge,
        format!("the body has more than {limit} bytes; send less at once"),
    )
}

async fn collect(mut body: Body, limits: &Limits) -> Result<Bytes, Problem> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| malformed("the body ended early; send it again"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if collected.len() + data.len() > limits.body_bytes {
            drain(body).await;
            return Err(too_large(limits));
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

/// Reads on and forgets: a sender that is cut off while it still sends may never see the answer.
async fn drain(mut body: Body) {
    let mut seen = 0;
    while seen <= DRAINED_BYTES
        && let Some(Ok(frame)) = body.frame().await
    {
        seen += frame.data_ref().map_or(0, Bytes::len);
    }
}
