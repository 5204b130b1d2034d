//! One parameter: how it is read, what its JSON Schema is, and how it is written back.
//!
//! Texts are accepted where a number, a truth value or a list is meant, because query strings, forms and command
//! lines know nothing else.

mod audited;
mod bytes;
mod filter;
mod list;
mod map;
mod meta;
mod number;
mod object;
mod patch;
mod spec;
mod text;

pub use audited::FreeTexts;
pub use bytes::{ArtifactBytes, ArtifactText};
pub use filter::{Moment, StatusFilter, Words};
pub use list::{Many, Several};
pub use map::{LabelPatch, Labels};
pub use number::{Int, Seconds, WindowDays};
pub use patch::Patch;
pub use spec::{ParamSpec, Shape};
pub use text::Priority;

pub(crate) use audited::Audited;
pub(crate) use meta::Meta;
pub(crate) use number::Limit;
pub(crate) use object::{Params, params, schema_of, sentences, spec};
pub(crate) use text::{read_written, written_param};

use serde_json::Value;

use crate::fault::{At, Faults};
use crate::json::Json;

/// A type that a parameter can have.
pub(crate) trait Param: Json + Sized {
    /// How it looks from afar.
    const SHAPE: Shape;
    /// What sort of value it is, to an audit entry.
    const AUDITED: Audited;

    /// Its JSON Schema.
    fn schema() -> Value;

    /// What an audit entry repeats of it.
    fn audited(&self, texts: FreeTexts) -> Value {
        Self::AUDITED.of(self.to_json(), texts)
    }

    /// Reads it. `None` means that a fault was written down.
    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self>;
}

/// A parameter in its place: required, optional, or to be taken away.
pub(crate) trait Field: Sized {
    /// Whether it must be given.
    const REQUIRED: bool;
    /// How it looks from afar.
    const SHAPE: Shape;

    /// Its JSON Schema.
    fn schema() -> Value;

    /// Reads it. `None` means that a fault was written down.
    fn read(value: Option<&Value>, at: &At<'_>, faults: &mut Faults) -> Option<Self>;

    /// What to write to say the same again; `None` to leave it out.
    fn written(&self) -> Option<Value>;

    /// What an audit entry repeats of it; `None` where nothing was said.
    fn audited(&self, texts: FreeTexts) -> Option<Value>;
}

impl<T: Param> Field for T {
    const REQUIRED: bool = true;
    const SHAPE: Shape = T::SHAPE;

    fn schema() -> Value {
        T::schema()
    }

    fn read(value: Option<&Value>, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            None | Some(Value::Null) => {
                faults.add(at, "is required");
                None
            }
            Some(value) => T::read(value, at, faults),
        }
    }

    fn written(&self) -> Option<Value> {
        Some(self.to_json())
    }

    fn audited(&self, texts: FreeTexts) -> Option<Value> {
        Some(Param::audited(self, texts))
    }
}

impl<T: Param> Field for Option<T> {
    const REQUIRED: bool = false;
    const SHAPE: Shape = T::SHAPE;

    fn schema() -> Value {
        T::schema()
    }

    fn read(value: Option<&Value>, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            None | Some(Value::Null) => Some(None),
            Some(value) => T::read(value, at, faults).map(Some),
        }
    }

    fn written(&self) -> Option<Value> {
        self.as_ref().map(Json::to_json)
    }

    fn audited(&self, texts: FreeTexts) -> Option<Value> {
        self.as_ref().map(|value| Param::audited(value, texts))
    }
}

/// What a JSON value is, in the words of a message.
pub(crate) const fn what_it_is(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Writes down that another sort of value was expected.
pub(crate) fn mismatch<T>(
    expected: &str,
    value: &Value,
    at: &At<'_>,
    faults: &mut Faults,
) -> Option<T> {
    faults.add(at, format!("must be {expected}, not {}", what_it_is(value)));
    None
}
