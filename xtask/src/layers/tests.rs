//! Fabricated workspaces with one thing wrong each.

use super::*;
use crate::checkout::TextFile;
use crate::source::RustFile;

/// A workspace with one crate that has one dependency, as cargo would describe it.
fn workspace(name: &str, dependency: &str, kind: &str) -> Workspace {
    let kind = if kind == "normal" {
        "null".to_owned()
    } else {
        format!("\"{kind}\"")
    };
    let text = format!(
        r#"{{
          "packages": [{{
            "name": "{name}",
            "manifest_path": "/repo/crates/{name}/Cargo.toml",
            "dependencies": [{{"name": "{dependency}", "kind": {kind}, "optional": true}}]
          }}],
          "target_directory": "/repo/target",
          "workspace_root": "/repo"
        }}"#
    );
    serde_json::from_str(&text).expect("it has the shape of cargo's answer")
}

fn complaints(name: &str, dependency: &str, kind: &str) -> Vec<String> {
    let findings = arrows::check(&workspace(name, dependency, kind));
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn an_arrow_that_is_not_in_the_table_fails_and_names_the_allowed_ones() {
    let cases = [
        (
            "watchbook-core",
            "watchbook-store",
            "may not use store; it may use none of ours",
        ),
        (
            "watchbook-rbac",
            "watchbook-api",
            "may not use api; it may use core",
        ),
        (
            "watchbook-store",
            "watchbook-app",
            "may not use app; it may use core",
        ),
        (
            "watchbook-store",
            "watchbook-store",
            "may not use store; it may use core",
        ),
        (
            "watchbook-config",
            "watchbook-store",
            "may not use store; it may use core, rbac, intelligence, alerts, scheduler, notify",
        ),
        (
            "watchbook-app",
            "watchbook-server",
            "may not use server; it may use core, rbac, intelligence, alerts, scheduler, notify, store, api, config",
        ),
        (
            "watchbook-server",
            "watchbook-store",
            "may not use store; it may use core, app, api, mcp",
        ),
        (
            "watchbook-cli",
            "watchbook-rbac",
            "may not use rbac; it may use core, store, config, app, api, mcp, server",
        ),
    ];
    for (from, to, why) in cases {
        for kind in ["normal", "build"] {
            assert_eq!(complaints(from, to, kind), [format!("{from}: {why}")]);
        }
    }
}

#[test]
fn arrows_of_the_table_pass_and_so_does_anything_for_tests_alone() {
    let cases = [
        ("watchbook-rbac", "watchbook-core", "normal"),
        ("watchbook-store", "watchbook-core", "build"),
        ("watchbook-app", "watchbook-store", "normal"),
        ("watchbook-cli", "watchbook-server", "normal"),
        ("watchbook-api", "watchbook-app", "dev"),
        ("watchbook-core", "reqwest", "dev"),
        ("watchbook-core", "rusqlite", "dev"),
        ("watchbook-core", "serde", "normal"),
        ("xtask", "watchbook-store", "normal"),
    ];
    for (from, to, kind) in cases {
        assert_eq!(
            complaints(from, to, kind),
            [""; 0],
            "{from} → {to} ({kind})"
        );
    }
}

#[test]
fn what_waits_stays_out_of_the_crates_without_io() {
    for krate in [
        "tokio",
        "async-trait",
        "futures-util",
        "rustix",
        "rand",
        "tempfile",
    ] {
        for pure in ["core", "rbac", "intelligence", "alerts", "api"] {
            let name = format!("watchbook-{pure}");
            let expected = format!(
                "{name}: names {krate}; this crate has no I/O and no async, so pass it what it needs as values"
            );
            for kind in ["normal", "build"] {
                assert_eq!(complaints(&name, krate, kind), [expected.as_str()]);
            }
            assert_eq!(complaints(&name, krate, "dev"), [""; 0]);
        }
        for above in ["watchbook-store", "watchbook-app", "watchbook-server"] {
            assert_eq!(complaints(above, krate, "normal"), [""; 0]);
        }
    }
}

#[test]
fn transport_stays_on_top() {
    for krate in ["axum", "hyper", "tower-http", "reqwest", "rmcp"] {
        for below in ["core", "rbac", "store", "api", "config", "app", "scheduler"] {
            let name = format!("watchbook-{below}");
            let expected = format!(
                "{name}: names the transport crate {krate}; only cli, mcp, notify, server may"
            );
            assert_eq!(complaints(&name, krate, "normal"), [expected]);
        }
        for above in [
            "watchbook-server",
            "watchbook-cli",
            "watchbook-mcp",
            "watchbook-notify",
        ] {
            assert_eq!(complaints(above, krate, "normal"), [""; 0]);
        }
    }
}

#[test]
fn the_database_stays_in_the_store() {
    for krate in [
        "tokio-postgres",
        "deadpool-postgres",
        "postgres",
        "rusqlite",
    ] {
        let expected =
            format!("watchbook-app: names the database crate {krate}; only store, xtask may");
        assert_eq!(complaints("watchbook-app", krate, "normal"), [expected]);
        assert_eq!(complaints("watchbook-store", krate, "normal"), [""; 0]);
    }
}

#[test]
fn a_database_type_reached_without_a_manifest_line_is_found() {
    let names = |path: &str| {
        let text = "// tokio_postgres::Row\nfn f(row: &watchbook_store::tokio_postgres::Row) {}\n";
        let (path, text) = (path.to_owned(), text.to_owned());
        let file = RustFile::parse(&TextFile { path, text }).expect("the snippet is valid Rust");
        database::check(&file)
    };
    let expected = "crates/watchbook-app/src/a.rs:2: names tokio_postgres; database types stay in watchbook-store";
    let found: Vec<String> = names("crates/watchbook-app/src/a.rs")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, [expected]);
    assert_eq!(names("crates/watchbook-store/src/postgres.rs"), []);
}

#[test]
fn a_crate_without_a_row_fails_and_examples_are_embedders() {
    let expected = "watchbook-misc: no row in xtask/src/layers/table.rs; add one there and in docs/ARCHITECTURE.md";
    assert_eq!(complaints("watchbook-misc", "serde", "normal"), [expected]);
    let mut example = workspace("ledger", "watchbook-app", "normal");
    example.packages[0].manifest_path = "/repo/examples/ledger/Cargo.toml".into();
    let found: Vec<String> = arrows::check(&example)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, ["ledger: may not use app; it may use core, store"]);
}

#[test]
fn a_member_inherits_the_lints_and_lives_under_its_name() {
    let mut workspace = workspace("watchbook-core", "serde", "normal");
    let package = &mut workspace.packages[0];
    let missing = "watchbook-core: does not inherit the workspace's lints; add `[lints]` with `workspace = true`";
    let cases = [
        (
            "[package]\nname = \"x\"\n[lints]\nworkspace = true\n",
            vec![],
        ),
        ("lints.workspace = true\n[package]\n", vec![]),
        ("[package]\nlints.workspace = true\n", vec![missing]),
        (
            "[lints]\n[package]\nversion.workspace = true\n",
            vec![missing],
        ),
        ("[lints]\n# workspace = true\n", vec![missing]),
        ("", vec![missing]),
    ];
    for (manifest, expected) in cases {
        let found: Vec<String> = manifest::check(package, manifest)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected, "{manifest}");
    }
    package.manifest_path = "/repo/crates/heart/Cargo.toml".into();
    let found = manifest::check(package, "[lints]\nworkspace = true\n");
    assert_eq!(
        found[0].to_string(),
        "watchbook-core: lives in /repo/crates/heart/Cargo.toml; name the folder as the crate"
    );
}

/// The promise of the table: it has no cycle, because each row names rows above itself only.
#[test]
fn the_table_runs_one_way() {
    let order = [
        "core",
        "rbac",
        "intelligence",
        "alerts",
        "scheduler",
        "notify",
        "store",
        "api",
        "config",
        "app",
        "mcp",
        "server",
        "cli",
    ];
    for (position, name) in order.iter().enumerate() {
        let used = table::allowed(name).expect("each crate has its row");
        assert!(
            used.iter().all(|used| order[..position].contains(used)),
            "{name}"
        );
    }
}
