//! The generated page of the documentation is what the program prints now.

use crate::world::World;

const COMMITTED: &str = include_str!("../../../../docs/commands.md");

#[test]
fn the_page_of_commands_is_up_to_date() {
    let printed = World::new().run(&["reference", "cli"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(
        printed.stdout == COMMITTED,
        "docs/commands.md is out of date; run: watchbook reference cli > docs/commands.md"
    );
}

#[test]
fn the_other_pages_are_printed() {
    let world = World::new();
    assert!(
        world
            .run(&["reference", "api"])
            .stdout
            .contains("incident_create")
    );
    let schemas = world.run(&["reference", "schemas"]).stdout;
    assert!(serde_json::from_str::<serde_json::Value>(&schemas).is_ok());
}
