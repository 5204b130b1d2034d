//! What `config check` and `config show` say. Secrets were taken out when the configuration was loaded.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::files::ConfigFile;
use crate::load::Config;
use crate::place::Source;
use crate::read::Node;
use crate::settings::SETTINGS;

/// What `config check` says about a configuration without mistakes.
pub fn check_text(config: &Config) -> String {
    let mut text = String::new();
    for file in ConfigFile::ALL {
        let from = match own_file(config, file) {
            Some(path) => path,
            None => "absent, so the shipped one holds".to_owned(),
        };
        line(&mut text, format_args!("ok  {:<22} {from}", file.name()));
    }
    for warning in &config.warnings {
        line(&mut text, format_args!("warning: {warning}"));
    }
    text
}

/// The directory's own file, when there is one that says anything.
fn own_file(config: &Config, file: ConfigFile) -> Option<String> {
    let node = config.written.0.get(&file)?;
    sources(node).into_iter().find_map(|source| match source {
        Source::File(path) => Some(path.display().to_string()),
        Source::Shipped(_) | Source::Variable(_) | Source::Flag(_) => None,
    })
}

/// Every source in a tree.
fn sources(node: &Node) -> Vec<&Source> {
    let mut found = vec![&node.place.source];
    found.extend(
        node.entries()
            .iter()
            .flat_map(|entry| sources(&entry.value)),
    );
    found
}

/// What `config show` says: every setting and every policy, and where each comes from.
pub fn show_text(config: &Config) -> String {
    let mut text = String::new();
    for row in rows(config) {
        let Row {
            file,
            key,
            value,
            origin,
        } = row;
        if let Some(file) = file {
            line(&mut text, format_args!("# {}", file.name()));
        }
        let value = value.map_or_else(|| "(not set)".to_owned(), |value| plain(&value));
        line(&mut text, format_args!("{key} = {value}    # {origin}"));
    }
    text
}

/// What `config show --json` says: for each file, each key's `value` and its `origin`.
pub fn show_json(config: &Config) -> Value {
    let mut files = Map::new();
    let mut current = "";
    for row in rows(config) {
        let Row {
            file,
            key,
            value,
            origin,
        } = row;
        current = file.map_or(current, ConfigFile::name);
        let keys = files.entry(current).or_insert_with(|| json!({}));
        if let Value::Object(keys) = keys {
            keys.insert(key, json!({ "value": value, "origin": origin }));
        }
    }
    json!({ "dir": config.dir, "files": files, "warnings": config.warnings })
}

/// One value and where it comes from. The first of a file names the file.
struct Row {
    file: Option<ConfigFile>,
    key: String,
    value: Option<Value>,
    origin: String,
}

fn rows(config: &Config) -> Vec<Row> {
    let mut rows = Vec::new();
    for (file, node) in &config.written.0 {
        let mut of_file = match file {
            ConfigFile::Settings => setting_rows(node),
            _ => policy_rows(node),
        };
        if let Some(first) = of_file.first_mut() {
            first.file = Some(*file);
        }
        rows.append(&mut of_file);
    }
    for row in &mut rows {
        // Whatever else somebody wrote into a file: a password in a label is none of a reader's business.
        if let Some(value) = &mut row.value {
            config.policies.governance.redact(value);
        }
    }
    rows
}

fn setting_rows(node: &Node) -> Vec<Row> {
    let row = |setting: &crate::settings::Setting| {
        let found = node
            .get(setting.section)
            .and_then(|section| section.get(setting.key));
        Row {
            file: None,
            key: format!("{}.{}", setting.section, setting.key),
            value: found.map(Node::to_json),
            origin: found.map_or_else(
                || format!("{} sets it", setting.variable),
                |node| node.place.to_string(),
            ),
        }
    };
    SETTINGS.iter().map(row).collect()
}

/// The keys of a policy, in the order of their names: top-level ones, and those of sections below them.
fn policy_rows(node: &Node) -> Vec<Row> {
    let mut rows: Vec<Row> = node
        .entries()
        .iter()
        .map(|entry| Row {
            file: None,
            key: entry.key.clone(),
            value: Some(entry.value.to_json()),
            origin: origins(&entry.value),
        })
        .collect();
    rows.sort_by(|left, right| left.key.cmp(&right.key));
    rows
}

/// Where a value and all in it come from: the first place of each source.
fn origins(node: &Node) -> String {
    let mut places: Vec<&crate::place::Place> = Vec::new();
    collect_places(node, &mut places);
    let texts: Vec<String> = places.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn collect_places<'a>(node: &'a Node, places: &mut Vec<&'a crate::place::Place>) {
    if !places.iter().any(|place| place.source == node.place.source) {
        places.push(&node.place);
    }
    for entry in node.entries() {
        collect_places(&entry.value, places);
    }
}

/// A text without quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{arguments}");
}
