//! watchbook-store.
