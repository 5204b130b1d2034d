//! `data_governance.yml`.

use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::text::Name;

use crate::governance::{AuditedTexts, Governance, Pattern, Retention};
use crate::read::{Data, Findings, Node, Read, Text, Textual, Whole, keys, words};

words!(AuditedTexts, "a way with free texts");

/// Days that things are kept: 1 to 36500.
type Days = Whole<1, 36_500>;

keys! {
    /// What is blacked out in audit and notifications, and how long things are kept.
    pub(crate) struct GovernanceKeys {
        /// How long things are kept.
        retention: RetentionKeys,
        /// What is blacked out.
        redaction: RedactionKeys,
        /// What the audit trail repeats.
        audit: AuditKeys,
    }
}

keys! {
    /// What the audit trail repeats of a call's parameters.
    pub(crate) struct AuditKeys {
        /// Free texts: `left_out` (only how long they are) or `kept` (their beginning, also after a redaction).
        free_texts: AuditedTexts,
    }
}

keys! {
    /// How long things are kept: a number of days, or forever.
    pub(crate) struct RetentionKeys {
        /// Closed incidents; archived before they are removed.
        incidents_days: Keep,
        /// Audit entries and digests.
        audit_jsonl_days: Keep,
        /// Reports.
        reports_days: Keep,
        /// Runs of jobs and graphs.
        runs_days: Keep,
        /// Alerts that have resolved.
        resolved_alerts_days: Keep,
        /// An incident with this label is kept whatever its age.
        legal_hold_label: HoldLabel,
    }
}

keys! {
    /// What is blacked out.
    pub(crate) struct RedactionKeys {
        /// Fields whose whole value is blacked out: those whose name ends so. Letters and digits count, case does not.
        fields: Vec<FieldName>,
        /// Texts that are blacked out wherever they stand.
        patterns: Patterns,
    }
}

keys! {
    /// A text that is blacked out wherever it stands.
    pub(crate) struct PatternKeys {
        /// What it is; stands in its place as [redacted: name].
        name: Text<40>,
        /// A regular expression, without look-around and back references.
        pattern: Regex,
    }
}

/// The most patterns.
const MAX_PATTERNS: usize = 100;

/// Texts that are blacked out, at most [`MAX_PATTERNS`].
#[derive(Debug)]
pub(crate) struct Patterns(Vec<PatternKeys>);

impl Read for Patterns {
    fn schema() -> Value {
        let mut schema = Vec::<PatternKeys>::schema();
        schema["maxItems"] = json!(MAX_PATTERNS);
        schema
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if let Data::List(items) = &node.data
            && items.len() > MAX_PATTERNS
        {
            let message = format!("there are {} patterns", items.len());
            let fix = format!("write at most {MAX_PATTERNS}; join them with |");
            findings.report(&node.place, message, fix);
            return None;
        }
        Vec::read(node, findings).map(Self)
    }
}

/// A number of days, or `forever`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep(Option<u32>);

impl Read for Keep {
    fn schema() -> Value {
        json!({ "anyOf": [Days::schema(), { "const": "forever" }] })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match &node.data {
            Data::Text(word) if word == "forever" => Some(Self(None)),
            Data::Text(_) => {
                let fix = "write a whole number of days, or forever";
                findings.wrong_type(&node.place, "a number of days", "text", fix);
                None
            }
            _ => Days::read(node, findings).map(|days| Self(Some(days.0))),
        }
    }
}

/// A label's key.
#[derive(Debug)]
pub(crate) struct HoldLabel(Name);

impl Read for HoldLabel {
    fn schema() -> Value {
        Text::<64>::schema()
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Text(text) = Text::<64>::read(node, findings)?;
        let name: Option<Name> = text.parse().ok();
        if name.is_none() {
            let fix = "write 1 to 64 of A-Z a-z 0-9 _ . / : -";
            findings.report(&node.place, "this is not a label's key", fix);
        }
        name.map(Self)
    }
}

/// The end of a field's name, in lower case and without anything but letters and digits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FieldName(String);

impl FromStr for FieldName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = Governance::plain_name(text);
        // Shorter ends would black out half of all fields.
        if plain.len() < 3 {
            return Err(format!("{text:?} has less than three letters and digits"));
        }
        Ok(Self(plain))
    }
}

impl Textual for FieldName {
    const WHAT: &'static str = "a field's name";
    const FORM: &'static str = "write the end of a field's name, such as password";
}

impl Read for FieldName {
    fn schema() -> Value {
        Text::<64>::schema()
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Text(text) = Text::<64>::read(node, findings)?;
        Self::parse(&text, &node.place, findings)
    }
}

/// A regular expression that matches something.
#[derive(Debug)]
pub(crate) struct Regex(regex::Regex);

/// The most memory that one regular expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

impl FromStr for Regex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let built = regex::RegexBuilder::new(text)
            .size_limit(MAX_REGEX_BYTES)
            .build();
        let regex = built.map_err(|error| refusal(&error))?;
        if regex.is_match("") {
            return Err("this expression matches the empty text, and so everything".to_owned());
        }
        Ok(Self(regex))
    }
}

/// Why an expression was refused, on one line: the library draws the expression above its reason.
fn refusal(error: &regex::Error) -> String {
    if matches!(error, regex::Error::CompiledTooBig(_)) {
        return format!("this expression takes more than {MAX_REGEX_BYTES} bytes of memory");
    }
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default();
    let reason = reason.trim().trim_start_matches("error: ");
    format!("this is not a regular expression: {reason}")
}

impl Textual for Regex {
    const WHAT: &'static str = "a regular expression";
    const FORM: &'static str = "correct the expression; single quotes keep backslashes as they are";
}

impl Read for Regex {
    fn schema() -> Value {
        json!({ "type": "string", "format": "regex", "minLength": 1, "maxLength": 500 })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Text(text) = Text::<500>::read(node, findings)?;
        Self::parse(&text, &node.place, findings)
    }
}

impl GovernanceKeys {
    pub(super) fn into_policy(self) -> Governance {
        let Self {
            retention,
            redaction,
            audit,
        } = self;
        let AuditKeys { free_texts } = audit;
        let RedactionKeys { fields, patterns } = redaction;
        let patterns = patterns.0.into_iter().map(|keys| {
            let PatternKeys { name, pattern } = keys;
            Pattern::new(&name.0, pattern.0)
        });
        Governance::new(
            fields.into_iter().map(|field| field.0).collect(),
            patterns.collect(),
            free_texts,
            retention.into_policy(),
        )
    }
}

impl RetentionKeys {
    fn into_policy(self) -> Retention {
        let Self {
            incidents_days,
            audit_jsonl_days,
            reports_days,
            runs_days,
            resolved_alerts_days,
            legal_hold_label,
        } = self;
        Retention {
            incidents_days: incidents_days.0,
            audit_jsonl_days: audit_jsonl_days.0,
            reports_days: reports_days.0,
            runs_days: runs_days.0,
            resolved_alerts_days: resolved_alerts_days.0,
            legal_hold_label: legal_hold_label.0,
        }
    }
}
