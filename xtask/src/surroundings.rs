//! The one place where xtask looks at its arguments, the environment and the clock.

use std::time::Instant;

/// The words after `cargo xtask`.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where xtask reads its arguments"
)]
pub(crate) fn arguments() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// An environment variable; unset, empty and not UTF-8 are all the same here: nothing was asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where xtask reads its environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Now, for durations that are shown to people and never decide anything.
#[expect(
    clippy::disallowed_methods,
    reason = "durations of steps and measurements"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
