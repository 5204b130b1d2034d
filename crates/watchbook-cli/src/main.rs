//! The `watchbook` command.

fn main() {}
