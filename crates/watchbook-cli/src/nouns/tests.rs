//! Every action has a command, and what is given there arrives as its parameters.

use std::collections::BTreeSet;

use clap::Command;

use super::*;

fn root() -> Command {
    crate::arguments::command()
}

fn parsed(line: &str) -> Asked {
    let words = line.split('|').map(str::trim);
    let matches = root()
        .try_get_matches_from(std::iter::once("watchbook").chain(words))
        .unwrap_or_else(|error| panic!("{error}"));
    let mut stdin: &[u8] = b"from standard input\n";
    asked(&matches, &mut stdin).unwrap().unwrap()
}

#[test]
fn every_action_has_a_command_of_its_own() {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for kind in ActionKind::ALL {
        let place = place(*kind);
        let path = [place.noun.as_deref(), Some(&*place.verb)];
        let path: Vec<&str> = path.into_iter().flatten().collect();
        let mut command = &root();
        for name in &path {
            command = command.find_subcommand(name).unwrap();
        }
        assert!(
            seen.insert(path.join(" ")),
            "{path:?} stands for two actions"
        );
        for positional in &place.positionals {
            let known = command
                .get_positionals()
                .any(|arg| arg.get_id() == flags::id(positional).as_str());
            assert!(known, "{kind} has no parameter {positional}");
        }
        lines.push(format!(
            "{kind} = {} {}",
            path.join(" "),
            place.positionals.join(" ")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn clap_finds_nothing_wrong() {
    root().debug_assert();
}

#[test]
fn what_is_given_arrives_as_parameters() {
    let lines = [
        "incident | create | --service | gateway | --severity | sev2 | --title | Errors | --drill",
        "incident | create | --service | gateway | --severity | P1 | --title | - | --labels | a=b | --labels | c=d | --affects | search | --affects | labels",
        "incident | list | --status | open | --limit | 5 | --severity | P0,P1",
        "incident | search | gateway | timeout",
        "incident | ack | inc_20260223_1000_a1b2c3 | --note | on it | --dry-run",
        "incident | update | inc_20260223_1000_a1b2c3 | --summary= | --drill=false",
        "incident | note | inc_20260223_1000_a1b2c3 | rolled | back",
        "incident | append-event | inc_20260223_1000_a1b2c3 | decision | roll back | --meta | {\"release\": \"1.41\"}",
        "followup | add | inc_20260223_1000_a1b2c3 | Limit retries | --owner | helion | --due | 2026-03-01",
        "followup | update | inc_20260223_1000_a1b2c3 | evt_0123456789abcdef0123456789abcdef | --status | done",
        "audit | search | --by | sofiia | --outcome | denied",
        "whoami",
    ];
    let shown: Vec<String> = lines
        .iter()
        .map(|line| {
            let Asked { call, manner } = parsed(line);
            let params = Value::Object(call.params);
            format!(
                "{line}\n  {}.{} {params} {manner:?}",
                call.tool, call.action
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}
