//! What the disk says: room, whether artifacts can be written, and how fast everything grows.

use std::io;
use std::path::Path;
use std::time::Duration;

use watchbook_core::Timestamp;
use watchbook_store::disk::{Disk, Kind, RealDisk};
use watchbook_store::jsonl::Layout;

use crate::show::text::{bytes, counted};

use super::{Check, bad, good, warning};

/// Less room than this and the next incident may not fit.
const ROOM_BAD: u64 = 64 << 20;
/// Less room than this and it is time to make some.
const ROOM_WARNING: u64 = 1 << 30;
/// The most files whose sizes are added up.
const MAX_FILES: usize = 200_000;
/// Growing as until now, the disk is full within this many days: somebody has to act now.
const DAYS_BAD: u64 = 7;
/// Growing as until now, the disk is full within this many days: it is time to plan.
const DAYS_WARNING: u64 = 60;
/// A directory younger than this many days says nothing about how it grows: an import is no habit.
const DAYS_KNOWN: u64 = 7;
/// A day.
const DAY: Duration = Duration::from_hours(24);

/// How much there is on a directory's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    /// The bytes of the journal, the projections and the artifacts.
    incidents: u64,
    /// The bytes of the audit trail.
    audit: u64,
    /// Whether there were more files than were counted.
    more: bool,
    /// The bytes that are free; `None` if that cannot be told.
    free: Option<u64>,
    /// For how many days the directory has been written to.
    days: u64,
}

/// The bytes that are free below a folder, or the nearest one above it that is there.
fn free(dir: &Path) -> io::Result<Option<u64>> {
    let found = rustix::fs::statvfs(standing(dir))?;
    // A file system without a size of its own, such as one of the network, says 0.
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    Ok((found.f_blocks > 0).then_some(free))
}

fn standing(dir: &Path) -> &Path {
    let mut above = dir.ancestors();
    above
        .find(|dir| RealDisk.metadata(dir).is_ok())
        .unwrap_or(dir)
}

pub(super) fn room(dir: &Path) -> Check {
    match free(dir) {
        Err(error) => warning("room", format!("cannot be told: {error}")),
        Ok(None) => good("room", "the file system sets no limit"),
        Ok(Some(free)) => judge_room(free),
    }
}

fn judge_room(free: u64) -> Check {
    let says = format!("{} free", bytes(free));
    if free < ROOM_BAD {
        bad(
            "room",
            format!("{says}; make room before writes are refused"),
        )
    } else if free < ROOM_WARNING {
        warning("room", format!("{says}; make room soon"))
    } else {
        good("room", says)
    }
}

/// Whether the bytes of an attachment could be stored.
pub(super) fn artifacts(layout: &Layout) -> Check {
    let dir = &layout.artifacts;
    let there = standing(dir);
    let writable = match RealDisk.metadata(there) {
        Ok(found) if found.kind == Kind::File => Err(io::ErrorKind::NotADirectory.into()),
        Ok(_) => RealDisk.room(there),
        Err(error) => Err(error),
    };
    match writable {
        Err(error) => bad(
            "artifacts",
            format!(
                "artifacts cannot be written to {} ({error}); check its permissions or set INCIDENT_ARTIFACTS_DIR",
                dir.display()
            ),
        ),
        Ok(_) if there != dir => good(
            "artifacts",
            format!("the first one makes {}", dir.display()),
        ),
        Ok(_) => good("artifacts", format!("{} can be written to", dir.display())),
    }
}

/// How much there is, and how long the room lasts.
pub(super) fn growth(layout: &Layout, now: Timestamp) -> Check {
    let mut left = MAX_FILES;
    let within = layout.artifacts.starts_with(&layout.incidents);
    let mut incidents = size(&layout.incidents, &mut left);
    if !within {
        incidents += size(&layout.artifacts, &mut left);
    }
    let audit = size(&layout.audit, &mut left);
    judge(&Size {
        incidents,
        audit,
        more: left == 0,
        free: free(&layout.incidents).unwrap_or_default(),
        days: first_day(layout).map_or(0, |first| now.since(first).as_secs() / DAY.as_secs()),
    })
}

fn judge(size: &Size) -> Check {
    let Size {
        incidents,
        audit,
        more,
        free,
        days,
    } = *size;
    let all = incidents.saturating_add(audit);
    let says = format!(
        "{} of incidents and files, {} of audit",
        bytes(incidents),
        bytes(audit)
    );
    if more {
        return warning(
            "size",
            format!("more than {says} (counted the first {MAX_FILES} files)"),
        );
    }
    let Some(free) = free else {
        return good("size", says);
    };
    if days >= DAYS_KNOWN {
        let daily = (all / days).max(1);
        let lasts = free / daily;
        let full = format!(
            "{says}, {} a day; the disk is full in {}",
            bytes(daily),
            counted(usize::try_from(lasts).unwrap_or(usize::MAX), "day")
        );
        if lasts < DAYS_BAD {
            return bad("size", format!("{full}: make room now"));
        }
        if lasts < DAYS_WARNING {
            return warning("size", format!("{full}: make room"));
        }
    }
    if all > free {
        let says = format!("{says}, and {} free; no backup fits beside it", bytes(free));
        return warning("size", says);
    }
    good("size", says)
}

/// The first day that the audit trail has.
fn first_day(layout: &Layout) -> Option<Timestamp> {
    let names = RealDisk.read_dir(&layout.audit).ok()?;
    names.iter().find_map(|name| {
        let day = name.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
        format!("{day}T00:00:00Z").parse().ok()
    })
}

/// The bytes below a folder. What cannot be read counts as nothing.
fn size(path: &Path, left: &mut usize) -> u64 {
    let mut sum = 0;
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        if *left == 0 {
            break;
        }
        *left -= 1;
        match RealDisk.metadata(&path) {
            Ok(found) if found.kind == Kind::File => sum += found.len,
            Ok(found) if found.kind == Kind::Directory => {
                let names = RealDisk.read_dir(&path).unwrap_or_default();
                waiting.extend(names.into_iter().map(|name| path.join(name)));
            }
            Ok(_) | Err(_) => {}
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn room_is_judged_by_what_is_free() {
        let cases = [
            (0, Verdict::Bad),
            (ROOM_BAD - 1, Verdict::Bad),
            (ROOM_BAD, Verdict::Warning),
            (ROOM_WARNING - 1, Verdict::Warning),
            (ROOM_WARNING, Verdict::Good),
        ];
        for (free, verdict) in cases {
            assert_eq!(judge_room(free).verdict, verdict, "{free}");
        }
    }

    #[test]
    fn growth_is_judged_by_how_long_the_room_lasts() {
        // 10 GiB in 100 days are 0.1 GiB a day.
        let grown = |days, free| Size {
            incidents: 8 * GIB,
            audit: 2 * GIB,
            more: false,
            free: Some(free),
            days,
        };
        let cases = [
            (grown(100, 100 * GIB), Verdict::Good, "8.0 GiB of incidents"),
            (grown(100, 11 * GIB), Verdict::Good, "2.0 GiB of audit"),
            (
                grown(100, 9 * GIB),
                Verdict::Warning,
                "no backup fits beside it",
            ),
            (grown(100, 5 * GIB), Verdict::Warning, "full in 50 days"),
            (grown(100, GIB / 2), Verdict::Bad, "full in 5 days"),
            (grown(100, 0), Verdict::Bad, "full in 0 days"),
            (grown(DAYS_KNOWN - 1, 50 * GIB), Verdict::Good, "8.0 GiB"),
            (
                grown(DAYS_KNOWN - 1, 5 * GIB),
                Verdict::Warning,
                "no backup",
            ),
            (grown(DAYS_KNOWN, 9 * GIB), Verdict::Bad, "make room now"),
        ];
        for (size, verdict, says) in cases {
            let check = judge(&size);
            assert_eq!(check.verdict, verdict, "{size:?}: {check:?}");
            assert!(check.says.contains(says), "{size:?}: {check:?}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_judged() {
        let size = Size {
            incidents: u64::MAX,
            audit: u64::MAX,
            more: false,
            free: None,
            days: 1_000,
        };
        assert_eq!(judge(&size).verdict, Verdict::Good);
        let more = Size { more: true, ..size };
        assert_eq!(judge(&more).verdict, Verdict::Warning);
    }
}
