//! The main job on real input: a whole status page, of any site, as it was published.

use std::fs;
use std::io::Write as _;

use serde_json::Value;

use crate::world::World;

/// Names the file: Statuspage API v2, all incidents of a page. Not in the repository, as it is not ours to publish.
const FILE: &str = "WATCHBOOK_TEST_STATUSPAGE";

/// The file and what is in it; `None`, said aloud, where none is named.
#[expect(
    clippy::disallowed_methods,
    reason = "the one test whose input is named from outside"
)]
fn page() -> Option<(String, Value)> {
    let Some(path) = std::env::var(FILE).ok().filter(|path| !path.is_empty()) else {
        let why = "names no file (needed by the import of a whole status page)";
        let line = format!("skipped: {FILE} {why}\n");
        std::io::stdout().write_all(line.as_bytes()).unwrap();
        return None;
    };
    let text = fs::read_to_string(&path).unwrap();
    Some((path, serde_json::from_str(&text).unwrap()))
}

/// The incidents of the page that an import takes: planned maintenance is none.
fn incidents(page: &Value) -> Vec<&Value> {
    let all = page["incidents"].as_array().unwrap();
    let planned = |incident: &&Value| incident["scheduled_for"].is_string();
    all.iter().filter(|incident| !planned(incident)).collect()
}

fn updates(incident: &Value) -> usize {
    incident["incident_updates"].as_array().map_or(0, Vec::len)
}

fn import(world: &World, path: &str, more: &[&str]) -> Value {
    let ran = world.run(&[&["import", "statuspage", path, "--json"], more].concat());
    assert!(ran.stdout.starts_with('{'), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn count(report: &Value, name: &str) -> usize {
    usize::try_from(report[name].as_u64().unwrap()).unwrap()
}

#[test]
fn a_whole_status_page_comes_in_once_and_is_worked_with() {
    let Some((path, page)) = page() else { return };
    let incidents = incidents(&page);
    let lines: usize = incidents.iter().map(|incident| updates(incident)).sum();
    let world = World::new();
    let before = world.tree();
    let dry = import(&world, &path, &["--dry-run"]);
    assert_eq!(world.tree(), before, "a dry run writes nothing");
    let first = import(&world, &path, &[]);
    for report in [&dry, &first] {
        assert_eq!(count(report, "imported"), incidents.len(), "{report}");
        assert_eq!(count(report, "events"), lines, "{report}");
    }
    let again = import(&world, &path, &[]);
    assert_eq!(count(&again, "imported"), 0, "{again}");
    assert_eq!(count(&again, "already_there"), incidents.len(), "{again}");

    let newest = world.json(&["incident", "list", "--limit", "1"])["result"]["items"][0].take();
    let source = &newest["labels"]["source_id"];
    let theirs = incidents.iter().find(|incident| incident["id"] == *source);
    let theirs = theirs.expect("it came from the page");
    let id = newest["id"].as_str().unwrap();
    let events = world.json(&["incident", "events", id, "--limit", "500"]);
    let events = events["result"]["items"].as_array().unwrap();
    assert_eq!(
        events.len(),
        updates(theirs) + 1,
        "its updates after its creation"
    );
    world.json(&[
        "followup",
        "add",
        id,
        "limit the retries",
        "--due",
        "2026-03-01",
    ]);
    let summary = world.json(&["followup", "summary"]);
    assert_eq!(summary["result"]["summary"]["followups"]["open"], 1);
    let verified = world.run(&["verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let shown = world.run(&["incident", "show", id]);
    assert!(shown.stdout.contains("limit the retries"), "{shown:?}");
}
