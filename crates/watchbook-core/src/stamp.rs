//! Stamps: an order of writes that survives clocks going back and nodes being apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{NodeId, from_text};
use crate::time::Timestamp;

/// A hybrid logical clock reading (Kulkarni et al., 2014): physical time, a counter for writes
/// of the same millisecond or of a clock that went back, and the node, to settle ties.
///
/// Written `2026-02-23T10:00:00.000Z+3@0a1b2c3d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Physical time: the greatest that the node had seen.
    pub time: Timestamp,
    /// Distinguishes writes with the same physical time.
    pub counter: u32,
    /// The node that made the stamp.
    pub node: NodeId,
}

/// A text that is not a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stamp is written like 2026-02-23T10:00:00.000Z+3@0a1b2c3d")]
pub struct ParseStampError;

impl Stamp {
    /// The stamp `steps` writes later in the same commit.
    #[must_use]
    pub fn step(self, steps: u32) -> Self {
        match self.counter.checked_add(steps) {
            Some(counter) => Self { counter, ..self },
            // Four thousand million writes in one millisecond do not happen; order is kept all the same.
            None => Self {
                time: Timestamp::from_millis(self.time.millis() + 1),
                counter: steps,
                ..self
            },
        }
    }
}

/// Makes stamps that never go back, whatever the clock does.
#[derive(Debug, Clone, Copy)]
pub struct HybridClock {
    node: NodeId,
    last: Option<Stamp>,
}

impl HybridClock {
    /// A clock for `node` that has seen nothing yet.
    pub const fn new(node: NodeId) -> Self {
        Self { node, last: None }
    }

    /// The node that its stamps bear.
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// The latest stamp that was observed.
    pub const fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// Takes note of a stamp made here or elsewhere: later ones will be greater.
    pub fn observe(&mut self, seen: Stamp) {
        if self.last.is_none_or(|last| last < seen) {
            self.last = Some(seen);
        }
    }

    /// The next stamp, later than all that were observed. Does not count as observed until
    /// [`Self::observe`] is told, so that a refused command leaves no trace.
    pub fn next(&self, now: Timestamp) -> Stamp {
        match self.last {
            Some(last) if last.time >= now => Stamp {
                node: self.node,
                ..last.step(1)
            },
            _ => Stamp {
                time: now,
                counter: 0,
                node: self.node,
            },
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}@{}", self.time, self.counter, self.node)
    }
}

impl FromStr for Stamp {
    type Err = ParseStampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, rest) = text.split_once('+').ok_or(ParseStampError)?;
        let (counter, node) = rest.split_once('@').ok_or(ParseStampError)?;
        Ok(Self {
            time: time.parse().map_err(|_| ParseStampError)?,
            counter: counter.parse().map_err(|_| ParseStampError)?,
            node: node.parse().map_err(|_| ParseStampError)?,
        })
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.time, self.counter, self.node).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return from_text(deserializer);
        }
        let (time, counter, node) = Deserialize::deserialize(deserializer)?;
        Ok(Self {
            time,
            counter,
            node,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_clock_that_goes_back_never_gives_an_earlier_stamp() {
        let mut clock = HybridClock::new(NodeId::from_bits(7));
        let first = clock.next(at(3_600_000));
        clock.observe(first.step(2));
        let second = clock.next(at(0));
        assert!(second > first.step(2));
        assert_eq!((second.time, second.counter), (at(3_600_000), 3));
        assert_eq!(clock.next(at(3_600_001)).counter, 0);
    }

    #[test]
    fn an_overflowing_counter_moves_the_time_on() {
        let stamp = Stamp {
            time: at(5),
            counter: u32::MAX,
            node: NodeId::from_bits(1),
        };
        assert!(stamp.step(1) > stamp);
    }

    #[test]
    fn stamps_read_back() {
        let stamp = Stamp {
            time: at(1_771_840_800_123),
            counter: 3,
            node: NodeId::from_bits(0x0a1b_2c3d),
        };
        assert_eq!(stamp.to_string(), "2026-02-23T10:00:00.123Z+3@0a1b2c3d");
        assert_eq!(stamp.to_string().parse(), Ok(stamp));
        for text in [
            "",
            "2026-02-23T10:00:00.123Z",
            "2026-02-23T10:00:00.123Z+x@0a1b2c3d",
            "2026-02-23T10:00:00.123Z+3@",
        ] {
            assert!(text.parse::<Stamp>().is_err(), "{text}");
        }
    }
}
