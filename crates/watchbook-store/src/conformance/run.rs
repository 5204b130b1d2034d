//! Running a case, or skipping it for a declared reason.

use std::future::Future;

use super::{Harness, Sentence, suite};
use crate::contract::{Capabilities, Incidents};

/// A case of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// Its name: what a store does that passes.
    pub name: &'static str,
    /// The sentences of the contract that it holds a store to. Empty for what the contract leaves to the documentation
    /// of a type, such as the meaning of a filter.
    pub holds: &'static [Sentence],
    /// What a backend must be able to do for it.
    pub need: Need,
}

/// What a backend must be able to do for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing beyond the contract.
    Nothing,
    /// [`Capabilities::persistent`].
    Persistent,
    /// [`Capabilities::shared`].
    Shared,
    /// [`Capabilities::verifiable`].
    Verifiable,
}

impl Need {
    /// Whether a backend with these capabilities meets it.
    pub const fn is_met(self, capabilities: Capabilities) -> bool {
        let Capabilities {
            persistent,
            shared,
            verifiable,
        } = capabilities;
        match self {
            Self::Nothing => true,
            Self::Persistent => persistent,
            Self::Shared => shared,
            Self::Verifiable => verifiable,
        }
    }
}

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// The store passed.
    Held,
    /// The backend declares that it cannot do what the case needs.
    Skipped(Need),
}

/// Runs one case; panics when the store fails it.
pub fn run<H: Harness>(case: &Case, harness: &H) -> Ran {
    block_on(async {
        if !case.need.is_met(harness.open().await.capabilities()) {
            return Ran::Skipped(case.need);
        }
        suite::dispatch(case.name, harness).await;
        Ran::Held
    })
}

/// Checks that a backend skips exactly the cases that need one of `without`, and that it really cannot do those things.
pub fn check_declared<H: Harness>(harness: &H, without: &[Need]) {
    block_on(super::cases::declared::what_is_declared_is_so(harness));
    let capabilities = block_on(async { harness.open().await.capabilities() });
    for case in suite::CASES {
        let (met, named) = (case.need.is_met(capabilities), without.contains(&case.need));
        assert_ne!(met, named, "`{}` needs {:?}", case.name, case.need);
        if named {
            assert_eq!(run(case, harness), Ran::Skipped(case.need), "{}", case.name);
        }
    }
}

/// Runs a future on a runtime of its own, so that a store of another make needs none for the suite.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime for the test").block_on(future)
}
