//! A value to set, to take away, or to leave alone.

use serde_json::{Value, json};

use super::{Field, FreeTexts, Param, Shape};
use crate::fault::{At, Faults};

/// What is to become of a value. Left out, it stays; `null` or an empty text takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It gets this value.
    Set(T),
}

impl<T> Patch<T> {
    /// The form that commands have: `None` to keep, `Some(None)` to take away.
    pub fn into_change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }

    /// Whether it stays.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Param> Field for Patch<T> {
    const REQUIRED: bool = false;
    const SHAPE: Shape = T::SHAPE;

    fn schema() -> Value {
        json!({ "anyOf": [T::schema(), { "type": "null" }, { "const": "" }] })
    }

    fn read(value: Option<&Value>, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            None => Some(Self::Keep),
            Some(Value::Null) => Some(Self::Clear),
            Some(Value::String(text)) if text.trim().is_empty() => Some(Self::Clear),
            Some(value) => T::read(value, at, faults).map(Self::Set),
        }
    }

    fn written(&self) -> Option<Value> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(Value::Null),
            Self::Set(value) => Some(value.to_json()),
        }
    }

    fn audited(&self, texts: FreeTexts) -> Option<Value> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(Value::Null),
            Self::Set(value) => Some(Param::audited(value, texts)),
        }
    }
}
