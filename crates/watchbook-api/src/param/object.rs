//! The parameters of an action as a struct: declared once, with everything that is known of each.

use serde_json::{Map, Value, json};

use super::meta::object;
use super::{Audited, FreeTexts, Param, ParamSpec, Shape};
use crate::fault::{At, Faults};
use crate::json::Json;
use crate::nearest;

/// The parameters of an action. Made by [`params!`].
pub(crate) trait Params: Sized {
    /// What the action does, in sentences.
    const DOC: &'static str;
    /// The names of the parameters on the wire.
    const NAMES: &'static [&'static str];

    /// Every parameter, described.
    fn specs() -> Vec<ParamSpec>;

    /// Reads the parameters that are known. `None` means that a fault was written down.
    fn read_members(members: &Map<String, Value>, at: &At<'_>, faults: &mut Faults)
    -> Option<Self>;

    /// What to write to say the same again.
    fn members(&self) -> Map<String, Value>;

    /// What an audit entry repeats of them.
    fn audited_members(&self, texts: FreeTexts) -> Map<String, Value>;

    /// Reads the parameters, checks them against each other, and complains of names that are not known.
    fn read_all(
        members: &Map<String, Value>,
        also_known: &[&str],
        at: &At<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let read = Self::read_members(members, at, faults);
        for name in members.keys() {
            let known = |known: &&str| *known == name;
            if !Self::NAMES.iter().any(known) && !also_known.iter().any(known) {
                let message = crate::options::not_taken(name).map_or_else(
                    || nearest::unknown("parameter", name, &[Self::NAMES, also_known].concat()),
                    str::to_owned,
                );
                faults.add(&at.member(name), message);
            }
        }
        read
    }
}

/// Parameters can be a parameter themselves: an imported incident is given like a new one.
impl<P: Params> Json for P {
    fn to_json(&self) -> Value {
        Value::Object(self.members())
    }
}

impl<P: Params> Param for P {
    const SHAPE: Shape = Shape::Object;
    const AUDITED: Audited = Audited::Fact;

    fn schema() -> Value {
        schema_of(&P::specs())
    }

    fn audited(&self, texts: FreeTexts) -> Value {
        Value::Object(self.audited_members(texts))
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        P::read_all(&object(value, at, faults)?, &[], at, faults)
    }
}

/// The JSON Schema of an object with these members and no others.
pub(crate) fn schema_of(specs: &[ParamSpec]) -> Value {
    let properties: Map<String, Value> = specs
        .iter()
        .map(|spec| (spec.name.to_owned(), spec.schema.clone()))
        .collect();
    let required: Vec<&str> = specs
        .iter()
        .filter(|spec| spec.required)
        .map(|spec| spec.name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The sentences of a doc comment, without its line breaks.
pub(crate) fn sentences(doc: &str) -> String {
    let words: Vec<&str> = doc.split_whitespace().collect();
    words.join(" ")
}

/// A parameter's description from its type and its place.
pub(crate) fn spec<F: super::Field>(
    name: &'static str,
    doc: &str,
    default: Option<Value>,
) -> ParamSpec {
    let description = sentences(doc);
    let mut schema = F::schema();
    if let Value::Object(members) = &mut schema {
        members.insert("description".to_owned(), description.as_str().into());
        if let Some(default) = &default {
            members.insert("default".to_owned(), default.clone());
        }
    }
    ParamSpec {
        name,
        required: F::REQUIRED && default.is_none(),
        description,
        shape: F::SHAPE,
        default,
        schema,
    }
}

/// Declares the parameters of an action.
///
/// A field is `name: Type`, `name as "wire name": Type`, or `name: Type = default in JSON`. Its type says whether it
/// is required (`T`), optional (`Option<T>`) or a change (`Patch<T>`). `check` names a function that looks at the
/// parameters together and writes faults down.
macro_rules! params {
    ($(
        $(#[doc = $doc:literal])+
        $vis:vis $name:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident $(as $wire:literal)? : $type:ty $(= $default:tt)?,)*
        }
        $(check $check:path;)?
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $name {
            $($(#[doc = $field_doc])+ $vis $field: $type,)*
        }

        impl $crate::param::Params for $name {
            const DOC: &'static str = concat!($($doc, "\n"),+);
            const NAMES: &'static [&'static str] = &[$($crate::param::params!(@name $field $($wire)?),)*];

            fn specs() -> Vec<$crate::param::ParamSpec> {
                vec![$($crate::param::spec::<$type>(
                    $crate::param::params!(@name $field $($wire)?),
                    concat!($($field_doc, "\n"),+),
                    $crate::param::params!(@default $($default)?),
                ),)*]
            }

            fn read_members(
                members: &serde_json::Map<String, serde_json::Value>,
                at: &$crate::fault::At<'_>,
                faults: &mut $crate::fault::Faults,
            ) -> Option<Self> {
                // An action may have no parameters, and then nothing looks at these.
                let _ = (members, at, &faults);
                $(
                    let name = $crate::param::params!(@name $field $($wire)?);
                    let given = members.get(name);
                    $(
                        let default = serde_json::json!($default);
                        let given = given.filter(|value| !value.is_null()).or(Some(&default));
                    )?
                    let $field = <$type as $crate::param::Field>::read(given, &at.member(name), faults);
                )*
                let read = Self { $($field: $field?,)* };
                $({
                    let before = faults.count();
                    $check(&read, at, faults);
                    if faults.count() > before {
                        return None;
                    }
                })?
                Some(read)
            }

            fn members(&self) -> serde_json::Map<String, serde_json::Value> {
                let Self { $($field,)* } = self;
                let written: Vec<(&str, Option<serde_json::Value>)> = vec![
                    $(($crate::param::params!(@name $field $($wire)?), $crate::param::Field::written($field)),)*
                ];
                let given = written.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
                given.collect()
            }

            fn audited_members(
                &self,
                texts: $crate::param::FreeTexts,
            ) -> serde_json::Map<String, serde_json::Value> {
                // An action may have no parameters.
                let _ = texts;
                let Self { $($field,)* } = self;
                let audited: Vec<(&str, Option<serde_json::Value>)> = vec![
                    $(($crate::param::params!(@name $field $($wire)?), $crate::param::Field::audited($field, texts)),)*
                ];
                let given = audited.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
                given.collect()
            }
        }
    )+};
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $wire:literal) => { $wire };
    (@default) => { None };
    (@default $default:tt) => { Some(serde_json::json!($default)) };
}
pub(crate) use params;
