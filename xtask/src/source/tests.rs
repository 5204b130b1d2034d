//! The outline and the words of small snippets.

use super::*;

fn parse(path: &str, text: &str) -> RustFile {
    let (path, text) = (path.to_owned(), text.to_owned());
    RustFile::parse(&TextFile { path, text }).expect("the snippet is valid Rust")
}

#[test]
fn functions_are_measured_between_their_braces() {
    let file = parse(
        "a.rs",
        "fn one() {}\nfn also_one() {\n    1;\n}\nimpl X {\n    fn three() {\n        1;\n\n        3;\n    }\n}\n",
    );
    let sizes: Vec<(&str, usize, usize)> = file
        .outline
        .functions
        .iter()
        .map(|f| (f.name.as_str(), f.line, f.body_lines))
        .collect();
    assert_eq!(sizes, [("one", 1, 1), ("also_one", 2, 1), ("three", 6, 3)]);
}

#[test]
fn test_parts_are_neither_counted_nor_outlined() {
    let text = "fn ships() {}\n#[cfg(test)]\nmod inline {\n    fn t() {}\n}\n#[test]\nfn t() {}\n#[tokio::test]\nasync fn u() {}\n#[cfg(all(test, unix))]\nuse std::fs;\n";
    let file = parse("a.rs", text);
    assert_eq!(file.product_lines(), 1);
    assert_eq!(file.outline.functions.len(), 1);
    assert_eq!(file.outline.imports, []);
    let ships = parse(
        "a.rs",
        "#[cfg(any(test, feature = \"x\"))]\nfn ships() {}\n",
    );
    assert_eq!(ships.product_lines(), 2);
}

#[test]
fn imports_are_written_out() {
    let file = parse("a.rs", "use std::{fs, env::{self, var as v}, io::*};\n");
    let paths: Vec<String> = file
        .outline
        .imports
        .iter()
        .map(|import| import.path.join("::"))
        .collect();
    assert_eq!(
        paths,
        ["std::fs", "std::env", "std::env::var", "std::io::*"]
    );
}

#[test]
fn words_leave_comments_out_and_keep_macros() {
    let file = parse("a.rs", "// a::b\nfn f(x:&u8) { m!(a::b: c); }\n");
    let words: Vec<&str> = file.words.iter().map(|word| word.text.as_str()).collect();
    let expected = "fn f ( x : & u8 ) { m ! ( a :: b : c ) ; }";
    assert_eq!(words.join(" "), expected);
    assert!(file.words.iter().all(|word| word.line == 2));
}

#[test]
fn test_files_are_known_by_place_or_by_declaration() {
    let file = |path: &str, text: &str| TextFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let (files, findings) = parse_all(&[
        file("c/src/lib.rs", "#[cfg(test)]\nmod fixtures;\nmod plain;\n"),
        file("c/src/fixtures.rs", ""),
        file("c/src/fixtures/deep.rs", ""),
        file("c/src/fixtures_not.rs", ""),
        file("c/src/plain.rs", "#[cfg(test)]\nmod inner;\n"),
        file("c/src/plain/inner.rs", ""),
        file("c/src/plain/tests.rs", ""),
        file("c/tests/all.rs", ""),
        file("c/src/broken.rs", "fn {"),
    ]);
    let tests: Vec<&str> = files
        .iter()
        .filter(|file| file.is_test)
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(
        tests,
        [
            "c/src/fixtures.rs",
            "c/src/fixtures/deep.rs",
            "c/src/plain/inner.rs",
            "c/src/plain/tests.rs",
            "c/tests/all.rs"
        ]
    );
    assert_eq!(findings.len(), 1);
    assert!(findings[0].place.starts_with("c/src/broken.rs:1"));
}
