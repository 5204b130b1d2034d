//! What can go wrong in this program.

use watchbook_core::text::TextError;
use watchbook_store::StoreError;

/// What can go wrong in this program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The store refused, or could not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A text that the domain does not take.
    #[error(transparent)]
    Text(#[from] TextError),
    /// No directory could be made, or nothing printed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
