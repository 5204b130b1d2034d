//! TLS: spoken with a server whose certificate comes from whom we trust, and with no other.

use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ConnectError, PostgresOptions, PostgresStore};
use watchbook_store::{Incidents as _, Loss, StoreError};

use crate::commands::creation;
use crate::schema::{Schema, connect, part};

fn options(schema: &Schema, mode: &str, authorities: Option<Vec<u8>>) -> PostgresOptions {
    let mut options = schema.options();
    options.url = schema.url(&format!(
        "host=127.0.0.1 port={} user=postgres dbname=postgres sslmode={mode}",
        part("port")
    ));
    options.authorities = authorities;
    options
}

/// The certificate of the cluster's own authority.
fn authority() -> Vec<u8> {
    std::fs::read(format!("{}/ca.pem", part("host"))).unwrap()
}

/// Whether the connections of a schema's stores are encrypted.
async fn encrypted(schema: &Schema) -> Vec<bool> {
    let sql =
        "select ssl from pg_stat_ssl natural join pg_stat_activity where application_name = $1";
    let rows = connect().await.query(sql, &[&schema.name]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn write(options: PostgresOptions) -> Result<PostgresStore, StoreError> {
    let store = PostgresStore::new(options).unwrap();
    store.apply(creation()).await?;
    Ok(store)
}

#[test]
fn a_server_of_a_trusted_authority_is_spoken_to_with_tls() {
    block_on(async {
        let schema = Schema::migrated().await;
        for mode in ["require", "prefer"] {
            let store = write(options(&schema, mode, Some(authority()))).await;
            assert_eq!(encrypted(&schema).await, [true], "{mode}");
            drop(store.unwrap());
            // The connection ends when its task does, which a store that is gone does not wait for.
            while !encrypted(&schema).await.is_empty() {}
        }
        let _store = write(options(&schema, "disable", None)).await.unwrap();
        assert_eq!(encrypted(&schema).await, [false]);
    });
}

#[test]
fn a_server_of_another_authority_is_not_spoken_to() {
    block_on(async {
        let schema = Schema::migrated().await;
        let system = write(options(&schema, "require", None)).await.unwrap_err();
        assert_eq!(system.loss(), Some(Loss::Misconfigured));
        assert_eq!(encrypted(&schema).await, Vec::<bool>::new());
        let mut other = options(&schema, "require", Some(authority()));
        other.url = other.url.replace("host=127.0.0.1", "host=localhost");
        let name = write(other).await.unwrap_err();
        assert_eq!(name.loss(), Some(Loss::Misconfigured));
        insta::assert_snapshot!(format!("{system}\n{name}"));
    });
}

#[test]
fn a_file_without_certificates_is_refused() {
    let schema = block_on(Schema::empty());
    let torn = b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n".to_vec();
    let said = [b"no certificates".to_vec(), torn].map(|pem| {
        let refused = PostgresStore::new(options(&schema, "require", Some(pem)));
        let error: ConnectError = refused.unwrap_err();
        error.to_string()
    });
    insta::assert_snapshot!(said.join("\n"));
}
