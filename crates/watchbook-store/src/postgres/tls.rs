//! TLS: whom a server's certificate must come from.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::PostgresOptions;
use super::pool::ConnectError;

/// How TLS is spoken with the database; `None` when the address disables it.
pub(super) fn tls(
    config: &Config,
    options: &PostgresOptions,
) -> Result<Option<MakeRustlsConnect>, ConnectError> {
    if config.get_ssl_mode() == SslMode::Disable {
        return Ok(None);
    }
    match &options.authorities {
        Some(pem) => from_authorities(pem).map(Some),
        None => from_system().map(Some),
    }
}

fn from_system() -> Result<MakeRustlsConnect, ConnectError> {
    // A certificate that cannot be read takes away neither the others nor the connection.
    let (connector, _unreadable) = MakeRustlsConnect::with_native_certs()
        .map_err(|errors| ConnectError::Tls(format!("{errors:?}").into()))?;
    Ok(connector)
}

/// These alone, as a database with a certificate of its own authority is not to be taken for one of anybody else.
fn from_authorities(pem: &[u8]) -> Result<MakeRustlsConnect, ConnectError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(unusable)?;
        roots.add(certificate).map_err(unusable)?;
    }
    if roots.is_empty() {
        let none = "the file of certificates to trust holds none; it must hold PEM, which begins with -----BEGIN CERTIFICATE-----";
        return Err(ConnectError::Tls(none.into()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> ConnectError {
    ConnectError::Tls(format!("the file of certificates to trust cannot be used: {error}").into())
}
