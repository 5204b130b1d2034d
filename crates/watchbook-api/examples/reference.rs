//! Prints the reference of the wire contract, as `docs/api.md` holds it.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    io::stdout().write_all(watchbook_api::reference_markdown().as_bytes())
}
