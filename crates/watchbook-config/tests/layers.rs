//! Which value holds: a flag over the environment over the file over what ships, key by key.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use watchbook_config::{
    Config, DatabaseSettings, Environment, Flags, FsyncPolicy, Statements, directory, load,
    show_json,
};
use watchbook_core::AgentId;
use watchbook_rbac::Standing;

fn loaded(files: &[(&str, &str)], environment: &[(&str, &str)], flags: &Flags) -> Config {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join("config").join(name), text).unwrap();
    }
    load(
        dir.path(),
        None,
        &Environment::new(environment.iter().copied()),
        flags,
    )
    .unwrap()
}

/// The port that holds when the first so many layers speak, and where it comes from.
fn check(layers: usize, port: u16, origin: &str) {
    let file = [(
        "watchbook.yml",
        "server: {listen: '127.0.0.1:2', concurrency: 9}\n",
    )];
    let variable = [("WATCHBOOK_LISTEN", "localhost:3")];
    let flag = Flags {
        listen: Some("[::1]:4".to_owned()),
        ..Flags::default()
    };
    let none = Flags::default();
    let config = loaded(
        if layers > 0 { &file } else { &[] },
        if layers > 1 { &variable } else { &[] },
        if layers > 2 { &flag } else { &none },
    );
    assert_eq!(config.listen.port(), port);
    let shown = show_json(&config)["files"]["watchbook.yml"]["server.listen"]["origin"].to_string();
    assert!(shown.contains(origin), "{shown}");
    assert_eq!(config.concurrency, if layers > 0 { 9 } else { 512 });
    assert_eq!(
        config.request_timeout,
        Duration::from_secs(30),
        "what nobody says is shipped"
    );
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_what_ships() {
    check(0, 8000, "shipped watchbook.yml:");
    check(1, 2, "watchbook.yml:1:18");
    check(2, 3, "environment variable WATCHBOOK_LISTEN");
    check(3, 4, "flag --listen");
}

#[test]
fn every_variable_reaches_its_setting() {
    let config = loaded(
        &[],
        &[
            ("INCIDENT_BACKEND", "jsonl"),
            ("INCIDENT_ARTIFACTS_DIR", "/srv/artifacts"),
            ("DATABASE_URL", "postgres://u:p@h/d"),
            ("WATCHBOOK_FSYNC", "interval"),
            ("WATCHBOOK_FSYNC_INTERVAL", "50ms"),
            ("WATCHBOOK_LOCK_DEADLINE", "2s"),
            ("WATCHBOOK_MEMORY_BOUND", "64 MiB"),
            ("WATCHBOOK_DATABASE_STATEMENTS", "unnamed"),
            ("WATCHBOOK_DATABASE_CONNECTIONS", "3"),
            ("WATCHBOOK_DATABASE_CONNECT_TIMEOUT", "100ms"),
            ("WATCHBOOK_DATABASE_STATEMENT_TIMEOUT", "9s"),
            ("WATCHBOOK_DATABASE_LOCK_TIMEOUT", "1s"),
            ("WATCHBOOK_DATABASE_CA_FILE", "/etc/ca.pem"),
            ("WATCHBOOK_LISTEN", "0.0.0.0:80"),
            (
                "WATCHBOOK_PUBLIC_URL",
                "https://watchbook.example.com/base/",
            ),
            ("WATCHBOOK_BODY_LIMIT", "5MiB"),
            ("WATCHBOOK_REQUEST_TIMEOUT", "1m"),
            ("WATCHBOOK_CONCURRENCY", " 8 "),
            ("WATCHBOOK_SHUTDOWN_GRACE", "0s"),
            ("WATCHBOOK_NODE", "eu-1"),
        ],
        &Flags::default(),
    );
    assert_eq!(
        config.artifacts_dir.as_deref(),
        Some(Path::new("/srv/artifacts"))
    );
    assert_eq!(
        config
            .database_url
            .as_ref()
            .map(watchbook_config::Secret::expose),
        Some("postgres://u:p@h/d")
    );
    let database = DatabaseSettings {
        statements: Statements::Unnamed,
        connections: 3,
        connect_timeout: Duration::from_millis(100),
        statement_timeout: Duration::from_secs(9),
        lock_timeout: Duration::from_secs(1),
        ca_file: Some("/etc/ca.pem".into()),
    };
    assert_eq!(config.database, database);
    assert_eq!(config.fsync, FsyncPolicy::Interval);
    assert_eq!(config.fsync_interval, Duration::from_millis(50));
    assert_eq!(config.lock_deadline, Duration::from_secs(2));
    assert_eq!(config.memory_bound, 64 << 20);
    assert_eq!(config.listen.to_string(), "0.0.0.0:80");
    assert_eq!(
        config.public_url.as_deref(),
        Some("https://watchbook.example.com/base")
    );
    assert_eq!(config.body_limit, 5 << 20);
    assert_eq!(config.request_timeout, Duration::from_mins(1));
    assert_eq!(config.concurrency, 8);
    assert_eq!(config.shutdown_grace, Duration::ZERO);
    assert_eq!(config.node.as_str(), "eu-1");
}

#[test]
fn artifacts_lie_relative_to_the_directory() {
    let config = loaded(
        &[("watchbook.yml", "store: {artifacts_dir: files}\n")],
        &[],
        &Flags::default(),
    );
    assert_eq!(config.artifacts_dir, Some(config.dir.join("files")));
}

#[test]
fn an_empty_file_and_empty_sections_say_nothing() {
    for text in [
        "",
        "# only a comment\n",
        "store:\nserver:\n",
        "store: {fsync: }\n",
        "{}\n",
        "---\n",
    ] {
        let config = loaded(&[("watchbook.yml", text)], &[], &Flags::default());
        assert_eq!(config.fsync, FsyncPolicy::Always, "{text:?}");
    }
}

#[test]
fn lists_and_maps_of_ones_own_names_are_taken_as_a_whole() {
    let matrix = "agents:\n  bob: agent_cto\ndefaults:\n  agent: viewer\n";
    let limits = "rates:\n  agent: {burst: 5}\n";
    let config = loaded(
        &[
            ("rbac_tools_matrix.yml", matrix),
            ("tool_limits.yml", limits),
        ],
        &[],
        &Flags::default(),
    );
    let role = |id: &str| {
        let id: AgentId = id.parse().unwrap();
        config
            .policies
            .matrix
            .role_of(&id, Standing::Remote)
            .to_string()
    };
    assert_eq!(role("bob"), "agent_cto");
    assert_eq!(role("sofiia"), "viewer", "the list of agents is one's own");
    assert_eq!(role("human:x"), "viewer", "the other defaults are shipped");
    assert_eq!(config.policies.limits.per_agent.burst, 5);
    assert_eq!(
        config.policies.limits.per_agent.per_minute, 6_000,
        "the other half is shipped"
    );
}

#[test]
fn variables_that_look_like_ours_are_warned_about() {
    let config = loaded(
        &[],
        &[
            ("WATCHBOOK_FSYCN", "never"),
            ("INCIDENT_COLOUR_OF_THE_BIKESHED", "red"),
            ("WATCHBOOK_SERVICE_HOST", "10.0.0.1"),
            ("WATCHBOOK_PORT", "tcp://10.0.0.1:8000"),
            ("PATH", "/bin"),
        ],
        &Flags::default(),
    );
    insta::assert_snapshot!(config.warnings.join("\n"));
}

#[test]
fn the_directory_is_the_flag_or_the_variable_or_here() {
    let set = Environment::new([("WATCHBOOK_DIR", "/var/lib/watchbook")]);
    assert_eq!(directory(Some(Path::new("x")), &set), PathBuf::from("x"));
    assert_eq!(directory(None, &set), PathBuf::from("/var/lib/watchbook"));
    assert_eq!(directory(None, &Environment::default()), PathBuf::from("."));
}

#[test]
fn the_process_environment_can_be_read() {
    let environment = Environment::from_process();
    assert_eq!(
        environment.get("PATH"),
        None,
        "what watchbook does not know is not kept"
    );
}
