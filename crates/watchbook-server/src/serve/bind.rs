//! Where a server may listen: anywhere with keys, on loopback without.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use watchbook_app::App;

/// Why an address is not served.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Without keys everybody is believed, so nobody from elsewhere may come in.
    #[error(
        "{address} can be reached from other machines, and this store has no keys, so anybody could act as anybody; make a key with `watchbook key create` first, or listen on 127.0.0.1"
    )]
    Keyless {
        /// The address.
        address: SocketAddr,
    },
    /// It is not known whether there are keys.
    #[error("the keys cannot be read, so it is not known who may be let in: {why}")]
    KeysUnreadable {
        /// What the store said.
        why: String,
    },
    /// The system does not give the address.
    #[error(
        "cannot listen: {0}; is another server running there? choose another address with --listen"
    )]
    Io(#[from] io::Error),
}

/// Listens on `address`, if `app` may be served there. Port 0 takes a free one.
///
/// # Errors
/// See [`BindError`].
pub async fn bind(app: &App, address: SocketAddr) -> Result<TcpListener, BindError> {
    check(app, address).await?;
    Ok(TcpListener::bind(address).await?)
}

/// Whether `app` may be served on `address`.
pub(crate) async fn check(app: &App, address: SocketAddr) -> Result<(), BindError> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    match app.is_keyless().await {
        Ok(false) => Ok(()),
        Ok(true) => Err(BindError::Keyless { address }),
        Err(error) => Err(BindError::KeysUnreadable {
            why: error.to_string(),
        }),
    }
}
