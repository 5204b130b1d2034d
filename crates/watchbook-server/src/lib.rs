//! watchbook-server.
