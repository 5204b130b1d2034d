//! Conditions of a statement that grows with what is asked. Values only ever go in as parameters.

use tokio_postgres::types::{ToSql, Type};
use watchbook_core::Timestamp;
use watchbook_core::text::{Name, ServiceName, Short};

use super::record::moment;

/// The letters of a trigram.
const TRIGRAM: usize = 3;

/// Conditions that all must hold, and their parameters.
#[derive(Default)]
pub(super) struct Conditions {
    firm: Vec<String>,
    loose: Vec<String>,
    params: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Conditions {
    /// Adds a parameter and gives its place, such as `$3`.
    pub(super) fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, is: Type) -> String {
        self.params.push((Box::new(value), is));
        format!("${}", self.params.len())
    }

    pub(super) fn text(&mut self, value: &impl ToString) -> String {
        self.bind(value.to_string(), Type::TEXT)
    }

    pub(super) fn texts<'v, T: ToString + 'v>(
        &mut self,
        values: impl IntoIterator<Item = &'v T>,
    ) -> String {
        let values: Vec<String> = values.into_iter().map(ToString::to_string).collect();
        self.bind(values, Type::TEXT_ARRAY)
    }

    pub(super) fn time(&mut self, at: Timestamp) -> String {
        self.bind(moment(at), Type::TIMESTAMPTZ)
    }

    /// Adds a condition that an index helps with. It is a text of ours, with places of parameters in it.
    pub(super) fn require(&mut self, condition: impl Into<String>) {
        self.firm.push(condition.into());
    }

    /// Adds a condition that no index helps with: it is only held against rows that the others gave.
    pub(super) fn hold(&mut self, condition: impl Into<String>) {
        self.loose.push(condition.into());
    }

    /// Adds that every one of these words occurs in a column of texts in lower case.
    pub(super) fn words(&mut self, column: &str, words: &[String]) {
        for word in words {
            let pattern = self.text(&format!("%{}%", escaped(word)));
            let condition = format!("{column} like {pattern}");
            if is_indexed(word) {
                self.require(condition);
            } else {
                self.hold(condition);
            }
        }
    }

    /// Adds that a column has this value, if one is asked for.
    pub(super) fn equals(&mut self, column: &str, value: Option<&impl ToString>) {
        if let Some(value) = value {
            let place = self.text(value);
            self.require(format!("{column} = {place}"));
        }
    }

    /// Adds that a service is a row's own or one it affects.
    pub(super) fn service(&mut self, service: Option<&ServiceName>) {
        if let Some(service) = service {
            let (own, affected) = (self.text(service), self.texts([service]));
            self.require(format!("(service = {own} or affects @> {affected})"));
        }
    }

    /// Adds that a row has all of these labels.
    pub(super) fn labels(&mut self, labels: &[(Name, Short)]) {
        if labels.is_empty() {
            return;
        }
        let pairs: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let pairs = self.texts(&pairs);
        self.require(format!("labels @> {pairs}"));
    }

    /// Adds how a column of times compares with a moment, if one is given.
    pub(super) fn compares(&mut self, column: &str, how: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            let place = self.time(at);
            self.require(format!("{column} {how} {place}"));
        }
    }

    /// All conditions that an index helps with as one; `true` when there is none.
    pub(super) fn firm(&self) -> String {
        joined(&self.firm).unwrap_or_else(|| "true".to_owned())
    }

    /// All others as one, if there are any.
    pub(super) fn loose(&self) -> Option<String> {
        joined(&self.loose)
    }

    /// The parameters, in the order of their places.
    pub(super) fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.params
            .iter()
            .map(|(value, is)| (&**value as &(dyn ToSql + Sync), is.clone()))
            .collect()
    }
}

fn joined(conditions: &[String]) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.join("\nand "))
}

/// A word in which the signs of a pattern stand for themselves.
fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// Whether an index of trigrams finds a word anywhere in a text: it has three letters or digits in a row. Those beyond
/// ASCII count only in some locales, so they do not count here.
fn is_indexed(word: &str) -> bool {
    word.split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|run| run.len() >= TRIGRAM)
}
