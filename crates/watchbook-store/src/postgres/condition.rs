//! Conditions of a statement that grows with what is asked. Values only ever go in as parameters.

use tokio_postgres::types::{ToSql, Type};
use watchbook_core::Timestamp;

use super::record::moment;

/// Conditions that all must hold, and their parameters.
#[derive(Default)]
pub(super) struct Conditions {
    conditions: Vec<String>,
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

    /// Adds a condition. It is a text of ours, with places of parameters in it.
    pub(super) fn require(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    /// Adds that a column has this value, if one is asked for.
    pub(super) fn equals(&mut self, column: &str, value: Option<&impl ToString>) {
        if let Some(value) = value {
            let place = self.text(value);
            self.require(format!("{column} = {place}"));
        }
    }

    /// Adds how a column of times compares with a moment, if one is given.
    pub(super) fn compares(&mut self, column: &str, how: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            let place = self.time(at);
            self.require(format!("{column} {how} {place}"));
        }
    }

    /// All conditions as one; `true` when there is none.
    pub(super) fn sql(&self) -> String {
        if self.conditions.is_empty() {
            "true".to_owned()
        } else {
            self.conditions.join("\nand ")
        }
    }

    /// The parameters, in the order of their places.
    pub(super) fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.params
            .iter()
            .map(|(value, is)| (&**value as &(dyn ToSql + Sync), is.clone()))
            .collect()
    }
}
