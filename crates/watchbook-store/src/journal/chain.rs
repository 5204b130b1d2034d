//! The hash chain: what makes a changed, lost or added line visible.
//!
//! With raw 32-byte values and `‖` for "followed by":
//! - `r` of a record = SHA-256(its bytes as written); of a tombstone, the digest it carries.
//! - `d` of a commit = SHA-256(head ‖ r₁ ‖ … ‖ rₖ), the head being the line's bytes before `"records":`.
//! - `h` of a commit = SHA-256(h of the commit before ‖ d); before the first, the genesis value.
//!
//! Records begin with a random salt, so a digest that is left behind by a redaction tells nothing about the text.

use sha2::{Digest as _, Sha256};
use watchbook_core::{Digest, StoreId};

/// What every record begins with, before 16 hex digits and a quote.
const SALT_PREFIX: &[u8] = br#"{"salt":""#;
/// The hex digits of a salt.
const SALT_DIGITS: usize = 16;
/// What follows the salt in a tombstone.
const TOMBSTONE_MARK: &[u8] = br#"","redacted":true,"#;
/// What stands before the digest at the end of a tombstone. The comma may be the mark's own.
const TOMBSTONE_DIGEST: &[u8] = br#","digest":""#;
/// What a tombstone ends with, after the digest.
const TOMBSTONE_END: &[u8] = br#""}"#;
/// The hex digits of a digest.
pub(super) const DIGEST_DIGITS: usize = 64;

/// The chain's value before the first commit of a store.
pub fn genesis(store: StoreId) -> Digest {
    Digest::of(format!("watchbook journal 1\n{store}").as_bytes())
}

/// The chain's value after a commit with digest `d`.
pub fn link(previous: &Digest, d: &Digest) -> Digest {
    let mut both = [0; 64];
    both[..32].copy_from_slice(previous.as_bytes());
    both[32..].copy_from_slice(d.as_bytes());
    Digest::of(&both)
}

/// The digest of a commit with this head and records of these digests.
pub(super) fn commit_digest(head: &[u8], records: impl Iterator<Item = Digest>) -> Digest {
    let mut hasher = Sha256::new_with_prefix(head);
    for record in records {
        hasher.update(record.as_bytes());
    }
    Digest::from_bytes(hasher.finalize().into())
}

/// The digest of a record: of its bytes, or the one that a tombstone carries.
pub fn record_digest(record: &[u8]) -> Digest {
    tombstone_of(record).unwrap_or_else(|| Digest::of(record))
}

/// The digest of the record that `record` is a tombstone of; `None` when it is no tombstone.
///
/// A tombstone is `{"salt":"…","redacted":true, … ,"digest":"<64 hex>"}`: `redacted` straight after the salt and the
/// digest last, so that no text from outside, which can only fill values further in, can look like one.
pub fn tombstone_of(record: &[u8]) -> Option<Digest> {
    let rest = record.get(SALT_PREFIX.len() + SALT_DIGITS..)?;
    if !rest.starts_with(TOMBSTONE_MARK) || !has_salt(record) {
        return None;
    }
    let (rest, end) = rest.split_at_checked(rest.len().checked_sub(TOMBSTONE_END.len())?)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(DIGEST_DIGITS)?)?;
    (end == TOMBSTONE_END && rest.ends_with(TOMBSTONE_DIGEST)).then_some(())?;
    digest_from_hex(digits)
}

/// Whether a record begins with its salt.
pub(super) fn has_salt(record: &[u8]) -> bool {
    let Some((digits, rest)) = record
        .strip_prefix(SALT_PREFIX)
        .and_then(|rest| rest.split_at_checked(SALT_DIGITS))
    else {
        return false;
    };
    rest.first() == Some(&b'"') && digits.iter().all(|digit| HEX[usize::from(*digit)] < 16)
}

/// The value of each byte as a lower-case hex digit; 255 for every other byte.
const HEX: [u8; 256] = {
    let mut table = [255; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    table
};

/// Reads 64 lower-case hex digits. Twice per line of a scan, hence the table.
pub(super) fn digest_from_hex(digits: &[u8]) -> Option<Digest> {
    let digits: &[u8; DIGEST_DIGITS] = digits.try_into().ok()?;
    let mut value = [0; 32];
    let mut seen = 0;
    for (byte, pair) in value.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (HEX[usize::from(pair[0])], HEX[usize::from(pair[1])]);
        seen |= high | low;
        *byte = high << 4 | (low & 15);
    }
    (seen < 16).then(|| Digest::from_bytes(value))
}

#[cfg(test)]
mod tests;
