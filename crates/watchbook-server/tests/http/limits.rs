//! What the server holds its callers to: size, time, number.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use watchbook_server::{Limits, Options};

use crate::stand::{Stand, options};
use crate::wire::{Answer, Ask, raw, rest};

const ONCALL: &str = "/v1/tools/oncall_tool";
/// Long enough for everything but what a test wants to run out.
const SHORT: Duration = Duration::from_millis(80);

fn limited(change: impl FnOnce(&mut Limits)) -> Options {
    let mut options = options();
    change(&mut options.limits);
    options
}

async fn stand(change: impl FnOnce(&mut Limits)) -> Stand {
    Stand::with(limited(change), &[]).await.0
}

/// A call that is sent up to the last byte of its body, which holds a place in the server.
async fn half_sent(stand: &Stand) -> (TcpStream, Vec<u8>) {
    let whole = Ask::post(ONCALL, json!({"action": "incident_list"})).to_bytes();
    let (most, last) = whole.split_at(whole.len() - 1);
    let mut stream = TcpStream::connect(stand.address).await.expect("connected");
    stream.write_all(most).await.expect("sent");
    (stream, last.to_vec())
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn body_of(bytes: usize) -> String {
    let frame = r#"{"action":"incident_list","q":""}"#.len();
    format!(
        r#"{{"action":"incident_list","q":"{}"}}"#,
        "x".repeat(bytes - frame)
    )
}

#[tokio::test]
async fn a_body_is_held_to_its_size() {
    let stand = stand(|limits| limits.body_bytes = 10_000).await;
    let fits = stand.ask(Ask::post(ONCALL, &body_of(10_000))).await;
    assert_ne!(fits.status, 413, "{fits:?}");
    for bytes in [10_001, 19_000, 1_000_000] {
        let refused = stand.ask(Ask::post(ONCALL, &body_of(bytes))).await;
        assert_eq!(said(&refused), (413, "too_large".into()), "{bytes}");
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_held_to_its_size_too() {
    let stand = stand(|limits| limits.body_bytes = 10_000).await;
    let chunked = |body: &str| {
        let size = body.len();
        format!(
            "POST {ONCALL} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n"
        )
    };
    let fits = raw(
        stand.address,
        chunked(r#"{"action":"incident_list"}"#).as_bytes(),
    )
    .await;
    assert_eq!(fits.status, 200, "{fits:?}");
    let refused = raw(stand.address, chunked(&body_of(10_001)).as_bytes()).await;
    assert_eq!(said(&refused), (413, "too_large".into()));
}

#[tokio::test]
async fn a_head_is_held_to_its_size() {
    let stand = stand(|limits| limits.head_bytes = 8_192).await;
    let fits = Ask::get("/healthz").header("x-filler", &"x".repeat(7_000));
    assert_eq!(stand.ask(fits).await.status, 200);
    let large = Ask::get("/healthz").header("x-filler", &"x".repeat(9_000));
    assert_eq!(stand.ask(large).await.status, 431);
    let many = (0..101).fold(Ask::get("/healthz"), |ask, index| {
        ask.header(&format!("x-{index}"), "1")
    });
    assert_eq!(stand.ask(many).await.status, 431);
}

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let stand = stand(|limits| limits.head_time = SHORT).await;
    let mut stream = TcpStream::connect(stand.address).await.expect("connected");
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: local")
        .await
        .expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("closed");
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let stand = stand(|limits| limits.head_time = SHORT).await;
    let mut stream = TcpStream::connect(stand.address).await.expect("connected");
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .expect("sent");
    let answer = rest(&mut stream).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_slow_body_is_answered_and_cut_off() {
    let stand = stand(|limits| limits.body_time = SHORT).await;
    let (mut stream, _last) = half_sent(&stand).await;
    let answer = rest(&mut stream).await;
    assert_eq!(said(&answer), (503, "unavailable".into()));
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let stand = stand(|limits| limits.request_time = SHORT).await;
    let (mut stream, _last) = half_sent(&stand).await;
    let answer = rest(&mut stream).await;
    assert_eq!(said(&answer), (503, "unavailable".into()));
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn requests_beyond_the_places_are_turned_away_at_once() {
    let stand = stand(|limits| limits.requests = 1).await;
    let (mut stream, last) = half_sent(&stand).await;
    // The place is taken when the server has read the head; until then this is served.
    let refused = loop {
        let answer = stand.get("/v1/incidents").await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(said(&refused), (503, "unavailable".into()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(
        stand.get("/healthz").await.status,
        200,
        "probes need no place"
    );
    stream.write_all(&last).await.expect("sent");
    assert_eq!(rest(&mut stream).await.status, 200);
    assert_eq!(
        stand.get("/v1/incidents").await.status,
        200,
        "the place is free again"
    );
}

#[tokio::test]
async fn bodies_share_a_memory() {
    let stand = stand(|limits| {
        limits.body_bytes = 8_192;
        limits.body_memory = 8_192;
    })
    .await;
    let (mut stream, last) = half_sent(&stand).await;
    let large = || stand.ask(Ask::post(ONCALL, &body_of(8_000)));
    let refused = loop {
        let answer = large().await;
        if answer.status == 503 {
            break answer;
        }
    };
    assert_eq!(said(&refused), (503, "unavailable".into()));
    stream.write_all(&last).await.expect("sent");
    assert_eq!(rest(&mut stream).await.status, 200);
    assert_ne!(large().await.status, 503, "the memory is free again");
}

#[tokio::test]
async fn connections_beyond_the_places_wait_their_turn() {
    let stand = stand(|limits| limits.connections = 1).await;
    let (mut stream, last) = half_sent(&stand).await;
    let address = stand.address;
    let waiting = tokio::spawn(async move { Ask::get("/healthz").send(address).await });
    stream.write_all(&last).await.expect("sent");
    assert_eq!(rest(&mut stream).await.status, 200);
    assert_eq!(waiting.await.expect("no panic").status, 200);
}

#[tokio::test]
async fn several_requests_on_one_connection() {
    let stand = Stand::open().await;
    let mut stream = TcpStream::connect(stand.address).await.expect("connected");
    let first = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let last = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let both = format!("{first}{last}");
    stream.write_all(both.as_bytes()).await.expect("sent");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("answers");
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}
