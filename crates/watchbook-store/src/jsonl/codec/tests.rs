//! The head of a commit, format version 1, frozen: a member that is new has a default.

use watchbook_core::{AgentId, By, ChangeId, Commit, NodeId, Source, Stamp, Timestamp, Via};

use super::{decode, encode};
use crate::system::SeededEntropy;

fn commit(by: By) -> Commit {
    Commit {
        change: ChangeId::from_key("scope", "k1"),
        stamp: Stamp {
            time: Timestamp::from_millis(1_771_840_800_000),
            counter: 3,
            node: NodeId::from_bits(7),
        },
        by,
        records: Vec::new(),
    }
}

fn id(text: &str) -> AgentId {
    AgentId::new(text).unwrap()
}

#[test]
fn the_head_is_written_and_read_as_ever() {
    let bare = By {
        agent: id("sofiia"),
        key: None,
        delegate: None,
        request: None,
        via: Via::Local,
        source: Source::Agent,
    };
    let full = By {
        key: Some("0123456789".parse().unwrap()),
        delegate: Some(id("bridge")),
        request: Some("req_1".parse().unwrap()),
        via: Via::Key,
        ..bare.clone()
    };
    let mut heads = Vec::new();
    for by in [bare, full] {
        let commit = commit(by);
        let encoded = encode(&commit, &[], &SeededEntropy::new(1)).unwrap();
        assert_eq!(decode(&encoded.by, &[]).unwrap().commit, commit);
        heads.push(encoded.by);
    }
    insta::assert_snapshot!(heads.join("\n"), @r#"
    {"agent":"sofiia","via":"local","source":"agent","change":"chg_bc17497ec97703e9dbf9a344479c29b3","stamp":"2026-02-23T10:00:00.000Z+3@00000007"}
    {"agent":"sofiia","key":"0123456789","delegate":"bridge","request":"req_1","via":"key","source":"agent","change":"chg_bc17497ec97703e9dbf9a344479c29b3","stamp":"2026-02-23T10:00:00.000Z+3@00000007"}
    "#);
}
