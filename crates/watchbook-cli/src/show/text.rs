//! Texts for a terminal: what came from outside is made harmless, times are made short.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;
use watchbook_core::Timestamp;

/// What stands for a character that a terminal must not see.
const HARMLESS: char = '\u{FFFD}';

/// A text as one line that cannot move the cursor, change colours, or reorder what stands beside it.
///
/// The log refuses such characters, but a file may have been edited by hand, and a server may be anybody's.
pub(crate) fn line(text: &str) -> String {
    harmless(text, false)
}

/// The same for a text that may have several lines.
pub(crate) fn lines(text: &str) -> String {
    harmless(text, true)
}

fn harmless(text: &str, many: bool) -> String {
    let safe = |character: char| match character {
        '\n' if many => '\n',
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        '\u{200B}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{061C}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}' => HARMLESS,
        control if control.is_control() => HARMLESS,
        plain => plain,
    };
    text.replace("\r\n", "\n").chars().map(safe).collect()
}

/// A value in a cell: texts as they are, lists with commas, nothing as nothing.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => line(text),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{}={}", line(name), cell(value)))
            .collect::<Vec<_>>()
            .join(" "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The text of a member, or nothing.
pub(crate) fn member(value: &Value, name: &str) -> String {
    value.get(name).map(cell).unwrap_or_default()
}

/// A time without seconds and milliseconds: `2026-02-23 10:00`. What is no time stays as it is.
pub(crate) fn minute(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(_) => text.get(..16).unwrap_or(text).replace('T', " "),
        Err(_) => line(text),
    }
}

/// A time with seconds: `2026-02-23 10:00:00Z`.
pub(crate) fn second(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(_) => format!("{}Z", text.get(..19).unwrap_or(text).replace('T', " ")),
        Err(_) => line(text),
    }
}

/// A span in its two largest units: `3d 4h`, `2h 5m`, `41s`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let Some(first) = units.iter().position(|(_, size)| seconds >= *size) else {
        return "0s".to_owned();
    };
    let mut rest = seconds;
    let mut text = String::new();
    for (name, size) in units.iter().skip(first).take(2) {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            let gap = if text.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{gap}{count}{name}");
        }
    }
    text
}

/// A count of bytes in the largest unit that leaves a whole number of it: `1.4 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (name, size) in units {
        if count >= size {
            let tenths = u128::from(count) * 10 / u128::from(size);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{count} bytes")
}

/// A count with its noun: `1 incident`, `1,439 incidents`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(count))
}

/// A number with commas.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_sees_no_escape() {
        assert_eq!(line("red \u{1b}[31malarm\r\n"), "red \u{FFFD}[31malarm ");
        assert_eq!(lines("one\r\ntwo\u{7}"), "one\ntwo\u{FFFD}");
        assert_eq!(line("a\u{202E}b\u{200B}c"), "a\u{FFFD}b\u{FFFD}c");
    }

    #[test]
    fn spans_have_their_two_largest_units() {
        let cases = [
            (0, "0s"),
            (41, "41s"),
            (60, "1m"),
            (3_661, "1h 1m"),
            (7_500, "2h 5m"),
            (90_000, "1d 1h"),
            (86_400, "1d"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_439), "1,439");
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(counted(1, "incident"), "1 incident");
        assert_eq!(bytes(1_023), "1023 bytes");
        assert_eq!(bytes(1_500_000), "1.4 MiB");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(minute("2026-02-23T10:00:00.000Z"), "2026-02-23 10:00");
        assert_eq!(second("2026-02-23T10:00:07.000Z"), "2026-02-23 10:00:07Z");
        assert_eq!(minute("tomorrow"), "tomorrow");
    }
}
