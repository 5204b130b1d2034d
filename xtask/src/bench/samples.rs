//! Durations of one operation repeated, and what is said about them.

use std::time::Duration;

use crate::surroundings;

/// Durations of the same operation.
#[derive(Debug, Default)]
pub(super) struct Samples {
    durations: Vec<Duration>,
}

impl Samples {
    /// Runs the operation and notes how long it took.
    pub(super) fn time<T>(&mut self, operation: impl FnOnce() -> T) -> T {
        let start = surroundings::now();
        let result = operation();
        self.note(start.elapsed());
        result
    }

    /// Notes how long an operation took.
    pub(super) fn note(&mut self, took: Duration) {
        self.durations.push(took);
    }

    /// The middle duration: half of all took no longer. Zero without samples.
    pub(super) fn median(&self) -> Duration {
        self.quantile(50)
    }

    /// The duration that this percentage of all did not exceed (nearest rank). Zero without samples.
    pub(super) fn quantile(&self, percent: usize) -> Duration {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let durations = (1..=100).rev().map(Duration::from_micros).collect();
        let samples = Samples { durations };
        assert_eq!(samples.median(), Duration::from_micros(50));
        assert_eq!(samples.quantile(99), Duration::from_micros(99));
        assert_eq!(samples.quantile(100), Duration::from_micros(100));
        assert_eq!(Samples::default().median(), Duration::ZERO);
    }

    #[test]
    fn an_operation_is_run_once_and_noted() {
        let mut samples = Samples::default();
        assert_eq!(samples.time(|| 7), 7);
        assert_eq!(samples.durations.len(), 1);
    }
}
