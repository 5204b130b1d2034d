//! The table that every benchmark prints: ours, its peer or limit, their ratio, the target and whether it is met.

use std::fmt;
use std::time::Duration;

/// What is measured, in its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Measure {
    /// How long one operation takes.
    Time(Duration),
    /// Operations in one second.
    PerSecond(f64),
    /// Millions of bytes read in one second.
    MegabytesPerSecond(f64),
    /// Millions of bytes held in memory.
    Megabytes(f64),
}

impl Measure {
    fn value(self) -> f64 {
        match self {
            Self::Time(time) => time.as_secs_f64(),
            Self::PerSecond(value) | Self::MegabytesPerSecond(value) | Self::Megabytes(value) => {
                value
            }
        }
    }
}

/// What a row promises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// Ours is at most this many times the other.
    AtMost(f64),
    /// Ours is at least this many times the other.
    AtLeast(f64),
    /// Nothing; the number is shown for the reader.
    Shown,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// What is done, by how many.
    pub(super) name: String,
    /// What ours needs or does.
    pub(super) ours: Measure,
    /// A peer measured in the same run, or a fixed limit; in the unit of ours.
    pub(super) other: Measure,
    /// Who the peer is, or `limit`.
    pub(super) other_name: &'static str,
    /// What is promised of the ratio.
    pub(super) target: Target,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.ours.value() / self.other.value()
    }

    /// Whether the promise is kept; without a promise nothing can be broken.
    pub(super) fn is_met(&self) -> bool {
        match self.target {
            Target::AtMost(most) => self.ratio() <= most,
            Target::AtLeast(least) => self.ratio() >= least,
            Target::Shown => true,
        }
    }

    fn cells(&self) -> [String; 6] {
        let Self {
            name,
            ours,
            other,
            other_name,
            target,
        } = self;
        let verdict = match (target, self.is_met()) {
            (Target::Shown, _) => "",
            (_, true) => "ok",
            (_, false) => "MISSED",
        };
        let ratio = format!("{:.2}", self.ratio());
        [
            name.clone(),
            ours.to_string(),
            format!("{other} {other_name}"),
            ratio,
            target.to_string(),
            verdict.to_owned(),
        ]
    }
}

/// The rows under one heading, each column as wide as its widest cell.
pub(super) fn render(rows: &[Row]) -> String {
    let heading = ["", "ours", "peer or limit", "ratio", "target", ""].map(str::to_owned);
    let lines: Vec<[String; 6]> = std::iter::once(heading)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let width = |column: usize| {
        lines
            .iter()
            .map(|cells| cells[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for cells in &lines {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) if time.as_millis() >= 10 => write!(f, "{:.3} s", time.as_secs_f64()),
            Self::Time(time) => write!(f, "{:.1} µs", time.as_secs_f64() * 1e6),
            Self::PerSecond(value) => write!(f, "{value:.0}/s"),
            Self::MegabytesPerSecond(value) => write!(f, "{value:.0} MB/s"),
            Self::Megabytes(value) => write!(f, "{value:.1} MB"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::Shown => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, target: Target) -> Row {
        let (ours, other) = (Measure::PerSecond(ours), Measure::PerSecond(100.0));
        Row {
            name: "create".to_owned(),
            ours,
            other,
            other_name: "SQLite",
            target,
        }
    }

    #[test]
    fn a_target_is_met_at_its_bound_and_missed_beyond_it() {
        let cases = [
            (125.0, Target::AtMost(1.25), true),
            (126.0, Target::AtMost(1.25), false),
            (1200.0, Target::AtLeast(12.0), true),
            (1199.0, Target::AtLeast(12.0), false),
            (f64::NAN, Target::AtLeast(12.0), false),
            (0.0, Target::Shown, true),
        ];
        for (ours, target, met) in cases {
            assert_eq!(row(ours, target).is_met(), met, "{ours} {target}");
        }
    }

    #[test]
    fn the_table_lines_up() {
        let open = Row {
            name: "open 100,000 incidents".to_owned(),
            ours: Measure::Time(Duration::from_millis(412)),
            other: Measure::Time(Duration::from_millis(300)),
            other_name: "limit",
            target: Target::AtMost(1.0),
        };
        let page = Row {
            name: "first page".to_owned(),
            ours: Measure::Time(Duration::from_nanos(81_500)),
            other: Measure::Time(Duration::from_micros(100)),
            other_name: "limit",
            target: Target::AtMost(1.0),
        };
        let memory = Row {
            name: "memory".to_owned(),
            ours: Measure::Megabytes(97.25),
            other: Measure::Megabytes(120.0),
            other_name: "limit",
            target: Target::Shown,
        };
        let scan = Row {
            name: "scan".to_owned(),
            ours: Measure::MegabytesPerSecond(812.0),
            other: Measure::MegabytesPerSecond(400.0),
            other_name: "limit",
            target: Target::AtLeast(1.0),
        };
        let rows = [row(1300.0, Target::AtLeast(12.0)), open, page, memory, scan];
        insta::assert_snapshot!(render(&rows), @"
                                ours      peer or limit   ratio  target
        create                  1300/s    100/s SQLite    13.00  ≥ 12    ok
        open 100,000 incidents  0.412 s   0.300 s limit   1.37   ≤ 1     MISSED
        first page              81.5 µs   100.0 µs limit  0.81   ≤ 1     ok
        memory                  97.2 MB   120.0 MB limit  0.81
        scan                    812 MB/s  400 MB/s limit  2.03   ≥ 1     ok
        ");
    }
}
