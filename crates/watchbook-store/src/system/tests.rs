//! What the two sources promise.

use watchbook_core::{Clock, Entropy};

use super::{OsEntropy, SystemClock};

#[test]
fn the_machine_knows_the_century() {
    let (year, _, _) = SystemClock.now().date();
    assert!((2024..2100).contains(&year), "{year}");
}

#[test]
fn two_draws_differ() {
    let (mut first, mut second) = ([0; 16], [0; 16]);
    OsEntropy.fill(&mut first);
    OsEntropy.fill(&mut second);
    assert_ne!(first, second);
}

#[cfg(feature = "testsuite")]
#[test]
fn a_seed_repeats_its_draws() {
    use super::SeededEntropy;

    let draw = |seed| {
        let entropy = SeededEntropy::new(seed);
        let mut bytes = [0; 21];
        entropy.fill(&mut bytes);
        (bytes, entropy.next_u64())
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    // The reference sequence of the algorithm for the seed 1234567.
    assert_eq!(
        SeededEntropy::new(1_234_567).next_u64(),
        6_457_827_717_110_365_317
    );
}

#[cfg(feature = "testsuite")]
#[test]
fn a_manual_clock_moves_when_it_is_told() {
    use std::time::Duration;

    use super::ManualClock;

    let clock = ManualClock::default();
    let same = clock.clone();
    assert_eq!(same.now().to_string(), "2026-02-23T10:00:00.000Z");
    clock.advance(Duration::from_mins(5));
    assert_eq!(same.now().to_string(), "2026-02-23T10:05:00.000Z");
}
