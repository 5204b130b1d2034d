//! Stopping: what is under way ends, what is new is not begun, and nothing that was acknowledged is lost.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::advance;
use watchbook_core::audit::AuditQuery;
use watchbook_core::query::PageRequest;
use watchbook_store::AuditLog;

use crate::moody::MoodyStore;
use crate::stand::{Stand, options};
use crate::wire::{Ask, rest};

fn create() -> Ask {
    let body = json!({
        "action": "incident_create", "agent_id": "sofiia",
        "service": "gateway", "severity": "P1", "title": "While it stops",
    });
    Ask::post("/v1/tools/oncall_tool", body)
}

#[tokio::test]
async fn a_write_under_way_is_answered_and_nothing_new_is_begun() {
    let (mut stand, store) = Stand::with(options(), &[]).await;
    store.holds.store(true, Ordering::SeqCst);
    let address = stand.address;
    let writing = tokio::spawn(async move { create().send(address).await });
    store.until_held().await;
    stand.begin_stop();
    // The listener is gone as soon as the server has seen that it should stop.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!writing.is_finished());
    let syncs = store.audit_syncs.load(Ordering::SeqCst);
    store.release();
    assert_eq!(writing.await.expect("no panic").status, 200);
    assert_eq!(stand.stopped().await.cut, 0);
    assert!(
        store.audit_syncs.load(Ordering::SeqCst) > syncs,
        "the audit is made durable at the end"
    );
}

/// Lets everything happen that can happen at this moment, without letting time pass.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_audit_is_made_durable_every_second() {
    let (_stand, store) = Stand::with(options(), &[]).await;
    settle().await;
    let syncs = || store.audit_syncs.load(Ordering::SeqCst);
    let first = syncs();
    for second in 1..=5 {
        advance(Duration::from_millis(999)).await;
        settle().await;
        assert_eq!(syncs(), first + second - 1, "a second is not over");
        advance(Duration::from_millis(1)).await;
        settle().await;
        assert_eq!(syncs(), first + second, "a second is over");
    }
}

#[tokio::test]
async fn a_request_that_is_still_being_sent_is_answered() {
    let (mut stand, _store) = Stand::with(options(), &[]).await;
    let whole = create().to_bytes();
    let (most, last) = whole.split_at(whole.len() - 1);
    let mut stream = TcpStream::connect(stand.address).await.expect("connected");
    stream.write_all(most).await.expect("sent");
    // Served on the same listener, in order: when this is answered, the first connection has been taken.
    assert_eq!(stand.get("/healthz").await.status, 200);
    stand.begin_stop();
    while TcpStream::connect(stand.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(last).await.expect("sent");
    assert_eq!(rest(&mut stream).await.status, 200);
    assert_eq!(stand.stopped().await.cut, 0);
}

#[tokio::test]
async fn an_idle_connection_does_not_delay_the_end() {
    let stand = Stand::open().await;
    let mut idle = TcpStream::connect(stand.address).await.expect("connected");
    let ask = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    idle.write_all(ask).await.expect("sent");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    assert_eq!(stand.stop().await.cut, 0);
    let mut answer = Vec::new();
    idle.read_to_end(&mut answer).await.expect("closed");
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut() {
    let mut options = options();
    options.limits.drain_time = Duration::from_millis(50);
    let (mut stand, store) = Stand::with(options, &[]).await;
    store.holds.store(true, Ordering::SeqCst);
    let address = stand.address;
    let writing = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(&create().to_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    });
    store.until_held().await;
    stand.begin_stop();
    assert_eq!(stand.stopped().await.cut, 1);
    assert_eq!(writing.await.expect("no panic"), b"");
    // What was begun goes on to its end inside: only the answer is lost, and the same key brings it back.
    store.release();
}

/// Whether the only call in the audit is closed.
async fn has_ended(store: &MoodyStore) -> bool {
    let page = PageRequest {
        limit: 10,
        after: None,
    };
    let found = store.search_audit(AuditQuery::default(), page).await;
    let entries = found.expect("an audit").items;
    assert_eq!(entries.len(), 1);
    entries[0].closing.is_some()
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_undo_his_write() {
    let (stand, store) = Stand::with(options(), &[]).await;
    store.holds.store(true, Ordering::SeqCst);
    let mut stream = TcpStream::connect(stand.address).await.expect("connected");
    stream.write_all(&create().to_bytes()).await.expect("sent");
    store.until_held().await;
    drop(stream);
    store.holds.store(false, Ordering::SeqCst);
    store.release();
    // The audit closes when the call has ended, whoever still listens.
    while !has_ended(&store).await {
        tokio::task::yield_now().await;
    }
    let list = stand.done("incident_list", json!({})).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
}
