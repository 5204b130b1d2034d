//! Attaching files whose bytes are stored already.

use watchbook_core::{ArtifactName, Decision, Digest, EventType, Op};

use crate::world::World;

pub(crate) fn attach(name: &str, content: &[u8]) -> Op {
    Op::Attach {
        name: ArtifactName::new(name).unwrap(),
        sha256: Digest::of(content),
        bytes: content.len() as u64,
    }
}

#[test]
fn the_same_name_again_is_a_new_version_and_the_same_bytes_are_none() {
    let mut world = World::new();
    let id = world.create();
    let first = world.must(id, attach("a.md", b"one")).remove(0);
    assert_eq!(
        (first.kind, first.message.as_str()),
        (EventType::Artifact, "attached a.md")
    );
    assert_eq!(
        world.run(id, attach("a.md", b"one")),
        Ok(Decision::Unchanged)
    );
    world.wait(60);
    world.must(id, attach("a.md", b"two"));
    world.must(id, attach("b.md", b"one"));
    let shown = world.get(id).artifacts;
    let versions = |at: usize| {
        shown[at]
            .versions
            .iter()
            .map(|version| version.sha256)
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(0), [Digest::of(b"one"), Digest::of(b"two")]);
    assert_eq!(versions(1), [Digest::of(b"one")]);
    assert_eq!(world.get(id).revision, 1);
}
