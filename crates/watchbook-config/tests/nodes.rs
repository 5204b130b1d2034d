//! The registry of nodes: who is listed, and a server that is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use watchbook_config::{Config, ConfigErrors, Environment, Flags, load, show_text};
use watchbook_core::text::Name;

const LIST: &str = "nodes:
  - name: eu-1
    role: primary
    url: https://eu.watchbook.example.com/
  - {name: us-1}
";

/// A directory with this registry and these settings, under this environment. The directory's name is left out.
fn loaded(registry: &str, settings: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    for (name, text) in [
        ("nodes_registry.yml", registry),
        ("watchbook.yml", settings),
    ] {
        std::fs::write(dir.path().join("config").join(name), text).unwrap();
    }
    let environment = Environment::new(environment.iter().copied());
    let read = load(dir.path(), None, &environment, &Flags::default());
    let place = format!("{}/", dir.path().display());
    read.map_err(|errors: ConfigErrors| errors.to_string().replace(&place, ""))
}

#[test]
fn a_server_finds_itself_in_the_list() {
    let config = loaded(LIST, "", &[("WATCHBOOK_NODE", "eu-1")]).unwrap();
    assert_eq!(config.node.as_str(), "eu-1");
    let own = config.policies.nodes.get(&config.node).unwrap();
    assert_eq!(own.role.as_ref().map(Name::as_str), Some("primary"));
    let url = own.url.as_deref();
    assert_eq!(url, Some("https://eu.watchbook.example.com"));
    assert_eq!(config.policies.nodes.0.len(), 2);
    let shown = show_text(&config);
    assert!(
        shown.contains("server.node = eu-1    # environment variable WATCHBOOK_NODE"),
        "{shown}"
    );
    assert!(shown.contains("# nodes_registry.yml"), "{shown}");
}

#[test]
fn without_a_list_every_name_will_do() {
    let config = loaded("nodes: []", "server: {node: anything}", &[]).unwrap();
    assert_eq!(config.node.as_str(), "anything");
    let config = loaded("", "", &[]).unwrap();
    assert_eq!(config.node.as_str(), "local");
}

#[test]
fn a_server_that_is_not_listed_is_told_the_nearest() {
    let cases: [(&str, &[(&str, &str)]); 3] = [
        ("server: {node: eu1}", &[]),
        ("", &[("WATCHBOOK_NODE", "us_1")]),
        ("", &[]),
    ];
    let said =
        cases.map(|(settings, environment)| loaded(LIST, settings, environment).unwrap_err());
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn mistakes_in_the_list_are_told_at_once() {
    let list = "nodes:
  - {name: eu-1, rol: primary}
  - {name: two words}
  - {role: primary}
  - {name: x, url: ftp://x}
";
    insta::assert_snapshot!(loaded(list, "", &[]).unwrap_err());
}

#[test]
fn two_of_one_name_are_a_mistake() {
    let list = "nodes: [{name: eu-1}, {name: us-1}, {name: eu-1}]";
    let environment = [("WATCHBOOK_NODE", "us-1")];
    insta::assert_snapshot!(loaded(list, "", &environment).unwrap_err());
}

#[test]
fn the_list_is_bounded() {
    let nodes: Vec<String> = (0..=watchbook_config::MAX_NODES)
        .map(|number| format!("{{name: n{number}}}"))
        .collect();
    let list = format!("nodes: [{}]", nodes.join(", "));
    let environment = [("WATCHBOOK_NODE", "n0")];
    insta::assert_snapshot!(loaded(&list, "", &environment).unwrap_err());
}
