//! watchbook-app.
