//! Texts of a request that become typed values.

use std::fmt::Display;
use std::str::FromStr;

use watchbook_api::Problem;

/// A caller's text as a checked value.
///
/// # Errors
/// `invalid_params` at `pointer`.
pub(crate) fn checked<T: FromStr<Err: Display>>(pointer: &str, text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|error: T::Err| Problem::invalid(pointer, error.to_string()))
}
