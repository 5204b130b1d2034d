//! Governance: what is blacked out before it is written to audit or sent to anyone, and how long things are kept.

use std::borrow::Cow;
use std::fmt;

use regex::{NoExpand, Regex, RegexSet, RegexSetBuilder};
use serde_json::{Map, Value};
use watchbook_core::text::Name;

/// The longest text that is kept, in bytes: what lies beyond cannot be searched in bounded time, and so is cut off.
pub const MAX_REDACTED_BYTES: usize = 64 << 10;

/// The most memory that all patterns together may take, in bytes.
const MAX_SET_BYTES: usize = 32 << 20;

/// How deep lists and objects are followed; what lies deeper is blacked out as a whole.
const MAX_DEPTH: usize = 64;

/// How long things are kept, in days; nothing stands for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Closed incidents.
    pub incidents_days: Option<u32>,
    /// Audit entries, and digests.
    pub audit_jsonl_days: Option<u32>,
    /// Reports.
    pub reports_days: Option<u32>,
    /// Runs of jobs and graphs.
    pub runs_days: Option<u32>,
    /// Alerts that have resolved.
    pub resolved_alerts_days: Option<u32>,
    /// An incident with this label is kept whatever its age.
    pub legal_hold_label: Name,
}

/// What the audit trail repeats of free texts: titles, messages, reasons, files, facts, owners, values of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditedTexts {
    /// Only how long they are, so that after a redaction no trace of them is left.
    LeftOut,
    /// Their beginning, which stays after a redaction.
    Kept,
}

impl AuditedTexts {
    pub(crate) const ALL: [Self; 2] = [Self::LeftOut, Self::Kept];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::LeftOut => "left_out",
            Self::Kept => "kept",
        }
    }
}

/// What is blacked out, and how long things are kept.
#[derive(Clone)]
pub struct Governance {
    fields: Vec<String>,
    /// All patterns at once: one look says which of them are worth a search, and for most texts none is.
    any: Option<RegexSet>,
    patterns: Vec<Pattern>,
    /// What the audit trail repeats of free texts.
    pub audited_texts: AuditedTexts,
    /// How long things are kept.
    pub retention: Retention,
}

/// A text that is blacked out wherever it stands.
#[derive(Clone)]
pub(crate) struct Pattern {
    replacement: String,
    regex: Regex,
}

impl Pattern {
    pub(crate) fn new(name: &str, regex: Regex) -> Self {
        Self {
            replacement: mark(name),
            regex,
        }
    }
}

impl fmt::Debug for Pattern {
    /// Not the expression: somebody may have written a secret into it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.replacement)
    }
}

impl fmt::Debug for Governance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fields,
            any: _,
            patterns,
            audited_texts,
            retention,
        } = self;
        f.debug_struct("Governance")
            .field("fields", fields)
            .field("patterns", patterns)
            .field("audited_texts", audited_texts)
            .field("retention", retention)
            .finish()
    }
}

fn mark(what: &str) -> String {
    format!("[redacted: {what}]")
}

impl Governance {
    pub(crate) fn new(
        fields: Vec<String>,
        patterns: Vec<Pattern>,
        audited_texts: AuditedTexts,
        retention: Retention,
    ) -> Self {
        let texts = patterns.iter().map(|pattern| pattern.regex.as_str());
        let any = RegexSetBuilder::new(texts)
            .size_limit(MAX_SET_BYTES)
            .build();
        Self {
            fields,
            // Patterns that are too much together are tried one by one: slower, and the same.
            any: any.ok(),
            patterns,
            audited_texts,
            retention,
        }
    }

    /// A field's name in the form in which names are compared: `X-API-Key`, `api_key` and `apiKey` are one.
    pub(crate) fn plain_name(name: &str) -> String {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    }

    /// Blacks out secrets and personal data in a value: in fields by their names, in all texts (the names of
    /// fields included) by their patterns. Texts longer than [`MAX_REDACTED_BYTES`] are cut.
    pub fn redact(&self, value: &mut Value) {
        self.redact_to_depth(value, MAX_DEPTH);
    }

    fn redact_to_depth(&self, value: &mut Value, depth: usize) {
        match value {
            Value::Array(_) | Value::Object(_) if depth == 0 => {
                *value = Value::String(mark("nested too deep"));
            }
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.redact_to_depth(item, depth - 1)),
            Value::Object(members) => {
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(name, value)| self.redact_member(&name, value, depth - 1))
                    .collect::<Map<_, _>>();
            }
            Value::String(text) => {
                if let Cow::Owned(redacted) = self.redact_text(text) {
                    *text = redacted;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn redact_member(&self, name: &str, mut value: Value, depth: usize) -> (String, Value) {
        if !value.is_null() && self.is_secret_field(name) {
            value = Value::String(mark("secret"));
        } else {
            self.redact_to_depth(&mut value, depth);
        }
        (self.redact_text(name).into_owned(), value)
    }

    fn is_secret_field(&self, name: &str) -> bool {
        let name = Self::plain_name(name);
        self.fields.iter().any(|end| name.ends_with(end.as_str()))
    }

    /// Blacks out secrets and personal data in a text by their patterns. A text longer than
    /// [`MAX_REDACTED_BYTES`] is cut.
    pub fn redact_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut redacted = cut(text);
        for pattern in self.worth_a_search(&redacted) {
            let replaced = pattern
                .regex
                .replace_all(&redacted, NoExpand(&pattern.replacement));
            if let Cow::Owned(replaced) = replaced {
                redacted = Cow::Owned(replaced);
            }
        }
        redacted
    }

    /// The patterns that stand somewhere in a text, in their order.
    fn worth_a_search(&self, text: &str) -> Vec<&Pattern> {
        match &self.any {
            Some(any) => any
                .matches(text)
                .iter()
                .map(|at| &self.patterns[at])
                .collect(),
            None => self.patterns.iter().collect(),
        }
    }
}

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_REDACTED_BYTES {
        return Cow::Borrowed(text);
    }
    let kept = &text[..text.floor_char_boundary(MAX_REDACTED_BYTES)];
    Cow::Owned(format!("{kept}… ({} bytes)", text.len()))
}

#[cfg(test)]
mod tests;
