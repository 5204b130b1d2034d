//! What `config check` and `config show` say, and what they never say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use watchbook_config::{Config, Environment, Flags, check_text, load, show_json, show_text};

const PLANTED: &[&str] = &[
    "hunter2",
    "s3cr3t-token-value",
    "wb_ab12_verysecretverysecret",
    "in-a-comment-9911",
];

fn planted() -> (tempfile::TempDir, Config) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join("config").join(name), text).unwrap();
    };
    write(
        "watchbook.yml",
        "# in-a-comment-9911\nstore:\n  database_url: postgres://watchbook:hunter2@db/watchbook\n  artifacts_dir: token=s3cr3t-token-value\n",
    );
    write(
        "data_governance.yml",
        "redaction:\n  patterns:\n    - {name: ours, pattern: 'wb_ab12_verysecretverysecret'}\n    - {name: assigned, pattern: 'token=\\S+'}\n",
    );
    let environment = Environment::new([
        ("DATABASE_URL", "postgres://other:hunter2@db/other"),
        ("WATCHBOOK_KEY", "wb_ab12_verysecretverysecret"),
    ]);
    let config = load(dir.path(), None, &environment, &Flags::default()).unwrap();
    (dir, config)
}

#[test]
fn no_secret_is_ever_shown() {
    let (_dir, config) = planted();
    let environment = Environment::new([("DATABASE_URL", "hunter2"), ("WATCHBOOK_KEY", "hunter2")]);
    let said = [
        show_text(&config),
        show_json(&config).to_string(),
        check_text(&config),
        format!("{:?} {environment:?}", config.database_url),
        format!("{config:?}").replace("token=s3cr3t-token-value", "(a path, which is no secret)"),
    ];
    for text in said {
        for secret in PLANTED {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    assert_eq!(
        config
            .database_url
            .as_ref()
            .map(watchbook_config::Secret::expose),
        Some("postgres://other:hunter2@db/other"),
        "whoever needs it has it"
    );
}

#[test]
fn mistakes_do_not_repeat_secrets() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let text = "store: {database_url: [hunter2]}\nserver: {public_url: 'https://a:hunter2@b'}\n";
    std::fs::write(dir.path().join("config/watchbook.yml"), text).unwrap();
    let long = Environment::new([("DATABASE_URL", "hunter2".repeat(1_000))]);
    for environment in [Environment::default(), long] {
        let errors = load(dir.path(), None, &environment, &Flags::default()).unwrap_err();
        assert!(
            !format!("{errors} {errors:?}").contains("hunter2"),
            "{errors}"
        );
    }
}

#[test]
fn what_show_says() {
    let (dir, config) = planted();
    let text = show_text(&config).replace(&format!("{}/", dir.path().display()), "");
    // Every edit of a shipped file moves its lines.
    let shipped_place = regex::Regex::new(r"shipped (\w+\.yml):\d+:\d+").unwrap();
    insta::assert_snapshot!(shipped_place.replace_all(&text, "shipped $1:LINE:COLUMN"));
}

#[test]
fn what_check_says() {
    let (dir, config) = planted();
    let text = check_text(&config).replace(&format!("{}/", dir.path().display()), "");
    insta::assert_snapshot!(text);
}
