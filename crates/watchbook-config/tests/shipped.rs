//! The shipped files: they are right, they are what is built in, and they say what the documentation promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;
use std::path::Path;

use watchbook_config::{Config, ConfigFile, Environment, Flags, load, show_json};
use watchbook_core::AgentId;
use watchbook_rbac::{Permission, Standing};

fn shipped() -> Config {
    let nowhere = Path::new("nowhere");
    load(nowhere, None, &Environment::default(), &Flags::default()).unwrap()
}

/// The repository's own folder of shipped files, which a newcomer edits.
fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn the_shipped_files_are_what_is_built_in() {
    let read = load(folder(), None, &Environment::default(), &Flags::default()).unwrap();
    let built_in = shipped();
    assert_eq!(read.warnings, Vec::<String>::new());
    // Everything but the places.
    let values = |config: &Config| {
        let mut shown = show_json(config)["files"].clone();
        for keys in shown.as_object_mut().unwrap().values_mut() {
            for key in keys.as_object_mut().unwrap().values_mut() {
                key.as_object_mut().unwrap().remove("origin");
            }
        }
        shown
    };
    assert_eq!(values(&read), values(&built_in));
    assert_eq!(
        format!("{:?}", read.policies),
        format!("{:?}", built_in.policies)
    );
    for file in ConfigFile::ALL {
        assert!(file.path(folder()).is_file(), "{}", file.name());
    }
}

#[test]
fn no_shipped_file_is_missing_from_the_list() {
    let mut names: Vec<String> = std::fs::read_dir(folder().join("config"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut known = ConfigFile::ALL.map(ConfigFile::name).to_vec();
    known.sort_unstable();
    assert_eq!(names, known);
}

/// The table of agents that the product promises, and what each may do.
#[test]
fn shipped_agents_may_what_is_promised() {
    let matrix = shipped().policies.matrix;
    let callers = [
        ("sofiia", Standing::Remote),
        ("helion", Standing::Remote),
        ("monitor", Standing::Remote),
        ("aistalk", Standing::Remote),
        ("anyone", Standing::Remote),
        ("human:ada", Standing::Remote),
        ("human:ada", Standing::Local),
        ("system:triage", Standing::Job),
    ];
    let asked = [
        Permission::read("oncall_tool", "incident_list"),
        Permission::write("oncall_tool", "incident_create"),
        Permission::write("oncall_tool", "incident_redact"),
        Permission::read("incident_intelligence_tool", "correlate"),
        Permission::write("incident_intelligence_tool", "correlate"),
        Permission::read("incident_intelligence_tool", "weekly_digest"),
        Permission::read("admin_tool", "whoami"),
        Permission::read("admin_tool", "audit_search"),
        Permission::write("admin_tool", "notify_replay"),
        Permission::read("tool_of_later", "read"),
    ];
    let mut table = String::new();
    for (id, standing) in callers {
        let agent: AgentId = id.parse().unwrap();
        let role = matrix.role_of(&agent, standing);
        writeln!(table, "{id} ({standing:?}) is {role}").unwrap();
        for permission in &asked {
            let decision = matrix.decide(&agent, standing, permission);
            let word = if decision.allowed { "yes" } else { "no" };
            writeln!(table, "  {word:<4}{permission:<46} {}", decision.rule).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn shipped_limits_and_retention_are_those_of_the_documentation() {
    let policies = shipped().policies;
    insta::assert_debug_snapshot!((
        &policies.governance.retention,
        &policies.limits,
        &policies.costs,
        &policies.rollout
    ));
}
