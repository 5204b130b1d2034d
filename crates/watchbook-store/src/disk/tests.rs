//! The contract of a disk, on the real one and on the simulator alike.

use std::io::ErrorKind;
use std::path::Path;

use super::{
    Disk, Kind, LateSync, NoSync, Open, RealDisk, SimDisk, create_dir_all, exists, read_exact_at,
    remove_dir_all,
};

/// Runs a check on every disk there is, each with an empty directory.
fn on_each(check: impl Fn(&dyn Disk, &Path)) {
    let real = tempfile::tempdir().expect("a directory");
    check(&RealDisk, real.path());
    let wrapped = tempfile::tempdir().expect("a directory");
    check(&NoSync(RealDisk), wrapped.path());
    let simulated = [
        Box::new(SimDisk::new()) as Box<dyn Disk>,
        Box::new(NoSync(SimDisk::new())),
        Box::new(LateSync(SimDisk::new())),
    ];
    for disk in simulated {
        disk.create_dir(Path::new("/dir")).expect("made");
        check(&*disk, Path::new("/dir"));
    }
}

fn kind<T>(result: std::io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn files_open_as_asked() {
    on_each(|disk, dir| {
        let path = dir.join("file");
        assert_eq!(
            kind(disk.open(&path, Open::Read)),
            Some(ErrorKind::NotFound)
        );
        assert_eq!(
            kind(disk.open(&path, Open::Write)),
            Some(ErrorKind::NotFound)
        );
        disk.open(&path, Open::CreateNew).expect("made");
        for taken in [Open::CreateNew, Open::CreateNewPrivate] {
            assert_eq!(
                kind(disk.open(&path, taken)),
                Some(ErrorKind::AlreadyExists)
            );
        }
        for existing in [Open::Read, Open::Write, Open::Create, Open::Append] {
            disk.open(&path, existing).expect("opened");
        }
        assert_eq!(
            kind(disk.open(dir, Open::Read)),
            Some(ErrorKind::IsADirectory)
        );
        assert_eq!(
            kind(disk.open(&dir.join("no/file"), Open::Create)),
            Some(ErrorKind::NotFound)
        );
    });
}

#[test]
fn bytes_are_where_they_were_put() {
    on_each(|disk, dir| {
        let path = dir.join("file");
        let file = disk.open(&path, Open::Create).expect("made");
        file.write_all_at(b"world", 6).expect("written");
        file.write_all_at(b"hello ", 0).expect("written");
        let mut bytes = [0; 11];
        read_exact_at(&*file, &mut bytes, 0).expect("read");
        assert_eq!(&bytes, b"hello world");
        assert_eq!(
            kind(read_exact_at(&*file, &mut bytes, 1)),
            Some(ErrorKind::UnexpectedEof)
        );
        assert_eq!(file.read_at(&mut bytes, 100).expect("read"), 0);
        file.set_len(5).expect("cut");
        file.set_len(7).expect("extended");
        let append = disk.open(&path, Open::Append).expect("opened");
        append.append(b"!").expect("appended");
        let mut bytes = [1; 8];
        read_exact_at(&*file, &mut bytes, 0).expect("read");
        assert_eq!(&bytes, b"hello\0\0!");
        file.sync_data().expect("synced");
        let read_only = disk.open(&path, Open::Read).expect("opened");
        assert!(read_only.write_all_at(b"x", 0).is_err());
        assert!(read_only.set_len(0).is_err());
        assert_eq!(read_only.metadata().expect("examined").len, 8);
    });
}

#[test]
fn names_can_be_listed_changed_and_removed() {
    on_each(|disk, dir| {
        let (a, b) = (dir.join("a"), dir.join("b"));
        disk.open(&b, Open::Create)
            .expect("made")
            .write_all_at(b"b", 0)
            .expect("written");
        let file = disk.open(&a, Open::Create).expect("made");
        assert_eq!(disk.read_dir(dir).expect("listed"), ["a", "b"]);
        let is = file.metadata().expect("examined");
        disk.rename(&a, &b).expect("renamed");
        assert_eq!(disk.read_dir(dir).expect("listed"), ["b"]);
        assert_eq!(
            disk.metadata(&b).expect("examined"),
            is,
            "it is the same file"
        );
        assert_eq!((is.len, is.kind), (0, Kind::File));
        disk.sync_dir(dir).expect("synced");
        disk.remove_file(&b).expect("removed");
        assert!(!exists(disk, &b).expect("looked"));
        assert_eq!(kind(disk.rename(&b, &a)), Some(ErrorKind::NotFound));
        assert_eq!(kind(disk.remove_file(&b)), Some(ErrorKind::NotFound));
        assert_eq!(kind(disk.read_dir(&b)), Some(ErrorKind::NotFound));
    });
}

#[test]
fn directories_are_made_with_their_parents() {
    on_each(|disk, dir| {
        let deep = dir.join("one/two/three");
        create_dir_all(disk, &deep).expect("made");
        create_dir_all(disk, &deep).expect("there already");
        assert_eq!(
            disk.metadata(&deep).expect("examined").kind,
            Kind::Directory
        );
        let file = dir.join("file");
        disk.open(&file, Open::Create).expect("made");
        assert!(create_dir_all(disk, &file.join("below")).is_err());
        assert_eq!(kind(disk.create_dir(&deep)), Some(ErrorKind::AlreadyExists));
    });
}

#[test]
fn a_directory_goes_with_everything_below_it() {
    on_each(|disk, dir| {
        let deep = dir.join("one/two");
        create_dir_all(disk, &deep).expect("made");
        drop(disk.open(&deep.join("file"), Open::Create).expect("made"));
        let one = dir.join("one");
        assert_eq!(
            kind(disk.remove_dir(&one)),
            Some(ErrorKind::DirectoryNotEmpty)
        );
        remove_dir_all(disk, &one).expect("removed");
        assert!(!exists(disk, &one).expect("looked"));
        remove_dir_all(disk, &one).expect("nothing there is fine");
    });
}

#[test]
fn a_lock_belongs_to_its_handle() {
    on_each(|disk, dir| {
        let path = dir.join("lock");
        let first = disk.open(&path, Open::Create).expect("made");
        let second = disk.open(&path, Open::Create).expect("opened");
        assert!(first.try_lock().expect("tried"));
        assert!(first.try_lock().expect("tried"), "it has it already");
        assert!(!second.try_lock().expect("tried"));
        first.unlock().expect("unlocked");
        assert!(second.try_lock().expect("tried"));
        drop(second);
        assert!(first.try_lock().expect("tried"), "closing releases it");
    });
}

#[test]
fn a_shared_lock_keeps_the_exclusive_one_out() {
    on_each(|disk, dir| {
        let path = dir.join("lock");
        let [first, second, third] =
            [(); 3].map(|()| disk.open(&path, Open::Create).expect("opened"));
        assert!(first.try_lock_shared().expect("tried"));
        assert!(
            second.try_lock_shared().expect("tried"),
            "many may share it"
        );
        assert!(!third.try_lock().expect("tried"));
        first.unlock().expect("unlocked");
        assert!(!third.try_lock().expect("tried"), "one still shares it");
        drop(second);
        assert!(third.try_lock().expect("tried"));
        assert!(!first.try_lock_shared().expect("tried"));
    });
}

#[test]
fn a_link_is_not_followed_and_a_pipe_does_not_hang() {
    let dir = tempfile::tempdir().expect("a directory");
    let target = dir.path().join("target");
    RealDisk.open(&target, Open::Create).expect("made");
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&target, &link).expect("linked");
    for how in [
        Open::Read,
        Open::Write,
        Open::Create,
        Open::CreateNew,
        Open::Append,
    ] {
        assert!(RealDisk.open(&link, how).is_err(), "{how:?}");
    }
    assert_eq!(
        RealDisk.metadata(&link).expect("examined").kind,
        Kind::Other
    );
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("mkfifo ran");
    assert!(made.success());
    assert_eq!(
        kind(RealDisk.open(&pipe, Open::Read)),
        Some(ErrorKind::InvalidInput)
    );
}
