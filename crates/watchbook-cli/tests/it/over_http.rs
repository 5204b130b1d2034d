//! The same commands over HTTP.

use serde_json::Value;

use crate::world::World;

#[test]
fn a_directory_and_a_server_give_the_same_answers() {
    let (world, elsewhere) = (World::new(), World::new());
    let id = world.incident();
    let (server, address) = world.serve();
    let over_http = |args: &[&str]| {
        elsewhere.run(&[&["--server", &address, "--agent", "sofiia"], args].concat())
    };
    let noted = over_http(&["incident", "note", &id, "over HTTP"]);
    assert_eq!(noted.code, 0, "{noted:?}");
    for args in [
        &["incident", "show", &id] as &[&str],
        &["incident", "list"],
        &["followup", "summary"],
    ] {
        let (there, here) = (over_http(args), world.run(args));
        assert_eq!(
            world.tidy(&there.stdout),
            world.tidy(&here.stdout),
            "{args:?}"
        );
    }
    // Refusals have the same words and codes, too.
    for args in [
        &["incident", "show", "inc_1"] as &[&str],
        &["incident", "show", "inc_20260223_1000_a1b2c3"],
    ] {
        let (there, here) = (over_http(args), world.run(args));
        assert_eq!(
            (there.code, there.stderr),
            (here.code, here.stderr),
            "{args:?}"
        );
    }
    let stopped = server.stop();
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert!(stopped.stderr.contains("stopped"), "{stopped:?}");
    assert_eq!(over_http(&["incident", "list"]).code, 3);
}

#[test]
fn an_import_over_http_gives_the_same_ids_and_says_when_nobody_answers() {
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/statuspage.json");
    let (world, here) = (World::new(), World::new());
    let (server, address) = world.serve();
    let over_http =
        |args: &[&str]| here.run(&[&["--server", &address, "--agent", "sofiia"], args].concat());
    let ran = over_http(&["import", "statuspage", PAGE]);
    assert!(ran.stdout.starts_with("imported 3 incidents"), "{ran:?}");
    assert_eq!(here.run(&["import", "statuspage", PAGE]).code, 1);
    let ids = |world: &World| {
        let list = world.json(&["incident", "list"]);
        let items = list["result"]["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&world), ids(&here));
    assert_eq!(server.stop().code, 0);
    let ran = over_http(&["import", "statuspage", PAGE]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stdout.contains("stopped before the end"), "{ran:?}");
}

#[test]
fn a_server_with_keys_wants_one() {
    let world = World::new();
    world.incident();
    let key = world.run(&["key", "create", "helion"]).stdout;
    let (server, address) = world.serve();
    let without = world.run(&["--server", &address, "incident", "list"]);
    assert_eq!(without.code, 5, "{without:?}");
    let with = world
        .command(&["--server", &address, "whoami", "--json"])
        .env("WATCHBOOK_KEY", key.trim())
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&with.stdout).unwrap();
    assert_eq!(answer["result"]["identity"]["agent_id"], "helion");
    let forged = world.run(&[
        "--server",
        &address,
        "--key",
        key.trim(),
        "--agent",
        "sofiia",
        "whoami",
    ]);
    assert_eq!(forged.code, 5, "{forged:?}");
    assert_eq!(server.stop().code, 0);
}

#[test]
fn without_keys_only_loopback_is_served() {
    let world = World::new();
    let ran = world.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("watchbook key create"), "{ran:?}");
}

#[test]
fn something_else_than_a_watchbook_is_told_apart() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let stranger = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
            .unwrap();
    });
    let world = World::new();
    let ran = world.run(&["--server", &address, "incident", "list"]);
    stranger.join().unwrap();
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(world.tidy(&ran.stderr));
}

/// What `serve` says to a person until it is stopped, with the directory and the address left out.
fn said_while_serving(world: &World) -> String {
    let mut server = world.start(&["serve", "--listen", "127.0.0.1:0"]);
    let line = server.lines(|_| true).remove(0);
    let stopped = server.stop();
    assert_eq!(stopped.code, 0, "{stopped:?}");
    world.tidy(&format!("{line}\n{}", stopped.stderr))
}

#[test]
fn serve_says_to_a_person_whether_callers_are_believed() {
    let world = World::new();
    insta::assert_snapshot!(said_while_serving(&world), @r"
    serving DIR on http://ADDRESS
    no keys: this machine only, and whoever calls is believed; watchbook key create makes the first key
    stop with Ctrl-C
    TIME  WARN the store has no keys: this machine only, and every agent_id is believed
    stopped
    ");
    let made = world.run(&["key", "create", "sofiia"]);
    assert_eq!(made.code, 0, "{made:?}");
    insta::assert_snapshot!(said_while_serving(&world), @r"
    serving DIR on http://ADDRESS
    calls need a key (X-API-Key or Authorization: Bearer)
    stop with Ctrl-C
    stopped
    ");
}
