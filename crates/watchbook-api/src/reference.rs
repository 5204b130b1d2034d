//! The reference of the wire contract, written from the table.

/// The reference as Markdown: `docs/api.md`.
pub fn reference_markdown() -> String {
    String::new()
}
