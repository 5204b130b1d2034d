//! Mistakes, collected while reading goes on.

use crate::error::ConfigError;
use crate::place::Place;

/// The characters of a name that an error repeats.
const SHOWN_CHARS: usize = 60;

/// Mistakes, collected while reading goes on, and the path of the value that is being read.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    errors: Vec<ConfigError>,
    path: String,
}

impl Findings {
    /// Reports a mistake in the value that is being read.
    pub(crate) fn report(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.errors.push(ConfigError {
            place: place.clone(),
            key: self.path.clone(),
            message: message.into(),
            fix: fix.into(),
        });
    }

    /// Reports a value of the wrong type.
    pub(crate) fn wrong_type(
        &mut self,
        place: &Place,
        wanted: &str,
        found: &str,
        fix: impl Into<String>,
    ) {
        self.report(place, format!("expected {wanted}, found {found}"), fix);
    }

    /// Reads the value of a key.
    pub(crate) fn at_key<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        // Escaped, so that no key can hide or turn around what a reader sees.
        let shown: String = key
            .chars()
            .take(SHOWN_CHARS)
            .flat_map(char::escape_debug)
            .collect();
        let dot = if self.path.is_empty() { "" } else { "." };
        self.within(&format!("{dot}{shown}"), read)
    }

    /// Reads an item of a list.
    pub(crate) fn at_index<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.within(&format!("[{index}]"), read)
    }

    fn within<T>(&mut self, part: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.path.len();
        self.path.push_str(part);
        let result = read(self);
        self.path.truncate(outside);
        result
    }

    /// Every mistake found.
    pub(crate) fn into_errors(self) -> Vec<ConfigError> {
        self.errors
    }

    /// Whether a mistake was found.
    pub(crate) const fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }
}

/// The known name that the given one was probably meant to be.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = name.chars().take(SHOWN_CHARS).collect();
    let furthest = 1 + name.chars().count() / 3;
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, candidate), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min()
        .map(|(_, candidate)| candidate)
}
