//! The power cut.

use super::inode::Inode;
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
        let inodes = inodes.collect();
        Self {
            inodes,
            next_inode: self.next_inode,
            random,
            ..Self::default()
        }
    }
}
