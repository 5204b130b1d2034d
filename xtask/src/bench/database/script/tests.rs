//! The scripts are made anew from the statements of the store, and must be those that are committed.

use watchbook_store::postgres::fixed_statements;

use super::{APPEND, CREATE};
use crate::bench::database::POOL;

const HEADING: &str = "\
-- Run by `cargo xtask bench postgres`. The statements are those of the store; the values of the variables are taken from
-- a row that the store wrote.
";

/// The parameters of the statement `save`, for a new incident.
const CREATED: [&str; 38] = [
    "'inc_20261125_0000_' || :n",
    "0",
    ":title",
    "'service-' || :n::bigint % 40",
    ":affects",
    ":env",
    ":severity",
    ":status",
    ":unfinished",
    ":kind",
    ":signature",
    ":drill",
    "now()",
    "now()",
    ":owners",
    ":labels",
    ":words",
    ":has_followups",
    ":unfinished_followups",
    "1",
    ":last_stamp",
    ":state_format",
    ":state",
    "'chg_' || md5(:n)",
    ":by",
    "array[1]",
    "array['evt_' || md5(:n)]",
    "array[now()]",
    "array[:type]",
    "array[:actor]",
    "array[:event]",
    "nullif(:nothing, '-')",
    "'{}'::text[]",
    "now()",
    "null",
    "null",
    "null",
    "nullif(:nothing, '-')",
];

/// The script that creates.
fn create() -> String {
    let load = filled("load", &["array['inc_20261125_0000_' || :n]"]);
    let signature = ":signature";
    let alike = filled(
        "alike",
        &[
            "'service-' || :n::bigint % 40",
            ":env",
            signature,
            "'inc_20261125_0000_' || :n",
            "10",
        ],
    );
    let save = filled("save", &CREATED);
    format!(
        "{HEADING}\\set n random(1, 9000000000000000000)\n\\startpipeline\n{load};\n{alike};\n\\endpipeline\n{save};\n"
    )
}

/// The script that appends.
fn append() -> String {
    let id = "'inc_20261125_1001_' || lpad(:i, 6, '0')";
    let load = filled("load", &[&format!("array[{id}]")]);
    let mut appended = CREATED;
    appended[0] = id;
    appended[1] = ":r_version";
    appended[3] = ":service";
    appended[19] = ":r_version::integer + 1";
    appended[25] = "array[:r_version::integer + 1]";
    let save = filled("save", &appended);
    format!(
        "{HEADING}\\set n random(1, 9000000000000000000)\n\\set i random(1, {POOL})\n{load} \\gset r_\n{save};\n"
    )
}

/// A statement of the store without its comments, with these texts in the places of its parameters.
fn filled(name: &str, values: &[&str]) -> String {
    let statements = fixed_statements();
    let found = statements.iter().find(|(known, _, _)| *known == name);
    let (_, sql, types) =
        found.unwrap_or_else(|| unreachable!("the store has no statement {name}"));
    assert_eq!(types.len(), values.len(), "{name}");
    let lines = sql
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    // The longest numbers first, so that $1 is not found in $12.
    for (at, value) in values.iter().enumerate().rev() {
        text = text.replace(&format!("${}", at + 1), value);
    }
    text
}

#[test]
fn the_scripts_run_the_statements_of_the_store() {
    for (committed, made) in [(CREATE, create()), (APPEND, append())] {
        assert_eq!(committed, made, "write this into the script:\n{made}");
    }
}
