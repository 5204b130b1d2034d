//! watchbook-rbac.
