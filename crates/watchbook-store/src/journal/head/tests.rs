//! The head comes back as it was written, or not at all.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use watchbook_core::{Digest, StoreId};

use super::{COVERED_BYTES, Found, Head, SLOT_BYTES, Slot, decode, encode, read, write};
use crate::disk::{Disk, DiskFile, Open, SimDisk};
use crate::journal::position::Position;

fn head(sequence: u64, own_inode: u64) -> Head {
    Head {
        store: StoreId::from_bits(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        sequence,
        end: Position {
            generation: 1,
            segment: 2,
            offset: 3,
            line: 4,
            n: 5,
            chain: Digest::of(b"chain"),
        },
        relaxed: false,
        replacing: false,
        own_inode,
        segment_inode: 6,
    }
}

fn file() -> (Arc<dyn DiskFile>, u64) {
    let file = SimDisk::new()
        .open(Path::new("/head"), Open::Create)
        .expect("made");
    let inode = file.metadata().expect("examined").identity.inode;
    (file, inode)
}

prop_compose! {
    fn any_head()(
        bits in any::<u128>(), sequence in any::<u64>(), generation in any::<u64>(), segment in any::<u32>(),
        offset in any::<u64>(), line in any::<u64>(), n in any::<u64>(), chain in any::<[u8; 32]>(),
        relaxed in any::<bool>(), replacing in any::<bool>(), own_inode in any::<u64>(), segment_inode in any::<u64>(),
    ) -> Head {
        let chain = Digest::from_bytes(chain);
        let end = Position { generation, segment, offset, line, n, chain };
        Head { store: StoreId::from_bits(bits), sequence, end, relaxed, replacing, own_inode, segment_inode }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(head in any_head()) {
        prop_assert_eq!(decode(&encode(&head)), Slot::Head(head));
    }

    #[test]
    fn a_changed_bit_is_noticed(head in any_head(), bit in 0..SLOT_BYTES * 8) {
        let mut slot = encode(&head);
        slot[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(decode(&slot), Slot::Torn);
    }
}

#[test]
fn the_format_is_frozen() {
    let slot = encode(&head(7, 8));
    let hex: String = slot
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    insta::assert_snapshot!(hex);
}

#[test]
fn the_newest_of_two_slots_counts() {
    let (file, inode) = file();
    assert_eq!(read(&*file).expect("read"), Found::Nothing);
    for sequence in 1..=5 {
        write(&*file, &head(sequence, inode)).expect("written");
        assert_eq!(
            read(&*file).expect("read"),
            Found::Head(head(sequence, inode))
        );
    }
    assert_eq!(
        file.metadata().expect("examined").len,
        512 + SLOT_BYTES as u64
    );
}

#[test]
fn a_torn_write_leaves_the_one_before() {
    for torn in 0..SLOT_BYTES {
        let (file, inode) = file();
        write(&*file, &head(1, inode)).expect("written");
        write(&*file, &head(2, inode)).expect("written");
        let next = encode(&head(3, inode));
        file.write_all_at(&next[..torn], 512)
            .expect("written in part");
        let found = read(&*file).expect("read");
        let whole = next[torn..] == encode(&head(1, inode))[torn..];
        assert_eq!(
            found,
            Found::Head(head(if whole { 3 } else { 2 }, inode)),
            "torn at {torn}"
        );
    }
}

#[test]
fn a_copy_knows_that_it_is_one() {
    let (file, inode) = file();
    write(&*file, &head(1, inode + 1)).expect("written");
    assert_eq!(
        read(&*file).expect("read"),
        Found::Copied(head(1, inode + 1))
    );
}

#[test]
fn a_newer_head_is_told_from_a_broken_one() {
    let (file, inode) = file();
    let mut slot = encode(&head(1, inode));
    slot[7] = b'2';
    file.write_all_at(&slot, 0).expect("written");
    assert_eq!(
        read(&*file).expect("read"),
        Found::Nothing,
        "the checksum does not fit"
    );
    let checksum = Digest::of(&slot[..COVERED_BYTES]);
    slot[COVERED_BYTES..].copy_from_slice(&checksum.as_bytes()[..SLOT_BYTES - COVERED_BYTES]);
    file.write_all_at(&slot, 0).expect("written");
    assert_eq!(read(&*file).expect("read"), Found::Newer);
}
