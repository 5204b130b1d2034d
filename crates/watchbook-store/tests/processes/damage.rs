//! Damage in the middle: a changed, lost, swapped or doubled line is found at its place, no other is blamed, and all
//! other incidents go on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::bad_days::{block_on, filled, journal};
use crate::process::{note, open, timeline};
use tempfile::TempDir;
use watchbook_core::IncidentId;
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::system::SeededEntropy;
use watchbook_store::{Incidents as _, StoreError};

const LINES: usize = 10_000;
/// How many of them each of the hundred incidents has.
const LINES_EACH: usize = LINES / 100;

/// A journal of ten thousand commits on a hundred incidents.
fn long_journal(dir: &Path) -> (JsonlStore, Vec<IncidentId>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let titles: Vec<String> = (0..100).map(|index| format!("incident {index}")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let (store, ids) = filled(dir, &titles).await;
        let calls = ids.iter().map(|id| {
            let (store, id) = (store.clone(), *id);
            tokio::spawn(async move {
                for number in 1..LINES_EACH {
                    store
                        .apply(note(id, &format!("note {number} of {id}")))
                        .await
                        .unwrap();
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        (store, ids)
    })
}

#[test]
fn damage_in_the_middle_is_found_with_its_place_and_stops_nobody_else() {
    let dir = TempDir::new().unwrap();
    let (store, ids) = long_journal(dir.path());
    let whole = store.verify(None).unwrap();
    assert!(whole.is_whole());
    drop(store);
    let original = std::fs::read(journal(dir.path())).unwrap();
    let lines: Vec<&[u8]> = original.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), LINES + 1);
    let dice = SeededEntropy::new(5);
    // A flipped byte in each line, in three passes so that each has whole neighbours.
    for pass in 0..3 {
        let hit: Vec<usize> = (1 + pass..=LINES).step_by(3).collect();
        let mut flipped = Tampered::of(&lines);
        for line in &hit {
            flipped.flip(*line, &dice);
        }
        assert_damaged(dir.path(), &flipped, &hit, &format!("pass {pass}"));
    }
    let kept = keep(dir.path());
    for damage in damages(&lines, &dice) {
        put_back(&kept);
        let Damage {
            what,
            tampered,
            named,
            lost,
        } = &damage;
        assert_damaged(dir.path(), tampered, named, what);
        let lost: Vec<&[u8]> = lost.iter().map(|line| lines[*line]).collect();
        others_go_on(dir.path(), &lost, &ids, what);
    }
    put_back(&kept);
    its_own_incident_takes_no_writes(dir.path(), &lines, &ids);
    // A cut tail is whole by itself; the anchor tells.
    std::fs::write(journal(dir.path()), lines[..LINES - 5].concat()).unwrap();
    std::fs::remove_dir_all(dir.path().join("ops/incidents/.watchbook")).unwrap();
    assert!(open(dir.path()).verify(None).unwrap().is_whole());
    assert!(
        !open(dir.path())
            .verify(Some(whole.head))
            .unwrap()
            .is_whole()
    );
}

/// Where a verification complains: file, line and the byte at which the line begins.
type Spot = (PathBuf, u64, u64);

/// A journal that somebody has tampered with, line by line.
struct Tampered(Vec<Vec<u8>>);

impl Tampered {
    fn of(lines: &[&[u8]]) -> Self {
        Self(lines.iter().map(|line| line.to_vec()).collect())
    }

    /// Flips a bit at a random column, not the newline: without it two lines would be one.
    fn flip(&mut self, line: usize, dice: &SeededEntropy) {
        let line = &mut self.0[line];
        let columns = line.len() as u64 - 1;
        line[usize::try_from(dice.next_u64() % columns).unwrap()] ^= 1;
    }

    /// Where these lines are in the file, by their index.
    fn places(&self, dir: &Path, lines: &[usize]) -> BTreeSet<Spot> {
        let begins = |line: usize| self.0[..line].iter().map(Vec::len).sum::<usize>() as u64;
        let place = |line: &usize| (journal(dir), *line as u64 + 1, begins(*line));
        lines.iter().map(place).collect()
    }
}

/// One damage at a time.
struct Damage {
    what: &'static str,
    tampered: Tampered,
    /// The lines that must be named for it, by their index in what is there now.
    named: Vec<usize>,
    /// The lines that are lost by it, by their index in what was there.
    lost: Vec<usize>,
}

fn damages(lines: &[&[u8]], dice: &SeededEntropy) -> Vec<Damage> {
    let damage = |what, named: &[usize], lost: &[usize], change: &dyn Fn(&mut Tampered)| {
        let mut tampered = Tampered::of(lines);
        change(&mut tampered);
        Damage {
            what,
            tampered,
            named: named.to_vec(),
            lost: lost.to_vec(),
        }
    };
    let flipped = |what, line: usize| damage(what, &[line], &[line], &|all| all.flip(line, dice));
    vec![
        flipped("the first flipped", 1),
        flipped("one in the middle flipped", 5_000),
        flipped("the last flipped", LINES),
        // What is missing is noticed at the line that stands in its place, and at the end, which comes too early.
        damage("deleted", &[400, LINES], &[400], &|all| {
            all.0.remove(400);
        }),
        damage("swapped", &[600, 601], &[600, 601], &|all| {
            all.0.swap(600, 601);
        }),
        // The journal ends with what was published last, only further on: whoever opens it sees that.
        damage("doubled", &[800], &[799], &|all| {
            all.0.insert(800, all.0[799].clone());
        }),
    ]
}

/// A verification of these lines complains of the lines that were `hit` and of no other; each by its file, its number
/// and the byte at which it begins.
fn assert_damaged(dir: &Path, tampered: &Tampered, hit: &[usize], what: &str) {
    std::fs::write(journal(dir), tampered.0.concat()).unwrap();
    let found = open(dir).verify(None).unwrap().damaged;
    let found: BTreeSet<Spot> = found
        .into_iter()
        .map(|place| (place.file, place.line, place.byte))
        .collect();
    let expected = tampered.places(dir, hit);
    let missed: Vec<_> = expected.difference(&found).take(5).collect();
    let unjust: Vec<_> = found.difference(&expected).take(5).collect();
    assert_eq!(
        (missed, unjust),
        (vec![], vec![]),
        "{what}: missed, and named unjustly"
    );
}

/// The incidents of the lines that are `lost` are still read, as far as they are whole; all others are read in full and
/// written to.
fn others_go_on(dir: &Path, lost: &[&[u8]], ids: &[IncidentId], what: &str) {
    let touched = |id: &IncidentId| lost.iter().any(|line| speaks_of(line, *id));
    let (own, others): (Vec<IncidentId>, Vec<IncidentId>) = ids.iter().partition(|id| touched(id));
    assert!(others.len() >= ids.len() - lost.len(), "{what}");
    block_on(async {
        let store = open(dir);
        for id in &own {
            assert!(
                timeline(&store, *id).await.len() >= LINES_EACH - 1,
                "{what}"
            );
        }
        for id in &others {
            assert_eq!(
                timeline(&store, *id).await.len(),
                LINES_EACH,
                "{what}: {id}"
            );
        }
        for id in others.iter().step_by(7) {
            let written = store.apply(note(*id, "x")).await;
            assert!(written.is_ok(), "{what}: {written:?}");
            assert_eq!(timeline(&store, *id).await.len(), LINES_EACH + 1, "{what}");
        }
    });
}

fn speaks_of(line: &[u8], id: IncidentId) -> bool {
    String::from_utf8_lossy(line).contains(&id.to_string())
}

/// An incident that a changed line speaks of takes no writes, and is still read.
fn its_own_incident_takes_no_writes(dir: &Path, lines: &[&[u8]], ids: &[IncidentId]) {
    let mut damaged = lines.to_vec();
    let speaks_of_it = |line: &&[u8]| speaks_of(line, ids[0]);
    let last = damaged.iter().rposition(speaks_of_it).unwrap();
    let text = String::from_utf8_lossy(damaged[last]).replace("note ", "nope ");
    damaged[last] = text.as_bytes();
    std::fs::write(journal(dir), damaged.concat()).unwrap();
    block_on(async {
        let store = open(dir);
        assert_eq!(timeline(&store, ids[0]).await.len(), LINES_EACH - 1);
        let refused = store.apply(note(ids[0], "x")).await;
        assert!(
            matches!(refused, Err(StoreError::Corrupt(_))),
            "{refused:?}"
        );
    });
}

/// All files below a directory, with what they hold.
fn keep(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            kept.extend(keep(&path));
        } else {
            let content = std::fs::read(&path).unwrap();
            kept.push((path, content));
        }
    }
    kept
}

/// Writes into each file what it held, in its place: another file would be another journal.
fn put_back(kept: &[(PathBuf, Vec<u8>)]) {
    for (path, content) in kept {
        std::fs::write(path, content).unwrap();
    }
}
