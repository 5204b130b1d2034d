//! Messages of the protocol, whole: a kind, a length that counts itself, a body.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest message, in bytes. An artifact of 2 MiB is the longest that a store sends.
const MAX_MESSAGE: usize = 64 << 20;
/// The first number of a request for TLS, and of one for encryption by Kerberos.
const ASKS_FOR_ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];
/// The first number of a request to cancel a statement of another connection.
const CANCELS: u32 = 80_877_102;

/// One message, as it came.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    /// Where the body begins.
    body: usize,
}

impl Message {
    /// Its kind; 0 of the first message of a connection, which has none.
    pub(super) fn kind(&self) -> u8 {
        let first = self.bytes.first().copied().unwrap_or(0);
        if self.body == 4 { 0 } else { first }
    }

    pub(super) fn body(&self) -> &[u8] {
        self.bytes.get(self.body..).unwrap_or_default()
    }

    /// The text at the beginning of the body, and what follows its zero.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.body().split(|byte| *byte == 0)
    }

    fn number(&self) -> Option<u32> {
        Some(u32::from_be_bytes(self.body().first_chunk().copied()?))
    }

    pub(super) fn asks_for_encryption(&self) -> bool {
        self.number()
            .is_some_and(|number| ASKS_FOR_ENCRYPTION.contains(&number))
    }

    pub(super) fn cancels(&self) -> bool {
        self.number() == Some(CANCELS)
    }
}

/// The first message of a connection; `None` when the other side has closed it.
pub(super) async fn first(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Message>> {
    read(from, 4).await
}

/// Any later message.
pub(super) async fn next(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Message>> {
    read(from, 5).await
}

async fn read(from: &mut (impl AsyncRead + Unpin), body: usize) -> io::Result<Option<Message>> {
    let mut bytes = vec![0; body];
    if let Err(error) = from.read_exact(&mut bytes).await {
        let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
        return if is_end { Ok(None) } else { Err(error) };
    }
    let length = bytes
        .last_chunk()
        .map_or(0, |length| u32::from_be_bytes(*length));
    let rest = usize::try_from(length)
        .ok()
        .and_then(|length| length.checked_sub(4))
        .filter(|rest| *rest <= MAX_MESSAGE)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a message"))?;
    bytes.resize(body + rest, 0);
    if let Some(unread) = bytes.get_mut(body..) {
        from.read_exact(unread).await?;
    }
    Ok(Some(Message { bytes, body }))
}

/// Sends bytes at once.
pub(super) async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}

/// Sends bytes one by one.
pub(super) async fn trickle(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    for byte in bytes.chunks(1) {
        send(to, byte).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
