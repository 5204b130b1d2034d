//! Every kind of mistake that a file, the environment or a flag can have: what is said about it, and where.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

use std::fmt::Write as _;
use std::path::Path;

use watchbook_config::{ConfigFile, Environment, Flags, MAX_FILE_BYTES, load};

/// The mistakes in a directory with these files, under this environment; the directory's name is left out.
fn mistakes_with(files: &[(&str, &[u8])], environment: &[(&str, &str)], flags: &Flags) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    for (name, bytes) in files {
        std::fs::write(dir.path().join("config").join(name), bytes).unwrap();
    }
    said(dir.path(), environment, flags)
}

fn said(dir: &Path, environment: &[(&str, &str)], flags: &Flags) -> String {
    let environment = Environment::new(environment.iter().copied());
    let errors = load(dir, None, &environment, flags).expect_err("there is a mistake");
    assert!(!errors.0.is_empty());
    let place = format!("{}/", dir.display());
    let text = errors.to_string();
    assert!(
        !text.contains('\u{202e}'),
        "no text turns the reader's around"
    );
    text.replace(&place, "")
}

fn mistakes(files: &[(&str, &str)]) -> String {
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    mistakes_with(&files, &[], &Flags::default())
}

/// What it is, the file, and the file's text.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "unknown key, near",
        "watchbook.yml",
        "store:\n  fsycn: always\n",
    ),
    (
        "unknown key, far",
        "watchbook.yml",
        "server:\n  colour_of_the_bikeshed: red\n",
    ),
    (
        "unknown section",
        "watchbook.yml",
        "sever:\n  listen: 127.0.0.1:1\n",
    ),
    (
        "several in one section",
        "watchbook.yml",
        "server:\n  listen: here\n  concurrency: 0\n  body_limit: 1PiB\n  x: 1\n",
    ),
    ("a section that is text", "watchbook.yml", "store: jsonl\n"),
    ("a file that is a list", "watchbook.yml", "- store\n"),
    (
        "text where a number belongs",
        "watchbook.yml",
        "server: {concurrency: many}\n",
    ),
    (
        "number where text belongs",
        "watchbook.yml",
        "store: {artifacts_dir: 5}\n",
    ),
    (
        "number without a unit",
        "watchbook.yml",
        "server: {request_timeout: 30}\n",
    ),
    (
        "unknown unit",
        "watchbook.yml",
        "server: {request_timeout: 30 sec}\n",
    ),
    ("fraction", "watchbook.yml", "server: {concurrency: 1.5}\n"),
    (
        "out of range",
        "watchbook.yml",
        "store: {memory_bound: 1KiB, lock_deadline: 1d}\n",
    ),
    (
        "far out of range",
        "watchbook.yml",
        "server: {concurrency: 99999999999999999999999}\n",
    ),
    (
        "overflow",
        "watchbook.yml",
        "store: {memory_bound: 99999999999999999999GiB}\n",
    ),
    (
        "backend without its database",
        "watchbook.yml",
        "store: {backend: postgres}\n",
    ),
    (
        "statements of nobody",
        "watchbook.yml",
        "database: {statements: quick, connections: 0, connect_timeout: 2h, lock_timeout: 2}\n",
    ),
    (
        "backend of nobody",
        "watchbook.yml",
        "store: {backend: mongo}\n",
    ),
    (
        "unknown word",
        "watchbook.yml",
        "store: {fsync: sometimes}\n",
    ),
    (
        "address without scheme",
        "watchbook.yml",
        "server: {public_url: watchbook.example.com}\n",
    ),
    (
        "address with password",
        "watchbook.yml",
        "server: {public_url: 'https://ada:hunter2@example.com'}\n",
    ),
    (
        "hidden characters",
        "watchbook.yml",
        "store: {artifacts_dir: \"a\\0b\"}\n",
    ),
    (
        "hidden characters in a key",
        "watchbook.yml",
        "st\u{202e}ore: 1\n\"a\\nb\": 2\n",
    ),
    (
        "key twice",
        "watchbook.yml",
        "store:\n  fsync: always\n  fsync: never\nstore: {}\n",
    ),
    ("tabs", "watchbook.yml", "store:\n\tfsync: always\n"),
    (
        "open bracket",
        "cost_weights.yml",
        "actions: {oncall_tool.incident_get: 1\n",
    ),
    ("open quote", "cost_weights.yml", "read: \"1\n"),
    (
        "colon in text",
        "watchbook.yml",
        "server:\n  public_url: a: b\n",
    ),
    (
        "two documents",
        "watchbook.yml",
        "store: {}\n---\nserver: {}\n",
    ),
    (
        "unquoted star",
        "rbac_tools_matrix.yml",
        "roles:\n  viewer:\n    allow: [*:write]\n",
    ),
    (
        "nested too deep",
        "watchbook.yml",
        "store: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
    ),
    (
        "bad glob",
        "rbac_tools_matrix.yml",
        "roles:\n  agent_cto: {allow: [oncall_tool, 'a.b:read', 'A.b', '*:write']}\n",
    ),
    (
        "unknown role",
        "rbac_tools_matrix.yml",
        "agents:\n  bob: agent_ctoo\n  eve: nothing_like_it\n",
    ),
    (
        "bad agent and role names",
        "rbac_tools_matrix.yml",
        "agents:\n  'bob smith': agent_cto\n  eve: Agent CTO\n",
    ),
    (
        "person among agents",
        "rbac_tools_matrix.yml",
        "agents: {'human:ada': viewer}\npeople: {bob: viewer}\n",
    ),
    (
        "own roles without the shipped ones",
        "rbac_tools_matrix.yml",
        "roles:\n  boss: {allow: ['*:write']}\n",
    ),
    (
        "role without allow",
        "rbac_tools_matrix.yml",
        "approvals: [{changes: [clse], envs: [PROD], severities: [P9]}]\n",
    ),
    (
        "role without any line",
        "rbac_tools_matrix.yml",
        "roles: {agent_cto: {deny: ['a.b']}}\n",
    ),
    (
        "agent twice",
        "rbac_tools_matrix.yml",
        "agents:\n  bob: agent_cto\n  bob: viewer\n",
    ),
    (
        "limits of the unlisted",
        "tool_limits.yml",
        "agents:\n  bob: {per_minute: 1, burst: 1}\nexempt_roles: [operator, boss]\ndaily_writes: {agents: {eve: 1}}\n",
    ),
    (
        "half a budget",
        "tool_limits.yml",
        "tools:\n  oncall_tool: {per_minute: 5}\n",
    ),
    (
        "no budget",
        "tool_limits.yml",
        "rates: {agent: {burst: 0}}\nactions: {'oncall_tool.x:write': {per_minute: 1, burst: 1}}\n",
    ),
    (
        "weight out of range",
        "cost_weights.yml",
        "read: 0\nwrite: 1001\nactions: {a.b: -1, c: 1}\n",
    ),
    (
        "bad rollout",
        "tools_rollout.yml",
        "default: yes\nrules:\n  - actions: [a.b]\n    stage: dry-run\n  - stage: on\n    agent: bob\n",
    ),
    (
        "bad retention",
        "data_governance.yml",
        "retention: {audit_jsonl_days: always, runs_days: 0, legal_hold_label: 'a b'}\n",
    ),
    (
        "bad expressions",
        "data_governance.yml",
        "redaction:\n  fields: [ab]\n  patterns:\n    - {name: one, pattern: '('}\n    - {name: two, pattern: 'x*'}\n    - {name: three, pattern: '(?=a)'}\n    - {name: four, pattern: '((a{500}){500}){500}'}\n",
    ),
];

#[test]
fn each_kind_of_mistake_says_where_and_what_to_do() {
    let mut text = String::new();
    for (name, file, content) in MISTAKES {
        write!(text, "## {name}\n{}\n\n", mistakes(&[(file, content)])).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn mistakes_of_all_files_are_told_at_once() {
    let flags = Flags {
        listen: Some("nowhere".to_owned()),
        ..Flags::default()
    };
    let files: [(&str, &[u8]); 6] = [
        ("watchbook.yml", b"store: {fsnc: always}\n"),
        ("rbac_tools_matrix.yml", b"agents: {bob: boss}\n"),
        ("tool_limits.yml", b"rates: {agent: {burst: x}}\n"),
        ("cost_weights.yml", b"reed: 1\n"),
        ("tools_rollout.yml", b"rules:\n\t- stage: on\n"),
        ("data_governance.yml", b"retention: 5\n"),
    ];
    let environment = [
        ("INCIDENT_BACKEND", "mysql"),
        ("WATCHBOOK_CONCURRENCY", "-3"),
        ("WATCHBOOK_FSYNC", ""),
    ];
    insta::assert_snapshot!(mistakes_with(&files, &environment, &flags));
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_the_place() {
    let text = mistakes_with(
        &[("watchbook.yml", b"# caf\xc3\xa9\nstore: # caf\xe9\n")],
        &[],
        &Flags::default(),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_bomb_of_anchors_is_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let uses = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{uses}]").unwrap();
    }
    insta::assert_snapshot!(mistakes(&[("watchbook.yml", &bomb)]));
}

#[test]
fn the_number_of_patterns_is_bounded() {
    let lines = vec!["    - {name: x, pattern: x}"; 101].join("\n");
    let text = format!("redaction:\n  patterns:\n{lines}\n");
    insta::assert_snapshot!(mistakes(&[("data_governance.yml", &text)]));
}

#[test]
fn many_mistakes_are_counted_and_not_all_listed() {
    let keys: Vec<String> = (0..500).map(|index| format!("strange{index}: 1")).collect();
    let text = mistakes(&[("cost_weights.yml", &keys.join("\n"))]);
    assert!(
        text.starts_with("500 mistakes in the configuration\n"),
        "{text}"
    );
    assert!(text.ends_with("and 400 more"), "{text}");
}

#[test]
fn a_file_of_100_megabytes_is_refused_without_reading_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "a file of holes, which costs no disk"
    )]
    let file = std::fs::File::create_new(dir.path().join("config/tool_limits.yml")).unwrap();
    file.set_len(100 << 20).unwrap();
    insta::assert_snapshot!(said(dir.path(), &[], &Flags::default()));
}

#[test]
fn a_file_that_just_fits_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let room = usize::try_from(MAX_FILE_BYTES).unwrap();
    let path = ConfigFile::Costs.path(dir.path());
    let text = |length: usize| format!("read: 7 #{}\n", " ".repeat(length - 10));
    std::fs::write(&path, text(room)).unwrap();
    let config = load(dir.path(), None, &Environment::default(), &Flags::default()).unwrap();
    assert_eq!(config.policies.costs.read, 7);
    std::fs::write(&path, text(room + 1)).unwrap();
    assert!(said(dir.path(), &[], &Flags::default()).contains("longer than"));
}

#[test]
fn what_is_not_a_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("config/cost_weights.yml")).unwrap();
    insta::assert_snapshot!(said(dir.path(), &[], &Flags::default()));
}

#[test]
fn a_settings_file_that_was_asked_for_must_be_there() {
    let errors = load(
        Path::new("nowhere"),
        Some(Path::new("nowhere/mine.yml")),
        &Environment::default(),
        &Flags::default(),
    );
    insta::assert_snapshot!(errors.unwrap_err());
    let environment = Environment::new([("WATCHBOOK_CONFIG", "nowhere/other.yml")]);
    insta::assert_snapshot!(
        load(Path::new("nowhere"), None, &environment, &Flags::default()).unwrap_err()
    );
}
