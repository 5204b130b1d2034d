//! Values as public JSON. Infallible, unlike a general serialiser: every shape of the contract has a JSON form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Something that has a public JSON form.
pub trait Json {
    /// The form.
    fn to_json(&self) -> Value;
}

/// Values whose JSON form is their written form.
macro_rules! written {
    ($($type:ty),+ $(,)?) => {
        $(impl Json for $type {
            fn to_json(&self) -> Value {
                Value::String(self.to_string())
            }
        })+
    };
}

written!(
    watchbook_core::AgentId,
    watchbook_core::ArtifactName,
    watchbook_core::Digest,
    watchbook_core::Due,
    watchbook_core::ETag,
    watchbook_core::EventId,
    watchbook_core::EventType,
    watchbook_core::FollowupStatus,
    watchbook_core::IncidentId,
    watchbook_core::Kind,
    watchbook_core::Move,
    watchbook_core::ProposalStatus,
    watchbook_core::Severity,
    watchbook_core::Signature,
    watchbook_core::Source,
    watchbook_core::Stage,
    watchbook_core::Status,
    watchbook_core::Timestamp,
    watchbook_core::Via,
    watchbook_core::audit::AuditOutcome,
    watchbook_core::query::Cursor,
    watchbook_core::query::FollowupSort,
    watchbook_core::query::Sort,
    watchbook_core::text::Env,
    watchbook_core::text::Message,
    watchbook_core::text::Name,
    watchbook_core::text::Prose,
    watchbook_core::text::ServiceName,
    watchbook_core::text::Short,
    watchbook_core::text::Title,
);

/// Values that JSON knows itself.
macro_rules! plain {
    ($($type:ty),+) => {
        $(impl Json for $type {
            fn to_json(&self) -> Value {
                Value::from(self.clone())
            }
        })+
    };
}

plain!(bool, u16, u32, u64, String, &'static str);

impl Json for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

impl Json for Map<String, Value> {
    fn to_json(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl<T: Json> Json for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, Json::to_json)
    }
}

impl<T: Json> Json for Vec<T> {
    fn to_json(&self) -> Value {
        self.iter().map(Json::to_json).collect()
    }
}

impl<K: ToString, T: Json> Json for BTreeMap<K, T> {
    fn to_json(&self) -> Value {
        self.iter()
            .map(|(key, value)| (key.to_string(), value.to_json()))
            .collect()
    }
}
