//! All that a simulated disk is: its inodes, its faults, its log.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};

use super::inode::{DirNode, FileNode, Inode};
use super::random::SplitMix;
use super::{Fault, Logged, Op};
use crate::disk::{Identity, Kind, Metadata, Open};

/// The inode of `/`.
const ROOT: u64 = 1;

/// All that a simulated disk is.
#[derive(Debug)]
pub(super) struct World {
    pub(super) inodes: BTreeMap<u64, Inode>,
    pub(super) next_inode: u64,
    pub(super) next_handle: u64,
    /// Chooses what a failed sync has stored.
    pub(super) random: SplitMix,
    pub(super) operations: u64,
    pub(super) log: Option<Vec<Logged>>,
    pub(super) faults: BTreeMap<u64, Fault>,
    pub(super) aimed: Vec<(Op, u64, Fault)>,
    pub(super) broken: Vec<(Op, io::ErrorKind)>,
    pub(super) dead: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            inodes: BTreeMap::from([(ROOT, Inode::Dir(DirNode::default()))]),
            next_inode: ROOT + 1,
            next_handle: 0,
            random: SplitMix::default(),
            operations: 0,
            log: None,
            faults: BTreeMap::new(),
            aimed: Vec::new(),
            broken: Vec::new(),
            dead: false,
        }
    }
}

/// What everything reports once the power is gone.
pub(super) fn power_cut() -> io::Error {
    io::Error::other("the power is gone")
}

impl World {
    /// Counts an operation and fails it if it is to fail.
    pub(super) fn begin(&mut self, op: Op, path: &Path) -> io::Result<()> {
        match self.take_fault(op, path) {
            None => Ok(()),
            Some(Fault::Error(error) | Fault::Short(_, error)) => Err(error.into()),
            Some(Fault::PowerCut) => Err(power_cut()),
        }
    }

    pub(super) const fn has_power(&self) -> bool {
        !self.dead
    }

    /// Counts an operation and gives the fault that is set for it.
    pub(super) fn take_fault(&mut self, op: Op, path: &Path) -> Option<Fault> {
        if self.dead {
            return Some(Fault::PowerCut);
        }
        let number = self.operations;
        self.operations += 1;
        if let Some(log) = &mut self.log {
            let path = path.to_owned();
            log.push(Logged { op, path });
        }
        let fault = self
            .faults
            .remove(&number)
            .or_else(|| self.take_aimed(op))
            .or_else(|| {
                let broken = self.broken.iter().find(|(kind, _)| *kind == op);
                broken.map(|(_, error)| Fault::Error(*error))
            });
        self.dead = fault == Some(Fault::PowerCut);
        fault
    }

    fn take_aimed(&mut self, op: Op) -> Option<Fault> {
        let hit = self
            .aimed
            .iter()
            .position(|(kind, left, _)| *kind == op && *left == 0);
        for (kind, left, _) in &mut self.aimed {
            if *kind == op {
                *left = left.saturating_sub(1);
            }
        }
        hit.map(|index| self.aimed.remove(index).2)
    }

    pub(super) fn new_handle(&mut self) -> u64 {
        self.next_handle += 1;
        self.next_handle
    }

    /// The file with this inode. It is there for as long as somebody has it open, and longer.
    pub(super) fn file(&mut self, inode: u64) -> io::Result<&mut FileNode> {
        match self.inodes.get_mut(&inode) {
            Some(Inode::File(file)) => Ok(file),
            Some(Inode::Dir(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn dir(&mut self, inode: u64) -> io::Result<&mut DirNode> {
        match self.inodes.get_mut(&inode) {
            Some(Inode::Dir(dir)) => Ok(dir),
            Some(Inode::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The inode that a path stands for.
    pub(super) fn find(&mut self, path: &Path) -> io::Result<u64> {
        let mut inode = ROOT;
        for component in path.components() {
            if let Component::Normal(name) = component {
                let name = name.to_str().ok_or(io::ErrorKind::InvalidInput)?;
                inode = *self
                    .dir(inode)?
                    .now
                    .get(name)
                    .ok_or(io::ErrorKind::NotFound)?;
            }
        }
        Ok(inode)
    }

    /// The directory that a path is in, and its name there.
    fn parent<'p>(&mut self, path: &'p Path) -> io::Result<(u64, &'p str)> {
        let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(parent)?, name))
    }

    fn add(&mut self, inode: Inode) -> u64 {
        let number = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(number, inode);
        number
    }

    pub(super) fn open(&mut self, path: &Path, how: Open) -> io::Result<u64> {
        let (parent, name) = self.parent(path)?;
        let existing = self.dir(parent)?.now.get(name).copied();
        match (existing, how) {
            (Some(_), Open::CreateNew | Open::CreateNewPrivate) => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
            (Some(inode), _) => self.file(inode).map(|_| inode),
            (None, Open::Read | Open::Write) => Err(io::ErrorKind::NotFound.into()),
            (None, Open::Create | Open::CreateNew | Open::CreateNewPrivate | Open::Append) => {
                let inode = self.add(Inode::File(FileNode::default()));
                self.dir(parent)?.link(name, inode);
                Ok(inode)
            }
        }
    }

    pub(super) fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        if self.dir(parent)?.now.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = self.add(Inode::Dir(DirNode::default()));
        self.dir(parent)?.link(name, inode);
        Ok(())
    }

    pub(super) fn read_dir(&mut self, path: &Path) -> io::Result<Vec<String>> {
        let inode = self.find(path)?;
        Ok(self.dir(inode)?.now.keys().cloned().collect())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.find(from)?;
        let ((from_dir, from_name), (to_dir, to_name)) = (self.parent(from)?, self.parent(to)?);
        if from_dir == to_dir {
            self.dir(to_dir)?.rename(from_name, to_name, inode);
        } else {
            // A crash may keep either half: worse than most file systems, and allowed.
            self.dir(to_dir)?.link(to_name, inode);
            self.dir(from_dir)?.unlink(from_name);
        }
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        self.file(inode)?;
        let (parent, name) = self.parent(path)?;
        self.dir(parent)?.unlink(name);
        Ok(())
    }

    pub(super) fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        if !self.dir(inode)?.now.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let (parent, name) = self.parent(path)?;
        self.dir(parent)?.unlink(name);
        Ok(())
    }

    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        self.dir(inode)?.sync();
        Ok(())
    }

    pub(super) fn describe(&self, inode: u64) -> io::Result<Metadata> {
        let (len, kind) = match self.inodes.get(&inode) {
            Some(Inode::File(file)) => (file.now.len() as u64, Kind::File),
            Some(Inode::Dir(_)) => (0, Kind::Directory),
            None => return Err(io::ErrorKind::NotFound.into()),
        };
        let identity = Identity { device: 1, inode };
        Ok(Metadata {
            identity,
            len,
            kind,
        })
    }

    /// A sync of this file failed.
    pub(super) fn lose(&mut self, inode: u64) {
        if let Some(Inode::File(file)) = self.inodes.get_mut(&inode)
            && !self.dead
        {
            file.lose(&mut self.random);
        }
    }

    pub(super) fn peek(&mut self, path: &Path) -> Option<Vec<u8>> {
        let inode = self.find(path).ok()?;
        self.file(inode).ok().map(|file| file.now.clone())
    }

    pub(super) fn tamper(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let inode = self.open(path, Open::Create)?;
        *self.file(inode)? = FileNode::durable(bytes.to_vec());
        let (parent, _) = self.parent(path)?;
        self.dir(parent)?.sync();
        Ok(())
    }
}
