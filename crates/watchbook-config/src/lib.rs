//! watchbook-config.
