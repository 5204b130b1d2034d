//! The shipped files: they parse, they are what is built in, and they say what the documentation says.

use std::path::Path;

use watchbook_config::{ConfigFile, Environment, Flags, load};

#[test]
fn shipped_files_have_no_mistakes() {
    let config = load(Path::new("nowhere"), None, &Environment::default(), &Flags::default());
    let config = config.expect("the shipped files are right");
    assert_eq!(config.warnings, Vec::<String>::new());
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    for file in ConfigFile::ALL { assert!(!file.shipped().is_empty()); }
}
