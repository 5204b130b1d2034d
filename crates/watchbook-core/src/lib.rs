//! watchbook-core.
