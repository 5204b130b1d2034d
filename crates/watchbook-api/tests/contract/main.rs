//! The wire contract, from the outside.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that cannot go on fails, and its helpers may be slow"
)]

mod decode;
mod encode;
mod never_panics;
mod problem;
mod shapes;
mod table;
