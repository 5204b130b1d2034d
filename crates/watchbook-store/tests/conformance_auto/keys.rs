//! Keys while the database is lost.

use watchbook_core::text::Name;
use watchbook_core::{AgentId, Clock as _, Digest, KeyRecord, Timestamp};
use watchbook_store::conformance::block_on;
use watchbook_store::{Keys as _, Loss};

use crate::flaky::Turn;
use crate::outage::{Outage, node};

fn record(id: &str, now: Timestamp) -> KeyRecord {
    let agent = AgentId::new("sofiia").expect("an agent");
    KeyRecord {
        id: Name::new(id).expect("a name"),
        hash: Digest::of(id.as_bytes()),
        agent: agent.clone(),
        label: None,
        delegate: false,
        ingest_only: false,
        created_at: now,
        created_by: agent,
        expires_at: None,
        revoked_at: None,
    }
}

#[test]
fn keys_that_were_seen_go_on_working() {
    block_on(async {
        let outage = Outage::begin().await;
        let known = [record("alpha", outage.clock.now())];
        outage.store.put_key(known[0].clone()).await.expect("made");
        let pepper = outage.store.pepper().await.expect("a pepper");
        assert_eq!(outage.store.keys().await.expect("keys"), known);
        outage.database.lose(Some(Loss::Gone));
        assert_eq!(outage.store.keys().await.expect("kept"), known);
        // Another process of the node has never asked the database.
        let other = node(&outage.clock, &outage.database, &outage.shelter);
        assert_eq!(other.pepper().await.expect("kept"), pepper);
        assert_eq!(other.keys().await.expect("kept"), known);
    });
}

#[test]
fn a_key_that_was_revoked_just_before_an_outage_stays_revoked() {
    block_on(async {
        let outage = Outage::begin().await;
        let mut key = record("alpha", outage.clock.now());
        outage.store.put_key(key.clone()).await.expect("made");
        key.revoked_at = Some(outage.clock.now());
        // It is taken, and all that comes after it is lost.
        outage.database.lose(Some(Loss::Gone));
        outage.database.script([Turn::Well]);
        outage.store.put_key(key.clone()).await.expect("revoked");
        assert_eq!(outage.store.keys().await.expect("kept"), [key]);
    });
}
