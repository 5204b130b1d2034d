//! JSON Schemas of the files, for editors.

use serde_json::{Map, Value, json};

use crate::files::ConfigFile;
use crate::policy::{CostKeys, GovernanceKeys, LimitKeys, MatrixKeys, NodesKeys, RolloutKeys};
use crate::read::Read;
use crate::settings::SettingsKeys;

/// The JSON Schema (draft 2020-12) of a file with every key that it can have. A file may leave out any key of its
/// sections, as the shipped value holds then; so nothing is required down to the lists and the maps.
pub fn schema(file: ConfigFile) -> Value {
    let mut schema = match file {
        ConfigFile::Settings => SettingsKeys::schema(),
        ConfigFile::Matrix => MatrixKeys::schema(),
        ConfigFile::Limits => LimitKeys::schema(),
        ConfigFile::Costs => CostKeys::schema(),
        ConfigFile::Rollout => RolloutKeys::schema(),
        ConfigFile::Governance => GovernanceKeys::schema(),
        ConfigFile::Nodes => NodesKeys::schema(),
    };
    waive_required(&mut schema);
    if let Value::Object(members) = &mut schema {
        members.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        members.insert("title".to_owned(), json!(file.name()));
    }
    schema
}

/// The schemas of all files, by name.
pub fn schemas() -> Value {
    let pairs = ConfigFile::ALL.map(|file| (file.name().to_owned(), schema(file)));
    Value::Object(pairs.into_iter().collect::<Map<_, _>>())
}

/// What the overlay fills in from the shipped file need not be there.
fn waive_required(schema: &mut Value) {
    let Value::Object(members) = schema else {
        return;
    };
    let Some(Value::Object(properties)) = members.get_mut("properties") else {
        return;
    };
    properties.values_mut().for_each(waive_required);
    members.remove("required");
    // Empty, or with every line commented out.
    members.insert("type".to_owned(), json!(["object", "null"]));
}
