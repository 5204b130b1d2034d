//! How much memory this process holds, as the kernel counts it.

use std::path::Path;

use watchbook_store::disk::{Disk, Open, RealDisk};

use crate::bench::AnyError;

/// Larger than the kernel's page about a process ever is, in bytes.
const STATUS_BYTES: usize = 16 * 1024;
/// The kernel's `kB` are 1,024 bytes.
const KIBIBYTE: u64 = 1024;

/// Bytes of this process that are in memory right now.
pub(super) fn resident_bytes() -> Result<u64, AnyError> {
    let mut page = vec![0; STATUS_BYTES];
    let file = RealDisk.open(Path::new("/proc/self/status"), Open::Read)?;
    let length = file.read_at(&mut page, 0)?;
    let text = String::from_utf8_lossy(&page[..length]);
    resident(&text).ok_or_else(|| "the kernel does not say how much memory is in use".into())
}

/// The value of `VmRSS` in the text of `/proc/<pid>/status` (proc(5)), in bytes.
fn resident(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(KIBIBYTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_and_in_bytes() {
        let cases = [
            (
                "VmHWM:\t   9 kB\nVmRSS:\t    1532 kB\nThreads:\t1\n",
                Some(1532 * 1024),
            ),
            ("VmRSS:\t1532 MB\n", None),
            ("VmRSS:\t kB\n", None),
            ("Threads:\t1\n", None),
        ];
        for (status, bytes) in cases {
            assert_eq!(resident(status), bytes, "{status:?}");
        }
    }

    #[test]
    fn this_process_takes_some() {
        assert!(resident_bytes().expect("Linux says so") > 100_000);
    }
}
