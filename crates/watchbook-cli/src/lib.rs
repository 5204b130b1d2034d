//! The `watchbook` command as a library: parse, act, answer.
