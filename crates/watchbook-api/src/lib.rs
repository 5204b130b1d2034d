//! watchbook-api.
