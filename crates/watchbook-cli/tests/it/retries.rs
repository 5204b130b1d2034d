//! Retries that race: one key, many callers, two server processes on one directory, and neither of them ends well.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;

use serde_json::{Value, json};

use crate::world::World;

const CALLS: usize = 50;

/// Creates an incident with the one key, as soon as everybody else is connected too. Gives the status and the answer.
fn create(address: &str, title: &str, start: &Barrier) -> (String, Value) {
    let body = json!({
        "action": "incident_create", "agent_id": "sofiia", "idempotency_key": "page-4711",
        "service": "gateway", "severity": "P1", "title": title,
    });
    let host = address.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut stream = TcpStream::connect(host).unwrap();
    start.wait();
    write!(
        stream,
        "POST /v1/tools/oncall_tool HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    (status.to_owned(), serde_json::from_str(body).unwrap())
}

/// All calls at once, one half to each server.
fn race(addresses: [&str; 2]) -> Vec<Value> {
    let start = Barrier::new(CALLS);
    let call = |index: usize| create(addresses[index % 2], "Gateway 5xx", &start);
    std::thread::scope(|scope| {
        let call = &call;
        let calls: Vec<_> = (0..CALLS)
            .map(|index| scope.spawn(move || call(index)))
            .collect();
        let ends = calls.into_iter().map(|call| call.join().unwrap());
        ends.map(|(status, answer)| {
            assert_eq!(status, "200", "{answer}");
            answer
        })
        .collect()
    })
}

#[test]
fn chaos_one_key_makes_one_incident_whatever_becomes_of_the_servers() {
    let world = World::new();
    let (one, two) = (world.serve(), world.serve());
    let answers = race([&one.1, &two.1]);
    let results: BTreeSet<String> = answers
        .iter()
        .map(|answer| answer["result"].to_string())
        .collect();
    assert_eq!(results.len(), 1, "one answer for all: {results:?}");
    let first_times = answers
        .iter()
        .filter(|answer| answer["meta"]["replayed"] == false);
    assert_eq!(first_times.count(), 1, "one of them did it");
    let listed = world.json(&["incident", "list"]);
    assert_eq!(listed["result"]["items"].as_array().unwrap().len(), 1);

    one.0.kill();
    two.0.kill();
    let alone = Barrier::new(1);
    for (server, address) in [world.serve(), world.serve()] {
        let (status, again) = create(&address, "Gateway 5xx", &alone);
        assert_eq!(
            (status.as_str(), &again["meta"]["replayed"]),
            ("200", &true.into())
        );
        assert_eq!(BTreeSet::from([again["result"].to_string()]), results);
        let (status, other) = create(&address, "Something else", &alone);
        assert_eq!(
            (status.as_str(), &other["code"]),
            ("409", &"conflict".into())
        );
        server.kill();
    }
    assert_eq!(world.run(&["verify"]).code, 0);
}
