//! The bytes of a file of an incident.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::failure::Failure;
use crate::files::NewFile;
use crate::output::Output;
use crate::show::text;

/// Writes the content of an artifact into a new file, or to standard output.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn artifact(
    envelope: &Value,
    path: Option<PathBuf>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let content = envelope
        .pointer("/result/artifact/content")
        .and_then(Value::as_str);
    let content = content.unwrap_or_default();
    match path.filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let mut file = NewFile::begin(&path, false)?;
            file.write_all(content.as_bytes())
                .map_err(|source| Failure::Output { path, source })?;
            let path = file.keep()?;
            output.remark(&format!("wrote {}", path.display()));
            Ok(())
        }
        // A terminal would carry out what a file says; a pipe gets every byte.
        None if output.terminal.width.is_some() => output.text(&text::lines(content)),
        None => output.bytes(content.as_bytes()),
    }
}
