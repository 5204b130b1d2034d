//! What the command says of itself.

use crate::world::World;

#[test]
fn the_first_screen() {
    insta::assert_snapshot!(World::new().shown(&[]));
}

#[test]
fn the_help_texts() {
    let world = World::new();
    let pages: &[(&str, &[&str])] = &[
        ("help", &["--help"]),
        ("help_incident", &["incident", "--help"]),
        ("help_incident_create", &["incident", "create", "-h"]),
        ("help_incident_list", &["incident", "list", "-h"]),
        ("help_followup", &["followup", "--help"]),
        ("help_followup_add", &["followup", "add", "-h"]),
        ("help_attach", &["incident", "attach", "-h"]),
        ("help_serve", &["serve", "-h"]),
        ("help_import", &["import", "--help"]),
        ("help_key_create", &["key", "create", "-h"]),
    ];
    for (name, args) in pages {
        insta::assert_snapshot!(*name, world.shown(args));
    }
}

#[test]
fn every_command_has_a_help_text() {
    fn walk(command: &clap::Command, path: &str, seen: &mut usize) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name());
            assert!(inner.get_about().is_some(), "{path} says nothing of itself");
            for arg in inner.get_arguments() {
                assert!(
                    arg.get_help().is_some(),
                    "{path} says nothing of {}",
                    arg.get_id()
                );
            }
            *seen += 1;
            walk(inner, &path, seen);
        }
    }
    let mut seen = 0;
    walk(&watchbook_cli::command(), "watchbook", &mut seen);
    assert!(seen > 40, "{seen}");
}

#[test]
fn a_mistyped_command_names_the_nearest() {
    let world = World::new();
    insta::assert_snapshot!(world.shown(&["incident", "acknowlege", "inc_1"]));
}

#[test]
fn every_command_has_a_manual_page() {
    let world = World::new();
    let printed = world.run(&["man"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    let made = world.json(&["man", "share/man1"]);
    let folder = world.path().join("share/man1");
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(page("watchbook.1"), printed.stdout);
    let close = page("watchbook-incident-close.1");
    insta::assert_snapshot!(close.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(made["pages"], names.len());
    let mut expected = Vec::new();
    visible(&watchbook_cli::command(), "watchbook", &mut expected);
    expected.sort();
    assert_eq!(names, expected);
    // A page that is there is somebody's: it stays as it is.
    assert_eq!(world.run(&["man", "share/man1"]).code, 2);
}

fn visible(command: &clap::Command, name: &str, pages: &mut Vec<String>) {
    pages.push(format!("{name}.1"));
    for inner in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        visible(inner, &format!("{name}-{}", inner.get_name()), pages);
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = world.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stdout.contains("acknowledge"), "{shell}");
    }
}
