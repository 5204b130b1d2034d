//! Running a case, or skipping it for a declared reason.

use std::future::Future;

use super::{Harness, Sentence, cases, suite};
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
    /// The module of [`cases`] that it stands in.
    pub module: &'static str,
}

/// What a backend, or the harness that stands for it, must be able to do for a case.
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
    /// [`Harness::fail_at`]: what lies beneath the store can be made to fail.
    Faults,
    /// [`Harness::damage`]: an artifact can be changed behind the store's back.
    Damage,
    /// [`Harness::files`]: the store has files, and they can be looked at.
    Files,
    /// [`Harness::restore_copy`]: the store can be put back to an earlier state.
    Restoration,
    /// [`Harness::transfer`]: the store gives out and takes over whole incidents.
    Transfer,
    /// [`Harness::absorbing`]: the store takes in what others wrote while they were apart.
    Absorbs,
}

impl Need {
    /// Whether a backend with these capabilities meets it, behind a harness that offers this.
    pub fn is_met(self, capabilities: Capabilities, offers: &[Self]) -> bool {
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
            Self::Faults
            | Self::Damage
            | Self::Files
            | Self::Restoration
            | Self::Transfer
            | Self::Absorbs => offers.contains(&self),
        }
    }
}

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// The store passed.
    Held,
    /// The backend, or its harness, declares that it cannot do what the case needs.
    Skipped(Need),
}

/// Runs one case; panics when the store fails it.
pub fn run<H: Harness>(case: &Case, harness: &H) -> Ran {
    block_on(async {
        let capabilities = harness.open().await.capabilities();
        if !case.need.is_met(capabilities, harness.offers()) {
            return Ran::Skipped(case.need);
        }
        suite::dispatch(case.name, harness).await;
        Ran::Held
    })
}

/// Checks that a backend skips exactly the cases that need one of `without`, and that it and its harness really cannot
/// do those things. `make` gives a harness with a store of its own.
pub fn check_declared<H: Harness>(make: impl Fn() -> H, without: &[Need]) {
    block_on(cases::declared::what_is_declared_is_so(&make()));
    block_on(cases::declared::what_is_not_offered_cannot_be_done(&make()));
    let harness = make();
    let capabilities = block_on(async { harness.open().await.capabilities() });
    for case in suite::CASES {
        let met = case.need.is_met(capabilities, harness.offers());
        let named = without.contains(&case.need);
        assert_ne!(met, named, "`{}` needs {:?}", case.name, case.need);
        if named {
            let ran = run(case, &harness);
            assert_eq!(ran, Ran::Skipped(case.need), "{}", case.name);
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
