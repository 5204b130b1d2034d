//! Whole numbers within bounds, and truth values.

use serde_json::{Value, json};

use super::{Audited, Param, Shape, mismatch};
use crate::fault::{At, Faults};
use crate::json::Json;

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int<const MIN: u32, const MAX: u32>(u32);

/// How many items a page holds.
pub(crate) type Limit = Int<1, 500>;
/// A window of days, up to ten years.
pub type WindowDays = Int<1, 3650>;
/// A span in seconds.
pub type Seconds<const MIN: u32, const MAX: u32> = Int<MIN, MAX>;

impl<const MIN: u32, const MAX: u32> Int<MIN, MAX> {
    /// The number, if it is within the bounds.
    pub const fn new(number: u32) -> Option<Self> {
        if number >= MIN && number <= MAX {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> Json for Int<MIN, MAX> {
    fn to_json(&self) -> Value {
        self.0.into()
    }
}

impl<const MIN: u32, const MAX: u32> Param for Int<MIN, MAX> {
    const SHAPE: Shape = Shape::Number;
    const AUDITED: Audited = Audited::Fact;

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            other => return mismatch("a whole number", other, at, faults),
        };
        let within = number
            .and_then(|number| u32::try_from(number).ok())
            .and_then(Self::new);
        if within.is_none() {
            faults.add(at, format!("must be a whole number from {MIN} to {MAX}"));
        }
        within
    }
}

impl Param for bool {
    const SHAPE: Shape = Shape::Flag;
    const AUDITED: Audited = Audited::Fact;

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.trim() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => {
                    faults.add(at, "must be true or false");
                    None
                }
            },
            other => mismatch("true or false", other, at, faults),
        }
    }
}
