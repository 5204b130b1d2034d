//! The power cut, and the copy.

use std::collections::BTreeMap;

use super::inode::{DirNode, FileNode, Inode};
use super::random::SplitMix;
use super::world::World;

impl World {
    /// The world after a power cut now; `seed` chooses what of the unsynced survives.
    pub(super) fn crash(&self, seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        let inodes = self.inodes.iter().map(|(number, inode)| {
            let left = match inode {
                Inode::File(file) => Inode::File(file.crash(&mut random)),
                Inode::Dir(dir) => Inode::Dir(dir.crash(&mut random)),
            };
            (*number, left)
        });
        self.with_inodes(inodes.collect(), random)
    }

    /// The same world, all of it durable.
    pub(super) fn fork(&self) -> Self {
        let inodes = self.inodes.iter().map(|(number, inode)| {
            let same = match inode {
                Inode::File(file) => Inode::File(FileNode::durable(file.now.clone())),
                Inode::Dir(dir) => Inode::Dir(DirNode::durable(dir.now.clone())),
            };
            (*number, same)
        });
        self.with_inodes(inodes.collect(), self.random.clone())
    }

    fn with_inodes(&self, inodes: BTreeMap<u64, Inode>, random: SplitMix) -> Self {
        Self {
            inodes,
            next_inode: self.next_inode,
            random,
            ..Self::default()
        }
    }
}
