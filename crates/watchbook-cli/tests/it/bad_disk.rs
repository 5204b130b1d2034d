//! A disk that is full and one that takes no writes, seen through the whole product.
#![expect(
    clippy::disallowed_methods,
    reason = "a test fills a disk behind the store's back, and is told by the environment what may be skipped"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{Ran, Running, World};

/// A directory on a small file system of its own.
pub(crate) struct Small {
    pub(crate) world: World,
}

impl Small {
    /// `None` where this user may not mount one.
    pub(crate) fn new() -> Option<Self> {
        let world = World::new();
        let made = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(world.path())
            .status();
        if made.is_ok_and(|made| made.success()) {
            return Some(Self { world });
        }
        let required = std::env::var("WATCHBOOK_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("all") && !required.contains("tmpfs"),
            "a tmpfs is required and cannot be mounted"
        );
        let _ = writeln!(
            std::io::stdout(),
            "skipped: a tmpfs cannot be mounted by this user"
        );
        None
    }

    pub(crate) fn remount(&self, option: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{option}")])
            .arg(self.world.path())
            .status();
        assert!(done.unwrap().success());
    }

    /// Takes all room that is left.
    fn fill(&self) {
        let mut ballast = std::fs::File::create(self.world.path().join("ballast")).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.world.path().join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.world.path()).status();
    }
}

/// A request over HTTP as curl sends it: the status and the body.
pub(crate) fn ask(address: &str, request: &str, body: &Value) -> (u16, Value) {
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let length = body.len();
    let asked = format!(
        "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(asked.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

/// One server, spoken to over HTTP.
struct Served {
    server: Running,
    address: String,
    incident: String,
}

impl Served {
    fn on(small: &Small) -> Self {
        let incident = small.world.incident();
        let (server, address) = small.world.serve();
        Self {
            server,
            address,
            incident,
        }
    }

    fn ready(&self) -> (u16, Value) {
        ask(&self.address, "GET /readyz", &Value::Null)
    }

    fn note(&self, text: &str) -> (u16, Value) {
        let call = json!({
            "agent_id": "sofiia",
            "action": "incident_append_event",
            "params": {"incident_id": self.incident, "type": "note", "message": text},
        });
        ask(&self.address, "POST /v1/tools/oncall_tool", &call)
    }

    /// The timeline's messages.
    fn timeline(&self) -> Vec<String> {
        let call = json!({"action": "incident_events", "params": {"incident_id": self.incident, "limit": 500}});
        let (status, answer) = ask(&self.address, "POST /v1/tools/oncall_tool", &call);
        assert_eq!(status, 200, "{answer}");
        let items = answer["result"]["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Asks until the server is ready; the state of the disk is looked at once a second.
    fn until_ready(&self) -> Value {
        let mut asked = (0..100_000).map(|_| self.ready());
        let ready = asked.find(|(status, _)| *status == 200);
        ready.unwrap().1
    }
}

#[test]
fn a_server_on_a_full_disk_says_so_reads_on_and_recovers_by_itself() {
    let Some(small) = Small::new() else { return };
    let served = Served::on(&small);
    let (status, ready) = served.ready();
    assert_eq!(
        (status, &ready["status"]),
        (200, &json!("ready")),
        "{ready}"
    );
    assert_eq!(ready["audit_gaps"], 0);
    small.fill();
    // The last free bytes of blocks that are begun already go first.
    let text = "x".repeat(2_000);
    let mut acked = 1;
    let refused = loop {
        match served.note(&text) {
            (200, _) => acked += 1,
            (status, refused) => {
                assert_eq!(status, 503, "{refused}");
                break refused;
            }
        }
    };
    assert_eq!(refused["type"], "urn:watchbook:problem:unavailable");
    let (status, ready) = served.ready();
    assert_eq!(
        (status, &ready["status"]),
        (503, &json!("read_only")),
        "{ready}"
    );
    assert_eq!(
        (&ready["readable"], &ready["writable"]),
        (&json!(true), &json!(false))
    );
    let why = ready["why"].as_str().unwrap();
    assert!(
        why.contains("No space left") && why.contains("free some space"),
        "{why}"
    );
    // Reads go on, also when the trail has filled its last block; what it could not take is counted.
    let gaps = || served.ready().1["audit_gaps"].as_u64().unwrap();
    let reads = (0..200).take_while(|_| {
        assert_eq!(served.timeline().len(), acked);
        gaps() == 0
    });
    assert!(reads.count() < 200, "no gap was counted");
    let ran = small.world.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("BAD   store      takes no writes"),
        "{ran:?}"
    );
    small.free();
    assert_eq!(
        served.until_ready()["status"],
        "ready",
        "nobody has written meanwhile"
    );
    assert_eq!(served.note("after").0, 200);
    let timeline = served.timeline();
    assert_eq!(
        (timeline.len(), timeline.last().unwrap().as_str()),
        (acked + 1, "after")
    );
    assert_eq!(served.server.stop().code, 0);
    assert_eq!(small.world.run(&["verify"]).code, 0);
    let left = small.world.tree();
    assert!(
        left.iter().all(|(path, _)| !path.ends_with(".trial")),
        "{left:?}"
    );
}

#[test]
fn a_full_disk_is_seen_before_anybody_writes() {
    let Some(small) = Small::new() else { return };
    let served = Served::on(&small);
    small.fill();
    let (status, ready) = served.ready();
    assert_eq!(
        (status, &ready["status"]),
        (503, &json!("read_only")),
        "{ready}"
    );
    small.free();
    served.until_ready();
}

#[test]
fn a_server_on_a_disk_that_became_read_only_says_so_and_recovers() {
    let Some(small) = Small::new() else { return };
    let served = Served::on(&small);
    drop(served.server);
    small.remount("ro");
    let (server, address) = small.world.serve();
    let served = Served {
        server,
        address,
        incident: served.incident,
    };
    let (status, ready) = served.ready();
    assert_eq!(
        (status, &ready["status"]),
        (503, &json!("read_only")),
        "{ready}"
    );
    assert!(
        ready["why"]
            .as_str()
            .unwrap()
            .contains("Read-only file system"),
        "{ready}"
    );
    let (status, refused) = served.note("no");
    assert_eq!(
        (status, &refused["code"]),
        (503, &json!("unavailable")),
        "{refused}"
    );
    assert_eq!(served.timeline().len(), 1, "reads go on");
    small.remount("rw");
    served.until_ready();
    assert_eq!(served.note("yes").0, 200);
}

#[test]
fn the_command_line_reads_a_read_only_directory_and_says_why_it_does_not_write() {
    let Some(small) = Small::new() else { return };
    let id = small.world.incident();
    small.remount("ro");
    let refused = |args: &[&str]| {
        let Ran { code, stderr, .. } = small.world.run(args);
        assert_eq!(code, 3, "{args:?}: {stderr}");
        assert!(
            stderr.contains("Read-only file system"),
            "{args:?}: {stderr}"
        );
        stderr
    };
    let told = refused(&["incident", "note", &id, "no"]);
    assert!(told.contains("audit trail cannot be written"), "{told}");
    refused(&["key", "create", "sofiia"]);
    for args in [
        &["incident", "list"] as &[&str],
        &["incident", "show", &id],
        &["incident", "events", &id],
        &["verify"],
    ] {
        let ran = small.world.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    }
    let ran = small.world.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("takes no writes (reads go on)"),
        "{ran:?}"
    );
    small.remount("rw");
    assert_eq!(small.world.run(&["incident", "note", &id, "yes"]).code, 0);
}

#[test]
fn an_empty_directory_that_takes_no_writes_is_found_out_and_stays_empty() {
    let Some(small) = Small::new() else { return };
    small.remount("ro");
    let ran = small.world.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("BAD   store      takes no writes"),
        "{ran:?}"
    );
    small.remount("rw");
    assert_eq!(
        small.world.run(&["doctor"]).code,
        1,
        "4 MiB are too little room"
    );
    assert_eq!(small.world.tree(), []);
}
