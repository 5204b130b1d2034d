//! One line of a journal, read without copying.
//!
//! Three sorts of line: the [`Header`] that begins a segment, a commit ([`RawCommit`]), and the [`Marker`] that a
//! repair leaves in place of damage. Our own canonical layout is split by a small scanner that looks at each byte
//! once; a commit laid out in another way (a newer format with more fields) goes through `serde_json`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use watchbook_core::{Digest, StoreId};

use super::FORMAT;
use super::chain::{self, DIGEST_DIGITS, digest_from_hex};

/// One commit as it stands in the journal. All parts are slices of the line.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RawCommit<'a> {
    /// The version of the format.
    pub v: u32,
    /// The commit's number: 1, 2, 3 … in one directory, without gaps.
    pub n: u64,
    /// When it was committed, as written.
    pub at: &'a str,
    /// Who made it, as a JSON object.
    pub by: &'a str,
    /// The records, each a JSON object.
    pub records: &'a [&'a str],
    /// The bytes that the commit's digest covers apart from the records.
    pub(super) head: &'a str,
    /// The digest field; `None` when it is not a digest.
    pub(super) d: Option<Digest>,
    /// The chain field; `None` when it is not a digest.
    pub(super) h: Option<Digest>,
}

impl RawCommit<'_> {
    /// The digest that its bytes have.
    pub(super) fn digest(&self) -> Digest {
        self.digest_with(self.head)
    }

    /// The digest that its bytes would have if its version were ours.
    pub(super) fn digest_in_our_format(&self) -> Digest {
        let theirs = format!("{{\"v\":{}", self.v);
        let ours = format!("{{\"v\":{FORMAT}");
        self.digest_with(&self.head.replacen(&theirs, &ours, 1))
    }

    fn digest_with(&self, head: &str) -> Digest {
        let records = self.records.iter();
        let digests = records.map(|record| chain::record_digest(record.as_bytes()));
        chain::commit_digest(head.as_bytes(), digests)
    }
}

/// The first line of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub v: u32,
    /// The journal's stem, for example `events`.
    pub journal: String,
    /// The store that the journal belongs to.
    pub store_id: StoreId,
    /// The segment's number, counted from 1.
    pub segment: u32,
    /// The number of the first commit after this line.
    pub first_n: u64,
    /// The chain's value before that commit.
    pub anchor: Digest,
}

/// What a repair leaves in place of damage: a gap that everyone can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The version of the format.
    pub v: u32,
    /// The last commit that is missing here; the one before `damaged.from` when none is.
    pub n: u64,
    /// What was here.
    pub damaged: Gap,
    /// Always null: a gap has no digest.
    pub d: Option<Digest>,
    /// The chain's value after the gap, when it could still be read; otherwise the next line begins anew.
    pub h: Option<Digest>,
}

/// Where damage was before it was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The first commit that is missing here.
    pub from: u64,
    /// The file it was in.
    pub file: String,
    /// The first of its lines.
    pub line: u64,
    /// The byte at which that line began.
    pub byte: u64,
    /// The SHA-256 of the bytes that were set aside; null when there were none.
    pub sha256: Option<Digest>,
    /// The file in which they are kept; null when there were none.
    pub aside: Option<String>,
}

/// The end of one record and the beginning of the next.
const BETWEEN_RECORDS: &[u8] = br#"},{"salt":""#;

/// A line that was read.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Header(Header),
    Commit(RawCommit<'a>),
    Marker(Marker),
}

/// A line that could not be read, and what can still be told about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) why: &'static str,
    /// The version, when it can be read and is newer than ours.
    pub(super) newer: Option<u32>,
    /// The chain field, when the end of the line is whole.
    pub(super) h: Option<Digest>,
}

/// The bytes from the end of the records to the end of the line: `],"d":"…","h":"…"}`.
const SUFFIX_BYTES: usize = 7 + DIGEST_DIGITS + 7 + DIGEST_DIGITS + 2;

/// How the records of a commit are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// Where one seems to end and the next to begin. Several times quicker; a text with braces of its own can mislead
    /// it, so whoever asks for it must check the commit's digest, which only the right split has.
    Quick,
    /// By following braces and strings.
    Careful,
}

/// Reads a line without its newline. `records` is where the slices of the records are kept.
pub(super) fn read<'r, 'a: 'r>(
    line: &'a [u8],
    records: &'r mut Vec<&'a str>,
) -> Result<Line<'r>, Unreadable> {
    read_split(line, records, Split::Careful)
}

/// The same, with the records told apart in this way.
pub(super) fn read_split<'r, 'a: 'r>(
    line: &'a [u8],
    records: &'r mut Vec<&'a str>,
    split: Split,
) -> Result<Line<'r>, Unreadable> {
    let fail = |why, newer| Unreadable {
        why,
        newer,
        h: suffix(line).and_then(|(_, h)| h),
    };
    let text = std::str::from_utf8(line).map_err(|_| fail("not UTF-8", None))?;
    let mut rest = Rest { text, at: 0 };
    let v = rest.key("{\"v\":").and_then(|()| rest.number());
    let newer = v
        .and_then(|v| u32::try_from(v).ok())
        .filter(|v| *v > FORMAT);
    if text
        .get(rest.at..)
        .is_some_and(|rest| rest.starts_with(",\"journal\":"))
    {
        return serde_json::from_str(text)
            .map(Line::Header)
            .map_err(|_| fail("not a header", newer));
    }
    if let Some(shape) = canonical(text, records, split) {
        return Ok(Line::Commit(RawCommit { records, ..shape }));
    }
    if text.contains(",\"damaged\":{")
        && let Ok(marker) = serde_json::from_str(text)
    {
        return Ok(Line::Marker(marker));
    }
    match loose(text, records) {
        Ok(shape) if shape.v > 0 => Ok(Line::Commit(RawCommit { records, ..shape })),
        Ok(_) => Err(fail("no such version", None)),
        Err(why) => Err(fail(why, newer)),
    }
}

/// Splits a commit in our own layout; `None` for any other.
fn canonical<'a>(text: &'a str, records: &mut Vec<&'a str>, split: Split) -> Option<RawCommit<'a>> {
    let (d, h) = suffix(text.as_bytes())?;
    let mut rest = Rest {
        text: text.get(..text.len() - SUFFIX_BYTES)?,
        at: 0,
    };
    rest.key("{\"v\":")?;
    let v = u32::try_from(rest.number()?).ok().filter(|v| *v > 0)?;
    rest.key(",\"n\":")?;
    let n = rest.number()?;
    rest.key(",\"at\":\"")?;
    let at = rest.plain_string()?;
    rest.key(",\"by\":")?;
    let by = rest.object()?;
    rest.key(",")?;
    let head = rest.done();
    rest.key("\"records\":[")?;
    records.clear();
    match split {
        Split::Quick => rest.split_at_salts(records)?,
        Split::Careful => rest.split_at_braces(records)?,
    }
    Some(RawCommit {
        v,
        n,
        at,
        by,
        records: &[],
        head,
        d,
        h,
    })
}

/// The digest and chain fields at the end of a commit in our own layout; each `None` when it is not a digest.
fn suffix(line: &[u8]) -> Option<(Option<Digest>, Option<Digest>)> {
    let suffix = line.get(line.len().checked_sub(SUFFIX_BYTES)?..)?;
    let (d, rest) = suffix.strip_prefix(b"],\"d\":\"")?.split_at(DIGEST_DIGITS);
    let (h, end) = rest.strip_prefix(b"\",\"h\":\"")?.split_at(DIGEST_DIGITS);
    (end == b"\"}").then(|| (digest_from_hex(d), digest_from_hex(h)))
}

/// The chain field at the end of a line in our own layout, readable or not otherwise.
pub(super) fn chain_field(line: &[u8]) -> Option<Digest> {
    suffix(line).and_then(|(_, h)| h)
}

/// A commit in our own layout with these digest and chain fields; `None` for any other.
pub(super) fn with_fields(line: &[u8], d: Digest, h: Digest) -> Option<Vec<u8>> {
    suffix(line)?;
    let mut new = line[..line.len() - SUFFIX_BYTES].to_vec();
    new.extend_from_slice(format!("],\"d\":\"{d}\",\"h\":\"{h}\"}}").as_bytes());
    Some(new)
}

/// A commit in any layout that JSON allows, perhaps with fields that we do not know.
#[derive(Deserialize)]
struct Loose<'a> {
    v: u32,
    n: u64,
    at: &'a str,
    #[serde(borrow)]
    by: &'a RawValue,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
    d: Digest,
    h: Digest,
}

fn loose<'a>(text: &'a str, records: &mut Vec<&'a str>) -> Result<RawCommit<'a>, &'static str> {
    let parsed: Loose<'a> = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of another type",
        serde_json::error::Category::Eof => "it breaks off",
        _ => "not JSON",
    })?;
    let Loose {
        v,
        n,
        at,
        by,
        records: parsed,
        d,
        h,
    } = parsed;
    records.clear();
    records.extend(parsed.iter().map(|record| record.get()));
    let first = records.first().ok_or("no records")?;
    // Both are slices of `text`, so the difference of their addresses is the place of the first record in it.
    let first_at = (first.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    let before = text.get(..first_at).ok_or("no records")?;
    let head = before
        .rfind("\"records\"")
        .map(|key| &before[..key])
        .ok_or("no records")?;
    Ok(RawCommit {
        v,
        n,
        at,
        by: by.get(),
        records: &[],
        head,
        d: Some(d),
        h: Some(h),
    })
}

/// A text and how far it has been read.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    /// Steps over exactly `key`.
    fn key(&mut self, key: &str) -> Option<()> {
        self.text
            .as_bytes()
            .get(self.at..)?
            .starts_with(key.as_bytes())
            .then(|| self.at += key.len())
    }

    /// Reads a number of at most 19 digits, in the one way it can be written.
    fn number(&mut self) -> Option<u64> {
        let digits = self
            .text
            .as_bytes()
            .get(self.at..)?
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let text = self.text.get(self.at..self.at + digits)?;
        (digits == 1 || (digits > 1 && digits < 20 && !text.starts_with('0'))).then_some(())?;
        self.at += digits;
        text.parse().ok()
    }

    /// Reads a string without escapes, from after its opening quote to after its closing one.
    fn plain_string(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        let end = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
        (rest.as_bytes()[end] == b'"').then(|| self.at += end + 1)?;
        rest.get(..end)
    }

    /// Reads an object: from its brace to the one that closes it. What is between is not checked further.
    fn object(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let (start, mut at, mut depth) = (self.at, self.at, 0_u32);
        if *bytes.get(at)? != b'{' {
            return None;
        }
        loop {
            match *bytes.get(at)? {
                b'"' => at = end_of_string(bytes, at + 1)?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at = at + 1;
                        return self.text.get(start..self.at);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Splits what is left into objects, following braces and strings.
    fn split_at_braces(&mut self, records: &mut Vec<&'a str>) -> Option<()> {
        loop {
            records.push(self.object()?);
            if self.is_at_end() {
                return Some(());
            }
            self.key(",")?;
        }
    }

    /// Splits what is left wherever an object seems to end and one with a salt to begin.
    fn split_at_salts(&mut self, records: &mut Vec<&'a str>) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let whole = rest.starts_with('{') && rest.ends_with('}');
        whole.then_some(())?;
        let mut begin = 0;
        for end in memchr::memmem::find_iter(rest.as_bytes(), BETWEEN_RECORDS) {
            records.push(rest.get(begin..=end)?);
            begin = end + 2;
        }
        records.push(rest.get(begin..)?);
        self.at = self.text.len();
        Some(())
    }

    fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// What has been read so far.
    fn done(&self) -> &'a str {
        &self.text[..self.at]
    }
}

/// The place of the quote that closes a string which begins at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests;
