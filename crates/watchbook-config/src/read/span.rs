//! Durations and sizes, written with their units.

use std::time::Duration;

use serde_json::{Value, json};

use crate::read::{Data, Findings, Node, Read};

/// Units of time, in milliseconds, the greatest first.
const TIMES: &[(&str, u64)] = &[
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
/// Units of size, in bytes, the greatest first.
const SIZES: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// A duration between `MIN` and `MAX` milliseconds, such as `30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span<const MIN: u64, const MAX: u64>(pub(crate) Duration);

/// A size between `MIN` and `MAX` bytes, such as `4 MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> Read for Span<MIN, MAX> {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]+ ?(ms|s|m|h|d)$" })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let range = (MIN, MAX);
        let millis = amount(node, "a duration such as 30s", TIMES, range, findings)?;
        Some(Self(Duration::from_millis(millis)))
    }
}

impl<const MIN: u64, const MAX: u64> Read for Size<MIN, MAX> {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB)$" })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let range = (MIN, MAX);
        amount(node, "a size such as 4 MiB", SIZES, range, findings).map(Self)
    }
}

fn amount(
    node: &Node,
    what: &str,
    units: &[(&str, u64)],
    (min, max): (u64, u64),
    findings: &mut Findings,
) -> Option<u64> {
    let fix = format!(
        "write {} to {}",
        with_unit(min, units),
        with_unit(max, units)
    );
    let (Data::Text(text) | Data::Raw(text)) = &node.data else {
        findings.wrong_type(&node.place, what, node.data.kind(), fix);
        return None;
    };
    let Some(amount) = parse(text, units) else {
        let shown: String = text.chars().take(40).collect();
        findings.report(&node.place, format!("{shown:?} is not {what}"), fix);
        return None;
    };
    if (min..=max).contains(&amount) {
        return Some(amount);
    }
    findings.report(&node.place, format!("{} is out of range", text.trim()), fix);
    None
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The amount in the greatest unit that leaves no rest.
fn with_unit(amount: u64, units: &[(&str, u64)]) -> String {
    let fits = |(_, factor): &&(&str, u64)| amount >= *factor && amount.is_multiple_of(*factor);
    match units.iter().find(fits).or(units.last()) {
        Some((name, factor)) => format!("{}{name}", amount / factor),
        None => amount.to_string(),
    }
}
