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
fn completions_are_made_for_every_shell() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = world.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stdout.contains("acknowledge"), "{shell}");
    }
}
