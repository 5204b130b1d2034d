//! The JSON Schemas: the shipped files follow them, mistakes do not, and each key says what it is for.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use serde_json::{Value, json};
use watchbook_config::{ConfigFile, Environment, Flags, load, schema, schemas, show_json};

/// Where a value does not follow a schema.
fn faults(value: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, wanted) in schema.as_object().expect("a schema is an object") {
        if !holds(keyword, wanted, value) {
            found.push(format!("{at}: {keyword}"));
        }
    }
    let items = value.as_array().filter(|_| schema["items"].is_object());
    for (index, item) in items.into_iter().flatten().enumerate() {
        faults(item, &schema["items"], &format!("{at}[{index}]"), found);
    }
    for (key, member) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{key}");
        let known = &schema["properties"][key];
        let others = &schema["additionalProperties"];
        match [known, others]
            .into_iter()
            .find(|schema| schema.is_object())
        {
            Some(schema) => faults(member, schema, &at, found),
            None => found.push(format!("{at}: unknown")),
        }
    }
}

/// Whether a value holds to one keyword. Knows every keyword that our schemas use, and no other.
fn holds(keyword: &str, wanted: &Value, value: &Value) -> bool {
    let wanted_list = || wanted.as_array().into_iter().flatten();
    match keyword {
        "maxItems" => {
            value.as_array().map(Vec::len)
                <= wanted.as_u64().map(|most| usize::try_from(most).unwrap())
        }
        "type" => has_type(value, wanted),
        "enum" => wanted_list().any(|one| one == value),
        "const" => wanted == value,
        "minimum" => value.as_i64() >= wanted.as_i64(),
        "maximum" => value.as_i64() <= wanted.as_i64(),
        "minLength" => length(value) >= wanted.as_u64(),
        "maxLength" => length(value) <= wanted.as_u64(),
        "pattern" => matches_pattern(value, wanted),
        "anyOf" => wanted_list().any(|one| is_valid(value, one)),
        "required" => wanted_list().all(|key| value.get(key.as_str().unwrap()).is_some()),
        // They say something to people, or are looked at member by member.
        "$schema"
        | "title"
        | "description"
        | "writeOnly"
        | "format"
        | "properties"
        | "additionalProperties"
        | "items" => true,
        unknown => panic!("the schema uses {unknown}, which this test does not know"),
    }
}

fn is_valid(value: &Value, schema: &Value) -> bool {
    let mut found = Vec::new();
    faults(value, schema, "", &mut found);
    found.is_empty()
}

fn has_type(value: &Value, wanted: &Value) -> bool {
    let names = wanted
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![wanted.clone()]);
    names.iter().any(|name| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "null" => value.is_null(),
        unknown => panic!("unknown type {unknown}"),
    })
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.len() as u64)
}

fn matches_pattern(value: &Value, pattern: &Value) -> bool {
    let regex = regex::Regex::new(pattern.as_str().unwrap()).unwrap();
    value.as_str().is_none_or(|text| regex.is_match(text))
}

/// A shipped file as JSON: top-level keys and their values, settings in their sections.
fn shipped_as_json(file: ConfigFile) -> Value {
    let config = load(
        std::path::Path::new("nowhere"),
        None,
        &Environment::default(),
        &Flags::default(),
    );
    let shown = show_json(&config.unwrap())["files"][file.name()].clone();
    let mut json = json!({});
    for (key, row) in shown.as_object().unwrap() {
        match (key.split_once('.'), &row["value"]) {
            (_, Value::Null) => {}
            (Some((section, key)), value) => json[section][key] = value.clone(),
            (None, value) => json[key] = value.clone(),
        }
    }
    json
}

#[test]
fn the_shipped_files_follow_their_schemas() {
    for file in ConfigFile::ALL {
        let mut found = Vec::new();
        faults(
            &shipped_as_json(file),
            &schema(file),
            file.name(),
            &mut found,
        );
        assert_eq!(found, Vec::<String>::new());
        assert!(
            is_valid(&Value::Null, &schema(file)),
            "an empty file is right"
        );
    }
}

#[test]
fn mistakes_do_not_follow_the_schemas() {
    for (file, value) in [
        (ConfigFile::Settings, json!({"store": {"fsycn": "always"}})),
        (
            ConfigFile::Settings,
            json!({"store": {"fsync": "sometimes"}}),
        ),
        (ConfigFile::Settings, json!({"server": {"concurrency": 0}})),
        (
            ConfigFile::Settings,
            json!({"server": {"request_timeout": "30 sec"}}),
        ),
        (ConfigFile::Matrix, json!({"agents": ["sofiia"]})),
        (ConfigFile::Matrix, json!({"roles": {"r": {"deny": []}}})),
        (
            ConfigFile::Limits,
            json!({"tools": {"t": {"per_minute": 1}}}),
        ),
        (ConfigFile::Costs, json!({"actions": {"a.b": 0}})),
        (ConfigFile::Rollout, json!({"rules": [{"stage": "on"}]})),
        (
            ConfigFile::Governance,
            json!({"retention": {"runs_days": "always"}}),
        ),
    ] {
        assert!(!is_valid(&value, &schema(file)), "{value}");
    }
}

/// Every key says what it is for, in the schema as in the file that a newcomer edits.
#[test]
fn every_key_is_described() {
    fn check(schema: &Value, at: &str, file: ConfigFile) {
        for (key, member) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{key}");
            let description = member["description"].as_str().unwrap_or_default();
            assert!(description.len() > 5, "{at} has no description");
            assert!(
                file.shipped().contains(&format!("{key}:")),
                "{at} is not in the shipped file"
            );
            check(member, &at, file);
            check(&member["items"], &at, file);
            check(&member["additionalProperties"], &at, file);
        }
    }
    for file in ConfigFile::ALL {
        check(&schema(file), file.name(), file);
    }
}

#[test]
fn schemas_are_as_they_were_reviewed() {
    let text = serde_json::to_string_pretty(&schemas()).unwrap();
    insta::assert_snapshot!(text);
}
