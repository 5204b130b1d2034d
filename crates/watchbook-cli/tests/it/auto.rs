//! A database, and the files of the node while that is lost: what people and programs are told, and that everything
//! ends up in the database once.

use std::fmt::Write as _;

use serde_json::{Value, json};
use watchbook_store::proxy::{Fault, Proxy, Upstream};

use crate::bad_disk::ask;
use crate::database::{cluster, schema};
use crate::world::{Ran, World};

/// Where no database is.
const NOWHERE: &str = "host=/nowhere user=nobody dbname=none sslmode=disable";
/// How often a server's work beside its calls is looked at until it is given up. Each look is a process of its own.
const LOOKS: u32 = 1_000;

/// A directory whose incidents belong in a database. It is tried again after an hour, or when somebody says so.
struct Node {
    world: World,
    url: String,
}

impl Node {
    fn at(url: &str) -> Self {
        Self {
            world: World::new(),
            url: url.to_owned(),
        }
    }

    fn settings(&self) -> [(&str, &str); 3] {
        [
            ("INCIDENT_BACKEND", "auto"),
            ("DATABASE_URL", &self.url),
            ("WATCHBOOK_AUTO_RETRY", "1h"),
        ]
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.world.run_in(args, &self.settings())
    }

    /// Runs it, insists on success, and gives the JSON it answered.
    fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// A run as it is kept in a snapshot.
    fn shown(&self, args: &[&str]) -> String {
        let shown = self.world.shown_in(args, &self.settings());
        let room = regex::Regex::new(r"[\d.]+ [KMGT]iB free").unwrap();
        room.replace_all(&shown, "ROOM free").into_owned()
    }

    /// Opens an incident and gives its id.
    fn incident(&self, title: &str) -> String {
        let created = self.json(&create(title));
        let id = created["result"]["incident"]["id"].as_str();
        id.unwrap().to_owned()
    }

    /// `auto status`, asked again and again until it is so.
    fn until(&self, is_so: impl Fn(&Value) -> bool) {
        let mut looks = (0..LOOKS).map(|_| self.json(&["auto", "status"]));
        assert!(looks.any(|status| is_so(&status)));
    }
}

fn create(title: &str) -> [&str; 8] {
    [
        "incident",
        "create",
        "--service",
        "gateway",
        "--severity",
        "P3",
        "--title",
        title,
    ]
}

/// The address of a schema with tables, of this test's own.
fn migrated(name: &str) -> String {
    let address = schema(name);
    let world = World::new();
    let ran = world.run_in(&["migrate"], &[("DATABASE_URL", address.as_str())]);
    assert_eq!(ran.code, 0, "{ran:?}");
    address
}

/// What the database itself answers.
fn database(address: &str, args: &[&str]) -> Value {
    let settings = [("INCIDENT_BACKEND", "postgres"), ("DATABASE_URL", address)];
    let ran = World::new().run_in(&[args, &["--json"]].concat(), &settings);
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn psql(address: &str, sql: &str) {
    let done = std::process::Command::new("psql")
        .args([address, "-Xqc", sql])
        .status()
        .unwrap();
    assert!(done.success(), "{sql}");
}

/// How many there are of the lines of a timeline, which are numbered without a gap.
fn lines(timeline: &Value) -> usize {
    let items = timeline["result"]["items"].as_array().unwrap();
    for (at, line) in items.iter().enumerate() {
        assert_eq!(line["seq"], at + 1, "{timeline}");
    }
    items.len()
}

/// What a person sees who works on an incident to its end.
fn worked_on(node: &Node, id: &str) -> String {
    let mut told = String::new();
    for args in [
        &["incident", "note", id, "rolled", "back"] as &[&str],
        &["incident", "resolve", id],
        &["incident", "close", id],
        &["incident", "show", id],
        &["incident", "list"],
    ] {
        told.push_str(&node.shown(args));
    }
    told
}

#[test]
fn without_a_database_everything_goes_on_and_comes_in_once() {
    let mut node = Node::at(NOWHERE);
    insta::assert_snapshot!("begun_without_a_database", node.shown(&create("Errors")));
    let id = node.incident("Slow answers");
    insta::assert_snapshot!("worked_on_without_a_database", worked_on(&node, &id));
    insta::assert_snapshot!("status_while_degraded", node.shown(&["auto", "status"]));
    let in_vain = node.run(&["auto", "retry"]);
    assert_eq!(in_vain.code, 3, "{in_vain:?}");
    assert!(in_vain.stderr.contains("in vain"), "{in_vain:?}");

    node.url = migrated("comes_in");
    insta::assert_snapshot!("brought_in", node.shown(&["auto", "retry"]));
    for _ in 0..2 {
        let list = database(&node.url, &["incident", "list"]);
        assert_eq!(list["result"]["items"].as_array().unwrap().len(), 2);
        assert_eq!(list["meta"]["degraded"], false);
        let timeline = database(&node.url, &["incident", "events", &id]);
        assert_eq!(lines(&timeline), 4);
        let again = node.json(&["auto", "retry"]);
        assert_eq!(
            (&again["phase"], &again["pending"]),
            (&json!("primary"), &json!(0))
        );
    }
    let shown = node.json(&["incident", "show", &id]);
    assert_eq!(shown["meta"]["degraded"], false);
    assert!(shown["meta"]["stale_since"].is_null(), "{shown}");
    assert!(shown["meta"]["provisional"].is_null(), "{shown}");
}

#[test]
fn programs_are_told_in_meta() {
    let node = Node::at(NOWHERE);
    let created = node.json(&create("Errors"));
    let listed = node.json(&["incident", "list"]);
    let since = node.json(&["auto", "status"])["since"].clone();
    for answer in [&created, &listed] {
        let meta = &answer["meta"];
        assert_eq!(meta["backend"], "auto", "{answer}");
        assert_eq!(meta["degraded"], true, "{answer}");
        assert_eq!(meta["provisional"], true, "{answer}");
        assert_eq!(meta["stale_since"], since, "{answer}");
    }
}

#[test]
fn what_the_files_cannot_answer_waits() {
    let node = Node::at(NOWHERE);
    let (one, two) = (node.incident("Errors"), node.incident("Slow answers"));
    let unknown = "inc_20260223_1000_a1b2c3";
    let told: String = [
        &["incident", "show", unknown] as &[&str],
        &["incident", "note", unknown, "hello"],
        &["incident", "merge", &two, &one],
        &["key", "create", "sofiia"],
    ]
    .map(|args| node.shown(args))
    .concat();
    insta::assert_snapshot!(told);
}

#[test]
fn a_database_that_must_be_corrected_first_is_no_reason_to_fall_back() {
    let name = format!("cli_auto_{}", std::process::id());
    let (one, two) = (migrated("auto_one"), migrated("auto_two"));
    psql(
        &one,
        &format!("create role {name} login password 'right'; grant with_password to {name}"),
    );
    let stranger = one.replace("user=postgres", &format!("user={name} password=wrong"));
    let met = Node::at(&one);
    met.incident("Errors");
    let moved = Node { url: two, ..met };
    let mut told = String::new();
    for (what, node) in [
        ("a wrong password", Node::at(&stranger)),
        ("no tables", Node::at(&schema("auto_empty"))),
        ("another store's database", moved),
    ] {
        for args in [&create("Errors") as &[&str], &["serve"], &["doctor"]] {
            write!(told, "{what}: {}", node.shown(args)).unwrap();
        }
        let condition = node.json(&["auto", "status"]);
        assert_eq!(condition["phase"], "primary", "{what}: {condition}");
        assert_eq!(condition["pending"], 0, "{what}: {condition}");
    }
    let ids = regex::Regex::new(r"[0-9a-f]{32}").unwrap();
    let told = ids.replace_all(&told, "STORE").replace(&name, "USER");
    insta::assert_snapshot!(told);
    psql(&one, &format!("drop role {name}"));
}

#[test]
fn a_database_that_nobody_named_is_asked_for() {
    let world = World::new();
    let ran = world.run_in(&["incident", "list"], &[("INCIDENT_BACKEND", "auto")]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("set DATABASE_URL"), "{ran:?}");
}

#[test]
fn a_node_that_waits_for_hands_says_so() {
    let mut node = Node::at(NOWHERE);
    node.incident("Errors");
    node.url = schema("auto_hands");
    let told = [
        &["auto", "retry"] as &[&str],
        &["auto", "status"],
        &["doctor"],
    ]
    .map(|args| node.shown(args))
    .concat();
    insta::assert_snapshot!(told);
    let migrated = node.run(&["migrate"]);
    assert_eq!(migrated.code, 0, "{migrated:?}");
    insta::assert_snapshot!("mended", node.shown(&["auto", "retry"]));
}

/// The same database, through a proxy whose faults are chosen.
fn through(proxy: &Proxy, address: &str) -> String {
    let host = part(address, "host");
    let port = part(address, "port");
    let address = address.replace(&format!("host={host}"), "host=127.0.0.1");
    let at = proxy.address().port();
    match port.as_str() {
        "" => format!("port={at} {address}"),
        port => address.replace(&format!("port={port}"), &format!("port={at}")),
    }
}

/// A part of an address.
fn part(address: &str, name: &str) -> String {
    let mut parts = address.split(' ').filter_map(|part| part.split_once('='));
    let found = parts.find(|(key, _)| *key == name);
    found.map_or_else(String::new, |(_, value)| {
        value.trim_matches('\'').to_owned()
    })
}

fn proxy() -> Proxy {
    let (host, port) = (part(&cluster(), "host"), part(&cluster(), "port"));
    let port = if port.is_empty() { "5432" } else { &port };
    Proxy::start(Upstream::Unix(format!("{host}/.s.PGSQL.{port}").into())).unwrap()
}

fn call(address: &str, action: &str, params: &Value) -> (u16, Value) {
    let call = json!({"agent_id": "sofiia", "action": action, "params": params});
    ask(address, "POST /v1/tools/oncall_tool", &call)
}

#[test]
fn a_server_and_a_command_beside_it_agree() {
    let running = tokio::runtime::Runtime::new().unwrap();
    let _entered = running.enter();
    let proxy = proxy();
    let direct = migrated("auto_serve");
    let node = Node::at(&through(&proxy, &direct));
    let before = node.incident("Before");
    let (server, address) = node.world.serve_in(&node.settings());
    let (status, ready) = ask(&address, "GET /readyz", &Value::Null);
    assert_eq!(
        (status, &ready["status"]),
        (200, &json!("ready")),
        "{ready}"
    );
    assert_eq!(ready["auto"]["phase"], "primary");
    node.until(|status| status["mirror_complete"] == true);

    running.block_on(proxy.set(Fault::Refuse));
    let params = json!({"service": "gateway", "severity": "P3", "title": "Meanwhile"});
    let (status, created) = call(&address, "incident_create", &params);
    assert_eq!(status, 200, "{created}");
    assert_eq!(created["meta"]["degraded"], true, "{created}");
    let (status, ready) = ask(&address, "GET /readyz", &Value::Null);
    assert_eq!(
        (status, &ready["status"]),
        (200, &json!("degraded")),
        "{ready}"
    );
    assert_eq!(ready["degraded_since"], ready["auto"]["since"]);
    insta::assert_json_snapshot!("readyz_while_degraded", ready, {
        ".degraded_since" => "TIME",
        ".auto.since" => "TIME",
        ".auto.next_try" => "TIME",
    });
    let beside = node.json(&["auto", "status"]);
    assert_eq!(
        (&beside["phase"], &beside["since"]),
        (&json!("degraded"), &ready["auto"]["since"])
    );
    assert_eq!(beside["pending"], 1, "{beside}");
    // What the database had is read, and what the other process wrote.
    assert_eq!(node.run(&["incident", "note", &before, "by hand"]).code, 0);
    let (status, shown) = call(&address, "incident_get", &json!({"incident_id": before}));
    assert_eq!(
        (status, &shown["result"]["incident"]["events"]),
        (200, &json!(2)),
        "{shown}"
    );
    let unknown = json!({"incident_id": "inc_20260223_1000_a1b2c3"});
    let (status, refused) = call(&address, "incident_get", &unknown);
    assert_eq!(status, 503, "{refused}");

    running.block_on(proxy.set(Fault::Pass));
    // Whichever of the two processes is quicker does it.
    node.run(&["auto", "retry"]);
    node.until(|status| status["phase"] == "primary");
    let (status, listed) = call(&address, "incident_list", &json!({}));
    assert_eq!(status, 200, "{listed}");
    assert_eq!(listed["meta"]["degraded"], false, "{listed}");
    let (_, ready) = ask(&address, "GET /readyz", &Value::Null);
    assert_eq!(ready["status"], "ready", "{ready}");
    assert_eq!(server.stop().code, 0);
    let list = database(&direct, &["incident", "list"]);
    assert_eq!(list["result"]["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        lines(&database(&direct, &["incident", "events", &before])),
        2
    );
}
