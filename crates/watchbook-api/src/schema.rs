//! JSON Schema (draft 2020-12) of every action, from the table.

use serde_json::{Map, Value, json};

use crate::action::{ActionKind, ActionSpec};
use crate::param::schema_of;
use crate::tool::Tool;

impl ActionKind {
    /// The JSON Schema of its parameters, with everything it takes besides.
    pub fn schema(self) -> Value {
        let ActionSpec {
            kind: _,
            tool: _,
            name,
            writes: _,
            summary: _,
            description,
            mut params,
            options,
            result: _,
            fields: _,
            example,
        } = self.spec();
        params.extend(options);
        let mut schema = schema_of(&params);
        if let Value::Object(members) = &mut schema {
            let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
            put(
                "$schema",
                "https://json-schema.org/draft/2020-12/schema".into(),
            );
            put("title", name.into());
            put("description", description.into());
            put("examples", json!([example]));
        }
        schema
    }
}

/// The JSON Schemas of all actions: tool → action → schema.
pub fn schemas_json() -> Value {
    let tools: Map<String, Value> = Tool::ALL
        .iter()
        .map(|tool| (tool.as_str().to_owned(), schemas_of(*tool)))
        .collect();
    Value::Object(tools)
}

fn schemas_of(tool: Tool) -> Value {
    let actions: Map<String, Value> = ActionKind::ALL
        .iter()
        .filter(|kind| kind.tool() == tool)
        .map(|kind| (kind.name().to_owned(), kind.schema()))
        .collect();
    Value::Object(actions)
}
